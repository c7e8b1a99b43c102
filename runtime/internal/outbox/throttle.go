package outbox

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// After a refusal for sending too fast a bot sends nothing for throttleMin,
// doubling to throttleMax with each further one; then a single probe goes first
// (protocol §4).
const (
	throttleMin = 30 * time.Second
	throttleMax = 10 * time.Minute
)

// nextThrottle returns the throttle after one more refusal.
func nextThrottle(t store.Throttle, now time.Time) store.Throttle {
	pause := backoff.Backoff{Min: throttleMin, Max: throttleMax}.After(t.Step + 1)
	return store.Throttle{Until: now.Add(pause), Step: t.Step + 1}
}

// slowDown stops sending for as long as the server's refusal demands.
func (o *Outbox) slowDown(ctx context.Context) {
	o.mu.Lock()
	o.throttle = nextThrottle(o.throttle, time.Now())
	t := o.throttle
	o.settleAll()
	o.mu.Unlock()
	o.opts.Logger.Warn("the server throttles this bot: it waits, then one message goes first", "status", luabind.StatusThrottled, "until", t.Until)
	if err := o.opts.Store.SaveThrottle(ctx, o.opts.Bot, t); err != nil {
		o.opts.Logger.Error("keep the throttle", "err", err)
	}
}
