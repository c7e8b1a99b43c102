package runtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// TestRenewal: a script whose variables grow too large is loaded anew, and what it
// keeps in ilink.state stays.
func TestRenewal(t *testing.T) {
	w := newWorld(t, `local all = {}
function on_message(msg)
  local state = ilink.state
  state.count = (state.count or 0) + 1
  for i = 1, 4000 do all[#all + 1] = { i } end
  msg:reply(#all .. " " .. state.count)
end`, func(c *runtime.Config) {
		unlimited(c)
		c.Bots[0].Sandbox.Memory = 4 << 20
		c.Delivery.RetryOver = runtime.Duration(time.Millisecond)
	})
	var all, before, count int
	for all >= before {
		if before = all; count > 50 {
			t.Fatalf("it wasn't loaded anew; log:\n%s", w.log)
		}
		if _, err := fmt.Sscan(w.ask("x"), &all, &count); err != nil {
			t.Fatal(err)
		}
	}
	if count < 5 {
		t.Errorf("the state says %d", count)
	}
	if r := w.reloaded(); r.Err != nil || r.Generation != 2 {
		t.Errorf("%+v", r)
	}
	contains(t, w.log.String(), "the script holds more memory than [bot.sandbox] memory allows: it is loaded anew")
}

// TestRenewalFails: as long as a script that grew too large can't be loaded anew, its
// messages wait, and what it keeps in ilink.state does too.
func TestRenewalFails(t *testing.T) {
	const works = `function on_message(msg)
  local state = ilink.state
  state.count = (state.count or 0) + 1
  msg:reply("handled " .. state.count)
  if msg.text == "grow" then all = {} for i = 1, 30000 do all[i] = { i } end end
end`
	w := newWorld(t, works, func(c *runtime.Config) {
		unlimited(c)
		c.Bots[0].Sandbox.Memory = 4 << 20
		c.Delivery.Retries = -1
	})
	w.write("echo.lua", "function on_message(")
	if r := w.reloaded(); r.Err == nil {
		t.Fatal("a faulty script was loaded")
	}
	if got := w.ask("grow"); got != "handled 1" {
		t.Fatal(got)
	}
	if r := w.reloaded(); r.Err == nil {
		t.Fatal("a faulty script was loaded")
	}
	if _, err := w.sim.Inject(ilinksim.In{From: "alice", Text: "x"}); err != nil {
		t.Fatal(err)
	}
	w.write("echo.lua", works)
	for {
		if r := w.reloaded(); r.Err == nil {
			break // it is tried now and then
		}
	}
	if sent := w.sent(1); sent[0].Text != "handled 2" {
		t.Errorf("it answered %q", sent[0].Text)
	}
}
