package outbox

import (
	"cmp"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// conversation is a conversation's part of the outbox.
type conversation struct {
	name    string
	queue   []*pending // by priority, then age
	window  store.Window
	busy    bool // its first send, or that one's upload, is under way
	counted bool // the window's count has that send already
	turn    int  // when its last turn was, as the outbox counts them
	// refused is the number of the window in which the server said that the session
	// with the user has ended, 0 for none.
	refused int64
}

// apply takes over what the store says of the window, unless it is older than
// what is known: those who write to the store come here in any order.
func (c *conversation) apply(w store.Window) {
	if w.Version > c.window.Version {
		c.window = w
	}
}

// pending is a send that has not come to its end.
type pending struct {
	store.Send
	notBefore   time.Time
	uploads     int // how often its file's upload was tried
	unknownCode int // how often the server refused it with a code that isn't known
	// failing is what it ends with without being sent, "" for nothing; failingFor is
	// the error for that where there is one.
	failing    string
	failingFor error
	// settled is closed when what the caller is told is known: the send's end, or
	// that it has to wait.
	settled chan struct{}
	result  result
}

// result is what becomes of a send, as far as its caller is told.
type result struct {
	status    string // one of luabind's statuses
	reason    string // of a deferred one
	messageID string
	uncertain bool
	err       error // of a failed one
}

// conversation returns a conversation by its name, made if need be.
func (o *Outbox) conversation(name string) *conversation {
	c := o.conversations[name]
	if c == nil {
		c = &conversation{name: name}
		o.conversations[name] = c
	}
	return c
}

// put adds a send to its conversation, behind those of its priority.
func (o *Outbox) put(p *pending) {
	c := o.conversation(p.Conversation)
	at, _ := slices.BinarySearchFunc(c.queue, p, inOrder)
	// What is under way stays first.
	if at == 0 && c.busy && len(c.queue) > 0 {
		at = 1
	}
	c.queue = slices.Insert(c.queue, at, p)
	o.active[c] = struct{}{}
	o.queued++
	o.sweepBy(p.Expires)
}

// inOrder compares two sends of a conversation.
func inOrder(a, b *pending) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
}

func (o *Outbox) remove(c *conversation, p *pending) {
	if i := slices.Index(c.queue, p); i >= 0 {
		c.queue = slices.Delete(c.queue, i, i+1)
		if o.queued--; len(c.queue) == 0 {
			delete(o.active, c)
		}
		if o.ended != nil {
			o.ended[p.ID] = true
		}
	}
}

func (o *Outbox) knows(s *store.Send) bool {
	return slices.ContainsFunc(o.conversation(s.Conversation).queue, func(p *pending) bool { return p.ID == s.ID })
}

// drop takes a send out of its conversation that another process ended.
func (o *Outbox) drop(c *conversation, p *pending) {
	o.remove(c, p)
	p.settle(result{status: store.SendDropped, err: &luabind.HostError{Kind: "dropped", Message: "the send was dropped by hand"}})
	if p.File != "" {
		o.opts.Files.Discard(p.File)
	}
}

// settle tells a send's caller what becomes of it, once.
func (p *pending) settle(v result) {
	select {
	case <-p.settled:
	default:
		p.result = v
		close(p.settled)
	}
}
