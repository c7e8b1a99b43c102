package runtime

import (
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

	mu       sync.Mutex
	lanes    map[string]*lane // by conversation
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
	lastSent     time.Time
}

// pending is a send that has not come to its end.
type pending struct {
	store.Send
	notBefore time.Time
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
	// maxOdd is how often a send is tried that the server refuses with a code
	// that isn't known.
	maxOdd = 3
	// expirySweep is how often the queue is searched for what has waited too long.
	expirySweep = time.Minute
)

func newOutbox(b *bot) *outbox {
	l := b.shared.Limits
	rules := windowRules{perInbound: l.PerInbound, life: time.Duration(l.Window)}
	if l.PerInbound < 0 {
		rules = windowRules{}
	}
	return &outbox{
		bot:     b,
		rules:   rules,
		pace:    newPacer(time.Duration(l.MinGap), l.Burst),
		slots:   make(chan struct{}, l.ParallelSends),
		lanes:   map[string]*lane{},
		changed: make(chan struct{}),
		wake:    make(chan struct{}, 1),
	}
}

// load reads what the last process left. Sends that it had under way are
// uncertain: they are sent again under the same client id, or held, as the
// configuration says.
func (o *outbox) load(ctx context.Context) error {
	sends, err := o.bot.store.Unsent(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	windows, err := o.bot.store.Windows(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	throttle, err := o.bot.store.Throttle(ctx, o.bot.cfg.Name)
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
		if err := o.bot.store.EndSend(ctx, s, outcome, time.Now()); err != nil {
			return err
		}
		s.State, s.Uncertain = outcome.State, true
		o.bot.stats.update(func(st *Status) { st.Uncertain++ })
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.throttle = throttle
	o.pace.busyUntil(last)
	for _, w := range windows {
		o.lane(w.Conversation).window = w
	}
	for i := range sends {
		if sends[i].State == store.SendQueued {
			o.put(&pending{Send: sends[i], settled: make(chan struct{})})
		}
	}
	o.settleAll()
	return nil
}

// refresh takes up what another process did to the store: a held send released,
// a queued one dropped.
func (o *outbox) refresh(ctx context.Context) error {
	sends, err := o.bot.store.Unsent(ctx, o.bot.cfg.Name)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	stored := map[int64]bool{}
	for i := range sends {
		stored[sends[i].ID] = true
		if sends[i].State == store.SendQueued && !o.knows(&sends[i]) {
			o.put(&pending{Send: sends[i], settled: make(chan struct{})})
		}
	}
	for _, l := range o.lanes {
		for _, p := range slices.Clone(l.queue) {
			if !stored[p.ID] && !(l.busy && p == l.queue[0]) {
				o.remove(l, p)
				p.settle(verdict{status: store.SendDropped, err: &luabind.HostError{Kind: "dropped", Message: "the send was dropped by hand"}})
			}
		}
	}
	o.settleAll()
	o.poke()
	return nil
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
	at, _ := slices.BinarySearchFunc(l.queue, p, func(a, b *pending) int {
		if a.Priority != b.Priority {
			return a.Priority - b.Priority
		}
		return int(a.ID - b.ID)
	})
	// What is under way stays first.
	if at == 0 && l.busy && len(l.queue) > 0 {
		at = 1
	}
	l.queue = slices.Insert(l.queue, at, p)
}

func (o *outbox) remove(l *lane, p *pending) {
	if i := slices.Index(l.queue, p); i >= 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
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
	sends, existed, err := o.bot.store.Enqueue(ctx, e)
	if errors.Is(err, store.ErrQueueFull) {
		return nil, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages are waiting for %s to write again, and no more are kept ([limits] max_queued)", e.MaxQueued, e.User)}
	}
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]*pending, len(sends))
	for i := range sends {
		all[i] = o.adopt(&sends[i], existed)
	}
	o.settleLane(o.lane(e.Conversation))
	o.poke()
	return all, nil
}

// found returns what an earlier run of a handler enqueued.
func (o *outbox) found(sends []store.Send) []*pending {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]*pending, len(sends))
	for i := range sends {
		all[i] = o.adopt(&sends[i], true)
	}
	if len(sends) > 0 {
		o.settleLane(o.lane(sends[0].Conversation))
	}
	return all
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
	case s.State == store.SendHeld:
		p.settle(verdict{status: luabind.StatusUncertain, uncertain: true})
	default:
		p.settle(verdict{status: s.Result, err: &luabind.HostError{Kind: s.Result, Message: s.Error}})
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
	left, why := o.rules.left(l.window, o.serverNow())
	if blocked, _ := o.blocked(); blocked != "" {
		return refusal(blocked)
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
		o.lane(w.Conversation).window = w
	}
	o.poke()
}

// blocked says why the bot sends nothing at all at the moment, and until when.
func (o *outbox) blocked() (reason string, until time.Time) {
	now := time.Now()
	if now.Before(o.throttle.Until) {
		return luabind.StatusThrottled, o.throttle.Until
	}
	if now.Before(o.trouble.until) {
		return o.trouble.reason, o.trouble.until
	}
	return "", time.Time{}
}

// settleAll looks through all lanes for callers who can be told something.
func (o *outbox) settleAll() {
	for _, l := range o.lanes {
		o.settleLane(l)
	}
}

// settleLane tells the callers of those sends that have to wait that they do.
func (o *outbox) settleLane(l *lane) {
	if len(l.queue) == 0 {
		return
	}
	if reason, _ := o.blocked(); reason != "" {
		for _, p := range l.queue {
			p.settle(verdict{status: luabind.StatusDeferred, reason: reason})
		}
		return
	}
	left, why := o.rules.left(l.window, o.serverNow())
	if l.busy {
		left++ // the first one is counted as used already
	}
	if o.nudges(l, left) {
		left--
	}
	if why == "" {
		why = luabind.StatusQuota
	}
	for i, p := range l.queue {
		if i >= left {
			p.settle(verdict{status: luabind.StatusDeferred, reason: why})
		}
	}
}

// nudges says whether a lane's last allowed send should tell the user that more
// is waiting.
func (o *outbox) nudges(l *lane, left int) bool {
	return !l.window.Nudged && len(l.queue) > left && slices.ContainsFunc(l.queue, func(p *pending) bool { return p.Mode == store.ModeNudge })
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
}

// idle blocks until nothing is under way and nothing more may be sent now, or
// ctx ends.
func (o *outbox) idle(ctx context.Context) error {
	for {
		o.mu.Lock()
		l, _ := o.next()
		done := l == nil && o.working == 0
		changed := o.changed
		o.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// result is what the caller of a send is told, once all parts are settled.
func result(ctx context.Context, parts []*pending) (luabind.SendResult, error) {
	r := luabind.SendResult{Status: luabind.StatusSent, Parts: len(parts)}
	for _, p := range parts {
		select {
		case <-p.settled:
		case <-ctx.Done():
			// It is in the outbox and will go out: saying that it failed would have
			// the script send it again.
			r.Status, r.Reason = luabind.StatusDeferred, luabind.ReasonQueue
			return r, nil
		}
		v := p.verdict
		r.Uncertain = r.Uncertain || v.uncertain
		if v.messageID != "" {
			r.MessageIDs = append(r.MessageIDs, v.messageID)
		}
		switch {
		case v.err != nil:
			r.Status = v.status
			return r, v.err
		case v.status == luabind.StatusSent:
			r.Sent++
		case r.Status == luabind.StatusSent:
			r.Status, r.Reason = v.status, v.reason
		}
	}
	return r, nil
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
