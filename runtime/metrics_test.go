package runtime_test

import (
	"context"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
)

// TestMetricsTellWhatHappened: the figures that are about messages that failed or wait, and
// about loads, are those of what happened.
func TestMetricsTellWhatHappened(t *testing.T) {
	w := newWorld(t, `function on_message(msg)
  if msg.text == "bad" then error("it fails") end
  ilink.send("stranger@im.wechat", "waits")
  msg:reply("good")
end`, func(c *runtime.Config) {
		c.Delivery.Retries = -1
	})
	w.sim.Say("alice", "bad")
	if got := w.ask("good"); got != "good" {
		t.Fatal(got)
	}
	w.handled(2)
	w.write("echo.lua", "function on_message(")
	if r := w.reloaded(); r.Err == nil {
		t.Fatal("a faulty script was loaded")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool { return s.ReloadErrors == 1 && s.Handlers == 0 }); err != nil {
		t.Fatal(err)
	}
	b := w.rt.Snapshot().Bots[0]
	for name, is := range map[string][2]int64{
		"received": {b.Received, 2}, "failed": {b.Failed, 1}, "dead": {b.Dead, 1}, "sent": {b.Sent, 1}, "queued": {b.Queued, 1},
		"deferred": {b.Deferred, 1}, "held": {b.Held, 0}, "reloads": {b.Reloads, 1}, "reload errors": {b.ReloadErrors, 1},
		"running": {int64(b.Running), 0}, "oldest": {int64(b.OldestWaiting), 0},
	} {
		if is[0] != is[1] {
			t.Errorf("%s: %d, want %d", name, is[0], is[1])
		}
	}
}
