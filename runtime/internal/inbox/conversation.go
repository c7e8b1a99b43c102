package inbox

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// conversation is one user's part of the inbox. Its first message is being
// handled, or waits to be. The inbox's mu guards it.
type conversation struct {
	queue  []*message
	cancel context.CancelCauseFunc // of the handler that runs, nil if none does
	// resting is closed to end the pause before the first message is tried again,
	// nil while there is none.
	resting chan struct{}
	// answer takes the next message, nil while no handler waits for one.
	answer chan<- *message
	// woken is closed when there is something to look at for a handler that is parked, nil
	// while there is none.
	woken chan struct{}
}

// message is one that waits to be handled, or is being handled.
type message struct {
	store.Inbound
	// begun says that a handler may have run for it before, and have sent something.
	begun bool
	// shown is closed when the handler has been shown it as an interrupt, nil if that is
	// not to be waited for.
	shown chan struct{}
	// version is the handler's that last handled it.
	version int
	// deaths counts the processes of the script's that died while it was handled, and
	// suspicions how often it may have been what harmed the script.
	deaths, suspicions int
	// parked is what its handler waits for, nil while that doesn't wait.
	parked *parked
	// blame is the conversation whose doing it is, once known is set: of a timer the one
	// that started it.
	blame string
	known bool
	// interrupted says that its handler was told to stop.
	interrupted bool
	// dropped says that another process has ended it while it was being handled.
	dropped bool
}

// parked is what a handler waits for.
type parked struct {
	// until is when it goes on in any case; zero means never.
	until time.Time
	// sleeps says that no message ends it.
	sleeps bool
}

// wake has a handler that is parked looked at.
func (c *conversation) wake() {
	if c.woken != nil {
		close(c.woken)
		c.woken = nil
	}
}

// next is the message that a handler gets which waits for an answer, nil while there is
// none, or it is being shown as an interrupt: the end of that looks again.
func (c *conversation) next() *message {
	if len(c.queue) < 2 || c.queue[1].beingShown() {
		return nil
	}
	return c.queue[1]
}

func (m *message) beingShown() bool {
	if m.shown == nil {
		return false
	}
	select {
	case <-m.shown:
		return false
	default:
		return true
	}
}

// waits reports whether the conversation's handler has nothing to go on with, and no
// message is being shown as an interrupt.
func (c *conversation) waits() bool {
	if len(c.queue) == 0 || c.queue[0].parked == nil {
		return false
	}
	for _, later := range c.queue[1:] {
		if !c.queue[0].parked.sleeps || later.beingShown() {
			return false
		}
	}
	return true
}

// drop ends the handling of a message that was dropped by hand: of a dialogue that waits
// for an answer, say. It does nothing to one that has ended just now.
func (m *message) drop(c *conversation) {
	m.dropped, m.parked = true, nil
	if c.cancel != nil {
		c.cancel(errDropped)
	}
	c.wake()
}
