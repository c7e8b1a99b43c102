package outbox

import (
	"context"
	"time"
)

// pacer keeps a bot's sends apart, since the server throttles bots that send
// faster, and for longer each time they try on (protocol §4). There are as many
// slots as the burst; a send takes one, and gives it back burst gaps after the
// server has answered. So never more than burst sends reach the server within
// burst gaps, however long each is on its way.
type pacer struct {
	slots  chan time.Time // each says from when on it may be used
	window time.Duration
}

func newPacer(gap time.Duration, burst int) *pacer {
	p := &pacer{slots: make(chan time.Time, burst), window: gap * time.Duration(burst)}
	for range burst {
		p.slots <- time.Time{}
	}
	return p
}

// busyUntil has all slots wait as if a send had ended at a time: the server
// remembers what an earlier process sent.
func (p *pacer) busyUntil(last time.Time) {
	if last.IsZero() {
		return
	}
	for range cap(p.slots) {
		<-p.slots
		p.slots <- last.Add(p.window + time.Millisecond) // the store has whole milliseconds
	}
}

// acquire blocks until a send may go out. The caller calls release when it is
// over, and says whether a request may have reached the server.
func (p *pacer) acquire(ctx context.Context) (release func(reached bool), err error) {
	var free time.Time
	select {
	case free = <-p.slots:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if wait := time.Until(free); wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			p.slots <- free
			return nil, ctx.Err()
		}
	}
	return func(reached bool) {
		if reached {
			p.slots <- time.Now().Add(p.window)
		} else {
			p.slots <- time.Time{}
		}
	}, nil
}
