package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// A script that hits limits again and again takes time from others, and doesn't get
// better by being run more often. Each hit counts one; what doesn't hit takes a
// quarter off, and so does time.
const (
	// slowAt is from when on there are pauses between the handlers.
	slowAt = 3
	// DefaultPause is the first of them, and doubles with each further hit.
	DefaultPause = time.Second
	// suspendAt is when no further handlers start.
	suspendAt = 8
	// forgiveAfter is the time that takes one off.
	forgiveAfter = 10 * time.Minute
	// forgiveHandled is what a handler takes off that stays within the limits.
	forgiveHandled = 0.25
	// suspendMin doubles to suspendMax with each suspension, until all is forgiven.
	suspendMin = 5 * time.Minute
	suspendMax = 4 * time.Hour
	// maxCulprits is of how many conversations a count of their own is kept.
	maxCulprits = 1000
)

// BreakerOptions are what a breaker needs. All must be set. The callbacks must not call the
// breaker.
type BreakerOptions struct {
	Logger *slog.Logger
	// OnChange is told when the script is suspended, for reason and until then, and with
	// "" when that is over.
	OnChange func(reason string, until time.Time)
	// OnHeld is told when the messages of one conversation are held, and those of others
	// are not.
	OnHeld func(conversation, reason string, until time.Time)
	// Pause is the first pause between handlers; it doubles with each further hit.
	Pause time.Duration
}

// Breaker is a circuit breaker: it keeps count of how a bot's script keeps within its
// limits, and says when its next handler may start. Messages wait meanwhile, in the store as
// always.
//
// It counts for each conversation, and for the script as a whole what is not the doing of a
// few users: hits of conversations that are no fewer than those for which it works.
type Breaker struct {
	opts BreakerOptions

	mu      sync.Mutex
	all     counter
	each    map[string]*counter  // of the conversations with hits
	well    map[string]time.Time // when handlers of conversations without hits have ended well
	changed chan struct{}        // closed when all is forgotten, nil if nobody waits
}

// counter counts hits. The breaker's mu guards it.
type counter struct {
	hits    float64
	counted time.Time // when hits was last looked at
	notYet  time.Time // no handler starts before
	// suspended says that notYet is the end of a suspension, and period is how long
	// the last one was, 0 if there was none.
	suspended bool
	period    time.Duration
}

// NewBreaker returns a breaker that lets handlers start.
func NewBreaker(o BreakerOptions) *Breaker {
	return &Breaker{opts: o, each: map[string]*counter{}, well: map[string]time.Time{}}
}

// Wait blocks until a handler of a conversation may start; "" is none's.
func (b *Breaker) Wait(ctx context.Context, conversation string) error {
	for {
		b.mu.Lock()
		now := time.Now()
		own := b.each[conversation]
		left := b.all.notYet.Sub(now)
		if own != nil {
			left = max(left, own.notYet.Sub(now))
		}
		if left <= 0 {
			b.begin(&b.all, conversation, now)
			if own != nil {
				b.begin(own, conversation, now)
			}
			b.mu.Unlock()
			return nil
		}
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		b.mu.Unlock()
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// begin lets a handler start. mu must be held, as for all below that don't take it.
func (b *Breaker) begin(c *counter, conversation string, now time.Time) {
	if c.suspended {
		b.release(c, "the script is tried again")
	}
	c.notYet = now.Add(b.pause(c, now))
	if c != &b.all && c.hits <= 0 {
		delete(b.each, conversation)
	}
}

// pause is how long the handler after this one has to wait.
func (b *Breaker) pause(c *counter, now time.Time) time.Duration {
	c.forgive(now)
	if c.count() < slowAt {
		return 0
	}
	return b.opts.Pause << (c.count() - slowAt)
}

// count is the hits that aren't wholly forgiven.
func (c *counter) count() int { return int(math.Ceil(c.hits)) }

// forgive takes off what time does.
func (c *counter) forgive(now time.Time) {
	if now.Before(c.counted) {
		return // while it is suspended
	}
	if !c.counted.IsZero() {
		c.hits -= now.Sub(c.counted).Seconds() / forgiveAfter.Seconds()
	}
	c.counted = now
	if c.hits <= 0 {
		c.hits, c.period = 0, 0
	}
}

// MayStart reports whether a handler may start at once. It is for what doesn't wait.
func (b *Breaker) MayStart(conversation string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	own := b.each[conversation]
	return !now.Before(b.all.notYet) && (own == nil || !now.Before(own.notYet))
}

// Ended notes how a handler did.
func (b *Breaker) Ended(conversation string, err error) {
	if b.Hit(conversation, err) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	own := b.each[conversation]
	for _, c := range []*counter{&b.all, own} {
		if c != nil {
			c.forgive(now)
			c.hits = max(0, c.hits-forgiveHandled)
		}
	}
	if own == nil && err == nil && conversation != "" && len(b.well) <= maxCulprits {
		b.well[conversation] = now
	}
}

// Hit notes err if that is a limit that the script has hit, and reports whether it is.
func (b *Breaker) Hit(conversation string, err error) bool {
	var se *luabind.ScriptError
	if !errors.As(err, &se) || se.Kind != luabind.KindLimit {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if conversation != "" {
		c := b.each[conversation]
		if c == nil {
			b.makeRoom(now)
			c = &counter{}
			b.each[conversation] = c
		}
		delete(b.well, conversation)
		b.hit(c, now, conversation, se)
		if b.fewCulprits(now) {
			return true
		}
	}
	b.hit(&b.all, now, "", se)
	return true
}

// fewCulprits reports whether the script works for more conversations than it hits limits
// for, or hits them for one alone: that may be its user's doing.
func (b *Breaker) fewCulprits(now time.Time) bool {
	for conversation, at := range b.well {
		if now.Sub(at) > forgiveAfter {
			delete(b.well, conversation)
		}
	}
	return len(b.each) == 1 || len(b.each) < len(b.well)
}

// makeRoom forgets the culprits of whom there is nothing left to hold against, and, if they
// are too many all the same, one of them.
func (b *Breaker) makeRoom(now time.Time) {
	if len(b.each) < maxCulprits {
		return
	}
	for conversation, c := range b.each {
		if c.forgive(now); c.hits == 0 {
			delete(b.each, conversation)
		}
	}
	for conversation := range b.each {
		if len(b.each) < maxCulprits {
			return
		}
		delete(b.each, conversation)
	}
}

// hit counts one hit; conversation is "" for the whole script.
func (b *Breaker) hit(c *counter, now time.Time, conversation string, why *luabind.ScriptError) {
	c.forgive(now)
	before := c.count()
	c.hits++
	switch {
	case c.suspended: // a handler that had begun before
	case c.count() >= suspendAt:
		b.suspend(c, now, conversation, why)
	case c.count() >= slowAt:
		pause := b.pause(c, now)
		c.notYet = now.Add(pause)
		if before < slowAt && conversation == "" {
			b.opts.Logger.Warn("the script hits its limits again and again: there are pauses between its handlers now", "limit", why.Limit, "err", why)
		}
	}
}

// suspend keeps handlers from starting for a while.
func (b *Breaker) suspend(c *counter, now time.Time, conversation string, why *luabind.ScriptError) {
	c.period = min(max(2*c.period, suspendMin), suspendMax)
	c.suspended, c.notYet = true, now.Add(c.period)
	// The time of the suspension forgives nothing, or it would always begin anew.
	c.hits, c.counted = suspendAt-1, c.notYet
	reason := fmt.Sprintf("the script hits its limits again and again, the last time %s: %v", why.Limit, why)
	if conversation != "" {
		b.opts.Logger.Error("the messages of one conversation are held, as the script hits its limits with them again and again: mend the script, or raise the limit in [bot.sandbox]",
			"conversation", conversation, "limit", why.Limit, "err", why, "for", c.period)
		b.opts.OnHeld(conversation, reason, c.notYet)
		return
	}
	b.opts.Logger.Error("the script is suspended, and messages wait: mend the script, or raise the limit in [bot.sandbox]",
		"limit", why.Limit, "err", why, "for", c.period)
	b.opts.OnChange(reason, c.notYet)
}

// release ends a suspension.
func (b *Breaker) release(c *counter, why string) {
	c.suspended = false
	if c == &b.all {
		b.opts.Logger.Info("the suspension is over: " + why)
		b.opts.OnChange("", time.Time{})
	}
}

// Held is how many conversations' messages are held.
func (b *Breaker) Held() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.each {
		if c.suspended {
			n++
		}
	}
	return n
}

// Forget begins afresh, as the script was changed.
func (b *Breaker) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all.suspended {
		b.release(&b.all, "the script was changed")
	}
	b.all = counter{}
	clear(b.each)
	clear(b.well)
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}
