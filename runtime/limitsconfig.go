package runtime

import (
	"time"

	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/store"
)

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
