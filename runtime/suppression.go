package runtime

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/notify"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// The server accepts messages that it doesn't deliver, and tells so by giving them
// no id (protocol §4). It does that to a user, for days or weeks. What is sent
// meanwhile is lost, so that messages to the user wait; when they write, one answer
// goes out to try, and the first id that the server gives ends it.

// unconfirmed records that the server took a send and gave it no id.
func (o *outbox) unconfirmed(ctx context.Context, l *lane, p *pending) {
	o.bot.log.Error("the server accepted this and, most likely, threw it away: messages to the user wait until they write, and one answer tries again then",
		"send", p.ID, "to", p.User, "client_id", p.ClientID, "status", luabind.StatusUnconfirmed)
	o.bot.stats.update(func(s *Status) { s.Unconfirmed++ })
	o.mu.Lock()
	first := l.window.Suppressed.IsZero()
	o.mu.Unlock()
	o.finish(ctx, l, p, store.Outcome{State: store.SendUnconfirmed, Error: luabind.Advice(luabind.StatusUnconfirmed, ""), Uncertain: p.Uncertain, Item: p.Payload},
		verdict{status: luabind.StatusUnconfirmed, uncertain: p.Uncertain}, 0)
	if first {
		o.bot.suppressed(luabind.SuppressedInfo{User: p.User, Since: time.Now()})
	}
}

// left returns how many of a lane's sends may go now, and why not more.
func (o *outbox) left(l *lane) (n int, why string) {
	n, why = o.rules.left(l.window, o.serverNow())
	switch {
	case l.refused != 0 && l.refused == l.window.Number:
		return 0, statusWindowClosed
	case l.window.Suppressed.IsZero():
		return n, why
	case n > 0 && l.window.Probe && len(l.queue) > 0 && l.queue[0].Priority <= store.PriorityAnswer:
		return 1, luabind.ReasonSuppressed
	}
	return 0, luabind.ReasonSuppressed
}

// probing reports whether an answer is on its way, or is about to be, that tells
// whether the server delivers to the user again.
func (o *outbox) probing(l *lane) bool {
	if l.window.Suppressed.IsZero() {
		return false
	}
	n, _ := o.left(l)
	return n > 0 || l.busy && l.counted
}

// suppressedUsers counts the users whom the server doesn't deliver to.
func (o *outbox) suppressedUsers() (n int) {
	for _, l := range o.lanes {
		if !l.window.Suppressed.IsZero() {
			n++
		}
	}
	return n
}

// suppressed tells the operator and the script that the server doesn't deliver to a
// user.
func (b *bot) suppressed(info luabind.SuppressedInfo) {
	if b.tell != nil {
		state := b.stats.snapshot().shown().State
		b.tell(b.cfg.Name, notify.StateUserSuppressed, state, "the server accepts messages to "+info.User+" and doesn't deliver them")
	}
	g := b.loader.acquire()
	if g == nil {
		return
	}
	b.inbox.workers.Go(func() {
		defer g.release()
		if err := g.sandbox.OnSuppressed(b.inbox.ctx, info); err != nil {
			logScriptError(b.log, "on_suppressed failed", err)
		}
	})
}
