package inbox

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Inbox hands each conversation's messages to the handler, one at a time and in order.
type Inbox struct {
	opts   Options
	ctx    context.Context // of handlers
	kill   context.CancelFunc
	accept context.Context // ends when no further handlers start
	refuse context.CancelFunc

	// handoff is held from when messages are read from the store, or written to it,
	// until they are in conversations: else Refresh takes what is on its way for something
	// that another process brought back.
	handoff sync.Mutex

	mu            sync.Mutex
	conversations map[string]*conversation // those with messages
	// left are messages that are in no conversation any more, and which Refresh may yet
	// find in the store: false while the store doesn't know that they are handled,
	// true for those of which it has known since Refresh began.
	left       map[int64]bool
	refreshing bool
	// dialogues counts the handlers that wait for an answer.
	dialogues int

	stop    bool
	workers sync.WaitGroup
	places  *places

	countsMu sync.Mutex
	counts   Counts
}

// New returns an inbox. It does nothing before it is started.
func New(o Options) *Inbox {
	return &Inbox{
		opts: o, conversations: map[string]*conversation{}, left: map[int64]bool{},
		places: &places{most: o.Parallel},
	}
}

// Start sets the context under which handlers run, and takes up what the last
// process left.
func (ib *Inbox) Start(ctx context.Context) error {
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	waiting, err := ib.opts.Store.Waiting(ctx, ib.opts.Bot, 0)
	if err != nil {
		return err
	}
	ib.ctx, ib.kill = context.WithCancel(ctx)
	ib.accept, ib.refuse = context.WithCancel(ib.ctx)
	if len(waiting) > 0 {
		ib.opts.Logger.Info("messages wait from before", "messages", len(waiting))
	}
	ib.count(func(n *Counts) { n.Received += len(waiting) })
	ib.add(waiting, true)
	return nil
}

// add queues messages; begun says that they were handled before. One that comes
// while the conversation's handler runs, or is parked, is shown to it.
func (ib *Inbox) add(messages []store.Inbound, begun bool) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for i := range messages {
		in := &message{Inbound: messages[i], begun: begun}
		c := ib.conversations[in.Conversation]
		if c == nil {
			c = &conversation{}
			ib.conversations[in.Conversation] = c
			if !ib.stop {
				ib.workers.Go(func() { ib.serve(in.Conversation, c) })
			}
		}
		// In the order in which they came, but behind the one in work.
		at, _ := slices.BinarySearchFunc(c.queue, in, func(a, b *message) int { return cmp.Compare(a.ID, b.ID) })
		c.queue = slices.Insert(c.queue, max(at, min(1, len(c.queue))), in)
		if (c.cancel != nil || c.queue[0].parked != nil) && !ib.stop && !begun {
			shown := make(chan struct{})
			in.shown = shown
			ib.workers.Go(func() {
				ib.interrupt(c, in)
				close(shown)
				ib.mu.Lock()
				defer ib.mu.Unlock()
				ib.offer(c)
				c.wake()
			})
		}
		ib.offer(c)
		c.wake()
	}
}

// serve works off one conversation and ends when nothing is left of it.
func (ib *Inbox) serve(name string, c *conversation) {
	for {
		ib.mu.Lock()
		if len(c.queue) == 0 || ib.stop {
			delete(ib.conversations, name)
			ib.mu.Unlock()
			ib.opts.Changed()
			return
		}
		in := c.queue[0]
		if in.parked != nil {
			ib.sleepOn(c, in)
			ib.mu.Unlock()
			continue
		}
		wait := time.Until(in.NextAt)
		if wait > 0 {
			c.resting = make(chan struct{})
		}
		resting, shown := c.resting, in.shown
		in.shown = nil
		ib.mu.Unlock()
		if shown != nil {
			select {
			case <-shown:
			case <-ib.accept.Done():
			}
			continue // on_interrupt may have dealt with it
		}
		if wait > 0 {
			ib.rest(wait, resting)
			ib.mu.Lock()
			c.resting = nil
			ib.mu.Unlock()
			continue // it may have been dropped meanwhile
		}
		again, failure := ib.handle(c, in)
		ib.mu.Lock()
		if !again {
			c.queue = slices.DeleteFunc(c.queue, func(q *message) bool { return q == in })
			if ib.refreshing {
				ib.left[in.ID] = true
			}
		}
		ib.mu.Unlock()
		if !again && failure != nil {
			ib.gaveUp(c, in, failure)
		}
		if !again && in.RetryOnReload && ib.opts.Handler.Version() != in.version {
			ib.Revive() // the script was changed before the failure was recorded
		}
	}
}

// rest is the pause before a message is tried again.
func (ib *Inbox) rest(d time.Duration, over <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-over:
	case <-ib.accept.Done():
	}
}

// persist writes to the store until that worked or the bot ends: what happened
// has happened, and the store must know.
func (ib *Inbox) persist(what string, write func(ctx context.Context) error) {
	for {
		err := write(ib.ctx)
		if err == nil || ib.ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return
		}
		ib.opts.Logger.Error("the store refuses to "+what+": trying again", "err", err)
		backoff.Sleep(ib.ctx, time.Second)
	}
}

// Close hands out no further messages and waits for the handlers that run, up to
// a limit, after which they are killed.
func (ib *Inbox) Close(limit time.Duration) {
	ib.mu.Lock()
	ib.stop = true
	ib.refuse()
	ib.mu.Unlock()
	kill := time.AfterFunc(limit, func() {
		ib.opts.Logger.Warn("handlers are still running after [delivery] stop_timeout: they are ended, and their messages handled again at the next start")
		ib.kill()
		ib.opts.Handler.Kill()
	})
	defer kill.Stop()
	ib.workers.Wait()
	ib.kill()
}
