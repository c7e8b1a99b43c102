package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// change writes to the store, as another process would.
func (w *world) change(query string, args ...any) {
	w.t.Helper()
	err := w.withStore(func(s *store.Store) error {
		return s.Update(context.Background(), "change it", func(tx *store.Tx) error {
			_, err := tx.Exec(query, args...)
			return err
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) withStore(f func(*store.Store) error) error {
	s, err := store.Open(context.Background(), runtime.StorePath(w.cfg.Data), store.Options{Existing: true, Volatile: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// timers are the timers that there are, as "name line".
func (w *world) timers() (all []string) {
	w.t.Helper()
	if err := w.withStore(func(s *store.Store) error {
		timers, err := s.NextTimers(context.Background(), "echo", 100)
		for _, t := range timers {
			all = append(all, t.Name+t.Function)
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// restart stops the runtime and starts another one with the same data.
func (w *world) restart() {
	w.t.Helper()
	w.stop()
	w.start()
	w.reloaded()
}

func TestTimersOfHandlers(t *testing.T) {
	w := newWorld(t, `
		function on_message(msg)
			local n = kv.incr("n")
			ilink.after(0, function() msg:reply("first " .. msg.text .. n .. " " .. kv.incr("n")) end)
			local later = ilink.after(3600, function() msg:reply("never") end)
			msg:reply(tostring(later:cancel()) .. tostring(later:cancel()))
		end`, nil)
	w.sim.Say("alice", "a")
	got := map[string]bool{}
	for _, s := range w.sent(2) {
		got[s.Text] = true
	}
	if !got["first a1 2"] || !got["truefalse"] {
		t.Errorf("sent %v", got)
	}
	if left := w.timers(); len(left) > 0 {
		t.Errorf("timers are left: %q", left)
	}
}

// After a restart the function of a timer is made again, and does what it would have.
func TestTimersOutliveRestarts(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	w := newWorld(t, `
		local function word() return "file" end
		function named(due, about) ilink.send(about.to, word() .. #about.list) end
		function on_message(msg)
			local n = kv.incr("n")
			msg:reply("wait")
			ilink.after("1h", function()
				local now = kv.incr("n")
				msg:reply(msg.text .. n .. " " .. now .. " " .. kv.get("n"))
				ilink.after("2h", function() msg:reply("nested " .. msg.text .. n) end)
				if not failed then failed = true error("the first time") end
			end)
			ilink.after("3h", named, { data = { to = msg.from, list = { 1, 2 } } })
			n = 10
			kv.incr("n")
		end`, quickRetries)
	w.ask("a")
	w.handled(1)
	for _, want := range []string{"a10 3 3", "nested a10", "file2"} {
		w.restart()
		w.change(`UPDATE timers SET due = 1 WHERE id = (SELECT id FROM timers ORDER BY due LIMIT 1)`)
		if got := w.sent(1)[0].Text; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if n := w.sim.Sent(0); len(n) != 4 {
		t.Errorf("sent %+v", n)
	}
}

// A timer whose script was changed is dead, with a reason, until the script is as before.
func TestTimerOfAnotherScript(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	const script = `function on_message(msg) kv.set("to", msg.from) ilink.after(3600, function() msg:reply("done") end) msg:reply("wait") end`
	w := newWorld(t, script, nil)
	w.ask("a")
	w.handled(1)
	w.write("echo.lua", `function on_message(msg) msg:reply("another") end
		function on_error(err, msg) ilink.send(kv.get("to"), tostring(msg) .. err.message) end`)
	w.reloaded()
	w.restart()
	w.change(`UPDATE timers SET due = 1`)
	contains(t, w.sent(1)[0].Text, "nilthe timer that was started at scripts/echo.lua:1 can't be run: the handler that started it doesn't do so any more")
	w.write("echo.lua", script)
	if got := w.sent(1)[0].Text; got != "done" {
		t.Errorf("got %q", got)
	}
}

func TestSchedules(t *testing.T) {
	script := func(more string) string {
		return `
		ilink.every("0 9 * * *", function() ilink.send(kv.get("to"), "morning " .. kv.incr("n")) end, { name = "morning" })
		ilink.every("1h", function() ilink.send(kv.get("to"), "skipped") end, { missed = "skip" })
		ilink.at("2100-01-01 09:00", function() ilink.send(kv.get("to"), "century") end, { name = "century" })
		` + more + `
		function on_message(msg) kv.set("to", msg.from) msg:reply("hello") end`
	}
	w := newWorld(t, script(""), nil)
	w.ask("hi") // so that something may be sent
	if got, want := fmt.Sprint(w.timers()), "[every 1h0m0s morning century]"; got != want {
		t.Errorf("timers %s, want %s", got, want)
	}
	// What was missed runs once, or not at all.
	w.stop()
	w.change(`UPDATE timers SET due = ?`, time.Now().Add(-100*time.Hour).UnixMilli())
	w.start()
	w.reloaded()
	got := map[string]bool{}
	for _, s := range w.sent(2) {
		got[s.Text] = true
	}
	if !got["morning 1"] || !got["century"] {
		t.Errorf("sent %v", got)
	}
	if got, want := fmt.Sprint(w.timers()), "[every 1h0m0s morning]"; got != want {
		t.Errorf("timers %s, want %s", got, want)
	}
	// A reload keeps those that it had, with their times, and drops what is gone.
	due := func() (due int64) {
		if err := w.withStore(func(s *store.Store) error {
			return s.View(context.Background(), "look", func(q store.Queryer) error {
				return q.QueryRowContext(context.Background(), `SELECT due FROM timers WHERE name = 'every 1h0m0s'`).Scan(&due)
			})
		}); err != nil {
			t.Fatal(err)
		}
		return due
	}
	before := due()
	w.write("echo.lua", script(`ilink.every("2h", function() end, { name = "new" })`))
	w.reloaded()
	if got, want := fmt.Sprint(w.timers()), "[every 1h0m0s new morning]"; got != want || due() != before {
		t.Errorf("timers %s, want %s; due %d, before %d", got, want, due(), before)
	}
	w.write("echo.lua", `function on_message(msg) msg:reply("hello") end`)
	w.reloaded()
	if got := w.timers(); len(got) > 0 {
		t.Errorf("timers %s", got)
	}
	if n := w.sim.Sent(0); len(n) != 3 {
		t.Errorf("sent %+v", n)
	}
}
