package luabind

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestChanceRepeats: a handler that is run again sees the same times and numbers.
func TestChanceRepeats(t *testing.T) {
	b := load(t, `
function on_message(msg)
  print(os.time(), os.date(), os.clock(), math.random(), math.random(1e9))
  msg:reply("x")
end`)
	ev := textEvent("1", "x")
	var kept []Record
	b.host.send = func(ctx context.Context, _ SendRequest) (SendResult, error) {
		if s := StepOf(ctx); s != nil {
			kept = s.Pending
		}
		return SendResult{Status: StatusSent, MessageIDs: []string{"1"}, Parts: 1, Sent: 1}, nil
	}
	run := func() string {
		t.Helper()
		b.host.logs = nil
		if err := b.OnMessage(context.Background(), ev); err != nil {
			t.Fatal(err)
		}
		return b.host.logged()
	}
	first := run()
	if len(kept) != 4 {
		t.Fatalf("%d calls are on record", len(kept))
	}
	ev.Journal = kept
	if again := run(); again != first {
		t.Errorf("%s, and at first %s", again, first)
	}
	ev.Journal = nil
	if other := run(); other == first {
		t.Errorf("another handler has the same numbers: %s", other)
	}
}

// TestTypingRepeats: nobody sees typing for what was done before; what is done yet
// is shown.
func TestTypingRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := load(t, `
function on_message(msg)
  msg:typing(function() msg:reply("1") end)
  msg:typing(function() msg:reply("2") msg:reply("3") end)
end`)
		ev := textEvent("1", "x")
		b.host.send = func(ctx context.Context, _ SendRequest) (SendResult, error) {
			time.Sleep(time.Second)
			if s := StepOf(ctx); len(s.Pending) > 0 {
				ev.Journal = s.Pending
			}
			return SendResult{Status: StatusSent, MessageIDs: []string{"1"}, Parts: 1, Sent: 1}, nil
		}
		const once = "typing alice@im.wechat true typing alice@im.wechat false"
		for _, want := range []string{once + " " + once, once} {
			b.host.calls = nil
			if err := b.OnMessage(t.Context(), ev); err != nil {
				t.Fatal(err)
			}
			wantText(t, strings.Join(b.host.calls, " "), want)
		}
	})
}

// TestRandomSeed: a seed holds for the handler that sets it, and, set by the file,
// for the handlers in order.
func TestRandomSeed(t *testing.T) {
	const script = `math.randomseed(42)
print(math.random(1e9))
function on_message(msg)
  if msg.text == "seed" then math.randomseed(7) end
  print(math.random(1e9))
end`
	run := func() string {
		b := load(t, script)
		for _, text := range []string{"x", "x", "seed", "seed", "x"} {
			b.says(text)
		}
		return b.host.logged()
	}
	first := run()
	if again := run(); again != first {
		t.Errorf("%s, and at first %s", again, first)
	}
	seen := map[string]int{}
	for _, line := range strings.Split(first, "\n") {
		seen[line]++
	}
	if len(seen) != 5 {
		t.Errorf("of six numbers, five should differ:\n%s", first)
	}
}

func BenchmarkNoted(b *testing.B) {
	for name, call := range map[string]string{"os.time": "os.time()", "math.random": "math.random(6)", "type": "type(i)"} {
		b.Run(name, func(b *testing.B) {
			bot := load(b, `function on_message(msg) for i = 1, 1000 do `+call+` end end`)
			for b.Loop() {
				bot.says("x")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/call")
		})
	}
}
