package inbox

import "time"

// Counts are what an inbox has done since it was made, and how it is now.
type Counts struct {
	Received   int // messages, without repeats, and runs of timers
	Messages   int // of those received: what users wrote since the start
	Duplicates int // repeats, left out
	Handled    int
	Failed     int // kept as dead
	Retried    int
	Failures   int // tries that ended with an error

	Asking   int // handlers that wait for the user's answer
	Sleeping int // handlers that sleep
	Running  int // handlers that have a place
	// Oldest is when the message was received that has waited longest, zero without one.
	Oldest time.Time
}

// Waiting is how many are received and not yet through.
func (n Counts) Waiting() int { return n.Received - n.Handled - n.Failed }

// Counts returns the counts at this moment.
func (ib *Inbox) Counts() Counts {
	ib.countsMu.Lock()
	n := ib.counts
	ib.countsMu.Unlock()
	n.Running = ib.places.running()
	ib.mu.Lock()
	defer ib.mu.Unlock()
	for _, c := range ib.conversations {
		if len(c.queue) > 0 && (n.Oldest.IsZero() || c.queue[0].Received.Before(n.Oldest)) {
			n.Oldest = c.queue[0].Received
		}
	}
	return n
}

func (ib *Inbox) count(change func(*Counts)) {
	ib.countsMu.Lock()
	change(&ib.counts)
	ib.countsMu.Unlock()
	ib.opts.Changed()
}

// Queue has the ids of the messages of a conversation in the order in which they are
// handled, the one that is being handled first.
func (ib *Inbox) Queue(conversation string) (ids []int64) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	if c := ib.conversations[conversation]; c != nil {
		for _, in := range c.queue {
			ids = append(ids, in.ID)
		}
	}
	return ids
}
