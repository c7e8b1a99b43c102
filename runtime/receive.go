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
	return b.inbox.Receive(ctx, receipts, arrival)
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
