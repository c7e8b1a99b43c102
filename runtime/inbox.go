package runtime

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

// inbox hands each conversation's messages to the script, one at a time and in
// order; different conversations run side by side. The store holds all of it.
type inbox struct {
	bot    *bot
	ctx    context.Context // of handlers
	kill   context.CancelFunc
	accept context.Context // ends when no further handlers start
	refuse context.CancelFunc

	// taking is held from when messages are read from the store, or written to it,
	// until they are in lanes: else refresh takes what is on its way for something
	// that another process brought back.
	taking sync.Mutex

	mu    sync.Mutex
	lanes map[string]*conversation // those with messages
	// left are messages that are in no lane any more, and which refresh may yet
	// find in the store: false while the store doesn't know that they are handled,
	// true for those of which it has known since refresh began.
	left       map[int64]bool
	refreshing bool
	// dialogues counts the handlers that wait for an answer.
	dialogues int

	stop    bool
	workers sync.WaitGroup
	slots   chan struct{}
	suspect chan struct{} // one is taken by a message over which a process died
}

// conversation is one user's part of the inbox. Its first message is being
// handled, or waits to be.
type conversation struct {
	queue  []*message
	cancel context.CancelCauseFunc // of the handler that runs, nil if none does
	// resting is closed to end the pause before the first message is tried again,
	// nil while there is none.
	resting chan struct{}
	// answer takes the next message, nil while no handler waits for one.
	answer chan<- *message
	// woken is closed when there is something to look at for a handler that is put away,
	// nil while there is none.
	woken chan struct{}
}

// wake has a handler that is put away looked at. The inbox's mu must be held.
func (l *conversation) wake() {
	if l.woken != nil {
		close(l.woken)
		l.woken = nil
	}
}

// message is one that waits to be handled, or is being handled.
type message struct {
	store.Inbound
	// begun says that a handler may have run for it before, and have sent something.
	begun bool
	// shown is closed when on_interrupt is through with it, nil if that is not to
	// be waited for.
	shown chan struct{}
	// generation is the one of the script that last handled it.
	generation int
	// deaths counts the processes of the script's that died while it was handled.
	deaths int
	// pause is what its handler waits for, if that is put away.
	pause *pause
	// interrupted says that its handler was told to stop.
	interrupted bool
	// dropped says that another process has ended it while it was in work.
	dropped bool
}

func newInbox(b *bot) *inbox {
	return &inbox{bot: b, lanes: map[string]*conversation{}, left: map[int64]bool{}, slots: make(chan struct{}, b.cfg.Parallel), suspect: make(chan struct{}, 1)}
}

// start sets the context under which handlers run, and takes up what the last
// process left.
func (ib *inbox) start(ctx context.Context) error {
	ib.taking.Lock()
	defer ib.taking.Unlock()
	waiting, err := ib.bot.store.Waiting(ctx, ib.bot.cfg.Name, 0)
	if err != nil {
		return err
	}
	ib.ctx, ib.kill = context.WithCancel(ctx)
	ib.accept, ib.refuse = context.WithCancel(ib.ctx)
	if len(waiting) > 0 {
		ib.bot.log.Info("messages wait from before", "messages", len(waiting))
	}
	ib.bot.stats.update(func(s *Status) { s.Received += len(waiting) })
	ib.add(waiting, true)
	return nil
}

// add queues messages; begun says that they were handled before. One that comes
// while the conversation's handler runs, or is put away, is shown to the script's on_interrupt.
func (ib *inbox) add(messages []store.Inbound, begun bool) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for i := range messages {
		in := &message{Inbound: messages[i], begun: begun}
		l := ib.lanes[in.Conversation]
		if l == nil {
			l = &conversation{}
			ib.lanes[in.Conversation] = l
			if !ib.stop {
				ib.workers.Go(func() { ib.serve(in.Conversation, l) })
			}
		}
		// In the order in which they came, but behind the one in work.
		at, _ := slices.BinarySearchFunc(l.queue, in, func(a, b *message) int { return cmp.Compare(a.ID, b.ID) })
		l.queue = slices.Insert(l.queue, max(at, min(1, len(l.queue))), in)
		if (l.cancel != nil || l.queue[0].pause != nil) && !ib.stop && !begun && ib.bot.forward == nil {
			shown := make(chan struct{})
			in.shown = shown
			ib.workers.Go(func() {
				ib.interrupt(l, in)
				close(shown)
				ib.mu.Lock()
				defer ib.mu.Unlock()
				ib.offer(l)
				l.wake()
			})
		}
		ib.offer(l)
		l.wake()
	}
}

// serve works off one conversation and ends when nothing is left of it.
func (ib *inbox) serve(name string, l *conversation) {
	for {
		ib.mu.Lock()
		if len(l.queue) == 0 || ib.stop {
			delete(ib.lanes, name)
			ib.mu.Unlock()
			ib.bot.stats.poke()
			return
		}
		in := l.queue[0]
		if in.pause != nil {
			ib.sleepOn(l, in)
			ib.mu.Unlock()
			continue
		}
		wait := time.Until(in.NextAt)
		if wait > 0 {
			l.resting = make(chan struct{})
		}
		resting, shown := l.resting, in.shown
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
			l.resting = nil
			ib.mu.Unlock()
			continue // it may have been dropped meanwhile
		}
		again, failure := ib.handle(l, in)
		ib.mu.Lock()
		if !again {
			l.queue = slices.DeleteFunc(l.queue, func(q *message) bool { return q == in })
			if ib.refreshing {
				ib.left[in.ID] = true
			}
		}
		ib.mu.Unlock()
		if !again && failure != nil {
			ib.tell(l, in, failure)
		}
		if !again && in.RetryOnReload && ib.bot.loader.generation() != in.generation {
			ib.revive() // the script was changed before the failure was recorded
		}
	}
}

// rest is the pause before a message is tried again.
func (ib *inbox) rest(d time.Duration, over <-chan struct{}) {
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
func (ib *inbox) persist(what string, write func(ctx context.Context) error) {
	for {
		err := write(ib.ctx)
		if err == nil || ib.ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
			return
		}
		ib.bot.log.Error("the store refuses to "+what+": trying again", "err", err)
		backoff.Sleep(ib.ctx, time.Second)
	}
}

// close hands out no further messages and waits for the handlers that run, up to
// a limit, after which they are killed.
func (ib *inbox) close(limit time.Duration) {
	ib.mu.Lock()
	ib.stop = true
	ib.refuse()
	ib.mu.Unlock()
	kill := time.AfterFunc(limit, func() {
		ib.bot.log.Warn("handlers are still running after [delivery] stop_timeout: they are ended, and their messages handled again at the next start")
		ib.kill()
		ib.bot.loader.kill()
	})
	defer kill.Stop()
	ib.workers.Wait()
	ib.kill()
}
