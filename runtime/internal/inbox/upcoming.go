package inbox

import (
	"context"
	"time"
)

// Upcoming is what an inbox has before it at one moment.
type Upcoming struct {
	// Busy says that a handler runs, or that a message waits for its turn behind one that
	// does.
	Busy bool
	// Asks has for each handler that waits for an answer when it waits no more, zero for
	// never, and Sleeps when those go on that sleep.
	Asks, Sleeps []time.Time
	// Timers are the times of the timers that handlers started, the next ones first.
	// Schedules are not among them.
	Timers []time.Time
}

// Upcoming returns what is before the inbox. sending is asked afterwards whether more may
// come of what handlers have sent: then, or if a handler runs, timers are not looked up.
func (ib *Inbox) Upcoming(ctx context.Context, sending func() bool) (u Upcoming, err error) {
	// What is on its way from the timers to the inbox is in neither.
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	u = ib.waits()
	// A handler may send until it ends: what it has sent is looked at afterwards.
	if u.Busy = sending() || u.Busy; u.Busy {
		return u, nil // whatever timers there are, more may come
	}
	next, err := ib.opts.Store.NextTimers(ctx, ib.opts.Bot, dueAtOnce)
	if err != nil {
		return u, err
	}
	for _, t := range next {
		if t.Name == "" {
			u.Timers = append(u.Timers, t.Due)
		}
	}
	return u, nil
}

// waits says what the conversations wait for.
func (ib *Inbox) waits() (u Upcoming) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for _, c := range ib.conversations {
		if !c.waits() {
			u.Busy = true
			continue
		}
		if p := c.queue[0].parked; p.sleeps {
			u.Sleeps = append(u.Sleeps, p.until)
		} else {
			u.Asks = append(u.Asks, p.until)
		}
	}
	return u
}

// Go runs something of the bot's that isn't about a message, such as a hook, among the
// handlers: Close waits for it, and ends ctx where it waits no more.
func (ib *Inbox) Go(f func(ctx context.Context)) {
	ib.workers.Go(func() { f(ib.ctx) })
}
