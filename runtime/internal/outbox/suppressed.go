package outbox

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// The server accepts messages that it doesn't deliver, and tells so by giving them
// no id (protocol §4). It does that to a user, for days or weeks. What is sent
// meanwhile is lost, so that messages to the user wait; when they write, one answer
// goes out to try, and the first id that the server gives ends it.

// unconfirmed records that the server took a send and gave it no id.
func (o *Outbox) unconfirmed(ctx context.Context, c *conversation, p *pending) {
	o.opts.Logger.Error("the server accepted this and, most likely, threw it away: messages to the user wait until they write, and one answer tries again then",
		"send", p.ID, "to", p.User, "client_id", p.ClientID, "status", luabind.StatusUnconfirmed)
	o.count(func(n *Counts) { n.Unconfirmed++ })
	o.mu.Lock()
	first := c.window.Suppressed.IsZero()
	o.mu.Unlock()
	o.finish(ctx, c, p, store.Outcome{State: store.SendUnconfirmed, Error: luabind.Advice(luabind.StatusUnconfirmed, ""), Uncertain: p.Uncertain, Item: p.Payload},
		result{status: luabind.StatusUnconfirmed, uncertain: p.Uncertain}, 0)
	if first {
		o.opts.OnSuppressed(luabind.SuppressedInfo{User: p.User, Since: time.Now()})
	}
}

// left returns how many of a conversation's sends may go now, and why not more.
func (o *Outbox) left(c *conversation) (n int, why string) {
	n, why = o.opts.Limits.Room(c.window, o.opts.Account.Now())
	switch {
	case c.refused != 0 && c.refused == c.window.Number:
		return 0, luabind.StatusWindowClosed
	case c.window.Suppressed.IsZero():
		return n, why
	case n > 0 && c.window.Probe && len(c.queue) > 0 && c.queue[0].Priority <= store.PriorityAnswer:
		return 1, luabind.ReasonSuppressed
	}
	return 0, luabind.ReasonSuppressed
}

// probing reports whether an answer is on its way, or is about to be, that tells
// whether the server delivers to the user again.
func (o *Outbox) probing(c *conversation) bool {
	if c.window.Suppressed.IsZero() {
		return false
	}
	n, _ := o.left(c)
	return n > 0 || c.busy && c.counted
}

// suppressedUsers counts the users whom the server doesn't deliver to.
func (o *Outbox) suppressedUsers() (n int) {
	for _, c := range o.conversations {
		if !c.window.Suppressed.IsZero() {
			n++
		}
	}
	return n
}
