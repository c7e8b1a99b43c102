package outbox

import (
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// Counts are what an outbox has done since it was made, and how it is now.
type Counts struct {
	Sent        int // accepted by the server, with an id
	Uncertain   int // requests whose answer was lost
	Unconfirmed int // accepted, and most likely thrown away
	Expired     int // given up, as they waited too long
	Rejected    int // requests that the server refused

	Queued     int // to be sent, or waiting for the user to write
	Deferred   int // of those queued: waiting for the user to write
	Suppressed int // users to whom the server doesn't deliver
	// ThrottledUntil is when sending goes on, zero unless it is throttled.
	ThrottledUntil time.Time
}

// Counts returns the counts at this moment.
func (o *Outbox) Counts() Counts {
	o.countsMu.Lock()
	n := o.counts
	o.countsMu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	n.Queued, n.Suppressed = o.queued, o.suppressedUsers()
	for c := range o.active {
		room, _ := o.room(c)
		n.Deferred += max(0, len(c.queue)-room)
	}
	if time.Now().Before(o.throttle.Until) {
		n.ThrottledUntil = o.throttle.Until
	}
	return n
}

func (o *Outbox) count(change func(*Counts)) {
	o.countsMu.Lock()
	change(&o.counts)
	o.countsMu.Unlock()
	o.opts.Changed()
}

// Window is a conversation's window, as far as the outbox knows it.
func (o *Outbox) Window(conversation string) store.Window {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.conversations[conversation]; c != nil {
		return c.window
	}
	return store.Window{}
}

// Upcoming says how many sends are queued, when the next one goes out by itself, zero
// for never, and whether that is now.
func (o *Outbox) Upcoming() (queued int, at time.Time, now bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c, wait := o.next()
	if o.queued > 0 && wait < never {
		at = time.Now().Add(wait)
	}
	return o.queued, at, c != nil || o.working > 0
}

// Conversations is how many conversations are kept in memory.
func (o *Outbox) Conversations() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.conversations)
}
