package luabind

import (
	"fmt"
	"sync/atomic"
	"time"
)

// clock measures how long a run has had its VM. On a machine that is busy with other
// things that is more than it has computed; so the limit is hit only once the whole
// process has computed for as long meanwhile. The VM's lock guards the clock.
type clock struct {
	limit time.Duration // 0 for none
	// used is the time of earlier stretches, and since when the present one began.
	used  time.Duration
	since time.Time
	timer *time.Timer
	// left is what the process may compute in stretches to come, and until what
	// processor time, while the run has the VM, 0 while it doesn't.
	left  time.Duration
	until atomic.Int64
}

// resume starts the clock: the run has taken the VM.
func (r *run) resume() {
	c := &r.clock
	c.since = time.Now()
	if c.limit > 0 {
		first := c.timer == nil
		if first {
			c.left = c.limit
		}
		c.until.Store(int64(processTime() + c.left))
		if first {
			c.timer = time.AfterFunc(c.limit, r.outOfTime)
		} else {
			c.timer.Reset(c.limit - c.used)
		}
	}
	r.vm.watchdog.enter(r)
}

// pause stops the clock: the run gives the VM up.
func (r *run) pause() {
	r.vm.watchdog.leave(r)
	c := &r.clock
	if t := c.timer; t != nil {
		t.Stop()
		c.left = time.Duration(c.until.Swap(0)) - processTime()
	}
	c.used += time.Since(c.since)
}

// excuse takes off time in which the run was kept from computing.
func (c *clock) excuse(d time.Duration) {
	c.since = c.since.Add(d)
	if c.until.Load() != 0 {
		c.until.Add(int64(d))
	}
	if c.timer != nil && c.timer.Stop() {
		c.timer.Reset(max(0, c.limit-c.elapsed()))
	}
}

// elapsed is how long the run has had the VM so far, while it has it.
func (c *clock) elapsed() time.Duration { return c.used + time.Since(c.since) }

// outOfTime is called on the timer's goroutine.
func (r *run) outOfTime() {
	until := time.Duration(r.clock.until.Load())
	if until == 0 {
		return // the run has given the VM up meanwhile
	}
	if left := until - processTime(); left > 0 {
		time.AfterFunc(left, r.outOfTime)
		return
	}
	r.stop(&stopReason{
		kind: KindLimit, limit: LimitCPU,
		message: fmt.Sprintf("%s computed for more than %v (waiting not included); a loop may not end, or [bot.sandbox] cpu must be raised",
			r.what(), r.clock.limit),
	})
}

// countSend counts one call that sends.
func (b *budget) countSend() {
	r := b.run
	if r.sends++; r.sends > r.vm.limits.Sends {
		r.stop(&stopReason{
			kind: KindLimit, limit: LimitSends,
			message: fmt.Sprintf("%s sent more than %d times; a loop may not end, or [bot.sandbox] sends must be raised",
				r.what(), r.vm.limits.Sends),
		})
	}
}
