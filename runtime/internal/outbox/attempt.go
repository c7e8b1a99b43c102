package outbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// send makes one request and records how it ended. It reports whether the
// request may have reached the server.
func (o *Outbox) send(ctx context.Context, c *conversation, p *pending) (reached bool) {
	window, err := o.opts.Store.BeginSend(ctx, &p.Send, time.Now())
	switch {
	case errors.Is(err, store.ErrNotQueued):
		o.notBegun(c, func() { o.drop(c, p) }) // another process was quicker
		return false
	case err != nil:
		o.opts.Logger.Error("the store refuses to note a send, which waits", "err", err)
		o.notBegun(c, func() { o.putOff(c, p, storeRetry) })
		return false
	}
	o.mu.Lock()
	c.apply(window)
	c.counted = true
	o.mu.Unlock()

	p.Attempts++
	item, err := itemOf(&p.Send)
	if err != nil {
		o.finish(ctx, c, p, store.Outcome{State: store.SendFailed, Result: luabind.StatusBadRequest, Error: err.Error(), Refused: true},
			result{status: luabind.StatusBadRequest, err: err}, 0)
		return false
	}
	again := store.Outcome{State: store.SendQueued, Refused: true}
	token, err := o.opts.Store.ContextToken(ctx, o.opts.Bot, p.User)
	client, online := o.opts.Account.Client()
	if err = errors.Join(err, online); err != nil {
		o.opts.Logger.Error("a message can't be sent yet", "send", p.ID, "err", err)
		again.Error = err.Error()
		o.finish(ctx, c, p, again, result{}, storeRetry)
		return false
	}
	begun := time.Now()
	sent, err := client.SendMessage(ctx, &ilink.OutboundMessage{
		To: p.User, GroupID: p.Group, ContextToken: token, Items: []ilink.Item{item}, ClientID: p.ClientID, RunID: p.RunID,
	})
	if err != nil {
		return o.failed(ctx, c, p, window.Number, err)
	}
	o.opts.Account.Observe(time.Since(begun))
	o.recovered(ctx, begun)
	if !sent.Confirmed() {
		o.unconfirmed(ctx, c, p)
		return true
	}
	o.count(func(n *Counts) { n.Sent++ })
	o.finish(ctx, c, p, store.Outcome{State: store.SendSent, MessageID: sent.MessageID, Uncertain: p.Uncertain, Item: p.Payload},
		result{status: luabind.StatusSent, messageID: sent.MessageID, uncertain: p.Uncertain}, 0)
	return true
}

// failed decides what becomes of a send whose request failed. window is the
// number of the one that it was made in.
func (o *Outbox) failed(ctx context.Context, c *conversation, p *pending, window int64, err error) (reached bool) {
	log := o.opts.Logger.With("send", p.ID, "to", p.User, "client_id", p.ClientID, "err", err)
	var te *ilink.TransportError
	var api *ilink.APIError
	// Codes that aren't known, and statuses that say that this message is at fault
	// and not the way to the server, are taken for a refusal only when they repeat.
	unknown := errors.As(err, &api)
	if unknown {
		o.count(func(n *Counts) { n.Rejected++ })
	}
	if errors.As(err, &te) {
		unknown = slices.Contains([]int{400, 413, 422}, te.Status)
	}
	again := store.Outcome{State: store.SendQueued, Error: err.Error(), Refused: true}
	switch {
	case errors.Is(err, ilink.ErrWindowClosed):
		// The server's word goes before our count.
		log.Warn("the server says that the window is closed: the message waits until the user writes", "status", luabind.StatusWindowClosed)
		again.Closed = window
		o.finish(ctx, c, p, again, result{}, 0)
		return true
	case errors.Is(err, ilink.ErrThrottled), te != nil && te.Status == 429:
		o.slowDown(ctx)
		o.finish(ctx, c, p, again, result{}, 0)
		return true
	case errors.Is(err, ilink.ErrNotWritten):
		log.Warn("the user has not written to the bot: the message waits until they do", "status", luabind.StatusWindowClosed)
		again.Closed = window
		o.finish(ctx, c, p, again, result{}, 0)
		return true
	case errors.Is(err, ilink.ErrSessionTimeout) && o.opts.Account.InSession():
		// Polls get through: it is this user's session, which their next message renews,
		// or another login of the bot.
		log.Warn("the server says that the session with this user has ended: the message waits until they write", "status", luabind.StatusWindowClosed)
		o.mu.Lock()
		c.refused = window
		o.mu.Unlock()
		o.finish(ctx, c, p, again, result{}, 0)
		return true
	case errors.Is(err, ilink.ErrUnknownUser):
		log.Error("the server knows no such user: the message is given up", "status", luabind.StatusUnknownUser)
		again.State, again.Result = store.SendFailed, luabind.StatusUnknownUser
		o.finish(ctx, c, p, again, result{status: luabind.StatusUnknownUser, err: refusal(luabind.StatusUnknownUser)}, 0)
		return true
	case errors.Is(err, ilink.ErrSessionTimeout):
		log.Warn("the session has expired: the message waits", "status", luabind.ReasonSessionExpired)
		o.pause(luabind.ReasonSessionExpired)
		o.finish(ctx, c, p, again, result{}, 0)
		return true
	case te != nil && te.MayHaveArrived():
		return o.uncertain(ctx, c, p, te)
	case unknown:
		p.unknownCode++
	}
	if errors.Is(err, ilink.ErrBadRequest) || p.unknownCode >= maxUnknownCode {
		log.Error("the server will not take this message: it is given up", "status", luabind.StatusBadRequest)
		again.State, again.Result = store.SendFailed, luabind.StatusBadRequest
		o.finish(ctx, c, p, again, result{status: luabind.StatusBadRequest, err: &luabind.HostError{Kind: luabind.StatusBadRequest, Message: err.Error()}}, 0)
		return true
	}
	log.Warn("a message could not be sent: it is tried again", "status", luabind.ReasonNetwork)
	if te != nil && !unknown {
		o.pause(luabind.ReasonNetwork)
	}
	o.finish(ctx, c, p, again, result{}, o.retryPause(p.Attempts))
	return te == nil || te.Status != 0
}

// uncertain deals with a request whose answer was lost: the server may have sent
// the message or not.
func (o *Outbox) uncertain(ctx context.Context, c *conversation, p *pending, te *ilink.TransportError) bool {
	o.mu.Lock()
	p.Uncertain = true
	o.mu.Unlock()
	o.count(func(n *Counts) { n.Uncertain++ })
	outcome := store.Outcome{State: store.SendQueued, Uncertain: true, Error: te.Error()}
	log := o.opts.Logger.With("send", p.ID, "to", p.User, "client_id", p.ClientID, "err", te, "status", luabind.StatusUncertain)
	if o.opts.HoldUncertain {
		outcome.State = store.SendHeld
		log.Warn("it is uncertain whether this was sent: it is held, see \"ilinkd outbox\"")
		o.finish(ctx, c, p, outcome, result{status: luabind.StatusUncertain, uncertain: true}, 0)
		return true
	}
	log.Warn("it is uncertain whether this was sent: it is sent again under the same client id")
	if te.Kind != ilink.FailureHTTP && te.Kind != ilink.FailureNotJSON {
		o.pause(luabind.ReasonNetwork)
	}
	o.finish(ctx, c, p, outcome, result{}, o.retryPause(p.Attempts))
	return true
}

// retryPause is how long a send waits before another try.
func (o *Outbox) retryPause(attempts int) time.Duration {
	return backoff.Backoff{Min: o.opts.Pauses.Trouble, Max: retryMax}.After(attempts)
}

// notBegun moves a conversation on whose first send was not begun.
func (o *Outbox) notBegun(c *conversation, then func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	c.busy = false
	then()
	o.settle(c)
	o.poke()
}

// putOff has a send of a conversation, and with it those behind it, wait for a while. mu
// must be held.
func (o *Outbox) putOff(c *conversation, p *pending, pause time.Duration) {
	p.notBefore = time.Now().Add(pause)
	o.sweepBy(p.Expires) // it wasn't looked at while it was under way
	if p.failing != "" {
		o.sweepBy(time.Now())
	}
	// While it was the first, others may have come that go before it.
	slices.SortStableFunc(c.queue, inOrder)
	if pause > 0 {
		for _, waiting := range c.queue {
			o.waits(waiting, luabind.ReasonNetwork)
		}
	}
}

// finish records an outcome, until the store takes it, and moves the conversation on. A
// send that stays queued is not tried again before the pause is over.
func (o *Outbox) finish(ctx context.Context, c *conversation, p *pending, outcome store.Outcome, v result, pause time.Duration) {
	var window store.Window
	for {
		var err error
		window, err = o.opts.Store.EndSend(ctx, &p.Send, outcome, time.Now())
		if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrClosed) || errors.Is(err, store.ErrNotBegun) {
			break
		}
		o.opts.Logger.Error("the store refuses to note how a send ended: trying again", "send", p.ID, "err", err)
		backoff.Sleep(ctx, storeRetry)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	c.busy, c.counted = false, false
	c.apply(window)
	if outcome.State == store.SendQueued {
		o.putOff(c, p, pause)
	} else {
		o.remove(c, p)
		p.settle(v)
		if p.File != "" {
			o.opts.Files.Discard(p.File)
		}
	}
	o.settle(c)
	o.poke()
}
