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
)

// BreakerOptions are what a breaker needs. All must be set.
type BreakerOptions struct {
	Logger *slog.Logger
	// OnChange is told when the script is suspended, for reason and until then, and with
	// "" when that is over. It must not call the breaker.
	OnChange func(reason string, until time.Time)
	// Pause is the first pause between handlers; it doubles with each further hit.
	Pause time.Duration
}

// NewBreaker returns a breaker that lets handlers start.
func NewBreaker(o BreakerOptions) *Breaker { return &Breaker{opts: o} }

// Breaker is a circuit breaker: it keeps count of how a bot's script keeps within its limits, and says when
// its next handler may start. Messages wait meanwhile, in the store as always.
type Breaker struct {
	opts BreakerOptions

	mu      sync.Mutex
	hits    float64
	counted time.Time // when hits was last looked at
	notYet  time.Time // no handler starts before
	// suspended says that notYet is the end of a suspension, and period is how long
	// the last one was, 0 if there was none.
	suspended bool
	period    time.Duration
	changed   chan struct{} // closed when all is forgotten, nil if nobody waits
}

// Wait blocks until a handler may start.
func (b *Breaker) Wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		now := time.Now()
		left := b.notYet.Sub(now)
		if left <= 0 {
			if b.suspended {
				b.release("the script is tried again")
			}
			b.notYet = now.Add(b.pause(now))
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

// pause is how long the handler after this one has to wait. mu must be held.
func (b *Breaker) pause(now time.Time) time.Duration {
	b.forgive(now)
	if b.count() < slowAt {
		return 0
	}
	return b.opts.Pause << (b.count() - slowAt)
}

// count is the hits that aren't wholly forgiven. mu must be held.
func (b *Breaker) count() int { return int(math.Ceil(b.hits)) }

// forgive takes off what time does. mu must be held.
func (b *Breaker) forgive(now time.Time) {
	if now.Before(b.counted) {
		return // while it is suspended
	}
	if !b.counted.IsZero() {
		b.hits -= now.Sub(b.counted).Seconds() / forgiveAfter.Seconds()
	}
	b.counted = now
	if b.hits <= 0 {
		b.hits, b.period = 0, 0
	}
}

// MayStart reports whether a handler may start at once. It is for what doesn't wait.
func (b *Breaker) MayStart() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !time.Now().Before(b.notYet)
}

// Ended notes how a handler did.
func (b *Breaker) Ended(err error) {
	if b.Hit(err) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgive(time.Now())
	b.hits = max(0, b.hits-forgiveHandled)
}

// Hit notes err if that is a limit that the script has hit, and reports whether it is.
func (b *Breaker) Hit(err error) bool {
	var se *luabind.ScriptError
	if !errors.As(err, &se) || se.Kind != luabind.KindLimit {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.forgive(now)
	before := b.count()
	b.hits++
	switch {
	case b.suspended: // a handler that had begun before
	case b.count() >= suspendAt:
		b.suspend(now, se)
	case b.count() >= slowAt:
		pause := b.pause(now)
		b.notYet = now.Add(pause)
		if before < slowAt {
			b.opts.Logger.Warn("the script hits its limits again and again: there are pauses between its handlers now", "limit", se.Limit, "err", err)
		}
	}
	return true
}

// suspend keeps handlers from starting for a while. mu must be held.
func (b *Breaker) suspend(now time.Time, why *luabind.ScriptError) {
	b.period = min(max(2*b.period, suspendMin), suspendMax)
	b.suspended, b.notYet = true, now.Add(b.period)
	// The time of the suspension forgives nothing, or it would always begin anew.
	b.hits, b.counted = suspendAt-1, b.notYet
	reason := fmt.Sprintf("the script hits its limits again and again, the last time %s: %v", why.Limit, why)
	b.opts.Logger.Error("the script is suspended, and messages wait: mend the script, or raise the limit in [bot.sandbox]",
		"limit", why.Limit, "err", why, "for", b.period)
	b.opts.OnChange(reason, b.notYet)
}

// release ends a suspension. mu must be held.
func (b *Breaker) release(why string) {
	b.suspended = false
	b.opts.Logger.Info("the suspension is over: " + why)
	b.opts.OnChange("", time.Time{})
}

// Forget begins afresh, as the script was changed.
func (b *Breaker) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.suspended {
		b.release("the script was changed")
	}
	b.hits, b.period, b.counted, b.notYet = 0, 0, time.Time{}, time.Time{}
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}
