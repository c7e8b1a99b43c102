package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/isolate"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// handle runs the handler for a message and records how it ended. It reports
// whether the message is to be handled again, by this process or the next one; if
// not, failure is what on_error is to be told.
func (ib *inbox) handle(l *conversation, in *message) (again bool, failure error) {
	var msg *ilink.Message // nil for a timer
	if !isTimer(&in.Inbound) {
		msg = new(ilink.Message)
		if err := msg.UnmarshalJSON(in.Message); err != nil {
			return ib.failed(in, fmt.Errorf("%w: %w", errUnreadable, err)), nil
		}
	}
	err := ib.deliver(l, in, msg)
	if ib.ctx.Err() != nil || errors.Is(err, errNotStarted) || errors.Is(err, luabind.ErrClosed) {
		return true, nil
	}
	in.begun = true
	ib.mu.Lock()
	waits, dropped := in.pause != nil || errors.Is(err, luabind.ErrPutAway), in.dropped
	ib.mu.Unlock()
	if dropped {
		err = nil // whatever became of it: nobody wants to know
	} else if waits || errors.Is(err, errWithdrawn) || in.diedOver(err) {
		return true, nil
	}
	if err != nil && !errors.Is(err, luabind.ErrInterrupted) {
		return ib.failed(in, err), err
	}
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.bot.store.Handled(ctx, in.ID, time.Now())
	})
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
	return false, nil
}

// tell calls on_error for a message at which the handler has failed for good. It is
// in the lane no more: it may be brought back meanwhile.
func (ib *inbox) tell(l *conversation, in *message, failure error) {
	if ib.bot.forward != nil {
		return
	}
	g := ib.bot.loader.next(ib.accept)
	if g == nil {
		return
	}
	defer g.release()
	ctx := replay.With(ib.ctx, replay.NewRun(&in.Inbound, true, replay.ErrorOrdinals))
	var ev *luabind.Event
	if msg := new(ilink.Message); !isTimer(&in.Inbound) && msg.UnmarshalJSON(in.Message) == nil {
		ev = ib.event(ctx, l, in, msg)
	}
	if err := g.sandbox.OnError(ctx, ev, failure); err != nil {
		ib.bot.conduct.hit(err)
		logScriptError(ib.bot.log, "on_error failed", err, "inbox", in.ID, "from", in.User)
	}
}

// forwardRetryMin doubles to forwardRetryMax while the process to which messages are forwarded doesn't
// take one.
const (
	forwardRetryMin = 500 * time.Millisecond
	forwardRetryMax = 30 * time.Second
)

var (
	errNotStarted = errors.New("the handler was not started")
	errUnreadable = errors.New("the stored message can't be read")
	// errWithdrawn says that it was killed through no fault of its own.
	errWithdrawn = errors.New("the generation was taken out of use")
)

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
	at := &place{conversation: l, message: in}
	at.enter(ib.accept, ib.slots)
	defer at.leave(ib.slots)
	if ib.accept.Err() != nil {
		return errNotStarted
	}
	if ib.bot.forward != nil {
		return ib.bot.forward.Forward(ib.ctx, msg, in.Received)
	}
	g := ib.bot.loader.acquire()
	if g == nil {
		return errNotStarted // it was withdrawn just now
	}
	defer g.release()
	in.generation = g.number
	journal, err := ib.journal(ib.ctx, in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(replay.With(withPlace(ib.ctx, at), replay.NewRun(&in.Inbound, in.begun, 0)))
	defer cancel(nil)
	ib.mu.Lock()
	l.cancel = cancel
	dropped := in.dropped
	ib.mu.Unlock()
	defer func() {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		l.cancel = nil
	}()
	if dropped {
		return nil
	}
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
	over := g.sandbox.OverLimit()
	switch renewed := over && ib.bot.loader.renew(g); {
	case g.withdrawn.Load() && killed(err):
		return errWithdrawn
	case renewed:
		ib.bot.conduct.hit(overLimit(err))
	case !heavy && !(errors.As(err, &se) && se.NotBegun):
		ib.bot.conduct.ended(err)
	}
	// Another handler has filled the script's memory meanwhile: this one is handled as
	// soon as the script is loaded anew, and that is no try.
	if heavy && over || errors.As(err, &se) && se.NotBegun {
		return errNotStarted
	}
	return err
}

// killed reports whether a handler ended because its script was closed.
func killed(err error) bool {
	var se *luabind.ScriptError
	var died *isolate.DiedError
	return errors.As(err, &se) && se.Kind == luabind.KindKilled || errors.As(err, &died)
}

// overLimit is the error of a handler that has left the script's variables too large:
// it may not have met the limit itself.
func overLimit(err error) error {
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Kind == luabind.KindLimit {
		return err
	}
	return &luabind.ScriptError{Kind: luabind.KindLimit, Limit: luabind.LimitMemory, Message: "the script's variables hold too much"}
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
			return in.interrupted
		},
	}
}

// interrupt shows a message to on_interrupt while an earlier one of its
// conversation is being handled. If the script says so, that handler is told to
// stop, and the message counts as handled. Its own handler waits for shown.
func (ib *inbox) interrupt(l *conversation, in *message) {
	g := ib.bot.loader.acquire()
	if g == nil {
		return
	}
	defer g.release()
	if !g.sandbox.HasInterrupt() || !ib.bot.conduct.mayStart() {
		return
	}
	msg := new(ilink.Message)
	if msg.UnmarshalJSON(in.Message) != nil {
		return // its own turn will tell
	}
	ctx := replay.With(ib.ctx, replay.NewRun(&in.Inbound, in.begun, replay.InterruptOrdinals))
	stop, err := g.sandbox.OnInterrupt(ctx, ib.event(ctx, l, in, msg))
	if g.sandbox.OverLimit() && ib.bot.loader.renew(g) {
		ib.bot.conduct.hit(overLimit(err))
	} else {
		ib.bot.conduct.hit(err)
	}
	if err != nil {
		logScriptError(ib.bot.log, "on_interrupt failed", err, "inbox", in.ID, "from", in.User)
		return
	}
	if !stop {
		return
	}
	ib.mu.Lock()
	mine := slices.Index(l.queue, in)
	// It may have been dropped by hand. And a handler is interrupted once: after that the
	// message waits for its turn, or answers what the handler asks.
	if mine < 0 || mine > 0 && l.queue[0].interrupted {
		ib.mu.Unlock()
		return
	}
	l.queue = slices.Delete(l.queue, mine, mine+1)
	ib.left[in.ID] = false
	switch {
	case l.cancel != nil:
		// It goes on, though it doesn't know yet.
		l.queue[0].interrupted, l.queue[0].pause = true, nil
		l.cancel(luabind.ErrInterrupted)
	case len(l.queue) > 0 && l.queue[0].pause != nil:
		l.queue[0].interrupted, l.queue[0].pause = true, nil
		l.wake()
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
	case ib.bot.forward != nil && (errors.As(err, new(*bridge.RefusedError)) || errors.Is(err, errUnreadable)):
		// It would never be taken, and others wait behind it.
	case ib.bot.forward != nil:
		// The other process is away: the message waits for it, however long.
		failure.NextAt = now.Add(backoff.Backoff{Min: forwardRetryMin, Max: forwardRetryMax}.After(in.Attempts))
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
