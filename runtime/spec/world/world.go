package world

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// World is what the bots of one test have in common: the clock, and the count of
// what is under way.
type World struct {
	mu      sync.Mutex
	now     time.Time
	due     []*alarm // in order
	bots    []*Bot
	running int           // handlers under way that don't wait
	asleep  int           // those in Sleep
	settled chan struct{} // closed while running is 0
	ids     int
}

// Start is when a world begins: a Monday at nine in the morning, in the local time
// zone.
func Start() time.Time { return time.Date(2026, time.January, 5, 9, 0, 0, 0, time.Local) }

// New makes a world without bots, at the time [Start].
func New() *World {
	w := &World{now: Start(), settled: make(chan struct{})}
	close(w.settled)
	return w
}

// alarm is something that happens at a time. Its function is called with mu held.
type alarm struct {
	at   time.Time
	ring func()
}

// Now returns the world's time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Advance has time pass. What becomes due on the way happens at its time, one
// after the other.
func (w *World) Advance(ctx context.Context, d time.Duration) error {
	return w.Set(ctx, w.Now().Add(d))
}

// ErrPast says that time was to go backwards.
var ErrPast = errors.New("the clock can't be put back")

// Set has time pass until then, as Advance does.
func (w *World) Set(ctx context.Context, then time.Time) error {
	if then.Before(w.Now()) {
		return ErrPast
	}
	for {
		if err := w.Settle(ctx); err != nil {
			return err
		}
		w.mu.Lock()
		if len(w.due) == 0 || w.due[0].at.After(then) {
			w.now = then
			w.mu.Unlock()
			return nil
		}
		next := w.due[0]
		w.due = w.due[1:]
		if next.at.After(w.now) {
			w.now = next.at
		}
		next.ring()
		w.mu.Unlock()
	}
}

// Settle waits until every handler has ended or waits.
func (w *World) Settle(ctx context.Context) error {
	w.mu.Lock()
	settled := w.settled
	w.mu.Unlock()
	select {
	case <-settled:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends all bots.
func (w *World) Close() error {
	w.mu.Lock()
	bots := slices.Clone(w.bots)
	w.mu.Unlock()
	var errs []error
	for _, b := range bots {
		errs = append(errs, b.close())
	}
	return errors.Join(errs...)
}

// at has something happen at a time; those of the same time happen in the order in
// which they were asked for. mu must be held.
func (w *World) at(t time.Time, ring func()) *alarm {
	a := &alarm{at: t, ring: ring}
	i := len(w.due)
	for i > 0 && w.due[i-1].at.After(t) {
		i--
	}
	w.due = slices.Insert(w.due, i, a)
	return a
}

// cancel takes an alarm back, if it hasn't rung. mu must be held.
func (w *World) cancel(a *alarm) bool {
	i := slices.Index(w.due, a)
	if i >= 0 {
		w.due = slices.Delete(w.due, i, i+1)
	}
	return i >= 0
}

// begin counts something in that runs, and end out. mu must be held.
func (w *World) begin() {
	if w.running == 0 {
		w.settled = make(chan struct{})
	}
	w.running++
}

func (w *World) end() {
	w.running--
	if w.running == 0 {
		close(w.settled)
	}
}

// Sleep waits until so much of the world's time has passed. Only what a handler calls
// may call it: that counts as waiting meanwhile.
func (w *World) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	w.mu.Lock()
	over := make(chan struct{})
	a := w.at(w.now.Add(d), func() {
		w.begin()
		close(over)
	})
	w.asleep++
	w.end()
	w.mu.Unlock()
	select {
	case <-over:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asleep--
	if w.cancel(a) { // it hasn't rung
		w.begin()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Sleeping returns how many handlers wait for a time, and for nothing else.
func (w *World) Sleeping() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.asleep
	for _, b := range w.bots {
		for _, g := range append(slices.Clone(b.old), b.current) {
			for h := range g.handlers {
				if h.waits != nil && h.waits.sleep {
					n++
				}
			}
		}
	}
	return n
}

// bot returns the bot of a name, nil if there is none. mu must be held.
func (w *World) bot(name string) *Bot {
	for _, b := range w.bots {
		if b.cfg.Name == name {
			return b
		}
	}
	return nil
}

// id makes an id. mu must be held.
func (w *World) id() int {
	w.ids++
	return 1000 + w.ids
}
