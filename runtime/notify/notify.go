// Package notify tells an operator when a bot's state changes, by a command or a
// webhook.
package notify

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// maxQueue is how many events may wait. Each bot has one waiting at most, so
// only a change that hits more bots than that at once can fill it.
const maxQueue = 64

// Notifier delivers events, one after the other, from a goroutine of its own. A
// nil one tells nobody.
type Notifier struct {
	log     *slog.Logger
	targets []target
	cancel  context.CancelFunc // ends what is being delivered
	wake    chan struct{}      // holds a token when there is something new to see
	done    chan struct{}      // closed when the worker has ended

	mu     sync.Mutex
	queue  []Event // oldest first
	closed bool
	lost   int // events that Close had no time for
}

// target is a way to tell somebody.
type target interface {
	// deliver blocks until the event was delivered, failed for good, or ctx ended.
	deliver(ctx context.Context, ev Event) error
	// attr says in the log what it is, without secrets.
	attr() slog.Attr
}

// New starts a Notifier; Close ends it. cfg is one that Validate has nothing to
// say about. A nil logger means slog.Default.
func New(cfg Config, logger *slog.Logger) *Notifier {
	if logger == nil {
		logger = slog.Default()
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	var targets []target
	if len(cfg.Command) > 0 {
		targets = append(targets, &command{argv: slices.Clone(cfg.Command), timeout: cfg.Timeout, log: logger})
	}
	if cfg.Webhook != "" {
		targets = append(targets, newWebhook(cfg.Webhook, cfg.Timeout))
	}
	return start(logger, targets)
}

func start(logger *slog.Logger, targets []target) *Notifier {
	ctx, cancel := context.WithCancel(context.Background())
	n := &Notifier{
		log: logger, targets: targets, cancel: cancel,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if len(targets) == 0 {
		n.closed = true
		close(n.done)
		return n
	}
	go n.work(ctx)
	return n
}

// Enabled tells whether there is somebody to tell.
func (n *Notifier) Enabled() bool { return n != nil && len(n.targets) > 0 }

// Notify queues an event and returns at once. An event of the same bot that
// still waits is dropped for it: of a bot that flaps, the last state counts. (So
// Previous is the state before this one, which may never have been told.) Where
// too many wait, the oldest is dropped. After Close it does nothing.
func (n *Notifier) Notify(ev Event) {
	if !n.Enabled() {
		return
	}
	ev = ev.clean(time.Now())
	folded, dropped, closed := n.push(ev)
	// Told here, where the lock isn't held: a log may be slow.
	switch {
	case closed:
		n.log.Warn("nobody is told of a change of state, since the process ends", "bot", ev.Bot, "state", ev.State)
	case folded != nil:
		n.log.Debug("a newer change of state takes the place of one that waits to be told", "bot", ev.Bot, "state", ev.State, "dropped", folded.State)
	case dropped != nil:
		n.log.Warn("nobody is told of a change of state: too many wait", "bot", dropped.Bot, "state", dropped.State, "waiting", maxQueue)
	}
}

// push tells which event had to go for the new one, if any.
func (n *Notifier) push(ev Event) (folded, dropped *Event, closed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, nil, true
	}
	if i := slices.IndexFunc(n.queue, func(q Event) bool { return q.Bot == ev.Bot && q.aboutUser() == ev.aboutUser() }); i >= 0 {
		old := n.queue[i]
		folded = &old
		n.queue = slices.Delete(n.queue, i, i+1)
	} else if len(n.queue) >= maxQueue {
		old := n.queue[0]
		dropped = &old
		n.queue = slices.Delete(n.queue, 0, 1)
	}
	n.queue = append(n.queue, ev)
	n.signal()
	return folded, dropped, false
}

func (n *Notifier) signal() {
	select {
	case n.wake <- struct{}{}:
	default: // the worker hasn't seen the last one yet, and will look at all
	}
}

// Close takes no more events, delivers those that wait, and waits for the
// worker. When ctx ends, what is being delivered is broken off, and the error
// says how many were not.
func (n *Notifier) Close(ctx context.Context) error {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.signal()
	select {
	case <-n.done:
	case <-ctx.Done():
		n.cancel()
		<-n.done
	}
	n.cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lost > 0 {
		return fmt.Errorf("notify: there was no time left to tell of %d changes of state", n.lost)
	}
	return nil
}

// work delivers until the Notifier is closed and nothing waits, or ctx ends.
func (n *Notifier) work(ctx context.Context) {
	defer close(n.done)
	for {
		ev, found, closed := n.pop()
		switch {
		case found:
			n.deliver(ctx, ev)
		case closed:
			return
		default:
			<-n.wake // Close signals too
		}
	}
}

func (n *Notifier) pop() (ev Event, found, closed bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.queue) == 0 {
		return Event{}, false, n.closed
	}
	ev = n.queue[0]
	n.queue = slices.Delete(n.queue, 0, 1)
	return ev, true, n.closed
}

// deliver tells all targets side by side, so that one that hangs doesn't keep
// the others waiting.
func (n *Notifier) deliver(ctx context.Context, ev Event) {
	errs := make([]error, len(n.targets))
	if ctx.Err() == nil {
		var wg sync.WaitGroup
		for i, t := range n.targets {
			wg.Go(func() { errs[i] = t.deliver(ctx, ev) })
		}
		wg.Wait()
	} else {
		errs[0] = ctx.Err()
	}
	for i, err := range errs {
		if err != nil {
			n.log.Warn("a change of state couldn't be told", "bot", ev.Bot, "state", ev.State, n.targets[i].attr(), "error", err)
		}
	}
	if ctx.Err() != nil && slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		n.mu.Lock()
		n.lost++
		n.mu.Unlock()
	}
}
