package outbox

import (
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// windowMargin is how long before its end a window counts as closed: a send that
// is on its way at the end would be refused.
const windowMargin = time.Minute

// Room returns how many sends a window has room for at a time of the server's clock,
// which closes it, and if there are none, why: luabind's StatusWindowClosed or
// StatusQuota (protocol §4).
func (l Limits) Room(w store.Window, now time.Time) (n int, why string) {
	const unlimited = 1 << 30
	switch {
	case w.Closed: // the server says so, whatever we reckon with
		return 0, luabind.StatusWindowClosed
	case l.PerInbound < 0:
		return unlimited, ""
	case w.Opened.IsZero(), !now.Before(w.Opened.Add(l.Window - windowMargin)):
		return 0, luabind.StatusWindowClosed
	case w.Used >= l.PerInbound:
		return 0, luabind.StatusQuota
	}
	return l.PerInbound - w.Used, ""
}
