package outbox

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
func (o *Outbox) blocked() (reason string, until time.Time) {
	now := time.Now()
	if _, err := o.opts.Account.Client(); err != nil {
		return luabind.ReasonSessionExpired, now.Add(never) // or until there is a token: see resume
	}
	if now.Before(o.throttle.Until) {
		return luabind.StatusThrottled, o.throttle.Until
	}
	if now.Before(o.trouble.until) {
		return o.trouble.reason, o.trouble.until
	}
	return "", time.Time{}
}

// room returns how many of a conversation's sends, from the first on, its window has
// room for, and why not for more.
func (o *Outbox) room(c *conversation) (n int, why string) {
	n, why = o.left(c)
	if c.counted {
		n++
	}
	return n, cmp.Or(why, luabind.StatusQuota)
}

// settleAll looks through all conversations for callers who can be told something.
func (o *Outbox) settleAll() {
	for c := range o.active {
		o.settle(c)
	}
}

// settle tells the callers of those sends that have to wait that they do. Of
// one that is under way it isn't known yet.
func (o *Outbox) settle(c *conversation) {
	room, why := o.room(c)
	if o.nudges(c, room) {
		room--
	}
	probing := o.probing(c)
	if reason, _ := o.blocked(); reason != "" {
		room, why, probing = 0, reason, false
	}
	for i, p := range c.queue {
		if probing && p.Priority <= store.PriorityAnswer {
			continue // what becomes of the first one tells
		}
		if i >= room && !(i == 0 && c.busy) {
			o.waits(p, why)
		}
	}
}

// waits tells the caller of a send that it has to wait. One that must not wait
// comes to its end, unless it may have been sent already.
func (o *Outbox) waits(p *pending, why string) {
	if p.Mode == store.ModeFail && !p.Uncertain {
		o.fail(p, why, nil)
		return
	}
	p.settle(result{status: luabind.StatusDeferred, reason: why})
}

// nudges says whether a conversation's last allowed send should tell the user that more
// is waiting.
func (o *Outbox) nudges(c *conversation, left int) bool {
	return !c.window.Nudged && c.window.Suppressed.IsZero() && len(c.queue) > left && slices.ContainsFunc(c.queue, func(p *pending) bool { return p.Mode == store.ModeNudge })
}

// fail has a send end without being sent: with a status of luabind's, and the
// error for it if there is more to say.
func (o *Outbox) fail(p *pending, status string, err error) {
	if p.failing == "" {
		p.failing, p.failingFor = status, err
		o.sweepBy(time.Now())
	}
}

// sweepBy has the sender sweep at a time, or before.
func (o *Outbox) sweepBy(at time.Time) {
	if at.IsZero() || !o.sweepAt.IsZero() && !at.Before(o.sweepAt) {
		return
	}
	o.sweepAt = at
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// sweep ends the sends that are failing or have waited too long, and returns when
// it has to be done again.
func (o *Outbox) sweep(ctx context.Context) (next time.Time) {
	o.handoff.RLock()
	defer o.handoff.RUnlock()
	o.mu.Lock()
	now := time.Now()
	if !o.sweepAt.IsZero() && now.Before(o.sweepAt) {
		defer o.mu.Unlock()
		return o.sweepAt
	}
	o.sweepAt = now.Add(shrinkInterval)
	var gone []*pending
	for c := range o.active {
		for i, p := range c.queue {
			if i == 0 && c.busy {
				continue // its end looks at it again
			}
			if !p.Expires.IsZero() && !now.Before(p.Expires) {
				o.fail(p, luabind.StatusExpired, nil)
			}
			if p.failing != "" {
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
		o.endFailing(ctx, p)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(gone) > 0 {
		o.poke()
	}
	return o.sweepAt
}

// endFailing records the end of a send that is failing. It stays in its conversation, and
// keeps it up, until the store has taken that.
func (o *Outbox) endFailing(ctx context.Context, p *pending) {
	now := time.Now()
	outcome := store.Outcome{State: store.SendFailed, Result: p.failing, Error: luabind.Advice(p.failing, "")}
	err := p.failingFor
	switch {
	case err != nil:
		outcome.Error = err.Error()
	case p.failing == luabind.StatusExpired:
		outcome.State, outcome.Error = store.SendExpired, "the message waited too long and was given up"
		err = &luabind.HostError{Kind: luabind.StatusExpired, Message: outcome.Error}
	default:
		err = refusal(p.failing)
	}
	stored := o.opts.Store.EndUnsent(ctx, p.ID, outcome, now)
	gone := errors.Is(stored, store.ErrNotQueued)
	if stored != nil && !gone {
		o.opts.Logger.Error("the store refuses to note that a send has ended: trying again", "send", p.ID, "err", stored)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sweepAt = now.Add(storeRetry)
		return
	}
	if p.Priority >= store.PriorityAnswer {
		o.opts.Logger.Warn("a message was not sent and is given up", "send", p.ID, "to", p.User, "status", p.failing, "created", p.Created)
	}
	if p.failing == luabind.StatusExpired {
		o.count(func(n *Counts) { n.Expired++ })
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if gone {
		o.drop(o.conversation(p.Conversation), p)
		return
	}
	o.remove(o.conversation(p.Conversation), p)
	p.settle(result{status: p.failing, err: err})
	if p.File != "" {
		o.opts.Files.Discard(p.File)
	}
}

// shrink forgets the conversations that are the same as none at all: with no sends, and a
// window that has closed.
func (o *Outbox) shrink() {
	server := o.opts.Account.Now()
	for name, c := range o.conversations {
		if !c.window.Suppressed.IsZero() {
			continue // it is shown
		}
		if _, why := o.opts.Limits.Room(c.window, server); len(c.queue) == 0 && !c.busy && why == luabind.StatusWindowClosed {
			delete(o.conversations, name)
		}
	}
	o.shrinkAt = time.Now().Add(shrinkInterval)
}

// await is what the caller of a send is told, once all parts are settled.
func await(ctx context.Context, parts []*pending) (luabind.SendResult, error) {
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
		v := p.result
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
