package runtime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
)

func quickRetries(c *runtime.Config) { c.Delivery.RetryOver = runtime.Duration(time.Millisecond) }

func TestKVHappensOnce(t *testing.T) {
	w := newWorld(t, `
		function on_message(msg)
			local n = kv.incr("n")
			local list = kv.update("list", function(list)
				list = list or {}
				list[#list + 1] = n
				return list
			end)
			local me = kv.user(msg)
			me:set("last", (me:get("last") or "") .. msg.text)
			if not failed then
				failed = true
				error("the first time")
			end
			failed = false
			msg:reply(n .. " " .. #list .. " " .. kv.get("n") .. " " .. me:get("last"))
		end`, quickRetries)
	for _, want := range []string{"1 1 1 a", "2 2 2 aa", "3 3 3 aaa"} {
		if got := w.ask("a"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if n := strings.Count(w.log.String(), "the first time"); n < 3 {
		t.Errorf("the handlers failed %d times", n)
	}
}

// A handler that is run again, and makes another change now, makes that.
func TestKVOfAChangedScript(t *testing.T) {
	w := newWorld(t, `function on_message(msg) kv.incr("wrong") local x = nil + 1 end`, nil)
	w.sim.Say("alice", "hi")
	w.handled(1)
	w.write("echo.lua", `function on_message(msg)
		kv.incr("right") msg:reply(kv.get("right", 0) .. " " .. kv.get("wrong", 0)) end`)
	if got := w.sent(1)[0].Text; got != "1 1" {
		t.Errorf("got %q", got)
	}
}

func TestKVLimits(t *testing.T) {
	w := newWorld(t, `
		function on_message(msg)
			local _, long = pcall(kv.set, ("k"):rep(513), 1)
			local _, nul = pcall(kv.set, "a\0b", 1)
			local _, bytes = pcall(kv.set, "\255", 1)
			local _, empty = pcall(kv.get, "")
			local _, full = pcall(kv.set, "k", ("x"):rep(1000))
			msg:reply(table.concat({ long, nul, bytes, empty, full }, "\n"))
		end`, func(c *runtime.Config) { c.Retention.KVBytes = 1000 })
	contains(t, w.ask("hi"), "a key may have 512 bytes, and this one has 513", "a key must be a text in UTF-8, without NUL",
		"a key must not be empty", "the bot keeps as much as it may (1000 bytes)")
}
