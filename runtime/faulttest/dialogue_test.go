package faulttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// interview asks four questions. What it says at the end tells whether it has done
// anything twice: the code and the count are made at its beginning.
const interview = `
function on_message(msg)
  local code, number = random.hex(8), kv.incr("interviews")
  local answers = {}
  for i = 1, 4 do
    answers[i] = msg:ask(i .. "? " .. code .. " " .. number, { match = "^%a" }).text
  end
  kv.incr("ended")
  msg:reply(table.concat(answers, " ") .. " " .. code .. " " .. number .. " " .. kv.get("interviews") .. " " .. kv.get("ended"))
end`

// asking waits until a handler waits for an answer, as the bot's status says.
func (w *world) asking() {
	w.t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(w.dir, "data", "ilinkd.sock"))
	}}}
	defer client.CloseIdleConnections()
	w.until("a handler waits for an answer", func() bool {
		resp, err := client.Get("http://ilinkd/healthz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		var status struct{ Bots []struct{ Asking int } }
		return json.NewDecoder(resp.Body).Decode(&status) == nil && len(status.Bots) > 0 && status.Bots[0].Asking > 0
	})
}

// A dialogue goes on where it was when the process is killed: while it waits, and in
// the middle of asking.
func TestCrashInDialogue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: interview, sim: repeats(ilinksim.RepeatDrop)}))
	w.start()
	w.say("bot0", "alice", "hello")
	question := w.texts("alice", 1)[0]
	made := strings.TrimPrefix(question, "1? ")
	if made == question || len(made) != len("0123456789abcdef 1") {
		t.Fatalf("the first question is %q", question)
	}
	for i, answer := range []string{"one", "two", "three"} {
		w.asking()
		w.kill() // while it waits
		if i == 1 {
			w.start()
			// And with the next question on its way to the server.
			w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSlow, Delay: patience, Count: 1})
			w.say("bot0", "alice", answer)
			w.until("the question is under way", func() bool { return w.sim.Faults()[0].Fired > 0 })
			w.kill()
			w.start()
		} else {
			w.start()
			w.say("bot0", "alice", answer)
		}
		w.expect("alice", fmt.Sprintf("%d? %s", i+2, made))
	}
	w.kill() // perhaps before it is noted that the question was sent
	w.start()
	w.say("bot0", "alice", "four")
	w.expect("alice", "one two three four "+made+" 1 1")
	w.stop()
	if r := w.look(); r.inbox["done"] != 5 || len(r.inbox) != 1 || r.outbox["sent"] != 5 {
		t.Errorf("inbox %v, outbox %v", r.inbox, r.outbox)
	}
	if n := w.sim.State().Counts.Repeats; n > 2 {
		t.Errorf("%d repeats at two kills that may have come in the middle of a send", n)
	}
	w.noneRefused()
}

// What a change of the script makes of a dialogue is said to the user and the log,
// and the message is kept.
func TestChangedDialogueEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: interview, sim: repeats(ilinksim.RepeatDrop)}))
	w.start()
	w.say("bot0", "alice", "hello")
	w.texts("alice", 1)
	w.say("bot0", "alice", "one")
	w.texts("alice", 1)
	w.kill()
	w.write("bot.lua", strings.Replace(interview, `i .. "? "`, `"Question " .. i .. ": "`, 1)+
		"\nfunction on_error(err, msg) msg:reply(\"Sorry: \" .. err.kind) end")
	w.start()
	w.expect("alice", "Sorry: changed")
	w.say("bot0", "alice", "hello again")
	if got := w.texts("alice", 1)[0]; !strings.HasPrefix(got, "Question 1: ") {
		t.Errorf("after that the bot said %q", got)
	}
	w.stop()
	if r := w.look(); r.inbox["dead"] != 1 {
		t.Errorf("inbox %v", r.inbox)
	}
	w.noneRefused()
}
