package faulttest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// reminders starts timers whose functions know what their handler did.
const reminders = `
function on_message(msg)
  local code, number = random.hex(8), kv.incr("asked")
  msg:reply("wait " .. code)
  for i = 1, 3 do
    ilink.after(0.2 * i, function() msg:reply(i .. " " .. code .. " " .. number .. " " .. kv.incr("fired " .. i)) end)
  end
end`

// Timers come once, whenever the process is killed: before they are due, when they
// are, and while they are handled.
func TestCrashWithTimers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: reminders, sim: repeats(ilinksim.RepeatDrop)}))
	w.start()
	w.say("bot0", "alice", "hello")
	code := w.texts("alice", 1)[0][len("wait "):]
	var got, want []string
	for i := range 3 { // a send may count twice at each kill, and the window has room for ten
		w.kill()
		w.start()
		got = append(got, w.texts("alice", 1)...)
		want = append(want, fmt.Sprintf("%d %s 1 1", i+1, code))
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	w.stop()
	if r := w.look(); r.inbox["done"] != 4 || len(r.inbox) != 1 || r.outbox["sent"] != 4 {
		t.Errorf("inbox %v, outbox %v", r.inbox, r.outbox)
	}
	w.noneRefused()
}
