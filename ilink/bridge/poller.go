package bridge

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// A server that holds nothing and says nothing would be asked without end:
	// after idleInARow answers that were empty and took less than idleAnswer,
	// there is a pause of idlePause.
	idleInARow = 20
	idleAnswer = 5 * time.Millisecond
	idlePause  = time.Second

	// startGrace is how long a poller that is stopped lets the server be told of its
	// start.
	startGrace = 800 * time.Millisecond
)

// errNoTarget is the state of a poller whose messages nobody would take: to poll
// would be to lose them.
var errNoTarget = errors.New("bridge: the binding leads nowhere: there is no Deliver, no PodIP and no forward URL")

// poller polls for one binding. All but the fields that say otherwise belong to
// its goroutine.
type poller struct {
	bridge *Bridge
	key    bindingKey
	log    *slog.Logger
	mem    *memory

	ctx      context.Context // ends when the poller is to stop
	cancel   context.CancelFunc
	done     chan struct{} // closed when it has ended
	replaced atomic.Bool   // another poller follows

	prev      *poller // the one before, until it has ended; guarded by bridge.mu
	goroutine uint64  // guarded by bridge.mu

	binding  BridgeBinding // with the newest token
	client   *ilink.Client
	cursor   string
	saved    string // the cursor that the BridgeDB has
	last     *batch // the one taken last, for its secrets
	cut      bool   // the stop cancelled a message that was being forwarded
	hold     time.Duration
	previous time.Time // when the last answer came
	failures int
	idle     int
	trouble  sessionTrouble
	state    State
}

func newPoller(b *Bridge, key bindingKey, binding BridgeBinding, mem *memory, prev *poller) *poller {
	// A poller has no context to come from: it lives until it is stopped.
	ctx, cancel := context.WithCancel(context.Background())
	return &poller{
		bridge: b, key: key, binding: binding, mem: mem, prev: prev,
		log: b.logger.With("sandbox", key.sandboxID, "bot", key.botID),
		ctx: ctx, cancel: cancel, done: make(chan struct{}),
		cursor: binding.GetUpdatesBuf, saved: binding.GetUpdatesBuf,
	}
}

func (p *poller) run() {
	defer p.cancel()
	defer p.bridge.ended(p)
	p.waitForPrevious()

	err := p.poll()
	if !p.replaced.Load() {
		p.lastTry()
		p.announceStop()
	}
	p.report(PhaseStopped, err, 0)
}

// waitForPrevious lets the poller before this one end, also when this one is to
// stop already: whoever waits for this one waits for both.
func (p *poller) waitForPrevious() {
	b := p.bridge
	b.mu.Lock()
	p.goroutine = goroutineID()
	prev := p.prev
	b.mu.Unlock()
	if prev == nil {
		return
	}
	<-prev.done
	b.mu.Lock()
	p.prev = nil
	b.mu.Unlock()
}

// poll polls until the poller is to stop. It returns what kept it from polling
// at all.
func (p *poller) poll() error {
	if p.ctx.Err() != nil {
		return nil
	}
	p.newClient()
	if !p.forwards() && p.bridge.opts.Deliver == nil {
		p.log.Error("no poller: messages would be lost", "err", errNoTarget)
		return errNoTarget
	}
	p.report(PhaseRunning, nil, 0)
	defer p.announceStartBeside()()
	for p.ctx.Err() == nil {
		// Also what the poller before this one could not hand over.
		if p.mem.pending != nil {
			p.deliver()
			continue
		}
		p.saveCursor()
		p.pollOnce()
	}
	p.saveCursor()
	return nil
}

func (p *poller) pollOnce() {
	meta := PollMeta{Started: time.Now(), Previous: p.previous}
	u, err := p.client.GetUpdates(p.ctx, p.cursor, p.hold)
	meta.Received = time.Now()
	took := meta.Received.Sub(meta.Started)
	switch {
	case err != nil && p.ctx.Err() != nil:
		// Stopped.
	case errors.Is(err, ilink.ErrSessionTimeout):
		p.failures = 0
		p.sessionLost(err, took)
	case err != nil:
		p.failed(err)
	default:
		p.answered(u, meta, took)
	}
}

// answered takes note of a poll that worked.
func (p *poller) answered(u *ilink.Updates, meta PollMeta, took time.Duration) {
	p.previous = meta.Received
	p.failures = 0
	p.trouble.worked(meta.Received)
	p.report(p.trouble.phase(meta.Received), nil, 0)
	if u.Hold > 0 {
		p.hold = u.Hold
	}
	for _, bad := range u.Malformed {
		p.log.Error("a message could not be read", "err", scrubError(bad.Err, p.secrets()...), "bytes", len(bad.Raw))
	}
	if len(u.Messages) > 0 || len(u.Malformed) > 0 {
		p.mem.pending = &batch{updates: u, meta: meta, token: p.binding.BotToken}
		p.idle = 0
		return
	}
	p.cursor = u.Cursor
	if took >= idleAnswer {
		p.idle = 0
		return
	}
	if p.idle++; p.idle >= idleInARow {
		_ = sleep(p.ctx, spread(idlePause))
	}
}

func (p *poller) failed(err error) {
	p.failures++
	err = scrubError(err, p.secrets()...)
	phase := p.trouble.phase(time.Now())
	if p.failures >= failuresInARow {
		phase = PhaseUnreachable
	}
	pause := spread(pollPause(p.failures))
	p.log.Warn("poll failed", "err", err, "failures", p.failures, "retry_in", pause)
	// One failure or two are nothing that anybody has to know of.
	if phase != PhaseRunning {
		p.report(phase, err, pause)
	}
	_ = sleep(p.ctx, pause)
}

// sessionLost deals with a -14 (protocol §3, "Better").
func (p *poller) sessionLost(err error, held time.Duration) {
	err = scrubError(err, p.secrets()...)
	pause := p.trouble.lost(time.Now(), held)
	if p.renewToken() {
		return
	}
	if pause == 0 {
		p.log.Warn("the session timed out, trying again at once", "err", err)
		p.announceStart()
		return
	}
	phase := p.trouble.phase(time.Now())
	pause = spread(pause)
	p.log.Warn("the session timed out", "err", err, "phase", phase, "retry_in", pause)
	p.report(phase, err, pause)
	if sleep(p.ctx, pause) == nil {
		// It may have come meanwhile.
		p.renewToken()
	}
}

// renewToken asks for a newer token and goes on with it if there is one.
func (p *poller) renewToken() bool {
	if p.bridge.opts.Token == nil || p.ctx.Err() != nil {
		return false
	}
	var token ilink.Token
	err := guard(p.log, "Token", p.secrets, func() (err error) {
		token, err = p.bridge.opts.Token(p.ctx, p.binding)
		return err
	})
	switch {
	case err != nil:
		p.log.Warn("no newer token", "err", scrubError(err, token.BotToken))
		return false
	case token.BotToken == "" || token.BotToken == p.binding.BotToken:
		return false
	case token.BotID != "" && token.BotID != p.binding.BotID:
		p.log.Error("the newer token is another bot's", "other", token.BotID)
		return false
	}
	p.binding.BotToken = token.BotToken
	if token.BaseURL != "" {
		p.binding.ILinkBaseURL = token.BaseURL
	}
	// The old cursor is the old login's.
	p.cursor, p.binding.GetUpdatesBuf = "", ""
	p.trouble = sessionTrouble{}
	p.newClient()
	p.log.Info("going on with a new token")
	p.report(PhaseRunning, nil, 0)
	p.announceStart()
	return true
}

func (p *poller) newClient() {
	opts := []ilink.Option{ilink.WithHTTPClient(p.bridge.http), ilink.WithLogger(p.log)}
	if further := p.bridge.opts.ClientOptions; further != nil {
		// A panic is logged; the client then does without.
		_ = guard(p.log, "ClientOptions", p.secrets, func() error {
			opts = append(opts, further(p.binding)...)
			return nil
		})
	}
	p.client = ilink.NewClient(ilink.Token{
		BotToken: p.binding.BotToken, BotID: p.binding.BotID, BaseURL: orDefaultBase(p.binding.ILinkBaseURL),
	}, opts...)
}

// announceStartBeside is announceStart on a goroutine of its own: messages are not to
// wait for a server that doesn't answer. What it returns waits for the call, which goes
// before that of the stop, but not for long.
func (p *poller) announceStartBeside() (end func()) {
	p.mem.announced = true
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.ctx))
	client, secrets := p.client, []string{p.binding.BotToken, p.binding.BridgeSecret}
	var telling sync.WaitGroup
	telling.Go(func() {
		if err := client.NotifyStart(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn("the server was not told of the start", "err", scrubError(err, secrets...))
		}
	})
	return func() {
		giveUp := time.AfterFunc(startGrace, cancel)
		telling.Wait()
		giveUp.Stop()
		cancel()
	}
}

func (p *poller) announceStart() {
	p.mem.announced = true
	if err := p.client.NotifyStart(p.ctx); err != nil && p.ctx.Err() == nil {
		p.log.Warn("the server was not told of the start", "err", scrubError(err, p.secrets()...))
	}
}

// announceStop has to get through although the poller is being stopped; the
// call has a time-out of its own.
func (p *poller) announceStop() {
	if !p.mem.announced {
		return
	}
	p.mem.announced = false
	if p.client == nil {
		p.newClient()
	}
	if err := p.client.NotifyStop(context.WithoutCancel(p.ctx)); err != nil {
		p.log.Warn("the server was not told of the stop", "err", scrubError(err, p.secrets()...))
	}
}

// saveCursor saves the cursor if it has moved. It isn't fatal if that fails: the
// messages are taken, and the server would not send them again for an older
// cursor either. It is tried again after the next poll.
func (p *poller) saveCursor() {
	if p.cursor == p.saved {
		return
	}
	if p.bridge.db != nil {
		err := guard(p.log, "UpdateGetUpdatesBuf", p.secrets, func() error {
			return p.bridge.db.UpdateGetUpdatesBuf(p.key.sandboxID, p.key.botID, p.cursor)
		})
		if err != nil {
			p.log.Error("the cursor was not saved", "err", err)
			return
		}
	}
	p.saved = p.cursor
}

// report tells the state, if it is another one than before; retry is when the
// next try follows, 0 if none is waited for.
func (p *poller) report(phase Phase, err error, retry time.Duration) {
	now := time.Now()
	s := State{SandboxID: p.key.sandboxID, BotID: p.key.botID, Phase: phase, Err: err, Since: p.state.Since}
	if phase != p.state.Phase {
		s.Since = now
	}
	if retry > 0 {
		s.NextRetry = now.Add(retry)
	}
	if s.Phase == p.state.Phase && s.NextRetry.Equal(p.state.NextRetry) && (s.Err == nil) == (p.state.Err == nil) {
		return
	}
	p.state = s
	if p.bridge.opts.OnState != nil {
		_ = guard(p.log, "OnState", p.secrets, func() error {
			p.bridge.opts.OnState(s)
			return nil
		})
	}
}

// secrets are what must not be seen in what others write: errors and panics.
func (p *poller) secrets() []string {
	secrets := []string{p.binding.BotToken, p.binding.BridgeSecret}
	for _, b := range []*batch{p.mem.pending, p.last} {
		if b == nil {
			continue
		}
		for _, m := range b.updates.Messages {
			secrets = append(secrets, m.ContextToken)
		}
	}
	return secrets
}
