package faulttest

import (
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// later is when the second kind of duplicates comes, by the simulator's clock.
const later = 45 * time.Minute

// A server that sends things twice, at once and much later, and answers a fifth
// of all calls with errors, pages, or nothing; and a session lost once a bot. It
// drops repeated client ids: else whatever is cut off after it was processed is
// seen twice, as it must be.
func TestFlapping(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, setup{sim: repeats(ilinksim.RepeatDrop)})
	c.polled = time.Minute // after failures the client polls again in 2 s, then in 30 s
	if !full {
		c.kills /= 2 // each may meet a pause of the poller's
	}
	seed := c.rng.Uint64()
	fault := func(f ilinksim.Fault) {
		seed++
		f.Seed = seed
		c.fault(f)
	}
	fault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultDuplicate, Rate: 0.3, After: later})
	fault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultDuplicate, Rate: 0.5, After: time.Second})
	for _, bot := range c.bots {
		fault(ilinksim.Fault{Endpoint: "*", Kind: ilinksim.FaultSession, Bot: bot, Count: 1, Rate: 0.1})
	}
	// In all a fifth. The small run has fewer of them at polls, each of which
	// costs seconds.
	for _, endpoint := range []string{"getupdates", "sendmessage"} {
		count := 0
		if !full && endpoint == "getupdates" {
			count = 1
		}
		for _, f := range []ilinksim.Fault{
			{Kind: ilinksim.FaultHTTP, Status: 500},
			{Kind: ilinksim.FaultHTTP, Status: 524},
			{Kind: ilinksim.FaultHTML},
			{Kind: ilinksim.FaultCut},
		} {
			f.Endpoint, f.Rate, f.Count = endpoint, 0.055, count
			fault(f)
		}
	}
	fault(ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultCutAfter, Rate: 0.05})
	for _, endpoint := range []string{"notifystart", "notifystop"} {
		fault(ilinksim.Fault{Endpoint: endpoint, Kind: ilinksim.FaultHTTP, Status: 500, Rate: 0.2})
	}
	// The late duplicates come, also those of messages from before a restart. In
	// all it stays below the 24 hours of a window.
	c.onKill = func(int) { c.sim.Advance(later + time.Minute) }
	c.run()

	c.sim.ClearFaults()
	c.sim.Advance(later + time.Minute)
	c.until("all duplicates are delivered", func() bool {
		for _, b := range c.sim.State().Bots {
			if b.Queued > 0 {
				return false
			}
		}
		return true
	})
	c.settled()
	delivered := 0
	for _, b := range c.sim.State().Bots {
		delivered += b.Delivered
	}
	t.Logf("%d deliveries of %d messages; %d sends met a fault", delivered, c.total(), len(c.sim.Rejected(0)))
	if n := len(c.sim.Sent(0)); n != c.total() {
		t.Errorf("%d sends to users, want %d", n, c.total())
	}
}
