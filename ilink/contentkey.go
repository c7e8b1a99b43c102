package ilink

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// ContentKey returns what two deliveries of one message have in common that came
// under different ids, or under none: a hash of the sender, the time in
// milliseconds and the items, without ids, keys and addresses, which are made anew
// for each delivery. It is "" for a message without a time, of which two may be
// alike though the user wrote both.
//
// Such repeats come within some 11 seconds (protocol §3): over a longer time it
// isn't good for telling repeats, since what users write is often the same.
func (m *Message) ContentKey() string {
	if m.CreateTimeMs == 0 || m.From == "" {
		return ""
	}
	items := make([]Item, len(m.Items))
	for i := range m.Items {
		items[i] = contentOf(m.Items[i])
	}
	text, err := json.Marshal(struct {
		From, Group string
		Time        int64
		Items       []Item
	}{m.From, m.GroupID, m.CreateTimeMs, items})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return "h:" + hex.EncodeToString(sum[:16])
}

// contentOf is an item without what is made anew for each delivery.
func contentOf(it Item) Item {
	it.MsgID, it.CreateTimeMs, it.UpdateTimeMs = "", 0, 0
	if im := it.Image; im != nil {
		c := *im
		c.Media, c.ThumbMedia, c.AESKey, c.URL = nil, nil, "", ""
		it.Image = &c
	}
	if v := it.Voice; v != nil {
		c := *v
		c.Media = nil
		it.Voice = &c
	}
	if f := it.File; f != nil {
		c := *f
		c.Media = nil
		it.File = &c
	}
	if v := it.Video; v != nil {
		c := *v
		c.Media, c.ThumbMedia = nil, nil
		it.Video = &c
	}
	if ref := it.RefMsg; ref != nil {
		c := *ref
		if c.Item != nil {
			quoted := contentOf(*c.Item)
			c.Item = &quoted
		}
		it.RefMsg = &c
	}
	return it
}
