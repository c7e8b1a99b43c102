package inbox

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// errDropped is why a handler is ended whose message was dropped.
var errDropped = errors.New("the message was dropped by hand")

// Refresh takes up what another process brought back or dropped.
func (ib *Inbox) Refresh(ctx context.Context) error {
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	if ib.accept == nil {
		return nil // Start will read all of it
	}
	ib.mu.Lock()
	ib.refreshing = true
	ib.mu.Unlock()
	waiting, err := ib.opts.Store.Waiting(ctx, ib.opts.Bot, 0)
	ib.mu.Lock()
	var fresh []store.Inbound
	dropped := 0
	if err == nil {
		fresh, dropped = ib.compare(waiting)
	}
	ib.refreshing = false
	maps.DeleteFunc(ib.left, func(_ int64, known bool) bool { return known })
	ib.mu.Unlock()
	if err != nil {
		return err
	}
	ib.count(func(n *Counts) {
		n.Received += len(fresh)
		n.Handled += dropped
	})
	ib.add(fresh, true)
	return nil
}

// compare finds the messages that wait in the store and not here, and takes
// those out of the conversations that wait here and not in the store. mu must be held.
func (ib *Inbox) compare(waiting []store.Inbound) (fresh []store.Inbound, dropped int) {
	stored := map[int64]*store.Inbound{}
	for i := range waiting {
		stored[waiting[i].ID] = &waiting[i]
	}
	for _, c := range ib.conversations {
		for i := len(c.queue) - 1; i >= 0; i-- {
			in, now := c.queue[i], stored[c.queue[i].ID]
			delete(stored, in.ID)
			if i == 0 && c.resting == nil {
				if now == nil && !in.dropped {
					in.drop(c)
				}
				continue // it is in work
			}
			switch {
			case now == nil:
				c.queue = slices.Delete(c.queue, i, i+1)
				dropped++
			case now.NextAt.IsZero() && !in.NextAt.IsZero(): // tried again by hand
				in.NextAt, in.Attempts = now.NextAt, now.Attempts
			default:
				continue
			}
			if i == 0 {
				close(c.resting)
				c.resting = nil
			}
		}
	}
	for _, in := range waiting {
		_, left := ib.left[in.ID]
		if stored[in.ID] != nil && !left {
			fresh = append(fresh, in)
		}
	}
	return fresh, dropped
}

// Revive brings back the messages that failed for the script's sake.
func (ib *Inbox) Revive() {
	const maxAge = 24 * time.Hour
	ib.handoff.Lock()
	defer ib.handoff.Unlock()
	messages, err := ib.opts.Store.ReviveOnReload(ib.ctx, ib.opts.Bot, time.Now().Add(-maxAge))
	if err != nil {
		ib.opts.Logger.Error("bring messages back", "err", err)
		return
	}
	if len(messages) == 0 {
		return
	}
	slices.SortFunc(messages, func(a, b store.Inbound) int { return cmp.Compare(a.ID, b.ID) })
	ib.opts.Logger.Info("the script was changed: messages at which it failed are tried again", "messages", len(messages))
	ib.count(func(n *Counts) { n.Received += len(messages) })
	ib.add(messages, true)
}

// settled tells Refresh that the store knows that a message is handled that was
// taken out of its conversation before its turn.
func (ib *Inbox) settled(in *message) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	if ib.left[in.ID] = true; !ib.refreshing {
		delete(ib.left, in.ID)
	}
}
