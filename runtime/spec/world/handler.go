package world

import (
	"context"
	"errors"
	"slices"

	"github.com/ilinkd/ilinkd/luabind"
)

// handler is one handling of a message or of a timer; the world's mu guards it.
type handler struct {
	b      *Bot
	u      *User // nil for a timer's
	number int
	// event is the message, or timer what is due.
	event  luabind.Event
	timer  *luabind.TimerEvent
	cancel context.CancelCauseFunc
	// journal are the records that a host would have saved.
	journal []luabind.Record
	// done are the results of its calls with an effect, by their numbers: run again, it
	// finds them.
	done        map[int]any
	interrupted bool
	waits       *wait // what it waits for, nil while it runs
}

// wait is what a handler waits for.
type wait struct {
	sleep bool
	over  chan struct{} // closed when it need not wait any longer
	// answer is the message that came, nil if the time is over.
	answer *luabind.Answer
	alarm  *alarm
}

type handlerKey struct{}

func handlerOf(ctx context.Context) *handler {
	h, _ := ctx.Value(handlerKey{}).(*handler)
	return h
}

// run starts the handler on the current generation. mu must be held.
func (h *handler) run() {
	w, b := h.b.w, h.b
	g := b.current
	g.handlers[h] = true
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), handlerKey{}, h))
	h.cancel = cancel
	message, timer := h.events()
	w.begin()
	go func() {
		defer cancel(nil)
		var err error
		if timer != nil {
			err = g.sandbox.OnTimer(ctx, timer)
		} else {
			err = g.sandbox.OnMessage(ctx, message)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		defer w.end()
		if err != nil && !errors.Is(err, luabind.ErrInterrupted) && !g.killed {
			// A runtime tries some failures again first; a test shall see each.
			w.mu.Unlock()
			failed := g.sandbox.OnError(context.Background(), message, err)
			w.mu.Lock()
			b.failed(failed)
		}
		h.ended(g, err)
	}()
}

// events returns what the script is called with: one of both. mu must be held.
func (h *handler) events() (*luabind.Event, *luabind.TimerEvent) {
	journal := slices.Clone(h.journal)
	if h.timer != nil {
		timer := *h.timer
		timer.Journal = journal
		return nil, &timer
	}
	message := h.event
	message.Journal = journal
	return &message, nil
}

// again runs a handler once more that a crash has ended. mu must be held.
func (h *handler) again() {
	h.waits = nil
	h.run()
}

// ended goes on to the user's next message. mu must be held.
func (h *handler) ended(g *generation, err error) {
	delete(g.handlers, h)
	if g.killed {
		return // it runs again, or the world has ended
	}
	h.b.failed(err)
	if h.u == nil {
		return
	}
	h.u.active = nil
	if inbox := h.u.inbox; len(inbox) > 0 && !inbox[0].shown { // else on_interrupt's end goes on
		h.u.inbox = inbox[1:]
		h.u.start(inbox[0].ev)
	}
}

// resume ends the handler's waiting, if it waits. mu must be held.
func (h *handler) resume(a *luabind.Answer) {
	if waits := h.wake(); waits != nil {
		waits.answer = a
		close(waits.over)
	}
}

// wake counts the handler in again and returns what it waited for, nil if it didn't
// wait. One that is interrupted learns of it from its context. mu must be held.
func (h *handler) wake() *wait {
	waits := h.waits
	if waits != nil {
		h.waits = nil
		h.b.w.cancel(waits.alarm)
		h.b.w.begin()
	}
	return waits
}

// Await lets the handler wait for the user's next message, or for a time.
func (x *host) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	h := handlerOf(ctx)
	if h == nil || h.u == nil && !req.Sleep {
		return nil, errors.New("only a message's handler can wait for another")
	}
	w := x.b.w
	step := luabind.StepOf(ctx)
	w.mu.Lock()
	h.save(step)
	waits := &wait{sleep: req.Sleep, over: make(chan struct{})}
	if req.Deadline.IsZero() || req.Deadline.After(w.now) {
		h.waits = waits
		if !req.Deadline.IsZero() {
			waits.alarm = w.at(req.Deadline, func() { h.resume(nil) })
		}
		h.offer()
		w.end()
		w.mu.Unlock()
		select {
		case <-waits.over:
		case <-ctx.Done():
		}
		w.mu.Lock()
		if h.waits == waits { // it was killed
			h.resume(nil)
		}
	}
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var err error
	if waits.answer == nil && !req.Sleep {
		err = &luabind.HostError{Kind: "timeout", Message: "no answer came in time"}
	}
	return waits.answer, err
}

// keep keeps the records of a step, and its own. mu must be held.
func (h *handler) keep(step *luabind.Step, result any) {
	if rec, err := step.Record(result, nil); err == nil && len(h.journal) == step.Number-len(step.Pending) {
		h.journal = append(append(h.journal, step.Pending...), rec)
		step.Saved(true)
	}
}

// save keeps the records up to a step: a handler ends nowhere but where it waits.
// mu must be held.
func (h *handler) save(step *luabind.Step) {
	if step != nil && len(h.journal) == step.Number-len(step.Pending) { // else there were too many to keep
		h.journal = append(h.journal, step.Pending...)
		step.Saved(false)
	}
}

// once does something with an effect, or returns what came of it when the handler did
// it before a restart. mu must be held.
func once[T any](ctx context.Context, do func() (T, error)) (T, error) {
	h, step := handlerOf(ctx), luabind.StepOf(ctx)
	if h == nil || step == nil || step.Effect < 0 {
		return do()
	}
	result, known := h.done[step.Effect].(T)
	if !known {
		var err error
		if result, err = do(); err != nil {
			return result, err
		}
		h.done[step.Effect] = result
	}
	return result, nil
}

// offer hands the user's next message to the handler that waits for one. mu must be
// held.
func (h *handler) offer() {
	if h.waits == nil || h.waits.sleep || len(h.u.inbox) == 0 || h.u.inbox[0].shown {
		return
	}
	a := h.u.inbox[0].answer()
	h.u.inbox = h.u.inbox[1:]
	h.resume(a)
}
