package runtime

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

const (
	// loadRetryMin doubles to loadRetryMax while a bot's state can't be read.
	loadRetryMin = time.Second
	loadRetryMax = time.Minute
	// tokenInterval is how often a bot looks whether there is another token.
	tokenInterval = 2 * time.Second
	// sessionBackoffMin doubles to sessionBackoffMax while the server knows the
	// token no more (protocol §3).
	sessionBackoffMin = 5 * time.Second
	sessionBackoffMax = 5 * time.Minute
)

// bot is one account, bound to one script.
type bot struct {
	cfg    BotConfig
	shared *Config
	log    *slog.Logger
	store  *store.Store
	bridge *bridge.Bridge
	stats  stats
	// tell reports a change of state to the operator.
	tell func(bot, state, previous, message string)
	// peer finds another bot, nil if there is none.
	peer func(name string) *bot

	loader  *loader
	inbox   *inbox
	timers  *timers
	outbox  *outbox
	host    *host
	conduct *conduct
	// forward takes the messages instead of a script, nil if there is one.
	forward *bridge.Forwarder

	mu    sync.Mutex
	token ilink.Token // in use
	since time.Time   // when the session expired, zero while it is good
}

func newBot(shared *Config, cfg BotConfig, st *store.Store, br *bridge.Bridge, tell func(bot, state, previous, message string)) *bot {
	b := &bot{cfg: cfg, shared: shared, log: shared.Logger.With("bot", cfg.Name), store: st, bridge: br, tell: tell}
	b.stats.update(func(s *Status) {
		s.Bot, s.State, s.Isolated = cfg.Name, StateStarting, cfg.Sandbox.Isolation == IsolationProcess
	})
	b.host = newHost(b)
	b.conduct = &conduct{log: b.log, tell: b.suspended, slow: shared.pauses.slow}
	b.loader = newLoader(b)
	b.inbox = newInbox(b)
	b.timers = newTimers(b)
	b.outbox = newOutbox(b)
	return b
}

// run runs the bot until ctx ends: then polling stops, running handlers come to
// their end, and what may be sent is sent, all within limits.
func (b *bot) run(ctx context.Context) {
	defer b.stats.setState(StateStopped, nil)
	// Handlers and sends outlive ctx for a while; see the end.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	sending, stopSending := context.WithCancel(work)
	defer stopSending()

	for pause := loadRetryMin; ; pause = min(2*pause, loadRetryMax) {
		err := b.load(work)
		if err == nil {
			break
		}
		b.log.Error("the bot's state can't be read: it does not run yet", "err", err, "retry_in", pause)
		b.setState(StateStopped, err)
		if sleep(ctx, pause); ctx.Err() != nil {
			return
		}
	}
	var group sync.WaitGroup
	if b.forward == nil {
		group.Go(func() { b.loader.run(ctx) })
		group.Go(func() { b.timers.run(ctx) })
	}
	group.Go(func() { b.outbox.run(sending, work) })
	b.keepPolling(ctx)

	limit := time.Duration(b.shared.Delivery.StopTimeout)
	b.bridge.StopPollersForSandbox(b.cfg.Name)
	// Whatever doesn't come to an end then, such as what a full disk doesn't take,
	// is left as it is: the next start finds it.
	giveUp := time.AfterFunc(3*limit, stopWork)
	defer giveUp.Stop()
	b.inbox.close(limit)
	b.loader.stopping(limit)
	flush, done := context.WithTimeout(work, limit)
	if b.outbox.idle(flush) != nil {
		b.log.Warn("not all that may be sent was sent before the stop: it is kept")
	}
	done()
	stopSending()
	group.Wait()
	b.loader.close(limit)
}

func (b *bot) load(ctx context.Context) (err error) {
	if f := b.cfg.Forward; f.URL != "" {
		if b.forward, err = bridge.NewForwarder(f.URL, os.Getenv(f.SecretEnv), nil, b.log); err != nil {
			return err
		}
	}
	b.tidyFiles(ctx)
	if err := b.outbox.load(ctx); err != nil {
		return err
	}
	return b.inbox.start(ctx)
}

// keepPolling sees to it that the bridge polls with the bot's newest token, until
// ctx ends.
func (b *bot) keepPolling(ctx context.Context) {
	for ctx.Err() == nil {
		token, err := b.cfg.LoadToken()
		switch {
		case err != nil && b.current() == (ilink.Token{}):
			if b.stats.snapshot().State != StateNoToken {
				b.log.Warn("no token", "err", err)
			}
			b.setState(StateNoToken, err)
		case err != nil:
			// It is being written, or was taken away: the one in use may still do.
			b.log.Debug("read the token", "err", err)
		case token != b.current():
			b.use(token)
			cursor, err := b.store.Cursor(ctx, b.cfg.Name, digest(token.BotToken))
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				b.log.Error("read the cursor, polling from the newest message on", "err", err)
			}
			b.bridge.StartPoller(bridge.BridgeBinding{
				SandboxID: b.cfg.Name, BotID: b.cfg.Name, BotToken: token.BotToken, ILinkBaseURL: b.baseURL(token), GetUpdatesBuf: cursor,
			})
		}
		sleep(ctx, tokenInterval)
	}
}

func (b *bot) current() ilink.Token {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.token
}

// use makes a token the one to send with.
func (b *bot) use(token ilink.Token) {
	b.mu.Lock()
	b.token = token
	b.mu.Unlock()
	b.host.setClient(ilink.NewClient(token, b.clientOptions()...))
	b.outbox.loggedIn()
}

func (b *bot) baseURL(token ilink.Token) string {
	switch {
	case token.BaseURL != "":
		return token.BaseURL
	case b.shared.ILink.BaseURL != "":
		return b.shared.ILink.BaseURL
	}
	return ilink.DefaultBaseURL
}

func (b *bot) clientOptions() []ilink.Option {
	opts := []ilink.Option{
		ilink.WithHTTPClient(b.shared.HTTPClient), ilink.WithLogger(b.log), ilink.WithRouteTag(b.shared.ILink.RouteTag),
		ilink.WithServerClock(&b.host.clock),
	}
	if u := b.shared.ILink.BaseURL; u != "" {
		opts = append(opts, ilink.WithBaseURL(u))
	}
	if u := b.shared.ILink.CDNURL; u != "" {
		opts = append(opts, ilink.WithCDNURL(u))
	}
	if agent := b.shared.ILink.BotAgent; agent != "" {
		opts = append(opts, ilink.WithBotAgent(agent))
	}
	return opts
}

// freshToken is asked by the bridge while the server knows the token no more.
func (b *bot) freshToken() (ilink.Token, error) {
	token, err := b.cfg.LoadToken()
	if err == nil && token != b.current() {
		b.use(token)
	}
	// The bridge has our name of the bot, not the server's, and would take this
	// token for another bot's.
	token.BotID = ""
	return token, err
}

// polled takes the poller's state over.
func (b *bot) polled(s bridge.State) {
	if s.Phase == bridge.PhaseStopped {
		if s.Err != nil {
			b.log.Error("polling ended", "err", s.Err)
		}
		return
	}
	expired := s.Phase == bridge.PhaseSessionExpired || s.Phase == bridge.PhaseConflict
	b.mu.Lock()
	first := expired && b.since.IsZero()
	switch {
	case first:
		b.since = time.Now()
	case !expired:
		b.since = time.Time{}
	}
	since := b.since
	b.mu.Unlock()
	b.setState(string(s.Phase), s.Err)
	switch s.Phase {
	case bridge.PhaseRunning:
		b.outbox.resume()
	case bridge.PhaseUnreachable:
		b.outbox.unreachable()
	}
	if first {
		b.log.Error("session expired: log in again with \"ilinkd login --bot "+b.cfg.Name+"\"", "state", s.Phase, "err", s.Err)
		b.sessionExpired(luabind.SessionInfo{Since: since, Message: "the server knows the bot's token no more: log in again"})
	}
}

// sessionExpired calls the script's hook.
func (b *bot) sessionExpired(info luabind.SessionInfo) {
	g := b.loader.acquire()
	if g == nil {
		return
	}
	b.inbox.workers.Go(func() {
		defer g.release()
		if err := g.sandbox.OnSessionExpired(b.inbox.ctx, info); err != nil {
			logScriptError(b.log, "on_session_expired failed", err)
		}
	})
}

// setState notes a state and tells the operator of a change.
func (b *bot) setState(state string, err error) {
	before := b.stats.snapshot().State
	b.stats.setState(state, err)
	if before == state || b.tell == nil {
		return
	}
	message := ""
	if err != nil {
		message = err.Error()
	}
	if state != StateRunning || (before != StateStarting && before != StateRunning) {
		b.tell(b.cfg.Name, state, before, message)
	}
}

// inSession reports whether the server knows the bot's token, as far as polls tell.
func (b *bot) inSession() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since.IsZero() && b.stats.snapshot().State == StateRunning
}

// suspended notes that the script is suspended, or with reason "" that it is no
// more, and tells the operator.
func (b *bot) suspended(reason string, until time.Time) {
	before := b.stats.snapshot().shown()
	b.stats.update(func(s *Status) { s.Suspended, s.SuspendedUntil = reason, until })
	after := b.stats.snapshot().shown()
	if b.tell != nil && after.State != before.State {
		b.tell(b.cfg.Name, after.State, before.State, reason)
	}
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
