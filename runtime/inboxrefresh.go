package runtime

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

// refresh takes up what another process brought back or dropped.
func (ib *inbox) refresh(ctx context.Context) error {
	ib.taking.Lock()
	defer ib.taking.Unlock()
	if ib.accept == nil {
		return nil // start will read all of it
	}
	ib.mu.Lock()
	ib.refreshing = true
	ib.mu.Unlock()
	waiting, err := ib.bot.store.Waiting(ctx, ib.bot.cfg.Name, 0)
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
	ib.bot.stats.update(func(s *Status) {
		s.Received += len(fresh)
		s.Handled += dropped
	})
	ib.add(fresh, true)
	return nil
}

// compare finds the messages that wait in the store and not here, and takes
// those out of the lanes that wait here and not in the store. mu must be held.
func (ib *inbox) compare(waiting []store.Inbound) (fresh []store.Inbound, dropped int) {
	stored := map[int64]*store.Inbound{}
	for i := range waiting {
		stored[waiting[i].ID] = &waiting[i]
	}
	for _, l := range ib.lanes {
		for i := len(l.queue) - 1; i >= 0; i-- {
			in, now := l.queue[i], stored[l.queue[i].ID]
			delete(stored, in.ID)
			if i == 0 && l.resting == nil {
				if now == nil && !in.dropped {
					in.drop(l)
				}
				continue // it is in work
			}
			switch {
			case now == nil:
				l.queue = slices.Delete(l.queue, i, i+1)
				dropped++
			case now.NextAt.IsZero() && !in.NextAt.IsZero(): // tried again by hand
				in.NextAt, in.Attempts = now.NextAt, now.Attempts
			default:
				continue
			}
			if i == 0 {
				close(l.resting)
				l.resting = nil
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

// drop ends the handler of a message that was dropped by hand while it was in work: as
// a dialogue that waits for an answer, say. It does nothing to one that has ended just
// now. The inbox's mu must be held.
func (in *message) drop(l *conversation) {
	in.dropped, in.pause = true, nil
	if l.cancel != nil {
		l.cancel(errDropped)
	}
	l.wake()
}

// revive brings back the messages that failed for the script's sake.
func (ib *inbox) revive() {
	const maxAge = 24 * time.Hour
	ib.taking.Lock()
	defer ib.taking.Unlock()
	messages, err := ib.bot.store.ReviveOnReload(ib.ctx, ib.bot.cfg.Name, time.Now().Add(-maxAge))
	if err != nil {
		ib.bot.log.Error("bring messages back", "err", err)
		return
	}
	if len(messages) == 0 {
		return
	}
	slices.SortFunc(messages, func(a, b store.Inbound) int { return cmp.Compare(a.ID, b.ID) })
	ib.bot.log.Info("the script was changed: messages at which it failed are tried again", "messages", len(messages))
	ib.bot.stats.update(func(s *Status) { s.Received += len(messages) })
	ib.add(messages, true)
}

// settled tells refresh that the store knows that a message is handled that was
// taken out of its lane before its turn.
func (ib *inbox) settled(in *message) {
	ib.mu.Lock()
	defer ib.mu.Unlock()
	if ib.left[in.ID] = true; !ib.refreshing {
		delete(ib.left, in.ID)
	}
}
