package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// enqueue puts a call's sends into the store and the conversation. Sends that an earlier
// run of the same handler enqueued are returned as they are.
func (o *Outbox) enqueue(ctx context.Context, e store.Enqueue) ([]*pending, error) {
	if e.Mode == store.ModeFail {
		if err := o.refuse(ctx, e); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	queued := o.queued
	o.mu.Unlock()
	if e.MaxQueued > 0 && queued+len(e.Parts) > MaxQueuedConversations*e.MaxQueued {
		return nil, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages of the bot are waiting, and no more are kept (%d times [limits] max_queued)", queued, MaxQueuedConversations)}
	}
	o.handoff.RLock()
	defer o.handoff.RUnlock()
	sends, existed, err := o.opts.Store.Enqueue(ctx, e)
	if errors.Is(err, store.ErrQueueFull) {
		return nil, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages are waiting for %s to write again, and no more are kept ([limits] max_queued)", e.MaxQueued, e.User)}
	}
	if err != nil {
		return nil, err
	}
	if existed {
		o.discard(e.Parts)
	}
	return o.adoptAll(ctx, sends, existed)
}

// found takes up what an earlier run of a handler enqueued.
func (o *Outbox) found(ctx context.Context, sends []store.Send) ([]*pending, error) {
	o.handoff.RLock()
	defer o.handoff.RUnlock()
	return o.adoptAll(ctx, sends, true)
}

// adoptAll takes up the stored sends of a call; existed says that they were there
// before it.
func (o *Outbox) adoptAll(ctx context.Context, sends []store.Send, existed bool) (all []*pending, err error) {
	for again := false; ; again = true {
		o.mu.Lock()
		if !existed || !o.maybeEnded(sends, again) {
			break
		}
		o.mu.Unlock()
		if sends, err = o.opts.Store.SendsOf(ctx, sends[0].Inbound, sends[0].Ordinal); err != nil {
			return nil, err
		}
	}
	defer o.mu.Unlock()
	for i := range sends {
		all = append(all, o.adopt(&sends[i], existed))
	}
	if len(sends) > 0 {
		o.settle(o.conversation(sends[0].Conversation))
	}
	o.poke()
	return all, nil
}

// maybeEnded reports whether one of some sends was read as unsent and is in no
// conversation: then it has come to its end since. The store knows that first, so that
// what it says when it is asked again is true.
func (o *Outbox) maybeEnded(sends []store.Send, again bool) bool {
	return slices.ContainsFunc(sends, func(s store.Send) bool {
		unsent := s.State == store.SendSending || s.State == store.SendQueued && !again
		return unsent && !o.knows(&s)
	})
}

// adopt takes up a stored send: in the conversation already, or at its end already, or
// new.
func (o *Outbox) adopt(s *store.Send, existed bool) *pending {
	c := o.conversation(s.Conversation)
	for _, p := range c.queue {
		if p.ID == s.ID {
			return p
		}
	}
	p := &pending{Send: *s, settled: make(chan struct{})}
	switch {
	case !existed || s.State == store.SendQueued:
		o.put(p)
	case s.State == store.SendSent:
		p.settle(result{status: luabind.StatusSent, messageID: s.MessageID, uncertain: s.Uncertain})
	case s.State == store.SendUnconfirmed:
		p.settle(result{status: luabind.StatusUnconfirmed, uncertain: s.Uncertain})
	case s.State == store.SendHeld:
		p.settle(result{status: luabind.StatusUncertain, uncertain: true})
	default:
		status := cmp.Or(s.Result, s.State)
		p.settle(result{status: status, err: &luabind.HostError{Kind: status, Message: s.Error}})
	}
	return p
}

// refuse returns an error where a send that must not wait would have to.
func (o *Outbox) refuse(ctx context.Context, e store.Enqueue) error {
	if e.Inbound != 0 {
		if before, err := o.opts.Store.SendsOf(ctx, e.Inbound, e.Ordinal); err != nil || len(before) > 0 {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.conversation(e.Conversation)
	left, why := o.room(c)
	if blocked, _ := o.blocked(); blocked != "" {
		return refusal(blocked)
	}
	if !c.window.Suppressed.IsZero() {
		// One answer may try, and nothing else.
		if !c.window.Probe || e.Priority > store.PriorityAnswer || len(c.queue) > 0 || len(e.Parts) > 1 {
			return refusal(luabind.ReasonSuppressed)
		}
		left = 1
	}
	if ahead := len(c.queue); ahead+len(e.Parts) > left {
		if why == "" {
			why = luabind.StatusQuota
		}
		return refusal(why)
	}
	return nil
}

// refusal is the error for a send that fails with one of luabind's statuses,
// which has the sentence for it.
func refusal(status string) error { return &luabind.HostError{Kind: status} }
