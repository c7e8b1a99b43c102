package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// receive makes what a poll brought durable, before the cursor moves. Repeats
// end here.
func (b *bot) receive(ctx context.Context, u *ilink.Updates, meta bridge.PollMeta) error {
	arrival := store.Arrival{At: meta.Received, After: b.account.ArrivedAfter(meta.Started, meta.Received, meta.Previous)}
	if arrival.At.IsZero() {
		arrival.At = time.Now()
	}
	var receipts []store.Receipt
	for _, msg := range u.Messages {
		if msg.Type == ilink.MessageTypeBot || msg.From == "" {
			continue // our own
		}
		r, err := b.receipt(msg)
		if err != nil {
			return err
		}
		receipts = append(receipts, r)
	}
	for _, bad := range u.Malformed {
		// Nothing can be done with it, but it must not be gone without a trace.
		sum := sha256.Sum256(bad.Raw)
		b.log.Error("a message could not be read, and is left out", "err", bad.Err, "bytes", len(bad.Raw), "sha256", hex.EncodeToString(sum[:8]))
	}
	if len(receipts) == 0 {
		return nil
	}
	b.inbox.taking.Lock()
	defer b.inbox.taking.Unlock()
	taken, windows, err := b.store.Receive(ctx, b.cfg.Name, receipts, arrival)
	if err != nil {
		return err
	}
	if n := len(receipts) - len(taken); n > 0 {
		b.log.Debug("repeats were left out", "messages", n)
	}
	b.stats.update(func(s *Status) {
		s.Received += len(taken)
		s.Messages += len(taken)
		s.Duplicates += len(receipts) - len(taken)
	})
	b.outbox.WindowsOpened(windows)
	b.inbox.add(taken, false)
	return nil
}

func (b *bot) receipt(msg *ilink.Message) (store.Receipt, error) {
	whole, err := json.Marshal(msg)
	if err != nil {
		return store.Receipt{}, fmt.Errorf("encode a message: %w", err)
	}
	var item []byte
	if len(msg.Items) > 0 {
		if item, err = json.Marshal(msg.Items[0]); err != nil {
			return store.Receipt{}, fmt.Errorf("encode a message's content: %w", err)
		}
	}
	opened := b.account.Now()
	if at := time.UnixMilli(msg.CreateTimeMs); msg.CreateTimeMs > 0 && at.Before(opened) {
		opened = at
	}
	return store.Receipt{
		Key: msg.Key(), Content: msg.ContentKey(), Conversation: store.Conversation(msg.GroupID, msg.From), User: msg.From, MessageID: msg.ID,
		ContextToken: msg.ContextToken, Message: whole, Item: item, Opened: opened,
	}, nil
}

// quote resolves what a message quotes, nil if nothing. Newer phones name only
// the quoted message's id (protocol §3).
func (b *bot) quote(ctx context.Context, msg *ilink.Message) *luabind.Quote {
	for i := range msg.Items {
		ref := msg.Items[i].RefMsg
		if ref == nil {
			continue
		}
		q := &luabind.Quote{ID: ref.ServerID, Text: ref.Title, Item: ref.Item}
		if q.Item != nil && q.ID == "" {
			q.ID = q.Item.MsgID
		}
		if !hasContent(q.Item) {
			q.Item = nil // some phones send an item with nothing but an id
		}
		if q.Item == nil && q.ID != "" {
			stored, err := b.store.Quote(ctx, b.cfg.Name, q.ID)
			if err != nil {
				b.log.Warn("look a quoted message up", "err", err)
			}
			var item ilink.Item
			if stored != nil && json.Unmarshal(stored, &item) == nil {
				q.Item = &item
			}
		}
		if q.Item != nil && q.Item.Text != nil {
			q.Text = q.Item.Text.Text
		}
		if q.Item != nil && q.Item.Voice != nil && q.Text == "" {
			q.Text = q.Item.Voice.RecognText
		}
		if part, ok := ilink.ResolveQuote(q.Text, ref.Partial); ok {
			q.Text = part
		}
		return q
	}
	return nil
}

// hasContent reports whether an item says what was quoted.
func hasContent(it *ilink.Item) bool {
	return it != nil && (it.Text != nil || it.Image != nil || it.Voice != nil || it.File != nil || it.Video != nil)
}
