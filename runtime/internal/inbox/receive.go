package inbox

import (
	"context"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// Receive makes what a poll brought durable, and has it handled. Repeats end here. Only
// when it has returned nil may the cursor move.
func (ib *Inbox) Receive(ctx context.Context, receipts []store.Receipt, arrival store.Arrival) error {
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	fresh, windows, err := ib.opts.Store.Receive(ctx, ib.opts.Bot, receipts, arrival)
	if err != nil {
		return err
	}
	repeats := len(receipts) - len(fresh)
	if repeats > 0 {
		ib.opts.Logger.Debug("repeats were left out", "messages", repeats)
	}
	ib.count(func(n *Counts) {
		n.Received += len(fresh)
		n.Messages += len(fresh)
		n.Duplicates += repeats
	})
	ib.opts.OnWindows(windows)
	ib.add(fresh, false)
	return nil
}
