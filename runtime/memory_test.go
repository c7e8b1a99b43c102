package runtime_test

import (
	"fmt"
	"testing"
	"time"

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
		c.Delivery.RetryOver = runtime.Duration(time.Second) // the fresh one must be there by then
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
