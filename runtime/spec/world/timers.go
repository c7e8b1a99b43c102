package world

import (
	"context"
	"strconv"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// timer is one that a handler has started.
type timer struct {
	alarm *alarm
	// origin is the handler, where its function has no name: with what that was
	// called with it is made again.
	origin *handler
}

// schedule is one of the script's, with its next run.
type schedule struct {
	luabind.Schedule
	alarm *alarm // nil if there is no further one
}

// StartTimer has the script called at a time of the world's clock.
func (x *host) StartTimer(ctx context.Context, req luabind.TimerRequest) (string, error) {
	w := x.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	h, step := handlerOf(ctx), luabind.StepOf(ctx)
	if req.Function == "" && (h == nil || step == nil) {
		return "", &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "a timer's function needs a name, or a handler that can make it again"}
	}
	id, err := once(ctx, func() (string, error) {
		id := strconv.Itoa(w.id())
		t := new(timer)
		if req.Function == "" {
			t.origin = h
		}
		t.alarm = w.at(req.At, func() {
			delete(x.b.timers, id)
			ev := &luabind.TimerEvent{ID: id, Function: req.Function, Data: req.Data, Due: req.At, Line: req.Line}
			if t.origin != nil {
				ev.Message, ev.Timer = t.origin.events()
			}
			x.b.startTimer(ev)
		})
		x.b.timers[id] = t
		return id, nil
	})
	if err == nil && req.Function == "" {
		h.keep(step, id)
	}
	return id, err
}

// NextTimer returns when the next timer is due that a handler has started; ok is false if
// there is none.
func (w *World) NextTimer() (at time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.bots {
		for _, t := range b.timers {
			if !ok || t.alarm.at.Before(at) {
				at, ok = t.alarm.at, true
			}
		}
	}
	return at, ok
}

// StopTimer takes a timer back.
func (x *host) StopTimer(ctx context.Context, id string) (bool, error) {
	w := x.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	return once(ctx, func() (bool, error) {
		t, found := x.b.timers[id]
		if found {
			delete(x.b.timers, id)
			w.cancel(t.alarm)
		}
		return found, nil
	})
}

// startTimer begins the handler of a timer that is due. mu must be held.
func (b *Bot) startTimer(ev *luabind.TimerEvent) {
	h := &handler{b: b, number: b.w.id(), timer: ev, done: map[int]any{}}
	h.run()
}

// setSchedules takes over the schedules of the current generation. Those that there
// were before go on as they are. mu must be held.
func (b *Bot) setSchedules() {
	before := b.schedules
	b.schedules = map[string]*schedule{}
	for _, s := range b.current.sandbox.Schedules() {
		old := before[s.Name]
		if old != nil {
			same := s
			same.Line = old.Line
			if same == old.Schedule {
				old.Line = s.Line
				b.schedules[s.Name] = old
				delete(before, s.Name)
				continue
			}
		}
		next := &schedule{Schedule: s}
		b.schedules[s.Name] = next
		b.arm(next, time.Time{})
	}
	for _, gone := range before {
		b.w.cancel(gone.alarm)
	}
}

// arm sets a schedule's next run; last is the one before. mu must be held.
func (b *Bot) arm(s *schedule, last time.Time) {
	due := s.Next(last, b.w.now)
	if s.alarm = nil; due.IsZero() {
		return
	}
	s.alarm = b.w.at(due, func() {
		b.arm(s, due)
		b.startTimer(&luabind.TimerEvent{Schedule: s.Name, Due: due, Line: s.Line})
	})
}
