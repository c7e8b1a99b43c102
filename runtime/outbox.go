package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// outbox sends what a bot's scripts want sent: in order within a conversation,
// as far as its window allows and as fast as the bot's pace allows, and keeps
// the rest until the user writes again. The store holds all of it; what is here
// in memory can be made anew from there.
type outbox struct {
	bot   *bot
	rules windowRules
	pace  *pacer
	// slots bounds the requests under way at once.
	slots chan struct{}

	// taking is held for reading from when sends are written to the store until
	// they are in lanes, or the other way round, and for writing by refresh, which
	// compares the two.
	taking sync.RWMutex
	loaded bool // guarded by taking

	mu     sync.Mutex
	lanes  map[string]*lane   // by conversation
	active map[*lane]struct{} // those with sends
	queued int                // sends in lanes
	turns  int                // sends begun
	// sweepAt is when there is something to end that doesn't end by being sent,
	// and shrinkAt when lanes that are of no use any more are forgotten.
	sweepAt, shrinkAt time.Time
	// ended are the sends that came to their end since refresh began, which may
	// have read the store before; nil while it doesn't run.
	ended    map[int64]bool
	throttle store.Throttle
	trouble  trouble // of the bot's connection
	inFlight int
	working  int // sends and uploads under way, and stores of their outcome
	changed  chan struct{}
	wake     chan struct{}
}

// lane is a conversation's part of the outbox.
type lane struct {
	conversation string
	queue        []*pending // by priority, then age
	window       store.Window
	busy         bool // its first send, or that one's upload, is under way
	counted      bool // the window's count has that send already
	turn         int  // when its last turn was, as the outbox counts them
	// refused is the number of the window in which the server said that the session
	// with the user has ended, 0 for none.
	refused int64
}

// apply takes over what the store says of the window, unless it is older than
// what is known: those who write to the store come here in any order.
func (l *lane) apply(w store.Window) {
	if w.Version > l.window.Version {
		l.window = w
	}
}

// pending is a send that has not come to its end.
type pending struct {
	store.Send
	notBefore time.Time
	uploads   int // how often its file's upload was tried
	odd       int // how often the server refused it with a code that isn't known
	// doomed is what it ends with without being sent, "" for nothing; doomedBy is
	// the error for that where there is one.
	doomed   string
	doomedBy error
	// settled is closed when what the caller is told is known: the send's end, or
	// that it has to wait.
	settled chan struct{}
	verdict verdict
}

// verdict is what becomes of a send, as far as its caller is told.
type verdict struct {
	status    string // one of luabind's statuses
	reason    string // of a deferred one
	messageID string
	uncertain bool
	err       error // of a failed one
}

// trouble is a pause in sending because the connection or the session is broken.
type trouble struct {
	reason   string
	until    time.Time
	failures int
}

const (
	// troubleMin doubles to troubleMax while sends fail for the connection's sake.
	troubleMin = time.Second
	troubleMax = time.Minute
	// retryMax is the longest pause before a send is tried again that failed
	// without a sign of trouble for the others.
	retryMax = 30 * time.Second
	// maxOdd is how often a send is tried that the server refuses with a code
	// that isn't known.
	maxOdd = 3
	// storeRetry is the pause where the store didn't take something.
	storeRetry = time.Second
	// shrinkInterval is how often what is in memory for nobody is forgotten.
	shrinkInterval = time.Hour
	// maxLanesQueued is how many conversations' full queues a bot may have: who
	// sends to ever more of them must not fill the disk.
	maxLanesQueued = 100
)

func newOutbox(b *bot) *outbox {
	l := b.shared.Limits
	return &outbox{
		bot:     b,
		rules:   l.rules(),
		pace:    newPacer(time.Duration(l.MinGap), l.Burst),
		slots:   make(chan struct{}, l.ParallelSends),
		lanes:   map[string]*lane{},
		active:  map[*lane]struct{}{},
		changed: make(chan struct{}),
		wake:    make(chan struct{}, 1),
	}
}

// load reads what the last process left. Sends that it had under way are
// uncertain: they are sent again under the same client id, or held, as the
// configuration says.
func (o *outbox) load(ctx context.Context) error {
	o.taking.Lock()
	defer o.taking.Unlock()
	sends, err := o.bot.store.Unsent(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	last, err := o.bot.store.LastSend(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	for i := range sends {
		s := &sends[i]
		if s.State != store.SendSending {
			continue
		}
		outcome := store.Outcome{State: store.SendQueued, Uncertain: true, Error: "the process ended before the answer came"}
		if o.bot.shared.Delivery.OnUncertain == UncertainHold {
			outcome.State = store.SendHeld
		}
		o.bot.log.Warn("it is uncertain whether this was sent before the process ended", "send", s.ID, "to", s.User,
			"client_id", s.ClientID, "status", luabind.StatusUncertain, "now", outcome.State)
		last = time.Now() // the request may have come to the server until now
		if _, err := o.bot.store.EndSend(ctx, s, outcome, last); err != nil {
			return err
		}
		s.State, s.Uncertain = outcome.State, true
		o.bot.stats.update(func(st *Status) { st.Uncertain++ })
	}
	windows, err := o.bot.store.Windows(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	throttle, err := o.bot.store.Throttle(ctx, o.bot.cfg.Name)
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
	clear(o.lanes)
	clear(o.active)
	o.queued = 0
	for _, w := range windows {
		o.lane(w.Conversation).apply(w)
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

// refresh takes up what another process did to the store: a held send released,
// a queued one dropped.
func (o *outbox) refresh(ctx context.Context) error {
	o.taking.Lock()
	defer o.taking.Unlock()
	if !o.loaded {
		return nil // load will read all of it
	}
	o.mu.Lock()
	o.ended = map[int64]bool{}
	o.mu.Unlock()
	sends, err := o.bot.store.Unsent(ctx, o.bot.cfg.Name)
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
	for _, l := range o.lanes {
		for _, p := range slices.Clone(l.queue) {
			if !stored[p.ID] && !(l.busy && p == l.queue[0]) {
				o.drop(l, p)
			}
		}
	}
	o.settleAll()
	o.poke()
	return nil
}

// drop takes a send out of its lane that another process ended.
func (o *outbox) drop(l *lane, p *pending) {
	o.remove(l, p)
	p.settle(verdict{status: store.SendDropped, err: &luabind.HostError{Kind: "dropped", Message: "the send was dropped by hand"}})
	if p.File != "" {
		o.bot.host.files.Discard(p.File)
	}
}

func (o *outbox) knows(s *store.Send) bool {
	return slices.ContainsFunc(o.lane(s.Conversation).queue, func(p *pending) bool { return p.ID == s.ID })
}

// lane returns a conversation's lane, made if need be.
func (o *outbox) lane(conversation string) *lane {
	l := o.lanes[conversation]
	if l == nil {
		l = &lane{conversation: conversation}
		o.lanes[conversation] = l
	}
	return l
}

// put adds a send to its lane, behind those of its priority.
func (o *outbox) put(p *pending) {
	l := o.lane(p.Conversation)
	at, _ := slices.BinarySearchFunc(l.queue, p, inOrder)
	// What is under way stays first.
	if at == 0 && l.busy && len(l.queue) > 0 {
		at = 1
	}
	l.queue = slices.Insert(l.queue, at, p)
	o.active[l] = struct{}{}
	o.queued++
	o.sweepBy(p.Expires)
}

// inOrder compares two sends of a conversation.
func inOrder(a, b *pending) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
}

func (o *outbox) remove(l *lane, p *pending) {
	if i := slices.Index(l.queue, p); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
		if o.queued--; len(l.queue) == 0 {
			delete(o.active, l)
		}
		if o.ended != nil {
			o.ended[p.ID] = true
		}
	}
}

// settle tells a send's caller what becomes of it, once.
func (p *pending) settle(v verdict) {
	select {
	case <-p.settled:
	default:
		p.verdict = v
		close(p.settled)
	}
}

// enqueue puts a call's sends into the store and the lane. Sends that an earlier
// run of the same handler enqueued are returned as they are.
func (o *outbox) enqueue(ctx context.Context, e store.Enqueue) ([]*pending, error) {
	if e.Mode == store.ModeFail {
		if err := o.refuse(ctx, e); err != nil {
			return nil, err
		}
	}
	o.mu.Lock()
	queued := o.queued
	o.mu.Unlock()
	if e.MaxQueued > 0 && queued+len(e.Parts) > maxLanesQueued*e.MaxQueued {
		return nil, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages of the bot are waiting, and no more are kept (%d times [limits] max_queued)", queued, maxLanesQueued)}
	}
	o.taking.RLock()
	defer o.taking.RUnlock()
	sends, existed, err := o.bot.store.Enqueue(ctx, e)
	if errors.Is(err, store.ErrQueueFull) {
		return nil, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages are waiting for %s to write again, and no more are kept ([limits] max_queued)", e.MaxQueued, e.User)}
	}
	if err != nil {
		return nil, err
	}
	if existed {
		o.bot.host.discard(e.Parts)
	}
	return o.adoptAll(ctx, sends, existed)
}

// found takes up what an earlier run of a handler enqueued.
func (o *outbox) found(ctx context.Context, sends []store.Send) ([]*pending, error) {
	o.taking.RLock()
	defer o.taking.RUnlock()
	return o.adoptAll(ctx, sends, true)
}

// adoptAll takes up the stored sends of a call; existed says that they were there
// before it.
func (o *outbox) adoptAll(ctx context.Context, sends []store.Send, existed bool) (all []*pending, err error) {
	for again := false; ; again = true {
		o.mu.Lock()
		if !existed || !o.maybeEnded(sends, again) {
			break
		}
		o.mu.Unlock()
		if sends, err = o.bot.store.SendsOf(ctx, sends[0].Inbound, sends[0].Ordinal); err != nil {
			return nil, err
		}
	}
	defer o.mu.Unlock()
	for i := range sends {
		all = append(all, o.adopt(&sends[i], existed))
	}
	if len(sends) > 0 {
		o.settleLane(o.lane(sends[0].Conversation))
	}
	o.poke()
	return all, nil
}

// maybeEnded reports whether one of some sends was read as unsent and is in no
// lane: then it has come to its end since. The store knows that first, so that
// what it says when it is asked again is true.
func (o *outbox) maybeEnded(sends []store.Send, again bool) bool {
	return slices.ContainsFunc(sends, func(s store.Send) bool {
		unsent := s.State == store.SendSending || s.State == store.SendQueued && !again
		return unsent && !o.knows(&s)
	})
}

// adopt takes up a stored send: in the lane already, or at its end already, or
// new.
func (o *outbox) adopt(s *store.Send, existed bool) *pending {
	l := o.lane(s.Conversation)
	for _, p := range l.queue {
		if p.ID == s.ID {
			return p
		}
	}
	p := &pending{Send: *s, settled: make(chan struct{})}
	switch {
	case !existed || s.State == store.SendQueued:
		o.put(p)
	case s.State == store.SendSent:
		p.settle(verdict{status: luabind.StatusSent, messageID: s.MessageID, uncertain: s.Uncertain})
	case s.State == store.SendUnconfirmed:
		p.settle(verdict{status: luabind.StatusUnconfirmed, uncertain: s.Uncertain})
	case s.State == store.SendHeld:
		p.settle(verdict{status: luabind.StatusUncertain, uncertain: true})
	default:
		status := cmp.Or(s.Result, s.State)
		p.settle(verdict{status: status, err: &luabind.HostError{Kind: status, Message: s.Error}})
	}
	return p
}

// refuse returns an error where a send that must not wait would have to.
func (o *outbox) refuse(ctx context.Context, e store.Enqueue) error {
	if e.Inbound != 0 {
		if before, err := o.bot.store.SendsOf(ctx, e.Inbound, e.Ordinal); err != nil || len(before) > 0 {
			return err
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.lane(e.Conversation)
	left, why := o.room(l)
	if blocked, _ := o.blocked(); blocked != "" {
		return refusal(blocked)
	}
	if !l.window.Suppressed.IsZero() {
		// One answer may try, and nothing else.
		if !l.window.Probe || e.Priority > store.PriorityAnswer || len(l.queue) > 0 || len(e.Parts) > 1 {
			return refusal(luabind.ReasonSuppressed)
		}
		left = 1
	}
	if ahead := len(l.queue); ahead+len(e.Parts) > left {
		if why == "" {
			why = luabind.StatusQuota
		}
		return refusal(why)
	}
	return nil
}

// windowsOpened takes over the windows that new messages opened.
func (o *outbox) windowsOpened(windows []store.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, w := range windows {
		l := o.lane(w.Conversation)
		l.apply(w)
		for i, p := range l.queue {
			// The user has written, and need not be asked to.
			if p.Priority < store.PriorityAnswer && !(i == 0 && l.busy) {
				o.doom(p, luabind.StatusExpired, nil)
			}
		}
	}
	o.poke()
}

// serverNow is the server's time.
func (o *outbox) serverNow() time.Time { return o.bot.host.serverNow() }

// poke has the sender look at the lanes again.
func (o *outbox) poke() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
	close(o.changed)
	o.changed = make(chan struct{})
	o.bot.stats.poke()
}

// refusal is the error for a send that fails with one of luabind's statuses,
// which has the sentence for it.
func refusal(status string) error { return &luabind.HostError{Kind: status} }

const (
	reasonSession = luabind.ReasonSessionExpired
	reasonNetwork = luabind.ReasonNetwork

	statusWindowClosed = luabind.StatusWindowClosed
	statusQuota        = luabind.StatusQuota
)

// itemOf reads a payload.
func itemOf(s *store.Send) (ilink.Item, error) {
	var item ilink.Item
	if err := item.UnmarshalJSON(s.Payload); err != nil {
		return item, fmt.Errorf("read a queued message: %w", err)
	}
	return item, nil
}
