package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Run sends until ctx ends, and then waits for what is under way. work is the
// context of the requests: it outlives ctx.
func (o *Outbox) Run(ctx, work context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	for ctx.Err() == nil {
		sweep := o.sweep(work)
		wait := o.startNext(ctx, work, &under)
		if wait == 0 {
			continue
		}
		timer := time.NewTimer(min(wait, time.Until(sweep)))
		select {
		case <-ctx.Done():
		case <-o.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// startNext starts the next send or upload. It returns 0 if there may be
// another one, else for how long to wait unless something changes.
func (o *Outbox) startNext(ctx, work context.Context, under *sync.WaitGroup) time.Duration {
	o.mu.Lock()
	c, wait := o.next()
	if c != nil && c.queue[0].Kind != store.PayloadItem {
		// Uploads take long and don't count for the pace: the others go on.
		c.busy = true
		o.working++
		p := c.queue[0]
		o.mu.Unlock()
		under.Go(func() { o.upload(ctx, work, c, p) })
		return 0
	}
	o.mu.Unlock()
	if c == nil {
		return wait
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
	c, _ = o.next()
	if c == nil || c.queue[0].Kind != store.PayloadItem {
		o.mu.Unlock()
		<-o.slots
		release(false)
		return 0
	}
	left, _ := o.left(c)
	nudge := left == 1 && o.nudges(c, left)
	c.busy = true
	o.turns++
	c.turn = o.turns
	o.inFlight++
	o.working++
	p := c.queue[0]
	o.mu.Unlock()
	under.Go(func() {
		defer func() { <-o.slots }()
		if nudge {
			release(false)
			o.nudge(work, c, p)
			return
		}
		release(o.send(work, c, p))
	})
	return 0
}

// next returns the conversation whose first send is due, and if there is none for how
// long there won't be one by itself. Answers go before pushes, and among them
// the conversation that has waited longest.
func (o *Outbox) next() (best *conversation, wait time.Duration) {
	now := time.Now()
	wait = never
	if _, until := o.blocked(); !until.IsZero() {
		return nil, max(time.Millisecond, until.Sub(now))
	}
	// After a throttle or trouble one probe goes first.
	if (o.throttle.Step > 0 || o.trouble.failures > 0) && o.inFlight > 0 {
		return nil, wait
	}
	for c := range o.active {
		head := c.queue[0]
		if c.busy || head.failing != "" {
			continue
		}
		if n, _ := o.left(c); n == 0 {
			continue
		}
		if now.Before(head.notBefore) {
			wait = min(wait, head.notBefore.Sub(now))
			continue
		}
		if best == nil || before(c, best) {
			best = c
		}
	}
	return best, wait
}

// never is how long nothing may be sent where that depends on others.
const never = time.Hour

func before(a, b *conversation) bool {
	p, q := a.queue[0], b.queue[0]
	return cmp.Or(cmp.Compare(p.Priority, q.Priority), cmp.Compare(a.turn, b.turn), cmp.Compare(p.ID, q.ID)) < 0
}

// Idle blocks until nothing is under way and nothing more may be sent now, or
// ctx ends.
func (o *Outbox) Idle(ctx context.Context) error {
	for {
		o.mu.Lock()
		c, _ := o.next()
		done := c == nil && o.working == 0
		changed := o.changed
		o.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// nudge queues the note that more is waiting, in front of what waits.
func (o *Outbox) nudge(ctx context.Context, c *conversation, head *pending) {
	o.handoff.RLock()
	defer o.handoff.RUnlock()
	payload, err := json.Marshal(ilink.TextMessage(o.opts.Limits.NudgeText))
	var send store.Send
	var window store.Window
	if err == nil {
		now := time.Now()
		send, window, err = o.opts.Store.Nudge(ctx, store.Enqueue{
			Bot: head.Bot, Conversation: head.Conversation, User: head.User, Group: head.Group, Mode: store.ModeDefer,
			Priority: store.PriorityAnswer - 1, Created: now, Expires: now.Add(time.Hour),
			Parts: []store.EnqueuePart{{ClientID: ilink.NewClientID(), Kind: store.PayloadItem, Payload: payload}},
		})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
	o.working--
	c.busy = false
	if err == nil {
		c.apply(window)
		o.put(&pending{Send: send, settled: make(chan struct{})})
	} else {
		o.opts.Logger.Error("tell the user that more is waiting", "err", err)
		head.notBefore = time.Now().Add(storeRetry)
	}
	o.settle(c)
	o.poke()
}
