package account

import (
	"sync"
	"time"
)

// Observe notes how long an answer of the server took.
func (a *Account) Observe(d time.Duration) { a.trip.observe(d) }

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

const (
	// promptPoll is how soon a poll is answered that found messages waiting. One
	// that was held for longer was answered when the message came.
	promptPoll = 500 * time.Millisecond
	// A message is on its way from the server to us for some part of a round
	// trip; this many, and within these bounds, is what is reckoned with.
	slackTrips = 3
	// MinSlack is the least.
	MinSlack = 20 * time.Millisecond
	maxSlack = 2 * time.Second
)

// ArrivedAfter returns a time before which none of a poll's messages had reached
// the server. It decides which sends count for the new window: the server began
// it when the message reached it, which is before we hear of it. The poll was asked at
// started and answered at received; previous is when the one before was answered, zero
// for none.
func (a *Account) ArrivedAfter(started, received, previous time.Time) time.Time {
	return arrivedAfter(started, received, previous, a.trip.longest())
}

// arrivedAfter is ArrivedAfter for a round trip to the server that takes trip.
func arrivedAfter(started, received, previous time.Time, trip time.Duration) time.Time {
	slack := min(max(slackTrips*trip, MinSlack), maxSlack)
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
