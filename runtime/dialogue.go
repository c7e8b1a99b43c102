package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// maxLiveDialogues is how many handlers of a bot wait in memory, at some 12 KiB each.
// Further ones are put away, and run again when there is an answer.
const maxLiveDialogues = 1000

// pause is what a handler waits for that has been put away.
type pause struct {
	// until is when it goes on in any case; zero means never.
	until time.Time
	// sleeps says that no message ends it.
	sleeps bool
}

// Await waits for the next message of the conversation whose handler asks.
func (h *host) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	at := placeOf(ctx)
	if at == nil {
		return nil, &luabind.HostError{Kind: "bad_request", Message: "only handlers of messages can wait"}
	}
	return h.bot.inbox.await(ctx, at, req)
}

// await keeps the handler's progress and waits. What ends the waiting without an
// answer leaves the message as put away: the handler is run again.
func (ib *inbox) await(ctx context.Context, at *place, req luabind.AwaitRequest) (*luabind.Answer, error) {
	l, in := at.conversation, at.message
	step := luabind.StepOf(ctx)
	progress, err := replay.Progress(in.ID, step)
	if err == nil && progress != nil {
		err = ib.bot.store.SaveProgress(ctx, progress)
	}
	if err != nil {
		return nil, err
	}
	if step != nil {
		step.Saved(false)
	}

	ib.mu.Lock()
	in.pause = &pause{until: req.Deadline, sleeps: req.Sleep}
	live := ib.dialogues
	ib.dialogues++
	var answered chan *message
	if !req.Sleep {
		answered = make(chan *message, 1)
		l.answer = answered
		ib.offer(l)
	}
	ib.mu.Unlock()
	at.leave(ib.slots)
	ib.waiting(req.Sleep, 1)

	var answer *message
	var deadline <-chan time.Time
	if !req.Deadline.IsZero() {
		t := time.NewTimer(time.Until(req.Deadline))
		defer t.Stop()
		deadline = t.C
	}
	full := make(chan struct{})
	if live >= maxLiveDialogues {
		close(full)
	}
	why := luabind.ErrPutAway
	select {
	case answer = <-answered:
	case <-deadline:
		why = nil
	case <-ctx.Done():
		if cause := context.Cause(ctx); errors.Is(cause, luabind.ErrInterrupted) {
			why = cause
		}
	case <-full:
	case <-ib.accept.Done():
	}

	ib.mu.Lock()
	ib.dialogues--
	l.answer = nil
	if answer == nil && len(answered) > 0 {
		answer = <-answered // it came together with the other end
	}
	if answer != nil || why != luabind.ErrPutAway {
		in.pause = nil
	}
	ib.mu.Unlock()
	ib.waiting(req.Sleep, -1)
	at.enter(ctx, ib.slots)
	switch {
	case answer != nil:
		return ib.take(ctx, at.message, answer, step)
	case why != nil:
		return nil, why
	case req.Sleep:
		return nil, nil
	}
	return nil, &luabind.HostError{Kind: "timeout", Message: "no answer came in time"}
}

// waiting counts a handler that begins to wait, or with -1 ends that.
func (ib *inbox) waiting(sleeps bool, n int) {
	ib.bot.stats.update(func(s *Status) {
		if sleeps {
			s.Sleeping += n
		} else {
			s.Asking += n
		}
	})
}

// offer hands a handler that waits for an answer the next message, once on_interrupt
// is through with that. mu must be held.
func (ib *inbox) offer(l *conversation) {
	next := l.next()
	if l.answer == nil || next == nil {
		return
	}
	l.queue = slices.Delete(l.queue, 1, 2)
	ib.left[next.ID] = false
	l.queue[0].pause = nil
	l.answer <- next
	l.answer = nil
}

// next is the message that a handler gets which waits for an answer, nil while there is
// none, or on_interrupt isn't through with it: its end looks again. The inbox's mu must
// be held.
func (l *conversation) next() *message {
	if len(l.queue) < 2 {
		return nil
	}
	next := l.queue[1]
	if next.shown != nil {
		select {
		case <-next.shown:
		default:
			return nil
		}
	}
	return next
}

// take makes of a message the answer that a handler has waited for: it is handled
// with that, and the handler's journal has it.
func (ib *inbox) take(ctx context.Context, asker, in *message, step *luabind.Step) (*luabind.Answer, error) {
	a := &luabind.Answer{Message: new(ilink.Message)}
	err := a.Message.UnmarshalJSON(in.Message)
	if err == nil {
		a.Quote = ib.bot.quote(ctx, a.Message)
	}
	progress := &store.Progress{Inbound: asker.ID}
	if err == nil && step != nil {
		var answered *store.Progress
		if answered, err = replay.Answered(asker.ID, step, a); err == nil {
			progress = answered
		}
	}
	if err != nil {
		// It can't be an answer, nor a message for a handler of its own.
		err = fmt.Errorf("read the answer: %w", err)
	}
	ib.persist("take an answer", func(ctx context.Context) error {
		return ib.bot.store.TakeAnswer(ctx, in.ID, progress, time.Now())
	})
	ib.settled(in)
	if step != nil && err == nil {
		step.Saved(true)
	}
	ib.bot.stats.update(func(s *Status) { s.Handled++ })
	return a, err
}

// sleepOn waits as long as the first message of a conversation, whose handler was
// put away, has nothing to go on with. mu is held, and given up meanwhile.
func (ib *inbox) sleepOn(l *conversation, in *message) {
	p := in.pause
	if p == nil {
		return
	}
	if !p.sleeps && l.next() != nil || !p.until.IsZero() && !time.Now().Before(p.until) {
		in.pause = nil
		return
	}
	woken := make(chan struct{})
	l.woken = woken
	ib.mu.Unlock()
	var deadline <-chan time.Time
	if !p.until.IsZero() {
		t := time.NewTimer(time.Until(p.until))
		defer t.Stop()
		deadline = t.C
	}
	ib.waiting(p.sleeps, 1)
	select {
	case <-woken:
	case <-deadline:
	case <-ib.accept.Done():
	}
	ib.waiting(p.sleeps, -1)
	ib.mu.Lock()
	l.woken = nil
}

// journal reads what an earlier run of a message's handler has left.
func (ib *inbox) journal(ctx context.Context, in *message) (records []luabind.Record, err error) {
	if !in.begun && in.Attempts == 0 {
		return nil, nil
	}
	return replay.Journal(ctx, ib.bot.store, in.ID)
}
