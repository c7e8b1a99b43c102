package runtime

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Outlook is what a bot has before it at one moment: what comes by itself, and what waits
// for a user.
type Outlook struct {
	// Busy says that a handler runs, that a message waits for its turn behind one that
	// does, or that a message is sent now.
	Busy bool
	// Asks has for each handler that waits for an answer when it waits no more, zero for
	// never, and Sleeps when those go on that sleep.
	Asks, Sleeps []time.Time
	// Timers are the times of the timers that handlers started, the next ones first.
	// Schedules are not among them, and they are not looked up while it is busy.
	Timers []time.Time
	// Queued counts the messages to be sent, and SendsAt is when the next one is sent if
	// no user writes: zero for never, as then they wait for users.
	Queued  int
	SendsAt time.Time
}

// Comes reports whether one of some times of the outlook is not after until; zero is
// never.
func (Outlook) Comes(until time.Time, times ...[]time.Time) bool {
	for _, t := range slices.Concat(times...) {
		if !t.IsZero() && !t.After(until) {
			return true
		}
	}
	return false
}

// WaitOutlook blocks until ok says so of what a bot has before it, or ctx ends. ok is
// called at each change.
func (r *Runtime) WaitOutlook(ctx context.Context, bot string, ok func(Status, Outlook) bool) error {
	b, err := r.waitBot(ctx, bot)
	if err != nil {
		return err
	}
	var failed error
	err = b.stats.wait(ctx, func() bool {
		var o Outlook
		if o, failed = b.outlook(ctx); failed != nil {
			return true
		}
		return ok(b.status(), o)
	})
	if failed != nil && ctx.Err() == nil {
		return fmt.Errorf("look at what the bot has before it: %w", failed)
	}
	return err
}

// Wrote returns the folders and files that a bot's script has written since the start,
// as [bot.allow] files names them.
func (r *Runtime) Wrote(bot string) []string {
	if b := r.bot(bot); b != nil {
		return b.host.files.Wrote()
	}
	return nil
}

func (b *bot) outlook(ctx context.Context) (Outlook, error) {
	// What is on its way from the timers to the inbox is in neither.
	b.inbox.taking.Lock()
	defer b.inbox.taking.Unlock()
	o := b.inbox.outlook()
	// A handler may send until it ends: what it has sent is looked at afterwards.
	var sending bool
	o.Queued, o.SendsAt, sending = b.outbox.Upcoming()
	if o.Busy = o.Busy || sending; o.Busy {
		return o, nil // whatever timers there are, more may come
	}
	next, err := b.store.NextTimers(ctx, b.cfg.Name, dueAtOnce)
	if err != nil {
		return o, err
	}
	for _, t := range next {
		if t.Name == "" {
			o.Timers = append(o.Timers, t.Due)
		}
	}
	return o, nil
}

// outlook says what the conversations wait for.
func (ib *inbox) outlook() (o Outlook) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for _, l := range ib.lanes {
		if !l.waits() {
			o.Busy = true
			continue
		}
		if p := l.queue[0].pause; p.sleeps {
			o.Sleeps = append(o.Sleeps, p.until)
		} else {
			o.Asks = append(o.Asks, p.until)
		}
	}
	return o
}

// waits reports whether the conversation's handler has nothing to go on with, and no
// on_interrupt runs. The inbox's mu must be held.
func (l *conversation) waits() bool {
	if len(l.queue) == 0 || l.queue[0].pause == nil {
		return false
	}
	for _, later := range l.queue[1:] {
		if !l.queue[0].pause.sleeps {
			return false
		}
		if later.shown != nil {
			select {
			case <-later.shown:
			default:
				return false
			}
		}
	}
	return true
}
