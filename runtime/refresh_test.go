package runtime_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Taking up what another process wrote must not meddle with messages that are
// just being received, handled or sent.
func TestRefreshTakesNothingTwice(t *testing.T) {
	w := newWorld(t, `function on_message(msg) return msg:reply(msg.text) end`, unlimited, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			w.rt.Refresh(ctx)
		}
	})
	const users, each = 10, 20
	for i := range each {
		for u := range users {
			w.sim.Say(fmt.Sprint("user", u), fmt.Sprint(i))
		}
	}
	sent := w.sent(users * each)
	w.handled(users * each)
	stop()
	group.Wait()
	next := map[string]int{}
	for _, s := range sent {
		if s.Text != fmt.Sprint(next[s.To]) {
			t.Errorf("%s got the answer to %s after %d others", s.To, s.Text, next[s.To])
		}
		next[s.To]++
	}
	if s := w.handled(users * each); s.Handled != users*each || s.Failed != 0 || s.Received != users*each {
		t.Errorf("status %+v", s)
	}
	if n := len(w.sim.Sent(0)) - users*each + len(w.sim.Repeats(0)); n != 0 {
		t.Errorf("%d sends too many", n)
	}
}

func TestRetriesByHand(t *testing.T) {
	w := newWorld(t, `
local tries = {}
function on_message(msg)
  local n = (tries[msg.text] or 0) + 1
  tries[msg.text] = n
  if n == 1 then error("not yet") end
  msg:reply(msg.text)
end`, func(c *runtime.Config) { c.Delivery.RetryOver = runtime.Duration(1e15) })
	st, err := store.Open(t.Context(), runtime.StorePath(w.cfg.Data), store.Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	w.sim.Say("alice", "drop")
	w.sim.Say("alice", "keep")
	w.sim.Say("bob", "retry")
	err = w.rt.WaitStatus(t.Context(), "echo", func(s runtime.Status) bool { return s.Retried == 2 })
	if err != nil {
		t.Fatal(err)
	}
	// Both rest until the next try; what is decided by hand happens at once.
	if err := st.Drop(t.Context(), 1, w.sim.Now()); err != nil {
		t.Fatal(err)
	}
	if err := st.Revive(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	w.rt.Refresh(t.Context())
	if got := w.sent(1)[0]; got.Text != "retry" {
		t.Errorf("got %q", got.Text)
	}
	// alice's next one has its turn now, fails, and is tried again by hand.
	err = w.rt.WaitStatus(t.Context(), "echo", func(s runtime.Status) bool { return s.Retried == 3 })
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Revive(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	w.rt.Refresh(t.Context())
	if got := w.sent(1)[0]; got.Text != "keep" {
		t.Errorf("got %q", got.Text)
	}
	if s := w.handled(3); s.Waiting != 0 || s.Failed != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestASendDroppedByHandIsNotSent(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  for i = 1, 4 do msg:reply(msg.text .. i) end
end`, func(c *runtime.Config) { c.Limits.PerInbound = 2 })
	st, err := store.Open(t.Context(), runtime.StorePath(w.cfg.Data), store.Options{Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	w.sim.Say("alice", "a")
	w.sent(2)
	w.handled(1)
	// Dropped, and the runtime doesn't know yet when the window opens.
	if err := st.Release(t.Context(), 3, false, w.sim.Now()); err != nil {
		t.Fatal(err)
	}
	// Sends of just now count for the window that a message opens at once after
	// them, so the first one may bring nothing.
	var next []ilinksim.Sent
	for tries := 0; len(next) == 0 && tries < 50; tries++ {
		w.sim.Say("alice", "b")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		next, _ = w.sim.WaitSent(ctx, ilinksim.Filter{}, 2)
		cancel()
	}
	if len(next) == 0 || next[0].Text != "a4" {
		t.Errorf("after the first two came %+v; log:\n%s", next, w.log)
	}
}
