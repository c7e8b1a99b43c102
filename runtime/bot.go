package runtime

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/store"
)

const (
	// loadRetryMin doubles to loadRetryMax while a bot's state can't be read.
	loadRetryMin = time.Second
	loadRetryMax = time.Minute
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
	outbox  *outbox.Outbox
	account *account.Account
	host    *host
	conduct *conduct
	// forward takes the messages instead of a script, nil if there is one.
	forward *bridge.Forwarder
}

func newBot(shared *Config, cfg BotConfig, st *store.Store, br *bridge.Bridge, tell func(bot, state, previous, message string)) *bot {
	b := &bot{cfg: cfg, shared: shared, log: shared.Logger.With("bot", cfg.Name), store: st, bridge: br, tell: tell}
	b.stats.update(func(s *Status) {
		s.Bot, s.State, s.Isolated = cfg.Name, StateStarting, cfg.Sandbox.Isolation == IsolationProcess
	})
	b.host = newHost(b)
	b.account = b.newAccount()
	b.conduct = &conduct{log: b.log, tell: b.suspended, slow: shared.pauses.slow}
	b.loader = newLoader(b)
	b.inbox = newInbox(b)
	b.timers = newTimers(b)
	b.outbox = b.newOutbox()
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
		if backoff.Sleep(ctx, pause); ctx.Err() != nil {
			return
		}
	}
	var group sync.WaitGroup
	if b.forward == nil {
		group.Go(func() { b.loader.run(ctx) })
		group.Go(func() { b.timers.run(ctx) })
	}
	group.Go(func() { b.outbox.Run(sending, work) })
	b.account.Run(ctx)

	limit := time.Duration(b.shared.Delivery.StopTimeout)
	b.account.Stop()
	// Whatever doesn't come to an end then, such as what a full disk doesn't take,
	// is left as it is: the next start finds it.
	giveUp := time.AfterFunc(3*limit, stopWork)
	defer giveUp.Stop()
	b.inbox.close(limit)
	b.loader.stopping(limit)
	flush, done := context.WithTimeout(work, limit)
	if b.outbox.Idle(flush) != nil {
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
	if err := b.outbox.Load(ctx); err != nil {
		return err
	}
	return b.inbox.start(ctx)
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
