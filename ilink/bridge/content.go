package bridge

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode"

	"github.com/ilinkd/ilinkd/ilink"
)

// forwardTime is RFC 3339 with all three digits of the milliseconds. Targets
// compare these as text, and two messages may come within one second.
const forwardTime = "2006-01-02T15:04:05.000Z07:00"

// forwardID names a message to a forward target, with the same id whenever it is
// sent again.
func forwardID(m *ilink.Message) string {
	if m.ID != "" {
		return "weixin-" + m.ID
	}
	sum := sha256.Sum256([]byte(m.Key()))
	return "weixin-" + hex.EncodeToString(sum[:16])
}

// timestamp is when the message was written, as far as it says.
func timestamp(m *ilink.Message, received time.Time) string {
	at := received
	if m.CreateTimeMs > 0 {
		at = time.UnixMilli(m.CreateTimeMs)
	}
	return at.UTC().Format(forwardTime)
}

// content is a message as one text: what is written or was said in it, or else
// what it is.
func content(m *ilink.Message) string {
	var texts, names []string
	if text := m.Text(); strings.TrimSpace(text) != "" {
		texts = append(texts, text)
	}
	for i := range m.Items {
		it := &m.Items[i]
		if it.Type == ilink.ItemTypeVoice && it.Voice != nil && strings.TrimSpace(it.Voice.RecognText) != "" {
			texts = append(texts, it.Voice.RecognText)
			continue
		}
		if it.Type != ilink.ItemTypeText {
			names = append(names, placeholder(it))
		}
	}
	switch {
	case len(texts) > 0:
		return strings.Join(texts, "\n")
	case len(names) > 0:
		return strings.Join(names, " ")
	}
	return m.Text() // blanks
}

// placeholder stands for an item that isn't text.
func placeholder(it *ilink.Item) string {
	if it.Type == ilink.ItemTypeFile && it.File != nil {
		// The name is the user's, and must not look like a line of text.
		name := strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, it.File.FileName))
		if name != "" {
			return "[file " + name + "]"
		}
	}
	return "[" + it.Type.String() + "]"
}
