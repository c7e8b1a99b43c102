package outbox

import (
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

func TestRoom(t *testing.T) {
	now := time.Now()
	usual := Limits{PerInbound: 10, Window: 24 * time.Hour}
	for _, c := range []struct {
		name   string
		limits Limits
		w      store.Window
		left   int
		why    string
	}{
		{"never written", usual, store.Window{}, 0, luabind.StatusWindowClosed},
		{"fresh", usual, store.Window{Opened: now}, 10, ""},
		{"used", usual, store.Window{Opened: now, Used: 9}, 1, ""},
		{"used up", usual, store.Window{Opened: now, Used: 10}, 0, luabind.StatusQuota},
		{"overdrawn", usual, store.Window{Opened: now, Used: 12}, 0, luabind.StatusQuota},
		{"closed by the server", usual, store.Window{Opened: now, Closed: true}, 0, luabind.StatusWindowClosed},
		{"nearly over", usual, store.Window{Opened: now.Add(windowMargin + time.Second - 24*time.Hour)}, 10, ""},
		{"over", usual, store.Window{Opened: now.Add(windowMargin - 24*time.Hour)}, 0, luabind.StatusWindowClosed},
		{"no limits", Limits{PerInbound: -1}, store.Window{}, 1 << 30, ""},
	} {
		left, why := c.limits.Room(c.w, now)
		if left != c.left || why != c.why {
			t.Errorf("%s: %d %q, want %d %q", c.name, left, why, c.left, c.why)
		}
	}
}
