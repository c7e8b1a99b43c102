package sdnotify

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// watch runs the watchdog with an interval of 10 s in a bubble; advance moves
// its clock and returns how many pings that brought.
func watch(t *testing.T, healthy func() bool, test func(n *Notifier, advance func(time.Duration) int)) (log string) {
	t.Helper()
	l, name := listen(t, "")
	setenv(t, name, strconv.Itoa(10_000_000), "")
	n := New()
	var b strings.Builder
	n.Logger = slog.New(slog.NewTextHandler(&b, nil))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.Watchdog(ctx, healthy)
		}()
		synctest.Wait()
		test(n, func(d time.Duration) int {
			time.Sleep(d) // of the bubble's clock
			synctest.Wait()
			return l.pings(t, n)
		})
		cancel()
		<-done
	})
	return b.String()
}

func TestWatchdogPingsTwiceAnInterval(t *testing.T) {
	log := watch(t, nil, func(_ *Notifier, advance func(time.Duration) int) {
		if got := advance(0); got != 1 {
			t.Errorf("%d pings at the start, want 1", got)
		}
		if got := advance(4999 * time.Millisecond); got != 0 {
			t.Errorf("%d pings before half the interval, want 0", got)
		}
		if got := advance(time.Millisecond); got != 1 {
			t.Errorf("%d pings at half the interval, want 1", got)
		}
		if got := advance(20 * time.Second); got != 4 {
			t.Errorf("%d pings in 20 s, want 4", got)
		}
	})
	if log != "" {
		t.Errorf("log: %s", log)
	}
}

func TestWatchdogHoldsBackWhileSick(t *testing.T) {
	var sick atomic.Bool
	log := watch(t, func() bool { return !sick.Load() }, func(_ *Notifier, advance func(time.Duration) int) {
		advance(0)
		sick.Store(true)
		if got := advance(time.Minute); got != 0 {
			t.Errorf("%d pings while not healthy", got)
		}
		sick.Store(false)
		if got := advance(10 * time.Second); got != 2 {
			t.Errorf("%d pings when healthy again, want 2", got)
		}
	})
	if strings.Count(log, "not healthy") != 1 || strings.Count(log, "healthy again") != 1 {
		t.Errorf("one line for each change is wanted: %s", log)
	}
}

func TestWatchdogOutlivesErrors(t *testing.T) {
	log := watch(t, nil, func(n *Notifier, advance func(time.Duration) int) {
		advance(0)
		if err := os.Rename(n.socket, n.socket+".away"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := os.Rename(n.socket+".away", n.socket); err != nil {
			t.Fatal(err)
		}
		if got := advance(5 * time.Second); got != 1 {
			t.Errorf("%d pings after the trouble, want 1", got)
		}
	})
	if strings.Count(log, "can't tell") != 1 {
		t.Errorf("one line is wanted: %s", log)
	}
}
