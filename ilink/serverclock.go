package ilink

import (
	"net/http"
	"sync/atomic"
	"time"
)

// ServerClock follows the server's clock by the Date header of its answers: the
// window of 24 hours (protocol §4) closes by that one, and a small server's own
// clock may be off by anything. The zero value shows this machine's time until
// there was an answer. See [WithServerClock].
type ServerClock struct {
	offset atomic.Int64 // in ns: the server's time less ours
}

// clockSlack is the difference below which the two clocks count as the same. The
// header has whole seconds, and the answer was on its way for a while.
const clockSlack = 3 * time.Second

// observe takes the header of an answer that has just come.
func (c *ServerClock) observe(h http.Header) {
	if c == nil {
		return
	}
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	offset := time.Until(date.Add(500 * time.Millisecond))
	if offset.Abs() < clockSlack {
		offset = 0
	}
	c.offset.Store(int64(offset))
}

// Now returns the server's time as its answers tell it, to within a few seconds.
func (c *ServerClock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// ServerTime returns the server's time; see [ServerClock].
func (c *Client) ServerTime() time.Time { return c.clock.Now() }
