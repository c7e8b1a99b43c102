package runtime

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// blocked says why the bot sends nothing at all at the moment, and until when.
func (o *outbox) blocked() (reason string, until time.Time) {
	now := time.Now()
	if _, err := o.bot.host.online(); err != nil {
		return reasonSession, now.Add(never) // or until there is a token: see resume
	}
	if now.Before(o.throttle.Until) {
		return luabind.StatusThrottled, o.throttle.Until
	}
	if now.Before(o.trouble.until) {
		return o.trouble.reason, o.trouble.until
	}
	return "", time.Time{}
}

// room returns how many of a lane's sends, from the first on, its window has
// room for, and why not for more.
func (o *outbox) room(l *lane) (n int, why string) {
	n, why = o.left(l)
	if l.counted {
		n++
	}
	return n, cmp.Or(why, luabind.StatusQuota)
}

// settleAll looks through all lanes for callers who can be told something.
func (o *outbox) settleAll() {
	for l := range o.active {
		o.settleLane(l)
	}
}

// settleLane tells the callers of those sends that have to wait that they do. Of
// one that is under way it isn't known yet.
func (o *outbox) settleLane(l *lane) {
	room, why := o.room(l)
	if o.nudges(l, room) {
		room--
	}
	probing := o.probing(l)
	if reason, _ := o.blocked(); reason != "" {
		room, why, probing = 0, reason, false
	}
	for i, p := range l.queue {
		if probing && p.Priority <= store.PriorityAnswer {
			continue // what becomes of the first one tells
		}
		if i >= room && !(i == 0 && l.busy) {
			o.waits(p, why)
		}
	}
}

// waits tells the caller of a send that it has to wait. One that must not wait
// comes to its end, unless it may have been sent already.
func (o *outbox) waits(p *pending, why string) {
	if p.Mode == store.ModeFail && !p.Uncertain {
		o.doom(p, why, nil)
		return
	}
	p.settle(verdict{status: luabind.StatusDeferred, reason: why})
}

// nudges says whether a lane's last allowed send should tell the user that more
// is waiting.
func (o *outbox) nudges(l *lane, left int) bool {
	return !l.window.Nudged && l.window.Suppressed.IsZero() && len(l.queue) > left && slices.ContainsFunc(l.queue, func(p *pending) bool { return p.Mode == store.ModeNudge })
}

// doom has a send end without being sent: with a status of luabind's, and the
// error for it if there is more to say.
func (o *outbox) doom(p *pending, status string, err error) {
	if p.doomed == "" {
		p.doomed, p.doomedBy = status, err
		o.sweepBy(time.Now())
	}
}

// sweepBy has the sender sweep at a time, or before.
func (o *outbox) sweepBy(at time.Time) {
	if at.IsZero() || !o.sweepAt.IsZero() && !at.Before(o.sweepAt) {
		return
	}
	o.sweepAt = at
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// sweep ends the sends that are doomed or have waited too long, and returns when
// it has to be done again.
func (o *outbox) sweep(ctx context.Context) (next time.Time) {
	o.taking.RLock()
	defer o.taking.RUnlock()
	o.mu.Lock()
	now := time.Now()
	if !o.sweepAt.IsZero() && now.Before(o.sweepAt) {
		defer o.mu.Unlock()
		return o.sweepAt
	}
	o.sweepAt = now.Add(shrinkInterval)
	var gone []*pending
	for l := range o.active {
		for i, p := range l.queue {
			if i == 0 && l.busy {
				continue // its end looks at it again
			}
			if !p.Expires.IsZero() && !now.Before(p.Expires) {
				o.doom(p, luabind.StatusExpired, nil)
			}
			if p.doomed != "" {
				gone = append(gone, p)
			} else {
				o.sweepBy(p.Expires)
			}
		}
	}
	if !now.Before(o.shrinkAt) {
		o.shrink()
	}
	o.mu.Unlock()
	for _, p := range gone {
		o.endDoomed(ctx, p)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(gone) > 0 {
		o.poke()
	}
	return o.sweepAt
}

// endDoomed records the end of a send that is doomed. It stays in its lane, and
// keeps it up, until the store has taken that.
func (o *outbox) endDoomed(ctx context.Context, p *pending) {
	now := time.Now()
	outcome := store.Outcome{State: store.SendFailed, Result: p.doomed, Error: luabind.Advice(p.doomed, "")}
	err := p.doomedBy
	switch {
	case err != nil:
		outcome.Error = err.Error()
	case p.doomed == luabind.StatusExpired:
		outcome.State, outcome.Error = store.SendExpired, "the message waited too long and was given up"
		err = &luabind.HostError{Kind: luabind.StatusExpired, Message: outcome.Error}
	default:
		err = refusal(p.doomed)
	}
	stored := o.bot.store.EndUnsent(ctx, p.ID, outcome, now)
	gone := errors.Is(stored, store.ErrNotQueued)
	if stored != nil && !gone {
		o.bot.log.Error("the store refuses to note that a send has ended: trying again", "send", p.ID, "err", stored)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sweepAt = now.Add(storeRetry)
		return
	}
	if p.Priority >= store.PriorityAnswer {
		o.bot.log.Warn("a message was not sent and is given up", "send", p.ID, "to", p.User, "status", p.doomed, "created", p.Created)
	}
	if p.doomed == luabind.StatusExpired {
		o.bot.stats.update(func(s *Status) { s.Expired++ })
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if gone {
		o.drop(o.lane(p.Conversation), p)
		return
	}
	o.remove(o.lane(p.Conversation), p)
	p.settle(verdict{status: p.doomed, err: err})
	if p.File != "" {
		o.bot.host.files.Discard(p.File)
	}
}

// shrink forgets the lanes that are the same as none at all: with no sends, and a
// window that has closed.
func (o *outbox) shrink() {
	server := o.serverNow()
	for name, l := range o.lanes {
		if !l.window.Suppressed.IsZero() {
			continue // it is shown
		}
		if _, why := o.rules.left(l.window, server); len(l.queue) == 0 && !l.busy && why == statusWindowClosed {
			delete(o.lanes, name)
		}
	}
	o.shrinkAt = time.Now().Add(shrinkInterval)
}

// result is what the caller of a send is told, once all parts are settled.
func result(ctx context.Context, parts []*pending) (luabind.SendResult, error) {
	r := luabind.SendResult{Status: luabind.StatusSent, Parts: len(parts)}
	for _, p := range parts {
		select {
		case <-p.settled:
		case <-ctx.Done():
			// It is in the outbox and will go out: saying that it failed would have
			// the script send it again.
			r.Status, r.Reason = luabind.StatusDeferred, luabind.ReasonQueue
			return r, nil
		}
		v := p.verdict
		r.Uncertain = r.Uncertain || v.uncertain
		if v.messageID != "" {
			r.MessageIDs = append(r.MessageIDs, v.messageID)
		}
		switch {
		case v.err != nil:
			r.Status = v.status
			return r, v.err
		case v.status == luabind.StatusSent:
			r.Sent++
		case r.Status == luabind.StatusSent:
			r.Status, r.Reason = v.status, v.reason
		}
	}
	return r, nil
}
