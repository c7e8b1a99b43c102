package runtime

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// maxRecent is how many messages a bot remembers, to recognise duplicates and to
// find what was quoted.
const maxRecent = 10_000

// recent remembers a bot's latest messages in memory: inbound by their key and
// context tokens by user, and the content of both directions by message id.
type recent struct {
	mu      sync.Mutex
	keys    map[string]bool
	order   []string // keys, oldest first
	tokens  map[string]string
	content map[string]ilink.Item
	ids     []string // of content, oldest first
}

func newRecent() *recent {
	return &recent{keys: map[string]bool{}, tokens: map[string]string{}, content: map[string]ilink.Item{}}
}

// addInbound remembers a message and reports whether it is new.
func (r *recent) addInbound(msg *ilink.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := msg.Key()
	if r.keys[key] {
		return false
	}
	r.keys[key] = true
	r.order = append(r.order, key)
	if len(r.order) > maxRecent {
		delete(r.keys, r.order[0])
		r.order = r.order[1:]
	}
	if msg.ContextToken != "" {
		r.tokens[msg.From] = msg.ContextToken
	}
	if len(msg.Items) > 0 {
		r.remember(msg.ID, msg.Items[0])
	}
	return true
}

// addOutbound remembers what was sent under the server's id for it.
func (r *recent) addOutbound(id string, item ilink.Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remember(id, item)
}

func (r *recent) remember(id string, item ilink.Item) {
	if id == "" {
		return
	}
	if _, there := r.content[id]; !there {
		r.ids = append(r.ids, id)
	}
	r.content[id] = item
	if len(r.ids) > maxRecent {
		delete(r.content, r.ids[0])
		r.ids = r.ids[1:]
	}
}

// contextToken is the newest of a user, "" if the user never wrote.
func (r *recent) contextToken(user string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tokens[user]
}

// quote resolves what a message quotes, nil if nothing. Newer phones name only
// the quoted message's id (protocol §3).
func (r *recent) quote(msg *ilink.Message) *luabind.Quote {
	for i := range msg.Items {
		ref := msg.Items[i].RefMsg
		if ref == nil {
			continue
		}
		q := &luabind.Quote{ID: ref.ServerID, Text: ref.Title, Item: ref.Item}
		if q.Item == nil {
			r.mu.Lock()
			if item, ok := r.content[ref.ServerID]; ok {
				q.Item = &item
			}
			r.mu.Unlock()
		}
		if q.Item != nil && q.Item.Text != nil {
			q.Text = q.Item.Text.Text
		}
		if part, ok := ilink.ResolveQuote(q.Text, ref.Partial); ok {
			q.Text = part
		}
		return q
	}
	return nil
}

// digest is a short name for a secret that says nothing about it.
func digest(secret string) string {
	sum := sha256.Sum256([]byte("ilinkd" + secret))
	return hex.EncodeToString(sum[:6])
}
