package runtime_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// killChild kills the bot's n-th process, once that has begun to load the script.
func (w *world) killChild(n int) {
	w.t.Helper()
	const mark = "this is process "
	deadline := time.Now().Add(patience)
	for {
		if all := strings.Split(w.log.String(), mark); len(all) > n {
			var pid int
			fmt.Sscan(all[n], &pid)
			p, err := os.FindProcess(pid)
			if err == nil {
				err = p.Kill()
			}
			if err != nil {
				w.t.Fatalf("kill process %d, %d: %v", n, pid, err)
			}
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("there is no process %d; log:\n%s", n, w.log)
		}
		time.Sleep(time.Millisecond)
	}
}

// A dialogue goes on with the next process, however often one is killed while it
// waits; a timer that comes due while there is none comes once there is; and a script
// that is saved then is loaded with a state that begins afresh.
func TestKilledBetween(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for processes to be started again")
	}
	t.Parallel()
	const script = `
		ilink.log("this is process", crash.pid(), "")
		function on_message(msg)
			if msg.text == "count" then
				ilink.state.n = (ilink.state.n or 0) + 1
				return msg:reply("%s " .. ilink.state.n)
			end
			if msg.text == "remind me" then
				ilink.after("1h", function() msg:reply("it is time") end)
				return msg:reply("I will")
			end
			local name = msg:ask("name?")
			local age = msg:ask("age?")
			msg:reply(name.text .. ", " .. age.text)
		end`
	w := newWorld(t, fmt.Sprintf(script, "old"), func(c *runtime.Config) { unlimited(c); crashable(c) }, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	expect := func(want string) {
		t.Helper()
		if got := w.sent(1)[0].Text; got != want {
			t.Errorf("got %q, want %q; log:\n%s", got, want, w.log)
		}
	}
	w.sim.Say("bob", "remind me")
	expect("I will")
	w.sim.Say("alice", "hi")
	expect("name?")
	w.sim.Say("alice", "Anna")
	expect("age?")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool { return s.Asking == 1 }); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 4; n++ { // more often than one may die over a message
		w.killChild(n)
	}
	w.change(`UPDATE timers SET due = 1`)
	expect("it is time")
	w.sim.Say("alice", "30")
	expect("Anna, 30")
	for _, want := range []string{"old 1", "old 2"} {
		w.sim.Say("carol", "count")
		expect(want)
	}
	w.handled(7)
	w.killChild(5)
	w.write("echo.lua", fmt.Sprintf(script, "new"))
	if r := w.reloaded(); r.Err != nil {
		t.Fatal(r.Err)
	}
	w.sim.Say("carol", "count")
	expect("new 1")
	if all := w.sim.Sent(0); len(all) != 8 {
		t.Errorf("sent %+v", all)
	}
	if s := w.handled(8); s.Failed != 0 || s.Deaths != 5 {
		t.Errorf("%+v; log:\n%s", s, w.log)
	}
}
