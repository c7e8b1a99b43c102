package inbox

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// lookup finds what was said before.
type lookup struct {
	store *store.Store
	bot   string
	log   *slog.Logger
}

// quote resolves what a message quotes, nil if nothing. Newer phones name only
// the quoted message's id (protocol §3).
func (l lookup) quote(ctx context.Context, msg *ilink.Message) *luabind.Quote {
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
			stored, err := l.store.Quote(ctx, l.bot, q.ID)
			if err != nil {
				l.log.Warn("look a quoted message up", "err", err)
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
