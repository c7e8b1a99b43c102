package runtime

import (
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// windowMargin is how long before its end a window counts as closed: a send that
// is on its way at the end would be refused.
const windowMargin = time.Minute

// windowRules are what the server allows in answer to a user's message (protocol
// §4).
type windowRules struct {
	perInbound int           // 0: no limit
	life       time.Duration // 0: no limit
}

func (l LimitsConfig) rules() windowRules {
	if l.PerInbound < 0 {
		return windowRules{}
	}
	return windowRules{perInbound: l.PerInbound, life: time.Duration(l.Window)}
}

// Room returns how many sends a window has room for at a time of the server's
// clock, and if there are none, why: luabind's StatusWindowClosed or StatusQuota.
func (l LimitsConfig) Room(w store.Window, now time.Time) (n int, why string) {
	return l.rules().left(w, now)
}

// left returns how many sends a window has room for, and if there are none, why:
// luabind's StatusWindowClosed or StatusQuota. now is the server's time, since
// the server's clock closes the window.
func (r windowRules) left(w store.Window, now time.Time) (n int, why string) {
	const unlimited = 1 << 30
	switch {
	case w.Closed: // the server says so, whatever we reckon with
		return 0, statusWindowClosed
	case r.perInbound == 0 && r.life == 0:
		return unlimited, ""
	case w.Opened.IsZero(), r.life > 0 && !now.Before(w.Opened.Add(r.life-windowMargin)):
		return 0, statusWindowClosed
	case r.perInbound == 0:
		return unlimited, ""
	case w.Used >= r.perInbound:
		return 0, statusQuota
	}
	return r.perInbound - w.Used, ""
}

const (
	// promptPoll is how soon a poll is answered that found messages waiting. One
	// that was held for longer was answered when the message came.
	promptPoll = 500 * time.Millisecond
	// A message is on its way from the server to us for some part of a round
	// trip; this many, and within these bounds, is what is reckoned with.
	slackTrips = 3
	minSlack   = 20 * time.Millisecond
	maxSlack   = 2 * time.Second
)

// arrivedAfter returns a time before which none of a poll's messages had reached
// the server. It decides which sends count for the new window: the server began
// it when the message reached it, which is before we hear of it. trip is how
// long a round trip to the server takes.
func arrivedAfter(started, received, previous time.Time, trip time.Duration) time.Time {
	slack := min(max(slackTrips*trip, minSlack), maxSlack)
	switch {
	case received.Sub(started) > promptPoll+trip:
		return received.Add(-slack)
	case previous.IsZero():
		// The process has just come up, and the message may have waited since any
		// time: all sends of the last window are from before the stop, and only
		// those of the last moments can have been behind the message.
		return started.Add(-time.Minute)
	}
	return previous.Add(-slack)
}

// roundTrip is how long answers of the server take: the longest of late, which
// fades.
type roundTrip struct {
	mu   sync.Mutex
	trip time.Duration
}

func (r *roundTrip) observe(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trip = max(d, r.trip-r.trip/8)
}

func (r *roundTrip) longest() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.trip
}
