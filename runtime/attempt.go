package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// send makes one request and records how it ended. It reports whether the
// request may have reached the server.
func (o *outbox) send(ctx context.Context, l *lane, p *pending) (reached bool) {
	window, err := o.bot.store.BeginSend(ctx, &p.Send, time.Now())
	switch {
	case errors.Is(err, store.ErrNotQueued):
		o.notBegun(l, func() { o.drop(l, p) }) // another process was quicker
		return false
	case err != nil:
		o.bot.log.Error("the store refuses to note a send, which waits", "err", err)
		o.notBegun(l, func() { o.putOff(l, p, storeRetry) })
		return false
	}
	o.mu.Lock()
	l.apply(window)
	l.counted = true
	o.mu.Unlock()

	p.Attempts++
	item, err := itemOf(&p.Send)
	if err != nil {
		o.finish(ctx, l, p, store.Outcome{State: store.SendFailed, Result: luabind.StatusBadRequest, Error: err.Error(), Refused: true},
			verdict{status: luabind.StatusBadRequest, err: explain(err)}, 0)
		return false
	}
	again := store.Outcome{State: store.SendQueued, Refused: true}
	token, err := o.bot.store.ContextToken(ctx, o.bot.cfg.Name, p.User)
	client, online := o.bot.host.online()
	if err = errors.Join(err, online); err != nil {
		o.bot.log.Error("a message can't be sent yet", "send", p.ID, "err", err)
		again.Error = err.Error()
		o.finish(ctx, l, p, again, verdict{}, storeRetry)
		return false
	}
	begun := time.Now()
	sent, err := client.SendMessage(ctx, &ilink.OutboundMessage{
		To: p.User, GroupID: p.Group, ContextToken: token, Items: []ilink.Item{item}, ClientID: p.ClientID, RunID: p.RunID,
	})
	if err != nil {
		return o.failed(ctx, l, p, window.Number, err)
	}
	o.bot.host.trip.observe(time.Since(begun))
	o.recovered(ctx, begun)
	if !sent.Confirmed() {
		o.unconfirmed(ctx, l, p)
		return true
	}
	o.bot.stats.update(func(s *Status) { s.Sent++ })
	o.finish(ctx, l, p, store.Outcome{State: store.SendSent, MessageID: sent.MessageID, Uncertain: p.Uncertain, Item: p.Payload},
		verdict{status: luabind.StatusSent, messageID: sent.MessageID, uncertain: p.Uncertain}, 0)
	return true
}

// failed decides what becomes of a send whose request failed. window is the
// number of the one that it was made in.
func (o *outbox) failed(ctx context.Context, l *lane, p *pending, window int64, err error) (reached bool) {
	log := o.bot.log.With("send", p.ID, "to", p.User, "client_id", p.ClientID, "err", err)
	var te *ilink.TransportError
	var api *ilink.APIError
	// Codes that aren't known, and statuses that say that this message is at fault
	// and not the way to the server, are taken for a refusal only when they repeat.
	odd := errors.As(err, &api)
	if errors.As(err, &te) {
		odd = slices.Contains([]int{400, 413, 422}, te.Status)
	}
	again := store.Outcome{State: store.SendQueued, Error: err.Error(), Refused: true}
	switch {
	case errors.Is(err, ilink.ErrWindowClosed):
		// The server's word goes before our count.
		log.Warn("the server says that the window is closed: the message waits until the user writes", "status", luabind.StatusWindowClosed)
		again.Closed = window
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrThrottled), te != nil && te.Status == 429:
		o.throttled(ctx)
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrNotWritten):
		log.Warn("the user has not written to the bot: the message waits until they do", "status", luabind.StatusWindowClosed)
		again.Closed = window
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrSessionTimeout) && o.bot.inSession():
		// Polls get through: it is this user's session, which their next message renews,
		// or another login of the bot.
		log.Warn("the server says that the session with this user has ended: the message waits until they write", "status", luabind.StatusWindowClosed)
		o.mu.Lock()
		l.refused = window
		o.mu.Unlock()
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrUnknownUser):
		log.Error("the server knows no such user: the message is given up", "status", luabind.StatusUnknownUser)
		again.State, again.Result = store.SendFailed, luabind.StatusUnknownUser
		o.finish(ctx, l, p, again, verdict{status: luabind.StatusUnknownUser, err: refusal(luabind.StatusUnknownUser)}, 0)
		return true
	case errors.Is(err, ilink.ErrSessionTimeout):
		log.Warn("the session has expired: the message waits", "status", reasonSession)
		o.pause(reasonSession)
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case te != nil && te.MayHaveArrived():
		return o.uncertain(ctx, l, p, te)
	case odd:
		p.odd++
	}
	if errors.Is(err, ilink.ErrBadRequest) || p.odd >= maxOdd {
		log.Error("the server will not take this message: it is given up", "status", luabind.StatusBadRequest)
		again.State, again.Result = store.SendFailed, luabind.StatusBadRequest
		o.finish(ctx, l, p, again, verdict{status: luabind.StatusBadRequest, err: &luabind.HostError{Kind: luabind.StatusBadRequest, Message: err.Error()}}, 0)
		return true
	}
	log.Warn("a message could not be sent: it is tried again", "status", reasonNetwork)
	if te != nil && !odd {
		o.pause(reasonNetwork)
	}
	o.finish(ctx, l, p, again, verdict{}, o.retryPause(p.Attempts))
	return te == nil || te.Status != 0
}

// uncertain deals with a request whose answer was lost: the server may have sent
// the message or not.
func (o *outbox) uncertain(ctx context.Context, l *lane, p *pending, te *ilink.TransportError) bool {
	o.mu.Lock()
	p.Uncertain = true
	o.mu.Unlock()
	o.bot.stats.update(func(s *Status) { s.Uncertain++ })
	outcome := store.Outcome{State: store.SendQueued, Uncertain: true, Error: te.Error()}
	log := o.bot.log.With("send", p.ID, "to", p.User, "client_id", p.ClientID, "err", te, "status", luabind.StatusUncertain)
	if o.bot.shared.Delivery.OnUncertain == UncertainHold {
		outcome.State = store.SendHeld
		log.Warn("it is uncertain whether this was sent: it is held, see \"ilinkd outbox\"")
		o.finish(ctx, l, p, outcome, verdict{status: luabind.StatusUncertain, uncertain: true}, 0)
		return true
	}
	log.Warn("it is uncertain whether this was sent: it is sent again under the same client id")
	if te.Kind != ilink.FailureHTTP && te.Kind != ilink.FailureNotJSON {
		o.pause(reasonNetwork)
	}
	o.finish(ctx, l, p, outcome, verdict{}, o.retryPause(p.Attempts))
	return true
}

// retryPause is how long a send waits before another try.
func (o *outbox) retryPause(attempts int) time.Duration {
	return min(o.bot.shared.pauses.trouble<<min(max(attempts-1, 0), 10), retryMax)
}

// throttled stops sending for as long as the server's refusal demands.
func (o *outbox) throttled(ctx context.Context) {
	o.mu.Lock()
	o.throttle = throttled(o.throttle, time.Now())
	t := o.throttle
	o.settleAll()
	o.mu.Unlock()
	o.bot.log.Warn("the server throttles this bot: it waits, then one message goes first", "status", luabind.StatusThrottled, "until", t.Until)
	if err := o.bot.store.SaveThrottle(ctx, o.bot.cfg.Name, t); err != nil {
		o.bot.log.Error("keep the throttle", "err", err)
	}
}

// pause stops sending for a while. The longer the trouble, the longer the pause.
func (o *outbox) pause(reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	shortest, longest := o.bot.shared.pauses.trouble, troubleMax
	if reason == reasonSession {
		shortest, longest = o.bot.shared.pauses.session, sessionBackoffMax
	}
	o.trouble.reason = reason
	o.trouble.until = time.Now().Add(min(shortest<<min(o.trouble.failures, 10), longest))
	o.trouble.failures++
	o.settleAll()
}

// outagePause is for how long nothing is sent after a poll that failed, as the
// third in a row or later; the next one comes sooner than that.
const outagePause = time.Minute

// unreachable stops sending while polls don't get through either. A send that
// fails may have been counted by the server, so that trying on through an outage
// would use up all that the users allowed; a poll costs nothing.
func (o *outbox) unreachable() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble.reason = reasonNetwork
	o.trouble.until = time.Now().Add(outagePause)
	o.trouble.failures = max(1, o.trouble.failures)
	o.settleAll()
}

// recovered ends throttle and trouble after a send that went through. One that
// was on its way before a refusal for sending too fast doesn't end the throttle.
func (o *outbox) recovered(ctx context.Context, begun time.Time) {
	o.mu.Lock()
	o.trouble = trouble{}
	throttled := o.throttle.Step > 0 && !begun.Before(o.throttle.Until)
	if throttled {
		o.throttle = store.Throttle{}
	}
	o.mu.Unlock()
	if throttled {
		o.bot.log.Info("the throttle is over")
		if err := o.bot.store.SaveThrottle(ctx, o.bot.cfg.Name, store.Throttle{}); err != nil {
			o.bot.log.Error("keep the throttle", "err", err)
		}
	}
}

// resume ends a pause early: there is a token, or the session works again.
func (o *outbox) resume() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble = trouble{}
	o.settleAll()
	o.poke()
}

// loggedIn is resume for another token: sessions with users that had ended may have
// begun anew with it.
func (o *outbox) loggedIn() {
	o.mu.Lock()
	for _, l := range o.lanes {
		l.refused = 0
	}
	o.mu.Unlock()
	o.resume()
}

// notBegun moves a lane on whose first send was not begun.
func (o *outbox) notBegun(l *lane, then func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	l.busy = false
	then()
	o.settleLane(l)
	o.poke()
}

// putOff has a send of a lane, and with it those behind it, wait for a while. mu
// must be held.
func (o *outbox) putOff(l *lane, p *pending, pause time.Duration) {
	p.notBefore = time.Now().Add(pause)
	o.sweepBy(p.Expires) // it wasn't looked at while it was under way
	if p.doomed != "" {
		o.sweepBy(time.Now())
	}
	// While it was the first, others may have come that go before it.
	slices.SortStableFunc(l.queue, inOrder)
	if pause > 0 {
		for _, waiting := range l.queue {
			o.waits(waiting, reasonNetwork)
		}
	}
}

// finish records an outcome, until the store takes it, and moves the lane on. A
// send that stays queued is not tried again before the pause is over.
func (o *outbox) finish(ctx context.Context, l *lane, p *pending, outcome store.Outcome, v verdict, pause time.Duration) {
	var window store.Window
	for {
		var err error
		window, err = o.bot.store.EndSend(ctx, &p.Send, outcome, time.Now())
		if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrNotBegun) {
			break
		}
		o.bot.log.Error("the store refuses to note how a send ended: trying again", "send", p.ID, "err", err)
		sleep(ctx, storeRetry)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	l.busy, l.counted = false, false
	l.apply(window)
	if outcome.State == store.SendQueued {
		o.putOff(l, p, pause)
	} else {
		o.remove(l, p)
		p.settle(v)
		if p.File != "" {
			o.bot.host.files.Discard(p.File)
		}
	}
	o.settleLane(l)
	o.poke()
}
