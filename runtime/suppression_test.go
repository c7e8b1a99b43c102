package runtime_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// reporter answers with three messages, sends to others at a word, and tells bob what
// became of each send.
const reporter = `
local function tell(what, r, err) ilink.log("became", what, r and r.status or err.kind, r and r.reason or "-") end
function on_message(msg)
  local to = msg.text:match("^push (%w+)$")
  if to then return tell("push", ilink.send(to .. "@im.wechat", "pushed")) end
  local to = msg.text:match("^fail (%w+)$")
  if to then return tell("fail", ilink.send(to .. "@im.wechat", { text = "pushed", mode = "fail" })) end
  for i = 1, 2 do tell("answer" .. i, msg:reply(msg.text .. i)) end
end
function on_suppressed(info) ilink.log("hook", info.user, info.bot) end`

func (w *world) fault(f ilinksim.Fault) (remove func()) {
	w.t.Helper()
	id, err := w.sim.AddFault(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return func() { w.sim.RemoveFault(id) }
}

// became is what the script has logged of its sends.
func (w *world) became() string {
	var all []string
	for _, m := range regexp.MustCompile(`msg="became ([^"]*)"`).FindAllStringSubmatch(w.log.String(), -1) {
		all = append(all, m[1])
	}
	return strings.Join(all, "; ")
}

func (w *world) waitStatus(ok func(runtime.Status) bool) runtime.Status {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		s := w.rt.Status()[0]
		if ok(s) {
			return s
		}
		if ctx.Err() != nil {
			w.t.Fatalf("%+v; log:\n%s", s, w.log)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestThrownAway(t *testing.T) {
	for _, form := range []string{ilinksim.FormRet, ilinksim.FormEmpty} {
		t.Run(form, func(t *testing.T) {
			w := newWorld(t, reporter, nil)
			w.ask("x") // x1
			w.sent(1)  // x2
			end := w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSuppress, To: "alice", Form: form})

			w.sim.Say("alice", "a")
			s := w.handled(2)
			if s.Unconfirmed != 1 || s.Sent != 2 {
				t.Errorf("%+v", s)
			}
			if s = w.rt.Status()[0]; s.SuppressedUsers != 1 || s.Queued != 1 || s.State != runtime.StateRunning {
				t.Errorf("%+v", s)
			}
			contains(t, w.log.String(), "hook alice@im.wechat echo")

			// Others are reached as ever, and what they have sent to her waits.
			w.sim.Say("bob", "push alice")
			w.handled(3)
			w.sim.Say("bob", "fail alice")
			w.handled(4)
			w.sim.Say("bob", "b")
			w.sent(2)
			if got := w.sim.Thrown(0); len(got) != 1 || got[0].Text != "a1" {
				t.Fatalf("thrown away: %+v", got)
			}

			// A crash forgets nothing of it.
			w.stop()
			w.start()
			w.reloaded()
			w.waitStatus(func(s runtime.Status) bool { return s.SuppressedUsers == 1 && s.Queued == 2 })

			// She writes: what waits longest is tried, once, and the rest waits on.
			w.sim.Say("alice", "c")
			w.waitStatus(func(s runtime.Status) bool { return s.Handled == 1 && s.Queued == 3 })
			if got := w.sim.Thrown(1); len(got) != 1 || got[0].Text != "a2" {
				t.Fatalf("thrown away: %+v", got)
			}

			// The first id ends it.
			end()
			w.sim.Say("alice", "d")
			var texts []string
			for _, m := range w.sent(5) {
				texts = append(texts, m.Text)
			}
			// The push has its turn while the handler makes its answers.
			if got := strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "pushed" }), " "); got != "c1 c2 d1 d2" {
				t.Errorf("sent %s", got)
			}
			w.waitStatus(func(s runtime.Status) bool { return s.SuppressedUsers == 0 && s.Queued == 0 && s.Handled == 2 })
			if n := len(w.sim.Thrown(0)); n != 2 {
				t.Errorf("%d thrown away", n)
			}
			if got, want := w.became(), "answer1 sent -; answer2 sent -; answer1 unconfirmed -; answer2 deferred suppressed; "+
				"push deferred suppressed; fail suppressed -; answer1 sent -; answer2 sent -; "+
				"answer1 deferred suppressed; answer2 deferred suppressed; "; !strings.HasPrefix(got, want) {
				t.Errorf("became\n%s\nwant\n%s", got, want)
			}
			if n := strings.Count(w.log.String(), "hook alice"); n != 1 {
				t.Errorf("on_suppressed was called %d times", n)
			}
		})
	}
}

// The parts of a long text wait for the first one, which tells whether they get through.
func TestThrownAwayInParts(t *testing.T) {
	w := newWorld(t, `function on_message(msg) ilink.log("became", tostring(msg:reply(("long "):rep(100)))) end`,
		func(c *runtime.Config) { c.Limits.TextRunes = 200 })
	end := w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSuppress})
	w.sim.Say("alice", "a")
	w.handled(1)
	end()
	w.sim.Say("alice", "b")
	w.sent(5)
	w.handled(2)
	if n := len(w.sim.Thrown(0)); n != 1 {
		t.Errorf("%d thrown away", n)
	}
	contains(t, w.became(), "unconfirmed: the server took it")
}

// Media are thrown away in the same way.
func TestThrownAwayMedia(t *testing.T) {
	w := newWorld(t, `function on_message(msg) local r = msg:reply{ image = "cat.png" } ilink.log("became", r.status, tostring(r.id)) end`, nil)
	w.write("cat.png", "\x89PNG\r\n\x1a\n")
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSuppress})
	w.sim.Say("alice", "a")
	w.handled(1)
	if got := w.became(); got != "unconfirmed nil" {
		t.Error(got, w.log)
	}
}

func TestRepeatsUnderAnotherID(t *testing.T) {
	for _, form := range []string{ilinksim.FormOtherID, ilinksim.FormNoID} {
		t.Run(form, func(t *testing.T) {
			w := newWorld(t, `function on_message(msg) msg:reply(msg.kind .. msg.text) end`, unlimited)
			w.fault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultDuplicate, Form: form, After: 3 * time.Millisecond})
			for range 2 { // who says a thing twice is heard twice
				w.sim.Say("alice", "1")
				time.Sleep(2 * time.Millisecond) // the simulator's clock tells them apart
			}
			w.sim.Inject(ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: []byte("pixels")}})
			s := w.waitStatus(func(s runtime.Status) bool { return s.Duplicates >= 3 && s.Handled >= 3 })
			if s.Received != 3 {
				t.Errorf("%+v", s)
			}
			if got := w.sent(3); got[0].Text != "text1" || got[1].Text != "text1" || got[2].Text != "image" {
				t.Errorf("%+v", got)
			}
		})
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestRunID(t *testing.T) {
	w := newWorld(t, reporter, nil)
	w.sim.Say("alice", "a")
	a := w.sent(2)
	w.sim.Say("alice", "b")
	b := w.sent(2)
	if !uuid.MatchString(a[0].RunID) || a[1].RunID != a[0].RunID || b[1].RunID != b[0].RunID || b[0].RunID == a[0].RunID {
		t.Errorf("%q %q, %q %q", a[0].RunID, a[1].RunID, b[0].RunID, b[1].RunID)
	}
}

// -14 at a send while polls get through is the user's session, not the bot's.
func TestSessionOfOneUser(t *testing.T) {
	w := newWorld(t, reporter, nil)
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSession, Count: 1})
	w.sim.Say("alice", "a")
	w.handled(1)
	if s := w.rt.Status()[0]; s.State != runtime.StateRunning || s.Queued != 2 {
		t.Errorf("%+v", s)
	}
	w.sim.Say("bob", "b") // who is not concerned
	w.sent(2)
	w.sim.Say("alice", "c")
	var texts []string
	for _, m := range w.sent(4) {
		texts = append(texts, m.Text)
	}
	if got := strings.Join(texts, " "); got != "a1 a2 c1 c2" {
		t.Error(got)
	}
	contains(t, w.became(), "answer1 deferred window_closed; answer2 deferred window_closed")
}

func TestUnknownUser(t *testing.T) {
	w := newWorld(t, `function on_message(msg) local r, err = msg:reply("x") ilink.log("became", err and err.kind .. ": " .. err.message or r.status) end`, nil)
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultRet, Ret: -3, Count: 1})
	w.sim.Say("alice", "a")
	w.handled(1)
	contains(t, w.became(), "unknown_user: ", "case-sensitive")
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultRet, Ret: -4, Count: 1})
	w.sim.Say("alice", "b")
	w.handled(2)
	contains(t, w.became(), "; deferred")
	w.sim.Say("alice", "c")
	w.sent(2)
}
