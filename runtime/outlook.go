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
		return b.files.Wrote()
	}
	return nil
}

func (b *bot) outlook(ctx context.Context) (o Outlook, err error) {
	u, err := b.inbox.Upcoming(ctx, func() (sending bool) {
		o.Queued, o.SendsAt, sending = b.outbox.Upcoming()
		return sending
	})
	o.Busy, o.Asks, o.Sleeps, o.Timers = u.Busy, u.Asks, u.Sleeps, u.Timers
	return o, err
}
