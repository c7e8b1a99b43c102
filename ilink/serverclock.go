package ilink

import (
	"net/http"
	"sync"
	"time"
)

// ServerClock follows the server's clock by the Date header of its answers: the
// window of 24 hours (protocol §4) closes by that one, and a small server's own
// clock may be off by anything. The zero value shows this machine's time until
// there was an answer. See [WithServerClock].
type ServerClock struct {
	mu     sync.Mutex
	offset time.Duration // the server's time less ours
	ahead  time.Time     // when an answer last put the clock forward
}

// clockSlack is the difference below which the two clocks count as the same. The
// header has whole seconds, and the answer was on its way for a while.
const clockSlack = 3 * time.Second

// observe takes the header of the answer to a request that was made at asked and
// answered at now.
//
// An answer is never younger than its Date, so a clock that is behind it is put
// forward. It may well be older: an answer that a poor network held up would put
// the clock back, and a window that has closed would seem open. So the clock goes
// back only by what even an answer given at once doesn't explain, and not by an
// answer that one with a later time may have overtaken.
func (c *ServerClock) observe(h http.Header, asked, now time.Time) {
	if c == nil {
		return
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	const half = time.Second / 2 // of the second that the header cuts short
	least, most := date.Add(half).Sub(now), date.Add(half).Sub(asked)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case least >= c.offset+clockSlack:
		c.offset, c.ahead = least, now
	case most <= c.offset-clockSlack && asked.After(c.ahead):
		c.offset = least
	}
}

// Now returns the server's time as its answers tell it, to within a few seconds.
func (c *ServerClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// ServerTime returns the server's time; see [ServerClock].
func (c *Client) ServerTime() time.Time { return c.clock.Now() }
