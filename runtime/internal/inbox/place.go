package inbox

import (
	"context"
	"slices"
	"sync"
	"time"
)

// places are those of the handlers that run side by side. Whoever waits for one gets it in
// the order of coming, but for two rules:
//
// Timers take half of the places at most: one user may start any number of them, and must
// not keep the messages of others waiting.
//
// A handler under suspicion, of having filled the script's memory or ended its process, runs
// while no other does, so that it can harm no other and the next harm is surely its own. It
// waits for such a moment, last of all; if none comes, the others are held for a moment, and
// then it runs among them after all.
type places struct {
	most int

	mu    sync.Mutex
	taken int
	// timers of those taken are timers', and alone says that the one that is taken is to be
	// the only one.
	timers int
	alone  bool
	// sole is the one that has a place while no other has had one since, nil if there is none.
	sole *waiter
	// held counts the suspects for which no further place is given.
	held int
	come int // waiters so far
	// messages, due and suspects wait, in the order of coming.
	messages, due, suspects []*waiter
}

// waiter waits for a place.
type waiter struct {
	number int
	timer  bool
	in     chan struct{} // closed when it has one
	// shared says that another has, or had, a place at the same time; places' mu guards it.
	shared bool
}

const (
	// suspectPatience is how long a suspect waits for a moment when no other handler runs, and
	// suspectHold for how long the others are held then.
	suspectPatience = 5 * time.Second
	suspectHold     = 2 * time.Second
)

// enter waits for a place. It is nil if ctx ended before there was one.
func (p *places) enter(ctx context.Context, timer bool) *waiter {
	w := &waiter{timer: timer, in: make(chan struct{})}
	p.mu.Lock()
	p.add(w)
	p.admit()
	p.mu.Unlock()
	if !p.await(ctx, w, nil) {
		return nil
	}
	return w
}

// enterAlone waits for a place while no other is taken, if there is such a moment. It is nil
// if ctx ended before there was one.
func (p *places) enterAlone(ctx context.Context, timer bool) *waiter {
	w := &waiter{timer: timer, in: make(chan struct{})}
	p.mu.Lock()
	p.suspects = append(p.suspects, w)
	p.admit()
	p.mu.Unlock()
	patience := time.NewTimer(suspectPatience)
	defer patience.Stop()
	if p.await(ctx, w, patience.C) {
		return w
	} else if ctx.Err() != nil {
		return nil
	}
	p.mu.Lock()
	p.held++
	p.mu.Unlock()
	patience.Reset(suspectHold)
	in := p.await(ctx, w, patience.C)
	p.mu.Lock()
	p.held--
	if !in && ctx.Err() == nil {
		p.add(w)
	}
	p.admit()
	p.mu.Unlock()
	if !in && !p.await(ctx, w, nil) {
		return nil
	}
	return w
}

// running is how many places are taken.
func (p *places) running() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// wasAlone reports whether no other has had a place while this one did.
func (p *places) wasAlone(w *waiter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !w.shared
}

// await waits for a waiter's place, unless ctx or the time is over: then it waits no
// longer, and has none.
func (p *places) await(ctx context.Context, w *waiter, over <-chan time.Time) (in bool) {
	select {
	case <-w.in:
		return true
	case <-ctx.Done():
	case <-over:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.in: // just now
		if ctx.Err() == nil {
			return true
		}
		p.free(w)
	default:
		for _, queue := range []*[]*waiter{&p.messages, &p.due, &p.suspects} {
			*queue = slices.DeleteFunc(*queue, func(other *waiter) bool { return other == w })
		}
	}
	return false
}

// add has a waiter wait. mu must be held, as for all below but leave.
func (p *places) add(w *waiter) {
	p.come++
	w.number = p.come
	if w.timer {
		p.due = append(p.due, w)
	} else {
		p.messages = append(p.messages, w)
	}
}

// admit gives places to those who may have one.
func (p *places) admit() {
	for !p.alone && p.taken < p.most {
		if p.held == 0 {
			if next := p.next(); next != nil {
				p.give(next)
				continue
			}
		}
		if p.taken > 0 || len(p.suspects) == 0 {
			return
		}
		w := p.suspects[0]
		p.suspects = p.suspects[1:]
		p.alone = true
		p.give(w)
	}
}

// next takes out of its queue the one that has waited longest and may have a place, nil if
// there is none.
func (p *places) next() *waiter {
	queue := &p.messages
	timers := len(p.due) > 0 && p.timers < (p.most+1)/2
	if timers && (len(p.messages) == 0 || p.due[0].number < p.messages[0].number) {
		queue = &p.due
	}
	if len(*queue) == 0 {
		return nil
	}
	w := (*queue)[0]
	*queue = (*queue)[1:]
	return w
}

func (p *places) give(w *waiter) {
	if p.taken++; p.taken == 1 {
		p.sole = w
	} else {
		w.shared = true
		if p.sole != nil {
			p.sole.shared, p.sole = true, nil
		}
	}
	if w.timer {
		p.timers++
	}
	close(w.in)
}

func (p *places) free(w *waiter) {
	p.taken--
	if w.timer {
		p.timers--
	}
	if p.sole == w {
		p.sole = nil
	}
	p.alone = false
	p.admit()
}

// leave gives a place up.
func (p *places) leave(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free(w)
}

// place is where a handler runs, as the inbox must know it when the handler waits for an
// answer: in which conversation, for which message, and whether it has a place among
// those that run side by side.
type place struct {
	places       *places
	conversation *conversation
	message      *message

	mu    sync.Mutex
	taken *waiter // nil while it has none
}

type placeKey struct{}

func withPlace(ctx context.Context, p *place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// placeOf is where the handler runs that a host call comes from, nil outside of one that
// can wait.
func placeOf(ctx context.Context) *place {
	p, _ := ctx.Value(placeKey{}).(*place)
	return p
}

// leave gives up the place among the handlers, if it has one.
func (p *place) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken != nil {
		p.places.leave(p.taken)
		p.taken = nil
	}
}

// enter takes a place, unless ctx ends before there is one; with alone one while no other
// is taken, if there is such a moment.
func (p *place) enter(ctx context.Context, alone bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	timer := isTimer(&p.message.Inbound)
	if alone {
		p.taken = p.places.enterAlone(ctx, timer)
	} else {
		p.taken = p.places.enter(ctx, timer)
	}
}

// wasAlone reports whether no other handler has had a place while this one does.
func (p *place) wasAlone() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken != nil && p.places.wasAlone(p.taken)
}
