package runtime

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
	// slowMin, the first of them, doubles with each further hit.
	slowMin = time.Second
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

// conduct keeps count of how a bot's script keeps within its limits, and says when
// its next handler may start. Messages wait meanwhile, in the store as always.
type conduct struct {
	log *slog.Logger
	// tell is told, with mu held, when the script is suspended, for reason and until
	// then, and with "" when that is over.
	tell func(reason string, until time.Time)
	// slow is the first pause between handlers.
	slow time.Duration

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

// wait blocks until a handler may start.
func (c *conduct) wait(ctx context.Context) error {
	for {
		c.mu.Lock()
		now := time.Now()
		left := c.notYet.Sub(now)
		if left <= 0 {
			if c.suspended {
				c.release("the script is tried again")
			}
			c.notYet = now.Add(c.pause(now))
			c.mu.Unlock()
			return nil
		}
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
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
func (c *conduct) pause(now time.Time) time.Duration {
	c.forgive(now)
	if c.count() < slowAt {
		return 0
	}
	return c.slow << (c.count() - slowAt)
}

// count is the hits that aren't wholly forgiven. mu must be held.
func (c *conduct) count() int { return int(math.Ceil(c.hits)) }

// forgive takes off what time does. mu must be held.
func (c *conduct) forgive(now time.Time) {
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

// mayStart reports whether a handler may start at once. It is for what doesn't wait.
func (c *conduct) mayStart() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !time.Now().Before(c.notYet)
}

// ended notes how a handler did.
func (c *conduct) ended(err error) {
	if c.hit(err) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgive(time.Now())
	c.hits = max(0, c.hits-forgiveHandled)
}

// hit notes err if that is a limit that the script has hit, and reports whether it is.
func (c *conduct) hit(err error) bool {
	var se *luabind.ScriptError
	if !errors.As(err, &se) || se.Kind != luabind.KindLimit {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.forgive(now)
	before := c.count()
	c.hits++
	switch {
	case c.suspended: // a handler that had begun before
	case c.count() >= suspendAt:
		c.suspend(now, se)
	case c.count() >= slowAt:
		pause := c.pause(now)
		c.notYet = now.Add(pause)
		if before < slowAt {
			c.log.Warn("the script hits its limits again and again: there are pauses between its handlers now", "limit", se.Limit, "err", err)
		}
	}
	return true
}

// suspend keeps handlers from starting for a while. mu must be held.
func (c *conduct) suspend(now time.Time, why *luabind.ScriptError) {
	c.period = min(max(2*c.period, suspendMin), suspendMax)
	c.suspended, c.notYet = true, now.Add(c.period)
	// The time of the suspension forgives nothing, or it would always begin anew.
	c.hits, c.counted = suspendAt-1, c.notYet
	reason := fmt.Sprintf("the script hits its limits again and again, the last time %s: %v", why.Limit, why)
	c.log.Error("the script is suspended, and messages wait: mend the script, or raise the limit in [bot.sandbox]",
		"limit", why.Limit, "err", why, "for", c.period)
	c.tell(reason, c.notYet)
}

// release ends a suspension. mu must be held.
func (c *conduct) release(why string) {
	c.suspended = false
	c.log.Info("the suspension is over: " + why)
	c.tell("", time.Time{})
}

// forget begins afresh, as the script was changed.
func (c *conduct) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.suspended {
		c.release("the script was changed")
	}
	c.hits, c.period, c.counted, c.notYet = 0, 0, time.Time{}, time.Time{}
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}
