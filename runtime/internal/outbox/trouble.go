package outbox

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// trouble is a pause in sending because the connection or the session is broken.
type trouble struct {
	reason   string
	until    time.Time
	failures int
}

// pause stops sending for a while. The longer the trouble, the longer the pause.
func (o *Outbox) pause(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pause := backoff.Backoff{Min: o.opts.Pauses.Trouble, Max: troubleMax}
	if reason == luabind.ReasonSessionExpired {
		pause = backoff.Backoff{Min: o.opts.Pauses.Session, Max: sessionMax}
	}
	o.trouble.reason = reason
	o.trouble.failures++
	o.trouble.until = time.Now().Add(pause.After(o.trouble.failures))
	o.settleAll()
}

// outagePause is for how long nothing is sent after a poll that failed, as the
// third in a row or later; the next one comes sooner than that.
const outagePause = time.Minute

// Unreachable stops sending while polls don't get through either. A send that
// fails may have been counted by the server, so that trying on through an outage
// would use up all that the users allowed; a poll costs nothing.
func (o *Outbox) Unreachable() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble.reason = luabind.ReasonNetwork
	o.trouble.until = time.Now().Add(outagePause)
	o.trouble.failures = max(1, o.trouble.failures)
	o.settleAll()
}

// recovered ends throttle and trouble after a send that went through. One that
// was on its way before a refusal for sending too fast doesn't end the throttle.
func (o *Outbox) recovered(ctx context.Context, begun time.Time) {
	o.mu.Lock()
	o.trouble = trouble{}
	throttled := o.throttle.Step > 0 && !begun.Before(o.throttle.Until)
	if throttled {
		o.throttle = store.Throttle{}
	}
	o.mu.Unlock()
	if throttled {
		o.opts.Logger.Info("the throttle is over")
		if err := o.opts.Store.SaveThrottle(ctx, o.opts.Bot, store.Throttle{}); err != nil {
			o.opts.Logger.Error("keep the throttle", "err", err)
		}
	}
}

// Resume ends a pause early: there is a token, or the session works again.
func (o *Outbox) Resume() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble = trouble{}
	o.settleAll()
	o.poke()
}

// LoggedIn is Resume for another token: sessions with users that had ended may have
// begun anew with it.
func (o *Outbox) LoggedIn() {
	o.mu.Lock()
	for _, c := range o.conversations {
		c.refused = 0
	}
	o.mu.Unlock()
	o.Resume()
}
