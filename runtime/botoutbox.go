package runtime

import (
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/notify"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// newOutbox is the bot's outbox, as the configuration has it.
func (b *bot) newOutbox() *outbox.Outbox {
	return outbox.New(outbox.Options{
		Bot: b.cfg.Name, Store: b.store, Account: b.account, Files: b.host.files, Logger: b.log,
		Limits: b.shared.Limits.outbox(), Pauses: outbox.Pauses{Trouble: b.shared.pauses.trouble, Session: b.shared.pauses.session},
		HoldUncertain: b.shared.Delivery.OnUncertain == UncertainHold,
		OnSuppressed:  b.suppressed, Changed: b.stats.poke,
	})
}

func (l LimitsConfig) outbox() outbox.Limits {
	return outbox.Limits{
		PerInbound: l.PerInbound, Window: time.Duration(l.Window), WhenFull: l.WhenFull, NudgeText: l.NudgeText,
		Lifetime: time.Duration(l.Lifetime), MaxQueued: l.MaxQueued, ParallelSends: l.ParallelSends,
		MinGap: time.Duration(l.MinGap), Burst: l.Burst, TextRunes: l.TextRunes,
	}
}

// Room returns how many sends a window has room for at a time of the server's
// clock, and if there are none, why: luabind's StatusWindowClosed or StatusQuota.
func (l LimitsConfig) Room(w store.Window, now time.Time) (n int, why string) {
	return l.outbox().Room(w, now)
}

// suppressed tells the operator and the script that the server doesn't deliver to a
// user.
func (b *bot) suppressed(info luabind.SuppressedInfo) {
	if b.tell != nil {
		state := b.stats.snapshot().shown().State
		b.tell(b.cfg.Name, notify.StateUserSuppressed, state, "the server accepts messages to "+info.User+" and doesn't deliver them")
	}
	g := b.loader.acquire()
	if g == nil {
		return
	}
	b.inbox.workers.Go(func() {
		defer g.release()
		if err := g.sandbox.OnSuppressed(b.inbox.ctx, info); err != nil {
			logScriptError(b.log, "on_suppressed failed", err)
		}
	})
}
