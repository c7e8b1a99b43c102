package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

const (
	// longestNap is how long nobody looks at the clock: it may be set.
	longestNap = time.Minute
	// missedAfter is how late a schedule's run counts as missed.
	missedAfter = time.Minute
	// maxTimerChain is how far it is followed which timer has started which.
	maxTimerChain = 100
	// dueAtOnce is how many timers are read at a time.
	dueAtOnce = 100
)

// Timers puts what is due into the inbox: from there it is handled as messages are,
// with their retries and journals.
type Timers struct {
	inbox  *Inbox
	wakeup chan struct{} // has one if there is something new to look at
	// ready is closed once the script's schedules are known: those that it doesn't
	// have any more must not run.
	ready chan struct{}
	once  sync.Once
}

// NewTimers returns the timers of an inbox. They are not run before Set.
func NewTimers(ib *Inbox) *Timers {
	return &Timers{inbox: ib, wakeup: make(chan struct{}, 1), ready: make(chan struct{})}
}

// Wake has the timers looked at.
func (t *Timers) Wake() {
	select {
	case t.wakeup <- struct{}{}:
	default:
	}
}

// Run puts what is due into the inbox until ctx ends.
func (t *Timers) Run(ctx context.Context) {
	select {
	case <-t.ready:
	case <-ctx.Done():
		return
	}
	for ctx.Err() == nil {
		nap, err := t.fire(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			t.inbox.opts.Logger.Error("look after the timers", "err", err)
			nap = time.Second
		}
		if nap <= 0 {
			continue
		}
		timer := time.NewTimer(nap)
		select {
		case <-timer.C:
		case <-t.wakeup:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// fire puts what is due into the inbox, and returns when to look again.
func (t *Timers) fire(ctx context.Context, now time.Time) (nap time.Duration, err error) {
	next, err := t.inbox.opts.Store.NextTimers(ctx, t.inbox.opts.Bot, dueAtOnce)
	if err != nil {
		return 0, err
	}
	for _, timer := range next {
		if wait := timer.Due.Sub(now); wait > 0 {
			return min(wait, longestNap), nil
		}
		if err := t.fireOne(ctx, timer, now); err != nil {
			return 0, err
		}
	}
	if len(next) == 0 {
		return longestNap, nil
	}
	return 0, nil
}

// timerRow is a timer in the inbox, in the place of a message.
type timerRow struct {
	ID       string    `json:"id"`
	Schedule string    `json:"schedule,omitempty"`
	Function string    `json:"function,omitempty"`
	Data     []byte    `json:"data,omitempty"`
	Line     string    `json:"line,omitempty"`
	Due      time.Time `json:"due"`
	Origin   int64     `json:"origin,omitempty"`
}

func (t *Timers) fireOne(ctx context.Context, timer store.Timer, now time.Time) error {
	row := timerRow{
		ID: strconv.FormatInt(timer.ID, 10), Schedule: timer.Name, Function: timer.Function, Data: timer.Data,
		Line: timer.Line, Due: timer.Due, Origin: timer.Origin,
	}
	message, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode a timer: %w", err)
	}
	var next time.Time
	if timer.Name != "" {
		var s luabind.Schedule
		if err := json.Unmarshal([]byte(timer.Spec), &s); err != nil {
			return fmt.Errorf("read the schedule %q: %w", timer.Name, err)
		}
		next = s.Next(timer.Due, now)
		if s.Missed == luabind.MissedSkip && now.Sub(timer.Due) > missedAfter {
			t.inbox.opts.Logger.Info("a scheduled run was missed, and is left out", "schedule", timer.Name, "due", timer.Due)
			message = nil
		}
	}
	ib := t.inbox
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	in, err := t.inbox.opts.Store.FireTimer(ctx, timer, next, message, now)
	if err != nil || in == nil {
		return err
	}
	ib.count(func(n *Counts) { n.Received++ })
	ib.add([]store.Inbound{*in}, false)
	return nil
}

// Set takes over the schedules of a script that was loaded. Those that it had before
// go on as they are.
func (t *Timers) Set(schedules []luabind.Schedule) {
	now := time.Now()
	var rows []store.Timer
	for _, s := range schedules {
		row := store.Timer{Name: s.Name, Line: s.Line, Due: s.Next(time.Time{}, now)}
		s.Line = "" // where it is in the file makes no other schedule of it
		spec, err := json.Marshal(s)
		if err != nil {
			t.inbox.opts.Logger.Error("encode a schedule", "schedule", s.Name, "err", err)
			continue
		}
		row.Spec = string(spec)
		rows = append(rows, row)
	}
	t.inbox.persist("keep the schedules", func(ctx context.Context) error {
		return t.inbox.opts.Store.SetSchedules(ctx, t.inbox.opts.Bot, rows, now)
	})
	t.once.Do(func() { close(t.ready) })
	t.Wake()
}

// isTimer reports whether it is a timer's row of the inbox.
func isTimer(in *store.Inbound) bool { return in.User == "" }

// TimerText says what a row of the inbox is about that is a timer's; ok is false for
// a message.
func TimerText(in *store.Inbound) (text string, ok bool) {
	var row timerRow
	if !isTimer(in) || json.Unmarshal(in.Message, &row) != nil {
		return "", false
	}
	text = "timer"
	if row.Schedule != "" {
		text = "schedule " + row.Schedule
	}
	if row.Line != "" {
		text += " of " + row.Line
	}
	return text, true
}

// startedBy is the conversation whose handler has started a timer, by other timers perhaps;
// "" for a schedule, and where that is no longer known.
func startedBy(ctx context.Context, l lookup, in *store.Inbound) string {
	for range maxTimerChain {
		var row timerRow
		if err := json.Unmarshal(in.Message, &row); err != nil || row.Origin == 0 {
			return ""
		}
		origin, err := l.store.Received(ctx, row.Origin)
		if err != nil || origin == nil {
			return ""
		}
		if !isTimer(origin) {
			return origin.Conversation
		}
		in = origin
	}
	return ""
}

// timerEvent makes of a timer's row of the inbox what the script is called with.
func timerEvent(ctx context.Context, l lookup, in *store.Inbound, journal []luabind.Record) (*luabind.TimerEvent, error) {
	var row timerRow
	if err := json.Unmarshal(in.Message, &row); err != nil {
		return nil, fmt.Errorf("read a timer: %w", err)
	}
	ev := &luabind.TimerEvent{Schedule: row.Schedule, Function: row.Function, Data: row.Data, Due: row.Due, Line: row.Line, Journal: journal}
	if row.Schedule == "" {
		ev.ID = row.ID
	}
	if row.Origin == 0 {
		return ev, nil
	}
	origin, err := l.store.Received(ctx, row.Origin)
	if err != nil || origin == nil {
		return ev, err
	}
	records, err := replay.Journal(ctx, l.store, origin.ID)
	if err != nil {
		return nil, err
	}
	if isTimer(origin) {
		ev.Timer, err = timerEvent(ctx, l, origin, records)
		return ev, err
	}
	msg := new(ilink.Message)
	if err := msg.UnmarshalJSON(origin.Message); err != nil {
		return nil, fmt.Errorf("read the message that a timer came of: %w", err)
	}
	ev.Message = &luabind.Event{Message: msg, Quote: l.quote(ctx, msg), Journal: records}
	return ev, nil
}

// Start starts a timer for a handler.
func (t *Timers) Start(ctx context.Context, req luabind.TimerRequest) (string, error) {
	ctx = context.WithoutCancel(ctx) // it is quick: an interrupt need not break it off
	timer := store.Timer{Bot: t.inbox.opts.Bot, Due: req.At, Line: req.Line, Function: req.Function, Data: req.Data}
	if timer.Due.UnixMilli() <= 0 {
		timer.Due = time.UnixMilli(1) // zero would be never
	}
	if req.Function == "" {
		run := replay.Of(ctx)
		if run == nil || luabind.StepOf(ctx) == nil {
			return "", &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "a timer's function needs a name, or a handler that can make it again"}
		}
		timer.Origin = run.Inbound.ID
	}
	// The handler is tried again from here, if that need be: else the timer would lose
	// the records by which its function is made.
	id, err := replay.OnceFrom(ctx, t.inbox.opts.Store, "start a timer", func(tx *store.Tx) (string, error) {
		id, err := store.AddTimer(tx, timer, time.Now())
		return strconv.FormatInt(id, 10), err
	})
	switch {
	case errors.Is(err, store.ErrTooManyTimers):
		err = &luabind.HostError{Kind: "full", Message: "too many timers are under way: cancel some, or use ilink.every"}
	case errors.Is(err, store.ErrTimerChain):
		err = &luabind.HostError{Kind: "too_many", Message: "too many timers have been started by one another: use ilink.every, or a function that the file defines at its top level"}
	}
	t.Wake()
	return id, err
}

// Stop stops a timer that isn't due yet.
func (t *Timers) Stop(ctx context.Context, id string) (bool, error) {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return false, nil // no timer of ours
	}
	stopped, err := replay.Once(context.WithoutCancel(ctx), t.inbox.opts.Store, "stop a timer", func(tx *store.Tx) (bool, error) {
		return store.RemoveTimer(tx, t.inbox.opts.Bot, number)
	})
	return stopped, err
}
