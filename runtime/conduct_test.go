package runtime_test

import (
	"context"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// TestSuspension: a script that hits limits again and again is suspended, visibly;
// its messages wait, and are handled once it was changed.
func TestSuspension(t *testing.T) {
	w := newWorld(t, `function on_message(msg) while true do end end`, func(c *runtime.Config) {
		unlimited(c)
		c.Bots[0].Sandbox.Instructions = 1000
		c.Delivery.Retries = -1
		c.Hurry()
	})
	for i := range 20 {
		if _, err := w.sim.Inject(ilinksim.In{From: string(rune('a' + i)), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last runtime.Status
	err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool {
		last = s
		return s.State == runtime.StateSuspended
	})
	if err != nil {
		t.Fatalf("%+v: %v; log:\n%s", last, err, w.log)
	}
	if last.Running() || last.SuspendedUntil.IsZero() {
		t.Errorf("%+v", last)
	}
	contains(t, last.Suspended, "instructions", "echo.lua:1:")
	contains(t, w.log.String(), "the script is suspended, and messages wait", "[bot.sandbox]")

	waiting := w.rt.Status()[0].Waiting
	w.write("echo.lua", `function on_message(msg) msg:reply("better") end`)
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	w.sent(waiting)
	if s := w.handled(20); s.State != runtime.StateRunning || s.Suspended != "" {
		t.Errorf("%+v", s)
	}
	contains(t, w.log.String(), "the suspension is over: the script was changed")
}

// TestSuspensionByHook: what on_error hits counts too.
func TestSuspensionByHook(t *testing.T) {
	w := newWorld(t, `function on_message(msg) error("x") end
function on_error() while true do end end`, func(c *runtime.Config) {
		unlimited(c)
		c.Bots[0].Sandbox.Instructions = 1000
		c.Delivery.Retries = -1
		c.Hurry()
	})
	for i := range 40 {
		if _, err := w.sim.Inject(ilinksim.In{From: string(rune('a' + i%20)), Text: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last runtime.Status
	err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool {
		last = s
		return s.State == runtime.StateSuspended
	})
	if err != nil {
		t.Fatalf("%+v: %v; log:\n%s", last, err, w.log)
	}
	contains(t, last.Suspended, "instructions")
}

// TestSuspensionByStart: a script whose on_start takes too much memory each time that
// it is loaded anew is suspended, with pauses before.
func TestSuspensionByStart(t *testing.T) {
	w := newWorld(t, `function on_start() all = {} while true do all[#all + 1] = {} end end
function on_message(msg) end`, func(c *runtime.Config) {
		unlimited(c)
		c.Bots[0].Sandbox.Memory = 8 << 20
		c.Delivery.Retries = -1
		c.Hurry()
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last runtime.Status
	for last.State != runtime.StateSuspended {
		if _, err := w.sim.Inject(ilinksim.In{From: "alice", Text: "x"}); err != nil {
			t.Fatal(err)
		}
		err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool {
			handled := s.Handled + s.Failed
			done := s.State == runtime.StateSuspended || handled > last.Handled+last.Failed
			if done {
				last = s
			}
			return done
		})
		if err != nil {
			t.Fatalf("%+v: %v; log:\n%s", last, err, w.log)
		}
	}
	contains(t, last.Suspended, "memory")
	contains(t, w.log.String(), "there are pauses between its handlers now")
}
