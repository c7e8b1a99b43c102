package faulttest

import (
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// newCrowd is a crowd in the size of the suite, or in full.
func newCrowd(t *testing.T, s setup) *crowd {
	t.Helper()
	c := &crowd{rng: random(t), users: 6, messages: 8, burst: 1, kills: 10, jitter: 40 * time.Millisecond, limit: time.Minute,
		polled: 10 * time.Second}
	s.bots = 2
	if full {
		s.bots, c.users, c.messages, c.kills, c.jitter, c.limit = 4, 50, 20, 20, time.Second, 50*time.Minute
	} else {
		s = quick(s)
	}
	c.world = newWorld(t, s)
	return c
}

func repeats(m ilinksim.RepeatMode) []ilinksim.Option {
	return []ilinksim.Option{ilinksim.WithRepeatedClientID(m)}
}

// Where the server knows a repeated client id, nobody sees a double.
func TestCrashWhereRepeatsAreDropped(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, setup{sim: repeats(ilinksim.RepeatDrop)})
	c.run()
	c.settled()
	if n := len(c.sim.Sent(0)); n != c.total() {
		t.Errorf("%d sends to users, want %d", n, c.total())
	}
}

// Where it doesn't, a kill doubles what was under way: one send a bot, and no
// other.
func TestCrashWhereRepeatsShow(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, setup{sim: repeats(ilinksim.RepeatAccept)})
	c.run()
	c.settled()
	for kill, n := range c.doubles {
		if n > len(c.bots) {
			t.Errorf("kill %d doubled %d answers of %d bots", kill, n, len(c.bots))
		}
	}
	if n := len(c.repeated); full && n > c.kills {
		t.Errorf("%d doubles at %d kills", n, c.kills)
	}
}

// Users who say several things at once.
func TestCrashInBursts(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, setup{sim: repeats(ilinksim.RepeatDrop)})
	c.burst = 5
	c.run()
	c.settled()
}

// With on_uncertain = "hold" nothing is sent twice: what was under way is kept
// and shown.
func TestCrashHoldsWhatIsUncertain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{config: "[delivery]\non_uncertain = \"hold\"\n", sim: repeats(ilinksim.RepeatAccept)}))
	w.start()
	// The server takes the answer, and says so too late.
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultCutAfter, Count: 1})
	w.say("bot0", "alice", "first")
	if got := w.texts("alice", 1); got[0] != "re: first" {
		t.Fatal(got)
	}
	w.until("it is held", func() bool { return w.logged("it is held") > 0 })
	// And here ilinkd is gone before the answer is.
	w.fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSlow, Delay: patience, Count: 1})
	w.say("bot0", "alice", "second")
	w.until("a send is under way", func() bool { return w.sim.Faults()[1].Fired > 0 })
	w.kill()
	w.start()
	w.say("bot0", "alice", "third")
	if got := w.texts("alice", 1); got[0] != "re: third" {
		t.Error(got)
	}
	w.stop()
	r := w.look()
	if r.outbox["held"] != 2 || r.outbox["sent"] != 1 || len(r.outbox) != 2 || r.inbox["done"] != 3 {
		t.Errorf("outbox %v, inbox %v", r.outbox, r.inbox)
	}
	if n := w.sim.State().Counts.Repeats; n != 0 {
		t.Errorf("%d repeats", n)
	}
	w.noneRefused()
}
