package runtime

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/host"
	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
	"github.com/ilinkd/ilinkd/runtime/internal/watch"
	"github.com/ilinkd/ilinkd/runtime/notify"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// loadRetry is the pause while a bot's state can't be read.
const (
	loadRetryMin = time.Second
	loadRetryMax = time.Minute
)

// bot is one account bound to one script, and the rooms through which its messages go;
// see wiring.go for what joins them.
type bot struct {
	cfg    BotConfig
	shared *shared
	log    *slog.Logger
	stats  stats

	account *account.Account
	files   *files.Files
	inbox   *inbox.Inbox
	timers  *inbox.Timers
	outbox  *outbox.Outbox
	host    *host.Host
	// loader and breaker are the script's, nil where messages are forwarded.
	loader  *script.Loader
	breaker *script.Breaker
}

// shared is what all bots of a runtime have in common.
type shared struct {
	cfg      *Config
	store    *store.Store
	bridge   *bridge.Bridge
	watcher  *watch.Watcher
	watchdog *luabind.Watchdog
	// tell reports a change of state to the operator.
	tell func(bot, state, previous, message string)
	// peer finds another bot, nil if there is none.
	peer func(name string) *bot
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

	pause := backoff.Backoff{Min: loadRetryMin, Max: loadRetryMax}
	for failures := 1; ; failures++ {
		err := b.load(work)
		if err == nil {
			break
		}
		b.log.Error("the bot's state can't be read: it does not run yet", "err", err, "retry_in", pause.After(failures))
		b.setState(StateStopped, err)
		if backoff.Sleep(ctx, pause.After(failures)); ctx.Err() != nil {
			return
		}
	}
	var group sync.WaitGroup
	if b.loader != nil {
		group.Go(func() { b.loader.Run(ctx) })
		group.Go(func() { b.timers.Run(ctx) })
	}
	group.Go(func() { b.outbox.Run(sending, work) })
	b.account.Run(ctx)

	limit := time.Duration(b.shared.cfg.Delivery.StopTimeout)
	b.account.Stop()
	// Whatever doesn't come to an end then, such as what a full disk doesn't take,
	// is left as it is: the next start finds it.
	giveUp := time.AfterFunc(3*limit, stopWork)
	defer giveUp.Stop()
	b.inbox.Close(limit)
	if b.loader != nil {
		b.loader.Stopping(limit)
	}
	flush, done := context.WithTimeout(work, limit)
	if b.outbox.Idle(flush) != nil {
		b.log.Warn("not all that may be sent was sent before the stop: it is kept")
	}
	done()
	stopSending()
	group.Wait()
	if b.loader != nil {
		b.loader.Close(limit)
	}
}

// load takes up what the last process left.
func (b *bot) load(ctx context.Context) (err error) {
	b.tidyFiles(ctx)
	if err := b.outbox.Load(ctx); err != nil {
		return err
	}
	return b.inbox.Start(ctx)
}

// tidyFiles removes the files that no send refers to.
func (b *bot) tidyFiles(ctx context.Context) {
	sends, err := b.shared.store.Unsent(ctx, b.cfg.Name)
	if err != nil {
		return // the next start will do
	}
	used := map[string]bool{}
	for _, s := range sends {
		used[s.File] = true
	}
	b.files.Tidy(used)
}

// refresh takes up what another process wrote to the store.
func (b *bot) refresh(ctx context.Context) error {
	b.timers.Wake()
	if err := b.inbox.Refresh(ctx); err != nil {
		return err
	}
	return b.outbox.Refresh(ctx)
}

// hook calls a hook of the script's that isn't about a message.
func (b *bot) hook(name string, call func(context.Context, luabind.Script) error) {
	if b.loader == nil {
		return
	}
	g := b.loader.Acquire()
	if g == nil {
		return
	}
	b.inbox.Go(func(ctx context.Context) {
		defer g.Release()
		if err := call(ctx, g.Script); err != nil {
			script.LogError(b.log, name+" failed", err)
		}
	})
}

// sessionExpired tells the script that the server stopped knowing the token.
func (b *bot) sessionExpired(since time.Time) {
	info := luabind.SessionInfo{Since: since, Message: "the server knows the bot's token no more: log in again"}
	b.hook("on_session_expired", func(ctx context.Context, s luabind.Script) error { return s.OnSessionExpired(ctx, info) })
}

// suppressed tells the operator and the script that the server doesn't deliver to a
// user.
func (b *bot) suppressed(info luabind.SuppressedInfo) {
	b.tell(notify.StateUserSuppressed, b.stats.snapshot().shown().State, "the server accepts messages to "+info.User+" and doesn't deliver them")
	b.hook("on_suppressed", func(ctx context.Context, s luabind.Script) error { return s.OnSuppressed(ctx, info) })
}

// setState notes a state and tells the operator of a change.
func (b *bot) setState(state string, err error) {
	before := b.stats.snapshot().State
	b.stats.setState(state, err)
	if before == state {
		return
	}
	message := ""
	if err != nil {
		message = err.Error()
	}
	if state != StateRunning || (before != StateStarting && before != StateRunning) {
		b.tell(state, before, message)
	}
}

// suspended notes that the script is suspended, or with reason "" that it no longer
// is, and tells the operator.
func (b *bot) suspended(reason string, until time.Time) {
	before := b.stats.snapshot().shown()
	b.stats.update(func(s *Status) { s.Suspended, s.SuspendedUntil = reason, until })
	if after := b.stats.snapshot().shown(); after.State != before.State {
		b.tell(after.State, before.State, reason)
	}
}

// held tells the operator that the messages of one conversation are held.
func (b *bot) held(conversation, reason string, _ time.Time) {
	b.stats.poke()
	b.tell(notify.StateUserHeld, b.stats.snapshot().shown().State, "the messages of "+conversation+" are held: "+reason)
}

// tell reports a change of state to the operator.
func (b *bot) tell(state, previous, message string) {
	if b.shared.tell != nil {
		b.shared.tell(b.cfg.Name, state, previous, message)
	}
}
