package runtime_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

func answering(text string) string {
	return fmt.Sprintf("function on_message(msg) return msg:reply(%q) end", text)
}

func TestReload(t *testing.T) {
	w := newWorld(t, answering("one"), nil)
	if got := w.ask("hi"); got != "one" {
		t.Fatal(got)
	}
	w.write("echo.lua", answering("two"))
	if r := w.reloaded(); r.Err != nil || r.Generation != 2 {
		t.Fatalf("%+v", r)
	}
	if got := w.ask("hi"); got != "two" {
		t.Fatal(got)
	}

	for name, broken := range map[string]string{
		"syntax":        "function on_message(msg\n return msg:reply('x') end",
		"at start":      "local t = nil\nt.x = 1\nfunction on_message() end",
		"no on_message": "function on_mesage(msg) end",
		"endless":       "while true do end",
	} {
		w.write("echo.lua", broken)
		if r := w.reloaded(); r.Err == nil || r.Generation != 2 {
			t.Fatalf("%s: %+v", name, r)
		}
		if got := w.ask("hi"); got != "two" {
			t.Fatalf("%s: the old version did not stay: %q", name, got)
		}
	}
	contains(t, w.log.String(), "echo.lua:2:", "the version before it stays in use")
	w.write("echo.lua", answering("three"))
	if r := w.reloaded(); r.Err != nil || r.Generation != 3 {
		t.Fatalf("%+v", r)
	}
	if got := w.ask("hi"); got != "three" {
		t.Fatal(got)
	}
}

func TestReloadFollowsRequiredFilesAndRenames(t *testing.T) {
	w := newWorld(t, `
local words = require("lib.words")
function on_message(msg) return msg:reply(words.hello) end`, func(c *runtime.Config) {
		// newWorld writes only the entry; the module must be there before the start.
		dir := filepath.Join(filepath.Dir(c.Bots[0].Script), "lib")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "words.lua"), []byte(`return { hello = "one" }`), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	if got := w.ask("hi"); got != "one" {
		t.Fatal(got)
	}
	// As editors save: a new file renamed over the old one.
	w.write("lib/.words.lua.swp", `return { hello = "two" }`)
	if err := os.Rename(filepath.Join(w.dir, "scripts/lib/.words.lua.swp"), filepath.Join(w.dir, "scripts/lib/words.lua")); err != nil {
		t.Fatal(err)
	}
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := w.ask("hi"); got != "two" {
		t.Fatal(got)
	}
	// A module that is missing now, and comes to be later.
	w.write("echo.lua", `
local more = require("more")
function on_message(msg) return msg:reply(more) end`)
	if r := w.reloaded(); r.Err == nil {
		t.Fatal("a missing module was not noticed")
	}
	w.write("more.lua", `return "three"`)
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := w.ask("hi"); got != "three" {
		t.Fatal(got)
	}
}

func TestNoMessageIsLostAcrossReloads(t *testing.T) {
	w := newWorld(t, answering("gen 0"), unlimited, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	const users, each, reloads = 8, 25, 10
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range each {
			for u := range users {
				w.sim.Say(fmt.Sprint("user", u), fmt.Sprint(i))
			}
		}
	}()
	for i := range reloads {
		w.write("echo.lua", fmt.Sprintf(`
function on_message(msg)
  ilink.typing(msg, true)
  return msg:reply(msg.text .. " gen %d")
end`, i+1))
		// A file that is being written may be met half-way; the version before it
		// stays, and the whole one follows.
		for r := w.reloaded(); r.Err != nil; r = w.reloaded() {
		}
	}
	<-done
	next := map[string]int{}
	for _, s := range w.sent(users * each) {
		number, _, _ := strings.Cut(s.Text, " ")
		if number == "gen" { // the first version doesn't repeat the text
			next[s.To]++
			continue
		}
		if number != fmt.Sprint(next[s.To]) {
			t.Fatalf("%s got the answer to %s after %d others", s.To, number, next[s.To])
		}
		next[s.To]++
	}
	if s := w.handled(users * each); s.Handled != users*each || s.Failed != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestAHandlerEndsOnItsOldGeneration(t *testing.T) {
	w := newWorld(t, `
version = "old"
function on_message(msg)
  if msg.text == "go" then go = true return end
  ilink.typing(msg, true)
  while not go do time.sleep(0.01) end
  msg:reply(version)
end`, nil)
	w.sim.Say("alice", "wait")
	for len(w.sim.Typing(0)) == 0 {
		if err := w.rt.WaitStatus(t.Context(), "echo", func(s runtime.Status) bool { return s.Received == 1 }); err != nil {
			t.Fatal(err)
		}
	}
	w.sim.Say("bob", "go")
	w.handled(1)
	w.write("echo.lua", answering("new"))
	w.reloaded()
	if got := w.sent(1)[0].Text; got != "old" {
		t.Errorf("the running handler answered %q", got)
	}
	if got := w.ask("again"); got != "new" {
		t.Errorf("the next message was answered with %q", got)
	}
}

func TestMessagesWaitForAScriptThatWorks(t *testing.T) {
	w := newWorld(t, "this is no Lua", nil)
	w.sim.Say("alice", "first")
	w.sim.Say("alice", "second")
	w.write("echo.lua", "function on_message(msg) return msg:reply(msg.text) end")
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	got := w.sent(2)
	if got[0].Text != "first" || got[1].Text != "second" {
		t.Errorf("got %q and %q", got[0].Text, got[1].Text)
	}
}

func TestStateGoesToTheNextGeneration(t *testing.T) {
	const script = `
local state = ilink.state
function on_message(msg)
  state.count = (state.count or 0) + 1
  state.bad = msg.text == "spoil" and print or nil
  return msg:reply("%s " .. state.count)
end`
	w := newWorld(t, fmt.Sprintf(script, "one"), nil)
	if got := w.ask("hi"); got != "one 1" {
		t.Fatal(got)
	}
	w.write("echo.lua", fmt.Sprintf(script, "two"))
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := w.ask("hi"); got != "two 2" {
		t.Fatal(got)
	}

	w.ask("spoil")
	w.write("echo.lua", fmt.Sprintf(script, "three"))
	r := w.reloaded()
	if r.Err == nil || r.Generation != 2 {
		t.Fatalf("%+v", r)
	}
	contains(t, r.Err.Error(), "ilink.state.bad is a function")
	contains(t, w.log.String(), "ilink.state.bad is a function", "the version before it stays in use")
	if got := w.ask("mend"); got != "two 4" {
		t.Fatal(got)
	}
	w.write("echo.lua", fmt.Sprintf(script, "four"))
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := w.ask("hi"); got != "four 5" {
		t.Fatal(got)
	}
}
