package outbox

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Outbox sends what a bot's scripts want sent. The store holds all of it; what is here
// in memory can be made anew from there.
type Outbox struct {
	opts Options
	pace *pacer
	// slots bounds the requests under way at once.
	slots chan struct{}

	// handoff is held for reading from when sends are written to the store until they
	// are in conversations, or the other way round, and for writing by Refresh, which
	// compares the two.
	handoff sync.RWMutex
	loaded  bool // guarded by handoff

	mu            sync.Mutex
	conversations map[string]*conversation
	active        map[*conversation]struct{} // those with sends
	queued        int                        // sends in conversations
	turns         int                        // sends begun
	// sweepAt is when there is something to end that doesn't end by being sent,
	// and shrinkAt when conversations that are of no use any more are forgotten.
	sweepAt, shrinkAt time.Time
	// ended are the sends that came to their end since Refresh began, which may
	// have read the store before; nil while it doesn't run.
	ended    map[int64]bool
	throttle store.Throttle
	trouble  trouble // of the bot's connection
	inFlight int
	working  int // sends and uploads under way, and stores of their outcome
	changed  chan struct{}
	wake     chan struct{}

	countsMu  sync.Mutex
	counts    Counts
	strangers strangers
}

// New returns an outbox. It does nothing before Load and Run.
func New(o Options) *Outbox {
	return &Outbox{
		opts:          o,
		pace:          newPacer(o.Limits.MinGap, o.Limits.Burst),
		slots:         make(chan struct{}, o.Limits.ParallelSends),
		conversations: map[string]*conversation{},
		active:        map[*conversation]struct{}{},
		changed:       make(chan struct{}),
		wake:          make(chan struct{}, 1),
	}
}

// Load reads what the last process left. Sends that it had under way are
// uncertain: they are sent again under the same client id, or held, as the
// configuration says.
func (o *Outbox) Load(ctx context.Context) error {
	o.handoff.Lock()
	defer o.handoff.Unlock()
	sends, err := o.opts.Store.Unsent(ctx, o.opts.Bot)
	if err != nil {
		return err
	}
	last, err := o.opts.Store.LastSend(ctx, o.opts.Bot)
	if err != nil {
		return err
	}
	for i := range sends {
		s := &sends[i]
		if s.State != store.SendSending {
			continue
		}
		outcome := store.Outcome{State: store.SendQueued, Uncertain: true, Error: "the process ended before the answer came"}
		if o.opts.HoldUncertain {
			outcome.State = store.SendHeld
		}
		o.opts.Logger.Warn("it is uncertain whether this was sent before the process ended", "send", s.ID, "to", s.User,
			"client_id", s.ClientID, "status", luabind.StatusUncertain, "now", outcome.State)
		last = time.Now() // the request may have come to the server until now
		if _, err := o.opts.Store.EndSend(ctx, s, outcome, last); err != nil {
			return err
		}
		s.State, s.Uncertain = outcome.State, true
		o.count(func(n *Counts) { n.Uncertain++ })
	}
	windows, err := o.opts.Store.Windows(ctx, o.opts.Bot)
	if err != nil {
		return err
	}
	throttle, err := o.opts.Store.Throttle(ctx, o.opts.Bot)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if longest := time.Now().Add(throttleMax); throttle.Until.After(longest) {
		throttle.Until = longest // the clock was put back
	}
	o.throttle = throttle
	o.pace.busyUntil(last)
	clear(o.conversations)
	clear(o.active)
	o.queued = 0
	for _, w := range windows {
		o.conversation(w.Conversation).apply(w)
	}
	for i := range sends {
		if sends[i].State == store.SendQueued {
			o.put(&pending{Send: sends[i], settled: make(chan struct{})})
		}
	}
	o.shrink()
	o.loaded = true
	return nil
}

// Refresh takes up what another process did to the store: a held send released,
// a queued one dropped.
func (o *Outbox) Refresh(ctx context.Context) error {
	o.handoff.Lock()
	defer o.handoff.Unlock()
	if !o.loaded {
		return nil // load will read all of it
	}
	o.mu.Lock()
	o.ended = map[int64]bool{}
	o.mu.Unlock()
	sends, err := o.opts.Store.Unsent(ctx, o.opts.Bot)
	o.mu.Lock()
	defer o.mu.Unlock()
	ended := o.ended
	o.ended = nil
	if err != nil {
		return err
	}
	stored := map[int64]bool{}
	for i := range sends {
		stored[sends[i].ID] = true
		if sends[i].State == store.SendQueued && !ended[sends[i].ID] && !o.knows(&sends[i]) {
			o.put(&pending{Send: sends[i], settled: make(chan struct{})})
		}
	}
	for _, c := range o.conversations {
		for _, p := range slices.Clone(c.queue) {
			if !stored[p.ID] && !(c.busy && p == c.queue[0]) {
				o.drop(c, p)
			}
		}
	}
	o.settleAll()
	o.poke()
	return nil
}

// WindowsOpened takes over the windows that new messages opened.
func (o *Outbox) WindowsOpened(windows []store.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range windows {
		c := o.conversation(w.Conversation)
		c.apply(w)
		for i, p := range c.queue {
			// The user has written, and need not be asked to.
			if p.Priority < store.PriorityAnswer && !(i == 0 && c.busy) {
				o.fail(p, luabind.StatusExpired, nil)
			}
		}
	}
	o.poke()
}

// poke has the sender look at the conversations again.
func (o *Outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	close(o.changed)
	o.changed = make(chan struct{})
	o.opts.Changed()
}
