package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// run sends until ctx ends, and then waits for what is under way. work is the
// context of the requests: it outlives ctx.
func (o *outbox) run(ctx, work context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	sweep := time.NewTicker(expirySweep)
	defer sweep.Stop()
	for {
		o.expire(work)
		wait := o.startNext(ctx, work, &under)
		if ctx.Err() != nil {
			return
		}
		if wait == 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-o.wake:
		case <-sweep.C:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// startNext starts the next send or upload. It returns 0 if there may be
// another one, else for how long to wait unless something changes.
func (o *outbox) startNext(ctx, work context.Context, under *sync.WaitGroup) time.Duration {
	o.mu.Lock()
	l, wait := o.next()
	upload := l != nil && l.queue[0].Kind != store.PayloadItem
	if upload {
		l.busy = true
		o.working++
	}
	o.mu.Unlock()
	switch {
	case l == nil:
		return wait
	case upload:
		// Uploads take long and don't count for the pace: the others go on.
		under.Go(func() { o.upload(work, l) })
		return 0
	}

	// Which send goes is decided only when one may: an answer that came meanwhile
	// goes before a push.
	select {
	case o.slots <- struct{}{}:
	case <-ctx.Done():
		return 0
	}
	release, err := o.pace.acquire(ctx)
	if err != nil {
		<-o.slots
		return 0
	}
	o.mu.Lock()
	l, _ = o.next()
	if l == nil || l.queue[0].Kind != store.PayloadItem {
		o.mu.Unlock()
		<-o.slots
		release(false)
		return 0
	}
	left, _ := o.rules.left(l.window, o.serverNow())
	nudge := left == 1 && o.nudges(l, left)
	l.busy = true
	l.lastSent = time.Now()
	if !nudge {
		l.window.Used++
	} else {
		l.window.Nudged = true
	}
	o.inFlight++
	o.working++
	p := l.queue[0]
	o.mu.Unlock()
	under.Go(func() {
		defer func() { <-o.slots }()
		if nudge {
			release(false)
			o.nudge(work, l, p)
			return
		}
		sent := o.send(work, l, p)
		release(sent)
	})
	return 0
}

// next returns the lane whose first send is due, and if there is none for how
// long there won't be one by itself. Answers go before pushes, and among them
// the conversation that has waited longest.
func (o *outbox) next() (best *lane, wait time.Duration) {
	now, server := time.Now(), o.serverNow()
	wait = time.Hour
	if _, until := o.blocked(); !until.IsZero() {
		return nil, max(time.Millisecond, until.Sub(now))
	}
	// After a throttle or trouble one probe goes first.
	if (o.throttle.Step > 0 || o.trouble.failures > 0) && o.inFlight > 0 {
		return nil, wait
	}
	for _, l := range o.lanes {
		if l.busy || len(l.queue) == 0 {
			continue
		}
		if n, _ := o.rules.left(l.window, server); n == 0 {
			continue
		}
		head := l.queue[0]
		if now.Before(head.notBefore) {
			wait = min(wait, head.notBefore.Sub(now))
			continue
		}
		if best == nil || before(l, best) {
			best = l
		}
	}
	return best, wait
}

func before(a, b *lane) bool {
	p, q := a.queue[0], b.queue[0]
	switch {
	case p.Priority != q.Priority:
		return p.Priority < q.Priority
	case !a.lastSent.Equal(b.lastSent):
		return a.lastSent.Before(b.lastSent)
	}
	return p.ID < q.ID
}

// send makes one request and records how it ended. It reports whether the
// request may have reached the server.
func (o *outbox) send(ctx context.Context, l *lane, p *pending) (reached bool) {
	if err := o.bot.store.BeginSend(ctx, &p.Send, time.Now()); err != nil {
		o.bot.log.Error("the store refuses to note a send, which waits", "err", err)
		o.finish(ctx, l, p, store.Outcome{State: store.SendQueued, Error: err.Error(), Refused: true}, verdict{}, time.Second)
		return false
	}
	p.Attempts++
	item, err := itemOf(&p.Send)
	if err != nil {
		o.finish(ctx, l, p, store.Outcome{State: store.SendFailed, Result: luabind.StatusBadRequest, Error: err.Error(), Refused: true},
			verdict{status: luabind.StatusBadRequest, err: err}, 0)
		return false
	}
	token, err := o.bot.store.ContextToken(ctx, o.bot.cfg.Name, p.User)
	client, online := o.bot.host.online()
	if err = errors.Join(err, online); err != nil {
		o.pause(reasonSession, true)
		o.finish(ctx, l, p, store.Outcome{State: store.SendQueued, Error: err.Error(), Refused: true}, verdict{}, 0)
		return false
	}
	begun := time.Now()
	sent, err := client.SendMessage(ctx, &ilink.OutboundMessage{
		To: p.User, GroupID: p.Group, ContextToken: token, Items: []ilink.Item{item}, ClientID: p.ClientID,
	})
	if err == nil {
		o.bot.host.trip.observe(time.Since(begun))
		o.recovered(ctx)
		o.bot.stats.update(func(s *Status) { s.Sent++ })
		o.finish(ctx, l, p, store.Outcome{State: store.SendSent, MessageID: sent.MessageID, Uncertain: p.Uncertain, Item: p.Payload},
			verdict{status: luabind.StatusSent, messageID: sent.MessageID, uncertain: p.Uncertain}, 0)
		return true
	}
	return o.failed(ctx, l, p, err)
}

// failed decides what becomes of a send whose request failed.
func (o *outbox) failed(ctx context.Context, l *lane, p *pending, err error) (reached bool) {
	log := o.bot.log.With("send", p.ID, "to", p.User, "client_id", p.ClientID, "err", err)
	var te *ilink.TransportError
	var api *ilink.APIError
	again := store.Outcome{State: store.SendQueued, Error: err.Error()}
	switch {
	case errors.Is(err, ilink.ErrWindowClosed):
		// The server's word goes before our count.
		log.Warn("the server says that the window is closed: the message waits until the user writes", "status", luabind.StatusWindowClosed)
		again.Refused, again.Closed = true, true
		if p.Mode == store.ModeFail {
			again.State, again.Result = store.SendFailed, luabind.StatusWindowClosed
			o.finish(ctx, l, p, again, verdict{status: luabind.StatusWindowClosed, err: refusal(luabind.StatusWindowClosed)}, 0)
			return true
		}
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrThrottled):
		again.Refused = true
		o.mu.Lock()
		o.throttle = throttled(o.throttle, time.Now())
		t := o.throttle
		o.settleAll()
		o.mu.Unlock()
		log.Warn("the server throttles this bot: it waits, then one message goes first", "status", luabind.StatusThrottled, "until", t.Until)
		if err := o.bot.store.SaveThrottle(ctx, o.bot.cfg.Name, t); err != nil {
			log.Error("keep the throttle", "store_err", err)
		}
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrSessionTimeout):
		log.Warn("the session has expired: the message waits", "status", reasonSession)
		again.Refused = true
		o.pause(reasonSession, true)
		o.finish(ctx, l, p, again, verdict{}, 0)
		return true
	case errors.Is(err, ilink.ErrBadRequest), errors.As(err, &api) && p.Attempts >= maxOdd:
		log.Error("the server will not take this message: it is given up", "status", luabind.StatusBadRequest)
		o.finish(ctx, l, p, store.Outcome{State: store.SendFailed, Result: luabind.StatusBadRequest, Error: err.Error(), Refused: true},
			verdict{status: luabind.StatusBadRequest, err: &luabind.HostError{Kind: luabind.StatusBadRequest, Message: err.Error()}}, 0)
		return true
	case errors.As(err, &te) && te.MayHaveArrived():
		return o.uncertain(ctx, l, p, te)
	}
	log.Warn("a message could not be sent: it is tried again", "status", reasonNetwork)
	again.Refused = true
	if te != nil {
		o.pause(reasonNetwork, false)
	}
	o.finish(ctx, l, p, again, verdict{}, retryPause(p.Attempts))
	return te == nil
}

// uncertain deals with a request whose answer was lost: the server may have sent
// the message or not.
func (o *outbox) uncertain(ctx context.Context, l *lane, p *pending, te *ilink.TransportError) bool {
	p.Uncertain = true
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
		o.pause(reasonNetwork, false)
	}
	o.finish(ctx, l, p, outcome, verdict{}, retryPause(p.Attempts))
	return true
}

// retryPause is how long a send waits before another try.
func retryPause(attempts int) time.Duration {
	return min(troubleMin<<min(max(attempts-1, 0), 10), 30*time.Second)
}

// pause stops sending for a while. The longer the trouble, the longer the pause.
func (o *outbox) pause(reason string, session bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble.failures++
	o.trouble.reason = reason
	pause := min(troubleMin<<min(o.trouble.failures-1, 10), troubleMax)
	if session {
		pause = min(max(sessionBackoffMin, pause), sessionBackoffMax)
	}
	o.trouble.until = time.Now().Add(pause)
	o.settleAll()
}

// recovered ends throttle and trouble after a send that went through.
func (o *outbox) recovered(ctx context.Context) {
	o.mu.Lock()
	o.trouble = trouble{}
	throttled := o.throttle.Step > 0
	o.throttle = store.Throttle{}
	o.mu.Unlock()
	if throttled {
		o.bot.log.Info("the throttle is over")
		if err := o.bot.store.SaveThrottle(ctx, o.bot.cfg.Name, store.Throttle{}); err != nil {
			o.bot.log.Error("keep the throttle", "err", err)
		}
	}
}

// resume ends a pause early: the session was renewed.
func (o *outbox) resume() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.trouble = trouble{}
	o.poke()
}

// finish records an outcome, until the store takes it, and moves the lane on. A
// send that stays queued is not tried again before the pause is over.
func (o *outbox) finish(ctx context.Context, l *lane, p *pending, outcome store.Outcome, v verdict, pause time.Duration) {
	for {
		err := o.bot.store.EndSend(ctx, &p.Send, outcome, time.Now())
		if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			break
		}
		o.bot.log.Error("the store refuses to note how a send ended: trying again", "send", p.ID, "err", err)
		sleep(ctx, time.Second)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	l.busy = false
	if outcome.Refused {
		l.window.Used = max(0, l.window.Used-1)
	}
	if outcome.Closed {
		l.window.Closed = true
	}
	if outcome.State == store.SendQueued {
		p.notBefore = time.Now().Add(pause)
		if pause > 0 {
			p.settle(verdict{status: luabind.StatusDeferred, reason: reasonNetwork})
		}
	} else {
		o.remove(l, p)
		p.settle(v)
		if p.File != "" {
			o.bot.host.files.discard(p.File)
		}
	}
	o.settleLane(l)
	o.poke()
}

// nudge queues the note that more is waiting, in front of what waits.
func (o *outbox) nudge(ctx context.Context, l *lane, head *pending) {
	payload, err := json.Marshal(ilink.TextMessage(o.bot.shared.Limits.NudgeText))
	var send store.Send
	if err == nil {
		send, err = o.bot.store.Nudge(ctx, store.Enqueue{
			Bot: head.Bot, Conversation: head.Conversation, User: head.User, Group: head.Group, Mode: store.ModeDefer,
			Priority: store.PriorityAnswer - 1, Created: time.Now(), Expires: time.Now().Add(time.Hour),
			Parts: []store.EnqueuePart{{ClientID: ilink.NewClientID(), Kind: store.PayloadItem, Payload: payload}},
		})
	}
	if err != nil {
		o.bot.log.Error("tell the user that more is waiting", "err", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	l.busy = false
	if err == nil {
		o.put(&pending{Send: send, settled: make(chan struct{})})
	}
	o.settleLane(l)
	o.poke()
}

// upload puts a lane's first send's file on the CDN and keeps the item that this
// makes.
func (o *outbox) upload(ctx context.Context, l *lane) {
	o.mu.Lock()
	p := l.queue[0]
	o.mu.Unlock()
	item, err := o.bot.host.uploadQueued(ctx, &p.Send)
	if err == nil {
		err = o.bot.store.SetItem(ctx, p.ID, item)
	}
	o.mu.Lock()
	if err == nil {
		p.Kind, p.Payload = store.PayloadItem, item
		o.working--
		l.busy = false
		o.poke()
		o.mu.Unlock()
		return
	}
	o.inFlight++ // finish takes it back
	l.window.Used++
	o.mu.Unlock()

	p.Attempts++
	var te *ilink.TransportError
	outcome := store.Outcome{State: store.SendQueued, Error: err.Error(), Refused: true}
	if errors.As(err, &te) && te.Temporary() || errors.Is(err, ilink.ErrSessionTimeout) || ctx.Err() != nil {
		o.bot.log.Warn("a file could not be uploaded: it is tried again", "send", p.ID, "to", p.User, "err", err)
		o.finishUpload(ctx, l, p, outcome, verdict{}, retryPause(p.Attempts))
		return
	}
	o.bot.log.Error("a file could not be uploaded: it is given up", "send", p.ID, "to", p.User, "err", err)
	outcome.State, outcome.Result = store.SendFailed, luabind.StatusBadRequest
	o.finishUpload(ctx, l, p, outcome, verdict{status: luabind.StatusBadRequest, err: explain(fmt.Errorf("upload: %w", err))}, 0)
}

// finishUpload is finish for a send whose request never began.
func (o *outbox) finishUpload(ctx context.Context, l *lane, p *pending, outcome store.Outcome, v verdict, pause time.Duration) {
	outcome.Refused = false // the store counted nothing
	o.mu.Lock()
	l.window.Used--
	o.mu.Unlock()
	o.finish(ctx, l, p, outcome, v, pause)
}

// expire ends sends that have waited too long.
func (o *outbox) expire(ctx context.Context) {
	now := time.Now()
	var gone []*pending
	o.mu.Lock()
	for _, l := range o.lanes {
		for _, p := range l.queue {
			if !p.Expires.IsZero() && now.After(p.Expires) && !(l.busy && p == l.queue[0]) {
				gone = append(gone, p)
			}
		}
	}
	for _, p := range gone {
		o.remove(o.lane(p.Conversation), p)
	}
	o.mu.Unlock()
	for _, p := range gone {
		o.bot.log.Warn("a message waited too long and is given up", "send", p.ID, "to", p.User, "status", luabind.StatusExpired, "created", p.Created)
		err := o.bot.store.EndSend(ctx, &p.Send, store.Outcome{State: store.SendExpired, Result: luabind.StatusExpired, Error: "it waited too long"}, now)
		if err != nil {
			o.bot.log.Error("note an expired send", "send", p.ID, "err", err)
		}
		if p.File != "" {
			o.bot.host.files.discard(p.File)
		}
		p.settle(verdict{status: luabind.StatusExpired, err: &luabind.HostError{Kind: luabind.StatusExpired, Message: "the message waited too long and was given up"}})
		o.bot.stats.update(func(s *Status) { s.Expired++ })
	}
}
