package inbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// handle has a message handled and records how that ended. It reports whether the
// message is to be handled again, by this process or the next one; if not, failure is
// what the handler is to be told.
func (ib *Inbox) handle(c *conversation, in *message) (again bool, failure error) {
	d, err := ib.delivery(c, in)
	if err != nil {
		return ib.failed(in, err), nil
	}
	err = ib.deliver(c, in, d)
	if ib.ctx.Err() != nil || errors.Is(err, ErrNotStarted) || errors.Is(err, luabind.ErrClosed) {
		return true, nil
	}
	in.begun = true
	ib.mu.Lock()
	waits, dropped := in.parked != nil || errors.Is(err, luabind.ErrPutAway), in.dropped
	ib.mu.Unlock()
	if dropped {
		err = nil // whatever became of it: nobody wants to know
	} else if waits || errors.Is(err, ErrWithdrawn) || in.isSuspect(err) {
		return true, nil
	}
	if err != nil && !errors.Is(err, luabind.ErrInterrupted) {
		return ib.failed(in, err), err
	}
	ib.handled(in)
	return false, nil
}

// handled records that a message is through.
func (ib *Inbox) handled(in *message) {
	ib.persist("mark a message as handled", func(ctx context.Context) error {
		return ib.opts.Store.Handled(ctx, in.ID, time.Now())
	})
	ib.count(func(n *Counts) { n.Handled++ })
}

// delivery is a message as the handler gets it.
func (ib *Inbox) delivery(c *conversation, in *message) (*Delivery, error) {
	d := &Delivery{Inbound: &in.Inbound, Blame: ib.blame(in), Again: in.begun || in.Attempts > 0}
	if !isTimer(&in.Inbound) {
		d.Message = new(ilink.Message)
		if err := d.Message.UnmarshalJSON(in.Message); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
	}
	d.Waiting = func() *ilink.Message {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		for _, later := range c.queue {
			if later.ID > in.ID {
				m := new(ilink.Message)
				if m.UnmarshalJSON(later.Message) == nil {
					return m
				}
			}
		}
		return nil
	}
	d.Interrupted = func() bool {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		return in.interrupted
	}
	return d, nil
}

// blame is the conversation whose doing a message or timer is.
func (ib *Inbox) blame(in *message) string {
	if !in.known {
		in.blame, in.known = in.Conversation, true
		if isTimer(&in.Inbound) {
			in.blame = startedBy(ib.ctx, ib.lookup(), &in.Inbound)
		}
	}
	return in.blame
}

// deliver hands a message to the handler, as soon as that may have it.
func (ib *Inbox) deliver(c *conversation, in *message, d *Delivery) error {
	// Waiting for a script that works comes before the slot: a bot that has none
	// must not fill them all.
	if ib.opts.Handler.Wait(ib.accept, d.Blame) != nil {
		return ErrNotStarted
	}
	at := &place{places: ib.places, conversation: c, message: in}
	at.enter(ib.accept, in.suspicions > 0)
	defer at.leave()
	d.Alone = func() bool { return at.wasAlone() && !ib.othersWait() }
	if ib.accept.Err() != nil {
		return ErrNotStarted
	}
	ctx, cancel := context.WithCancelCause(replay.With(withPlace(ib.ctx, at), replay.NewRun(&in.Inbound, in.begun, 0)))
	defer cancel(nil)
	ib.mu.Lock()
	c.cancel = cancel
	dropped := in.dropped
	ib.mu.Unlock()
	defer func() {
		ib.mu.Lock()
		defer ib.mu.Unlock()
		c.cancel = nil
	}()
	if dropped {
		return nil
	}
	err := ib.opts.Handler.Handle(ctx, d)
	in.version = d.Version
	return err
}

// othersWait reports whether handlers wait for answers in memory: what they hold is the
// script's too.
func (ib *Inbox) othersWait() bool {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	return ib.dialogues > 0
}

// gaveUp tells the handler of a message at which it has failed for good. It is in its
// conversation no longer: it may be brought back meanwhile.
func (ib *Inbox) gaveUp(c *conversation, in *message, failure error) {
	d, err := ib.delivery(c, in)
	if err != nil {
		return
	}
	ctx := replay.With(ib.ctx, replay.NewRun(&in.Inbound, true, replay.ErrorOrdinals))
	ib.opts.Handler.GaveUp(ctx, ib.accept, d, failure)
}

// interrupt shows a message to the handler while an earlier one of its conversation is
// being handled. If the handler says so, that is told to stop, and the message counts as
// handled. Its own handling waits for shown.
func (ib *Inbox) interrupt(c *conversation, in *message) {
	d, err := ib.delivery(c, in)
	if err != nil {
		return // its own turn will tell
	}
	ctx := replay.With(ib.ctx, replay.NewRun(&in.Inbound, in.begun, replay.InterruptOrdinals))
	if !ib.opts.Handler.Interrupt(ctx, d) {
		return
	}
	ib.mu.Lock()
	mine := slices.Index(c.queue, in)
	// It may have been dropped by hand. And a handler is interrupted once: after that the
	// message waits for its turn, or answers what the handler asks.
	if mine < 0 || mine > 0 && c.queue[0].interrupted {
		ib.mu.Unlock()
		return
	}
	c.queue = slices.Delete(c.queue, mine, mine+1)
	ib.left[in.ID] = false
	switch {
	case c.cancel != nil:
		// It goes on, though it doesn't know yet.
		c.queue[0].interrupted, c.queue[0].parked = true, nil
		c.cancel(luabind.ErrInterrupted)
	case len(c.queue) > 0 && c.queue[0].parked != nil:
		c.queue[0].interrupted, c.queue[0].parked = true, nil
		c.wake()
	}
	ib.mu.Unlock()
	ib.handled(in)
	ib.settled(in)
}

// failed records a failure. It reports whether the message is tried again by
// itself.
func (ib *Inbox) failed(in *message, err error) (again bool) {
	in.Attempts++
	retry := ib.opts.Handler.Retry(err, in.Attempts)
	ib.count(func(n *Counts) { n.Failures++ })
	failure := store.Failure{Error: err.Error(), Traceback: retry.Detail, RetryOnReload: retry.WithNextVersion, Afresh: retry.Afresh}
	if in.deaths >= maxDeaths {
		failure.Error = fmt.Sprintf("it was handled %d times, and each time %v", in.deaths, err)
		failure.RetryOnReload, retry.Again = true, false
	}
	in.RetryOnReload = failure.RetryOnReload
	now := time.Now()
	if retry.Again {
		failure.NextAt = now.Add(retry.After)
	}
	ib.persist("record a failure", func(ctx context.Context) error {
		return ib.opts.Store.Failed(ctx, in.ID, failure, now)
	})
	args := []any{"inbox", in.ID, "from", in.User, "attempt", in.Attempts}
	if retry.Again {
		ib.mu.Lock()
		in.NextAt = failure.NextAt
		ib.mu.Unlock()
		script.LogError(ib.opts.Logger, "handler failed, it is tried again", err, append(args, "retry_in", retry.After.Round(time.Millisecond))...)
		ib.count(func(n *Counts) { n.Retried++ })
		return true
	}
	what := "handler failed for good, the message is kept as dead: see \"ilinkd inbox list\""
	if failure.RetryOnReload {
		what = "handler failed, the message is kept as dead until the script is changed"
	}
	script.LogError(ib.opts.Logger, what, err, args...)
	ib.count(func(n *Counts) { n.Failed++ })
	return false
}
