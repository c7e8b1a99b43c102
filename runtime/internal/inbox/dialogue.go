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
	"github.com/ilinkd/ilinkd/runtime/store"
)

// MaxLiveDialogues is how many handlers of a bot wait in memory, at some 12 KiB each.
// Further ones are parked, and run again when there is an answer.
const MaxLiveDialogues = 1000

// Await waits for the next message of the conversation whose handler asks, or for a time.
// It keeps the handler's progress before. What ends the waiting without an answer leaves
// the message parked: the handler is run again.
func (ib *Inbox) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	at := placeOf(ctx)
	if at == nil {
		return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "only handlers of messages can wait"}
	}
	c, in := at.conversation, at.message
	step := luabind.StepOf(ctx)
	progress, err := replay.Progress(in.ID, step)
	if err == nil && progress != nil {
		err = ib.opts.Store.SaveProgress(ctx, progress)
	}
	if err != nil {
		return nil, err
	}
	if step != nil {
		step.Saved(false)
	}

	ib.mu.Lock()
	in.parked = &parked{until: req.Deadline, sleeps: req.Sleep}
	live := ib.dialogues
	ib.dialogues++
	var answered chan *message
	if !req.Sleep {
		answered = make(chan *message, 1)
		c.answer = answered
		ib.offer(c)
	}
	ib.mu.Unlock()
	at.leave()
	ib.waiting(req.Sleep, 1)

	var answer *message
	var deadline <-chan time.Time
	if !req.Deadline.IsZero() {
		t := time.NewTimer(time.Until(req.Deadline))
		defer t.Stop()
		deadline = t.C
	}
	full := make(chan struct{})
	if live >= MaxLiveDialogues {
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
	c.answer = nil
	if answer == nil && len(answered) > 0 {
		answer = <-answered // it came together with the other end
	}
	if answer != nil || why != luabind.ErrPutAway {
		in.parked = nil
	}
	ib.mu.Unlock()
	ib.waiting(req.Sleep, -1)
	at.enter(ctx, false)
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
func (ib *Inbox) waiting(sleeps bool, by int) {
	ib.count(func(n *Counts) {
		if sleeps {
			n.Sleeping += by
		} else {
			n.Asking += by
		}
	})
}

// offer hands a handler that waits for an answer the next message, once on_interrupt
// is through with that. mu must be held.
func (ib *Inbox) offer(c *conversation) {
	next := c.next()
	if c.answer == nil || next == nil {
		return
	}
	c.queue = slices.Delete(c.queue, 1, 2)
	ib.left[next.ID] = false
	c.queue[0].parked = nil
	c.answer <- next
	c.answer = nil
}

// take makes of a message the answer that a handler has waited for: it is handled
// with that, and the handler's journal has it.
func (ib *Inbox) take(ctx context.Context, asker, in *message, step *luabind.Step) (*luabind.Answer, error) {
	a := &luabind.Answer{Message: new(ilink.Message)}
	err := a.Message.UnmarshalJSON(in.Message)
	if err == nil {
		a.Quote = ib.lookup().quote(ctx, a.Message)
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
		return ib.opts.Store.TakeAnswer(ctx, in.ID, progress, time.Now())
	})
	ib.settled(in)
	if step != nil && err == nil {
		step.Saved(true)
	}
	ib.count(func(n *Counts) { n.Handled++ })
	return a, err
}

// sleepOn waits as long as the first message of a conversation, whose handler was
// parked, has nothing to go on with. mu is held, and given up meanwhile.
func (ib *Inbox) sleepOn(c *conversation, in *message) {
	p := in.parked
	if p == nil {
		return
	}
	if !p.sleeps && c.next() != nil || !p.until.IsZero() && !time.Now().Before(p.until) {
		in.parked = nil
		return
	}
	woken := make(chan struct{})
	c.woken = woken
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
	c.woken = nil
}

func (ib *Inbox) lookup() lookup {
	return lookup{store: ib.opts.Store, bot: ib.opts.Bot, log: ib.opts.Logger}
}
