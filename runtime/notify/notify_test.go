package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// slow is a target that takes its time, and remembers.
type slow struct {
	took time.Duration
	err  error
	got  []string // "bot:state", of deliveries that weren't broken off
}

func (s *slow) attr() slog.Attr { return slog.String("test", "slow") }

func (s *slow) deliver(ctx context.Context, ev Event) error {
	if !wait(ctx, s.took) {
		return ctx.Err()
	}
	s.got = append(s.got, ev.Bot+":"+ev.State)
	return s.err
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

func closeNow(t *testing.T, n *Notifier) {
	t.Helper()
	if err := n.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestOrderIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, log := newLog()
		s := &slow{took: time.Second}
		n := start(log, []target{s})
		for _, bot := range []string{"a", "b", "c"} {
			n.Notify(Event{Bot: bot, State: "running"})
		}
		closeNow(t, n)
		expect(t, s.got, "a:running", "b:running", "c:running")
		n.Notify(Event{Bot: "a", State: "stopped"})
		closeNow(t, n)
		expect(t, s.got, "a:running", "b:running", "c:running")
	})
}

func TestFlappingIsFolded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, log := newLog()
		s := &slow{took: time.Second}
		n := start(log, []target{s})
		n.Notify(Event{Bot: "a", State: "unreachable"})
		synctest.Wait() // it is being delivered, and waits no more
		n.Notify(Event{Bot: "a", State: "running"})
		n.Notify(Event{Bot: "b", State: "conflict"})
		for range 100 {
			n.Notify(Event{Bot: "a", State: "unreachable"})
			n.Notify(Event{Bot: "a", State: "running"})
		}
		closeNow(t, n)
		expect(t, s.got, "a:unreachable", "b:conflict", "a:running")
		if strings.Contains(out.String(), "level=WARN") {
			t.Errorf("folding is nothing to warn of: %s", out)
		}
	})
}

func TestFullQueueDropsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, log := newLog()
		s := &slow{took: time.Second}
		n := start(log, []target{s})
		n.Notify(Event{Bot: "first", State: "running"})
		synctest.Wait()
		began := time.Now()
		var want []string
		for i := range maxQueue + 2 {
			n.Notify(Event{Bot: fmt.Sprint(i), State: "stopped"})
			want = append(want, fmt.Sprintf("%d:stopped", i))
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("Notify blocked for %v", d)
		}
		closeNow(t, n)
		expect(t, s.got, append([]string{"first:running"}, want[2:]...)...)
		if strings.Count(out.String(), "too many wait") != 2 || !strings.Contains(out.String(), "bot=0 ") || !strings.Contains(out.String(), "bot=1 ") {
			t.Errorf("log: %s", out)
		}
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, log := newLog()
		s := &slow{took: time.Second}
		n := start(log, []target{s})
		for _, bot := range []string{"a", "b", "c", "d"} {
			n.Notify(Event{Bot: bot, State: "stopped"})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := n.Close(ctx)
		if err == nil || !strings.Contains(err.Error(), "2 changes") {
			t.Errorf("error %v", err)
		}
		if d := time.Since(began); d != 2500*time.Millisecond {
			t.Errorf("Close took %v", d)
		}
		expect(t, s.got, "a:stopped", "b:stopped")
		if strings.Count(out.String(), "couldn't be told") != 2 {
			t.Errorf("log: %s", out)
		}
	})
}

func TestTargetsAreToldSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, log := newLog()
		hangs, works := &slow{took: time.Hour, err: errors.New("no use")}, &slow{took: time.Second}
		n := start(log, []target{hangs, works})
		n.Notify(Event{Bot: "a", State: "running"})
		time.Sleep(time.Second) // of the bubble's clock
		synctest.Wait()
		expect(t, works.got, "a:running")
		closeNow(t, n)
		if !strings.Contains(out.String(), "no use") {
			t.Errorf("log: %s", out)
		}
	})
}

func TestNobodyToTell(t *testing.T) {
	for name, n := range map[string]*Notifier{"nil": nil, "empty": New(Config{}, nil)} {
		if n.Enabled() {
			t.Errorf("%s: enabled", name)
		}
		n.Notify(sample())
		closeNow(t, n)
		closeNow(t, n)
	}
}

func TestEventsAreCleaned(t *testing.T) {
	now := time.Now()
	ev := Event{Bot: "a\x00b", Message: "\xff" + strings.Repeat("é", maxMessage)}.clean(now)
	if ev.Bot != "ab" || !ev.At.Equal(now) {
		t.Errorf("%+v", ev)
	}
	if len(ev.Message) > maxMessage || !utf8.ValidString(ev.Message) || !strings.HasSuffix(ev.Message, "…") {
		t.Errorf("%d bytes of a message", len(ev.Message))
	}
	b, err := sample().clean(now).body()
	if err != nil || string(b) != sampleJSON {
		t.Errorf("%s, %v", b, err)
	}
}
