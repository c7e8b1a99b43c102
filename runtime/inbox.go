package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
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
	// interrupted says that the running handler was told to stop.
	interrupted bool
	// answer takes the next message, nil while no handler waits for one.
	answer chan<- *message
	// woken is closed when a message comes, nil while nobody waits for that.
	woken chan struct{}
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

// refresh takes up what another process brought back or dropped.
func (ib *inbox) refresh(ctx context.Context) error {
	ib.taking.Lock()
	defer ib.taking.Unlock()
	if ib.accept == nil {
		return nil // start will read all of it
	}
	ib.mu.Lock()
	ib.refreshing = true
	ib.mu.Unlock()
	waiting, err := ib.bot.store.Waiting(ctx, ib.bot.cfg.Name, 0)
	ib.mu.Lock()
	var fresh []store.Inbound
	dropped := 0
	if err == nil {
		fresh, dropped = ib.compare(waiting)
	}
	ib.refreshing = false
	maps.DeleteFunc(ib.left, func(_ int64, known bool) bool { return known })
	ib.mu.Unlock()
	if err != nil {
		return err
	}
	ib.bot.stats.update(func(s *Status) {
		s.Received += len(fresh)
		s.Handled += dropped
	})
	ib.add(fresh, true)
	return nil
}

// compare finds the messages that wait in the store and not here, and takes
// those out of the lanes that wait here and not in the store. mu must be held.
func (ib *inbox) compare(waiting []store.Inbound) (fresh []store.Inbound, dropped int) {
	stored := map[int64]*store.Inbound{}
	for i := range waiting {
		stored[waiting[i].ID] = &waiting[i]
	}
	for _, l := range ib.lanes {
		for i := len(l.queue) - 1; i >= 0; i-- {
			in, now := l.queue[i], stored[l.queue[i].ID]
			delete(stored, in.ID)
			if i == 0 && l.resting == nil {
				continue // it is in work
			}
			switch {
			case now == nil:
				l.queue = slices.Delete(l.queue, i, i+1)
				dropped++
			case now.NextAt.IsZero() && !in.NextAt.IsZero(): // tried again by hand
				in.NextAt, in.Attempts = now.NextAt, now.Attempts
			default:
				continue
			}
			if i == 0 {
				close(l.resting)
				l.resting = nil
			}
		}
	}
	for _, in := range waiting {
		_, left := ib.left[in.ID]
		if stored[in.ID] != nil && !left {
			fresh = append(fresh, in)
		}
	}
	return fresh, dropped
}

// add queues messages; begun says that they were handled before. One that comes
// while the conversation's handler runs is shown to the script's on_interrupt.
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
		if l.cancel != nil && !ib.stop && !begun && ib.bot.forward == nil {
			shown := make(chan struct{})
			in.shown = shown
			ib.workers.Go(func() {
				ib.interrupt(l, in)
				close(shown)
				ib.mu.Lock()
				defer ib.mu.Unlock()
				ib.offer(l)
			})
		}
		ib.offer(l)
		if l.woken != nil {
			close(l.woken)
			l.woken = nil
		}
	}
}

// serve works off one conversation and ends when nothing is left of it.
func (ib *inbox) serve(name string, l *conversation) {
	for {
		ib.mu.Lock()
		if len(l.queue) == 0 || ib.stop {
			delete(ib.lanes, name)
			ib.mu.Unlock()
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
		again := ib.handle(l, in)
		ib.mu.Lock()
		if !again {
			l.queue = slices.DeleteFunc(l.queue, func(q *message) bool { return q == in })
			if ib.refreshing {
				ib.left[in.ID] = true
			}
		}
		ib.mu.Unlock()
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

// handle runs the handler for a message and records how it ended. It reports
// whether the message is to be handled again, by this process or the next one.
func (ib *inbox) handle(l *conversation, in *message) (again bool) {
	var msg *ilink.Message // nil for a timer
	if !isTimer(&in.Inbound) {
		msg = new(ilink.Message)
		if err := msg.UnmarshalJSON(in.Message); err != nil {
			return ib.failed(in, err)
		}
	}
	err := ib.deliver(l, in, msg)
	if ib.ctx.Err() != nil || errors.Is(err, errNotStarted) || errors.Is(err, luabind.ErrClosed) {
		return true
	}
	in.begun = true
	ib.mu.Lock()
	waits := in.pause != nil
	ib.mu.Unlock()
	if waits || in.diedOver(err) {
		return true
	}
	if err != nil && !errors.Is(err, luabind.ErrInterrupted) {
		if ib.failed(in, err) {
			return true
		}
		ib.tell(l, in, msg, err)
		return false
	}
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.bot.store.Handled(ctx, in.ID, time.Now())
	})
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
	return false
}

// tell calls on_error for a message at which the handler has failed for good.
func (ib *inbox) tell(l *conversation, in *message, msg *ilink.Message, failure error) {
	if ib.bot.forward != nil {
		return
	}
	g := ib.bot.loader.acquire()
	defer g.release()
	ctx := withRun(ib.ctx, &handlerRun{inbound: &in.Inbound, next: errorOrdinals})
	var ev *luabind.Event
	if msg != nil {
		ev = ib.event(ctx, l, in, msg)
	}
	if err := g.sandbox.OnError(ctx, ev, failure); err != nil {
		logScriptError(ib.bot.log, "on_error failed", err, "inbox", in.ID, "from", in.User)
	}
}

// forwardRetryMin doubles to forwardRetryMax while the process to which messages
// are forwarded doesn't take one.
const (
	forwardRetryMin = 500 * time.Millisecond
	forwardRetryMax = 30 * time.Second
)

var errNotStarted = errors.New("the handler was not started")

// deliver hands a message to the script's current generation, or forwards it.
func (ib *inbox) deliver(l *conversation, in *message, msg *ilink.Message) error {
	// Waiting for a script that works comes before the slot: a bot that has none
	// must not fill them all.
	if ib.bot.forward == nil && ib.bot.loader.wait(ib.accept) != nil {
		return errNotStarted
	}
	if ib.bot.forward == nil && ib.bot.conduct.wait(ib.accept) != nil {
		return errNotStarted
	}
	if in.deaths > 0 {
		defer ib.alone()()
	}
	run := &handlerRun{inbound: &in.Inbound, again: in.begun, lane: l, message: in}
	run.enter(ib.accept, ib.slots)
	defer run.leave(ib.slots)
	if ib.accept.Err() != nil {
		return errNotStarted
	}
	if ib.bot.forward != nil {
		return ib.bot.forward.Forward(ib.ctx, msg, in.Received)
	}
	g := ib.bot.loader.acquire()
	defer g.release()
	in.generation = g.number
	journal, err := ib.journal(ib.ctx, in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(withRun(ib.ctx, run))
	defer cancel(nil)
	ib.mu.Lock()
	l.cancel, l.interrupted = cancel, false
	ib.mu.Unlock()
	defer func() {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		l.cancel = nil
	}()
	call := func(journal []luabind.Record) error {
		if isTimer(&in.Inbound) {
			ev, err := ib.bot.timers.event(ctx, &in.Inbound, journal)
			if err != nil {
				return err
			}
			return g.sandbox.OnTimer(ctx, ev)
		}
		ev := ib.event(ctx, l, in, msg)
		ev.Journal = journal
		return g.sandbox.OnMessage(ctx, ev)
	}
	heavy := g.sandbox.OverLimit() // the handler won't begin
	err = call(journal)
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Kind == luabind.KindChanged && !slices.ContainsFunc(journal, func(r luabind.Record) bool { return r.Await }) {
		// The script was changed since. The user has answered nothing yet that would be
		// lost, so that the handler begins anew; what it has sent is found.
		if err := ib.bot.store.Rewind(ctx, in.ID); err != nil {
			return err
		}
		err = call(nil)
	}
	if !heavy {
		ib.bot.conduct.ended(err)
	}
	if g.sandbox.OverLimit() {
		ib.bot.loader.renew(g)
	}
	return err
}

func (ib *inbox) event(ctx context.Context, l *conversation, in *message, msg *ilink.Message) *luabind.Event {
	return &luabind.Event{
		Message: msg,
		Quote:   ib.bot.quote(ctx, msg),
		Waiting: func() *ilink.Message {
			ib.mu.Lock()
			defer ib.mu.Unlock()
			for _, later := range l.queue {
				if later.ID > in.ID {
					m := new(ilink.Message)
					if m.UnmarshalJSON(later.Message) == nil {
						return m
					}
				}
			}
			return nil
		},
		Interrupted: func() bool {
			ib.mu.Lock()
			defer ib.mu.Unlock()
			return l.interrupted
		},
	}
}

// interrupt shows a message to on_interrupt while an earlier one of its
// conversation is being handled. If the script says so, that handler is told to
// stop, and the message counts as handled. Its own handler waits for shown.
func (ib *inbox) interrupt(l *conversation, in *message) {
	g := ib.bot.loader.acquire()
	defer g.release()
	if !g.sandbox.HasInterrupt() {
		return
	}
	msg := new(ilink.Message)
	if msg.UnmarshalJSON(in.Message) != nil {
		return // its own turn will tell
	}
	ctx := withRun(ib.ctx, &handlerRun{inbound: &in.Inbound, again: in.begun, next: interruptOrdinals})
	stop, err := g.sandbox.OnInterrupt(ctx, ib.event(ctx, l, in, msg))
	if err != nil {
		logScriptError(ib.bot.log, "on_interrupt failed", err, "inbox", in.ID, "from", in.User)
		return
	}
	if !stop {
		return
	}
	ib.mu.Lock()
	mine := slices.Index(l.queue, in)
	if mine < 0 { // it was dropped by hand
		ib.mu.Unlock()
		return
	}
	l.queue = slices.Delete(l.queue, mine, mine+1)
	ib.left[in.ID] = false
	if l.cancel != nil {
		l.interrupted = true
		l.cancel(luabind.ErrInterrupted)
	}
	ib.mu.Unlock()
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.bot.store.Handled(ctx, in.ID, time.Now())
	})
	ib.settled(in)
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
}

// failed records a failure. It reports whether the message is tried again by
// itself.
func (ib *inbox) failed(in *message, err error) (again bool) {
	in.Attempts++
	failure := store.Failure{Error: err.Error()}
	var se *luabind.ScriptError
	if errors.As(err, &se) {
		failure.Traceback = se.Detail()
		failure.RetryOnReload = se.Certain()
		failure.Afresh = se.Kind == luabind.KindChanged
	}
	if in.deaths >= maxDeaths {
		failure.Error = fmt.Sprintf("it was handled %d times, and each time %v", in.deaths, err)
		failure.RetryOnReload = true
	}
	in.RetryOnReload = failure.RetryOnReload
	now := time.Now()
	retries := ib.bot.shared.Delivery.Retries
	switch {
	case ib.bot.forward != nil:
		// The other process is away: the message waits for it, however long.
		failure.NextAt = now.Add(min(forwardRetryMin<<min(in.Attempts-1, 10), forwardRetryMax))
	case !failure.RetryOnReload && !failure.Afresh && in.Attempts <= retries:
		failure.NextAt = now.Add(retryDelay(in.Attempts, retries, time.Duration(ib.bot.shared.Delivery.RetryOver)))
	}
	ib.persist("record a failure", func(ctx context.Context) error {
		return ib.bot.store.Failed(ctx, in.ID, failure, now)
	})
	args := []any{"inbox", in.ID, "from", in.User, "attempt", in.Attempts}
	if !failure.NextAt.IsZero() {
		ib.mu.Lock()
		in.NextAt = failure.NextAt
		ib.mu.Unlock()
		logScriptError(ib.bot.log, "handler failed, it is tried again", err, append(args, "retry_in", failure.NextAt.Sub(now).Round(time.Millisecond))...)
		ib.bot.stats.update(func(s *Status) { s.Retried++ })
		return true
	}
	what := "handler failed for good, the message is kept as dead: see \"ilinkd inbox list\""
	if failure.RetryOnReload {
		what = "handler failed, the message is kept as dead until the script is changed"
	}
	logScriptError(ib.bot.log, what, err, args...)
	ib.bot.stats.update(func(s *Status) { s.Failed++ })
	return false
}

// retryDelay spreads n tries over a time, each waiting longer than the one
// before: with 3 over a minute 10 s, 20 s and 30 s.
func retryDelay(attempt, n int, over time.Duration) time.Duration {
	return over * time.Duration(attempt) / time.Duration(n*(n+1)/2)
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
		sleep(ib.ctx, time.Second)
	}
}

// revive brings back the messages that failed for the script's sake.
func (ib *inbox) revive() {
	const maxAge = 24 * time.Hour
	ib.taking.Lock()
	defer ib.taking.Unlock()
	messages, err := ib.bot.store.ReviveOnReload(ib.ctx, ib.bot.cfg.Name, time.Now().Add(-maxAge))
	if err != nil {
		ib.bot.log.Error("bring messages back", "err", err)
		return
	}
	if len(messages) == 0 {
		return
	}
	slices.SortFunc(messages, func(a, b store.Inbound) int { return cmp.Compare(a.ID, b.ID) })
	ib.bot.log.Info("the script was changed: messages at which it failed are tried again", "messages", len(messages))
	ib.bot.stats.update(func(s *Status) { s.Received += len(messages) })
	ib.add(messages, true)
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
