package runtime_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
)

// A file that a script requires is away while the script is loaded, and comes back as
// it was: all looks as before the load, and the script is loaded all the same.
func TestReloadOfWhatWasAway(t *testing.T) {
	w := newWorld(t, `function on_message(msg) msg:reply("base") end`, func(c *runtime.Config) {
		c.Bots[0].Sandbox.Instructions = 1e10 // the loop below ends by the clock
	})
	w.write("helper.lua", "return 'h'")
	if got := w.ask("hi"); got != "base" {
		t.Fatal(got)
	}
	w.write("echo.lua", `ilink.log("loading begins")
local t, x = os.clock(), 0
while os.clock() - t < 0.3 do x = x + 1 end
local h = require("helper")
function on_message(msg) msg:reply("new " .. h) end`)
	for deadline := time.Now().Add(patience); !strings.Contains(w.log.String(), "loading begins"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not loaded; log:\n%s", w.log)
		}
	}
	helper := filepath.Join(w.dir, "scripts", "helper.lua")
	if err := os.Rename(helper, helper+".away"); err != nil {
		t.Fatal(err)
	}
	if r := w.reloaded(); r.Err == nil || !strings.Contains(r.Err.Error(), "helper") {
		t.Fatalf("%+v", r)
	}
	if err := os.Rename(helper+".away", helper); err != nil {
		t.Fatal(err)
	}
	for r := w.reloaded(); r.Err != nil; r = w.reloaded() {
	}
	if got := w.ask("hi"); got != "new h" {
		t.Error(got)
	}
}
