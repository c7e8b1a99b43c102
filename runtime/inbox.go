package runtime

import (
	"context"
	"errors"
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
	accept context.Context // ends when no further handlers start
	refuse context.CancelFunc

	mu      sync.Mutex
	lanes   map[string]*conversation // those with messages
	stop    bool
	workers sync.WaitGroup
	slots   chan struct{}
}

// conversation is one user's part of the inbox. Its first message is being
// handled, or waits to be.
type conversation struct {
	queue  []*store.Inbound
	cancel context.CancelCauseFunc // of the handler that runs, nil if none does
	// interrupted says that the running handler was told to stop.
	interrupted bool
}

func newInbox(b *bot) *inbox {
	return &inbox{bot: b, lanes: map[string]*conversation{}, slots: make(chan struct{}, b.cfg.Parallel)}
}

// start sets the context under which handlers run, and takes up what the last
// process left.
func (ib *inbox) start(ctx context.Context) error {
	ib.ctx = ctx
	ib.accept, ib.refuse = context.WithCancel(ctx)
	waiting, err := ib.bot.store.Waiting(ctx, ib.bot.cfg.Name, 0)
	if err != nil {
		return err
	}
	if len(waiting) > 0 {
		ib.bot.log.Info("messages wait from before", "messages", len(waiting))
		for i := range waiting {
			waiting[i].Attempts = max(1, waiting[i].Attempts) // it may have been begun
		}
	}
	ib.bot.stats.update(func(s *Status) { s.Received += len(waiting) })
	ib.add(waiting)
	return nil
}

// refresh takes up what another process brought back or dropped.
func (ib *inbox) refresh(ctx context.Context) error {
	waiting, err := ib.bot.store.Waiting(ctx, ib.bot.cfg.Name, 0)
	if err != nil {
		return err
	}
	var fresh []store.Inbound
	stored := map[int64]bool{}
	ib.mu.Lock()
	for _, in := range waiting {
		stored[in.ID] = true
		l := ib.lanes[in.Conversation]
		if l == nil || !slices.ContainsFunc(l.queue, func(q *store.Inbound) bool { return q.ID == in.ID }) {
			fresh = append(fresh, in)
		}
	}
	dropped := 0
	for _, l := range ib.lanes {
		for i := len(l.queue) - 1; i >= 1; i-- { // the first is in work
			if !stored[l.queue[i].ID] {
				l.queue = slices.Delete(l.queue, i, i+1)
				dropped++
			}
		}
	}
	ib.mu.Unlock()
	ib.bot.stats.update(func(s *Status) {
		s.Received += len(fresh)
		s.Handled += dropped
	})
	ib.add(fresh)
	return nil
}

// add queues messages. One that comes while the conversation's handler runs is
// shown to the script's on_interrupt.
func (ib *inbox) add(messages []store.Inbound) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for i := range messages {
		in := &messages[i]
		l := ib.lanes[in.Conversation]
		if l == nil {
			l = &conversation{}
			ib.lanes[in.Conversation] = l
			if !ib.stop {
				ib.workers.Go(func() { ib.serve(in.Conversation, l) })
			}
		}
		l.queue = append(l.queue, in)
		if l.cancel != nil && !ib.stop {
			ib.workers.Go(func() { ib.interrupt(l, in) })
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
		ib.mu.Unlock()
		if wait := time.Until(in.NextAt); wait > 0 {
			sleep(ib.accept, wait)
			if ib.accept.Err() != nil {
				continue
			}
		}
		again := ib.handle(l, in)
		ib.mu.Lock()
		if !again {
			l.queue = slices.DeleteFunc(l.queue, func(q *store.Inbound) bool { return q == in })
		}
		ib.mu.Unlock()
	}
}

// handle runs the handler for a message and records how it ended. It reports
// whether the message is to be handled again, by this process or the next one.
func (ib *inbox) handle(l *conversation, in *store.Inbound) (again bool) {
	msg := new(ilink.Message)
	if err := msg.UnmarshalJSON(in.Message); err != nil {
		return ib.failed(in, err)
	}
	err := ib.deliver(l, in, msg)
	if ib.ctx.Err() != nil || errors.Is(err, errNotStarted) {
		return true
	}
	if err != nil && !errors.Is(err, luabind.ErrInterrupted) {
		return ib.failed(in, err)
	}
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.bot.store.Handled(ctx, in.ID, time.Now())
	})
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
	return false
}

var errNotStarted = errors.New("the handler was not started")

// deliver hands a message to the script's current generation, or forwards it.
func (ib *inbox) deliver(l *conversation, in *store.Inbound, msg *ilink.Message) error {
	if ib.bot.forward != nil {
		if ib.accept.Err() != nil {
			return errNotStarted
		}
		return ib.bot.forward.Forward(ib.ctx, msg, in.Received)
	}
	// Waiting for a script that works comes before the slot: a bot that has none
	// must not fill them all.
	if ib.bot.loader.wait(ib.accept) != nil {
		return errNotStarted
	}
	select {
	case ib.slots <- struct{}{}:
		defer func() { <-ib.slots }()
	case <-ib.accept.Done():
		return errNotStarted
	}
	if ib.accept.Err() != nil {
		return errNotStarted
	}
	g := ib.bot.loader.acquire()
	defer g.release()
	ctx, cancel := context.WithCancelCause(withRun(ib.ctx, &handlerRun{inbound: in, again: in.Attempts > 0}))
	defer cancel(nil)
	ib.mu.Lock()
	l.cancel, l.interrupted = cancel, false
	ib.mu.Unlock()
	defer func() {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		l.cancel = nil
	}()
	return g.sandbox.OnMessage(ctx, ib.event(ctx, l, in, msg))
}

func (ib *inbox) event(ctx context.Context, l *conversation, in *store.Inbound, msg *ilink.Message) *luabind.Event {
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
// stop, and the message counts as handled.
func (ib *inbox) interrupt(l *conversation, in *store.Inbound) {
	if ib.bot.forward != nil {
		return
	}
	g := ib.bot.loader.acquire()
	defer g.release()
	if !g.sandbox.HasInterrupt() {
		return
	}
	msg := new(ilink.Message)
	if msg.UnmarshalJSON(in.Message) != nil {
		return // its own turn will tell
	}
	ctx := withRun(ib.ctx, &handlerRun{inbound: in, again: in.Attempts > 0})
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
	if mine <= 0 { // its own turn has come meanwhile
		ib.mu.Unlock()
		return
	}
	l.queue = slices.Delete(l.queue, mine, mine+1)
	if l.cancel != nil {
		l.interrupted = true
		l.cancel(luabind.ErrInterrupted)
	}
	ib.mu.Unlock()
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.bot.store.Handled(ctx, in.ID, time.Now())
	})
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
}

// failed records a failure. It reports whether the message is tried again by
// itself.
func (ib *inbox) failed(in *store.Inbound, err error) (again bool) {
	in.Attempts++
	failure := store.Failure{Error: err.Error()}
	var se *luabind.ScriptError
	if errors.As(err, &se) {
		failure.Traceback = se.Detail()
		failure.RetryOnReload = se.Certain()
	}
	now := time.Now()
	retries := ib.bot.shared.Delivery.Retries
	switch {
	case ib.bot.forward != nil:
		// The other process is away: the message waits for it, however long.
		failure.NextAt = now.Add(min(time.Duration(in.Attempts)*2*time.Second, 30*time.Second))
	case !failure.RetryOnReload && in.Attempts <= retries:
		failure.NextAt = now.Add(retryDelay(in.Attempts, retries, time.Duration(ib.bot.shared.Delivery.RetryOver)))
	}
	ib.persist("record a failure", func(ctx context.Context) error {
		return ib.bot.store.Failed(ctx, in.ID, failure, now)
	})
	args := []any{"inbox", in.ID, "from", in.User, "attempt", in.Attempts}
	if !failure.NextAt.IsZero() {
		in.NextAt = failure.NextAt
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
	messages, err := ib.bot.store.ReviveOnReload(ib.ctx, ib.bot.cfg.Name, time.Now().Add(-maxAge))
	if err != nil {
		ib.bot.log.Error("bring messages back", "err", err)
		return
	}
	if len(messages) == 0 {
		return
	}
	slices.SortFunc(messages, func(a, b store.Inbound) int { return int(a.ID - b.ID) })
	for i := range messages {
		messages[i].Attempts = 1 // it was begun
	}
	ib.bot.log.Info("the script was changed: messages at which it failed are tried again", "messages", len(messages))
	ib.bot.stats.update(func(s *Status) { s.Received += len(messages) })
	ib.add(messages)
}

// close hands out no further messages and waits for the handlers that run, up to
// a limit, after which they are killed.
func (ib *inbox) close(limit time.Duration) {
	ib.mu.Lock()
	ib.stop = true
	ib.refuse()
	ib.mu.Unlock()
	kill := time.AfterFunc(limit, ib.bot.loader.kill)
	defer kill.Stop()
	ib.workers.Wait()
}

// handlerRun is what the host must know of a handler: its sends are numbered, so
// that it finds them again when it is run again.
type handlerRun struct {
	inbound *store.Inbound
	again   bool

	mu   sync.Mutex
	next int
}

// ordinal numbers the handler's sends.
func (r *handlerRun) ordinal() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.next - 1
}

type runKey struct{}

func withRun(ctx context.Context, r *handlerRun) context.Context {
	return context.WithValue(ctx, runKey{}, r)
}

// runOf is the handler that a host call comes from, nil outside of one.
func runOf(ctx context.Context) *handlerRun {
	r, _ := ctx.Value(runKey{}).(*handlerRun)
	return r
}
