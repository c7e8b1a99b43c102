package runtime

import (
	"context"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// maxParallel is how many conversations of a bot are handled side by side.
const maxParallel = 64

// dispatcher hands each conversation's messages to the script, one at a time and
// in order; different conversations run side by side.
type dispatcher struct {
	bot    *bot
	ctx    context.Context // of handlers
	accept context.Context // ends when no further handlers start
	refuse context.CancelFunc

	mu       sync.Mutex
	waiting  map[string][]*ilink.Message // by user; a key is there while a worker serves it
	stopping bool
	workers  sync.WaitGroup
	slots    chan struct{}
}

func newDispatcher(b *bot) *dispatcher {
	return &dispatcher{bot: b, waiting: map[string][]*ilink.Message{}, slots: make(chan struct{}, maxParallel)}
}

// start sets the context under which handlers run.
func (d *dispatcher) start(ctx context.Context) {
	d.ctx = ctx
	d.accept, d.refuse = context.WithCancel(ctx)
}

// add queues a message. Messages from before start count too.
func (d *dispatcher) add(msg *ilink.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	conversation := msg.GroupID + "\x00" + msg.From
	queue, served := d.waiting[conversation]
	d.waiting[conversation] = append(queue, msg)
	if !served && !d.stopping {
		d.workers.Go(func() { d.serve(conversation) })
	}
}

// serve works off one conversation and ends when nothing is left of it.
func (d *dispatcher) serve(conversation string) {
	for {
		d.mu.Lock()
		queue := d.waiting[conversation]
		if len(queue) == 0 || d.stopping {
			delete(d.waiting, conversation)
			d.mu.Unlock()
			return
		}
		msg := queue[0]
		d.waiting[conversation] = queue[1:]
		d.mu.Unlock()
		d.handle(msg)
	}
}

func (d *dispatcher) handle(msg *ilink.Message) {
	// Waiting for a script that works comes before the slot: a bot that has none
	// must not fill them all.
	if d.bot.loader.wait(d.accept) != nil {
		return
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-d.accept.Done():
		return
	}
	g := d.bot.loader.acquire()
	defer g.release()
	err := g.sandbox.OnMessage(d.ctx, &luabind.Event{Message: msg, Quote: d.bot.recent.quote(msg)})
	d.bot.stats.update(func(s *Status) {
		if err != nil {
			s.Failed++
		} else {
			s.Handled++
		}
	})
	if err != nil {
		logScriptError(d.bot.log, "handler failed", err, "message_id", msg.ID, "from", msg.From)
	}
}

// stop hands out no further messages and waits for the handlers that run, up to
// a limit.
func (d *dispatcher) stop(limit time.Duration) {
	d.mu.Lock()
	d.stopping = true
	d.refuse()
	left := 0
	for _, queue := range d.waiting {
		left += len(queue)
	}
	d.mu.Unlock()
	if left > 0 {
		d.bot.log.Warn("messages were not handled before the stop", "messages", left)
	}
	done := make(chan struct{})
	go func() {
		d.workers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(limit):
		d.bot.loader.kill()
		<-done
	}
}
