package account

import (
	"testing"
	"time"
)

func TestArrivedAfter(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(1_000_000 + ms)) }
	for _, c := range []struct {
		name                        string
		started, received, previous time.Time
		trip                        time.Duration
		want                        time.Time
	}{
		{"held", at(0), at(5000), at(-10), 50 * time.Millisecond, at(5000 - 150)},
		{"held, near server", at(0), at(5000), at(-10), time.Millisecond, at(5000 - 20)},
		{"held, far server", at(0), at(50_000), at(-10), 10 * time.Second, at(50_000 - 2000)},
		{"prompt: it may have come since the poll before", at(0), at(100), at(-10), 50 * time.Millisecond, at(-10 - 150)},
		{"the first poll", at(0), at(100), time.Time{}, 50 * time.Millisecond, at(-60_000)},
	} {
		if got := arrivedAfter(c.started, c.received, c.previous, c.trip); !got.Equal(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got.Sub(at(0)), c.want.Sub(at(0)))
		}
	}
}
