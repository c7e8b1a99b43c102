package ilinksim

import (
	"sync"
	"time"
)

// A clock is the simulator's own time: the real clock plus an offset that
// advance moves, or, when manual, a time that only advance moves.
type clock struct {
	manual bool

	mu     sync.Mutex
	fixed  time.Time     // manual: the time
	offset time.Duration // otherwise: what to add to the real clock
}

// newClock makes a clock that shows start now; a zero start is the real time.
func newClock(manual bool, start time.Time) *clock {
	c := &clock{manual: manual}
	now := time.Now()
	if start.IsZero() {
		start = now
	}
	if manual {
		c.fixed = start
	} else {
		c.offset = start.Sub(now)
	}
	return c
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.manual {
		return c.fixed
	}
	return time.Now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.manual {
		c.fixed = c.fixed.Add(d)
		return
	}
	c.offset += d
}

// until is how long to wait in real time for the clock to reach t, at least
// 1 ms; 0 means that waiting won't help, since only advance moves the clock.
func (c *clock) until(t time.Time) time.Duration {
	if c.manual {
		return 0
	}
	return max(t.Sub(c.now()), time.Millisecond)
}

// Now is the simulator's time: what windows, quotas, throttles, tokens and QR
// codes are measured with.
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the simulator's clock forward by d; windows close, throttles
// end, QR codes expire and late duplicates arrive accordingly. The time that
// polls are held is real time and isn't shortened. d <= 0 does nothing.
func (s *Server) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock.advance(d)
	s.touch()
}
