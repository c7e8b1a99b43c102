package runtime

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/host"
	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
)

// newBot makes a bot's rooms and joins them, each by options of its own. They are made
// from the outside in: the account and the files know nobody, the outbox knows them, the
// inbox its handler, and the host all of them. What calls back does so only once the bot
// runs.
func newBot(sh *shared, cfg BotConfig) (*bot, error) {
	b := &bot{cfg: cfg, shared: sh, log: sh.cfg.Logger.With("bot", cfg.Name)}
	b.stats.update(func(s *Status) {
		s.Bot, s.State, s.Isolated = cfg.Name, StateStarting, cfg.Sandbox.Isolation == IsolationProcess
	})
	b.account = account.New(b.accountOptions())
	b.files = files.New(b.filesOptions())
	b.outbox = outbox.New(b.outboxOptions())
	handler, err := b.newHandler()
	if err != nil {
		return nil, err
	}
	b.inbox = inbox.New(inbox.Options{
		Bot: cfg.Name, Store: sh.store, Logger: b.log, Handler: handler, Parallel: cfg.Parallel,
		OnWindows: b.outbox.WindowsOpened, Changed: b.stats.poke,
	})
	b.timers = inbox.NewTimers(b.inbox)
	b.host = host.New(host.Options{
		Bot: cfg.Name, Store: sh.store, Account: b.account, Inbox: b.inbox, Timers: b.timers, Outbox: b.outbox, Files: b.files, Logger: b.log,
		KVBytes: sh.cfg.Retention.KVBytes, SendAs: cfg.Allow.SendAs,
		Peer: func(name string) *outbox.Outbox {
			if peer := sh.peer(name); peer != nil {
				return peer.outbox
			}
			return nil
		},
	})
	return b, nil
}

func (b *bot) accountOptions() account.Options {
	c := b.shared.cfg.ILink
	opts := []ilink.Option{ilink.WithHTTPClient(b.shared.cfg.HTTPClient), ilink.WithLogger(b.log), ilink.WithRouteTag(c.RouteTag)}
	if c.BaseURL != "" {
		opts = append(opts, ilink.WithBaseURL(c.BaseURL))
	}
	if c.CDNURL != "" {
		opts = append(opts, ilink.WithCDNURL(c.CDNURL))
	}
	if c.BotAgent != "" {
		opts = append(opts, ilink.WithBotAgent(c.BotAgent))
	}
	return account.Options{
		Name: b.cfg.Name, LoadToken: b.cfg.LoadToken, BaseURL: c.BaseURL, ClientOptions: opts, Bridge: b.shared.bridge, Logger: b.log,
		Cursor: func(ctx context.Context, session string) (string, error) {
			return b.shared.store.Cursor(ctx, b.cfg.Name, session)
		},
		OnState: b.setState,
		OnLogin: func() { b.outbox.LoggedIn() },
		OnPoll: func(through bool) {
			if through {
				b.outbox.Resume()
			} else {
				b.outbox.Unreachable()
			}
		},
		OnExpired: b.sessionExpired,
	}
}

func (b *bot) filesOptions() files.Options {
	data := b.shared.cfg.Data
	o := files.Options{
		Root: filepath.Dir(b.cfg.Script), Data: data, Media: mediaFolder(data, b.cfg.Name), Queue: queueFolder(data, b.cfg.Name),
		Write: b.cfg.Allow.Files, MaxBytes: b.cfg.Allow.FilesBytes,
	}
	for _, other := range append([]BotConfig{b.cfg}, b.shared.cfg.Bots...) {
		if other.TokenFile != "" {
			o.Tokens = append(o.Tokens, other.TokenFile)
		}
	}
	return o
}

// mediaFolder is where a bot's received files are kept, and queueFolder those that are to
// be sent.
func mediaFolder(data, bot string) string { return filepath.Join(data, "media", bot) }
func queueFolder(data, bot string) string { return filepath.Join(data, "outbox", bot) }

func (b *bot) outboxOptions() outbox.Options {
	c := b.shared.cfg
	return outbox.Options{
		Bot: b.cfg.Name, Store: b.shared.store, Account: b.account, Files: b.files, Logger: b.log,
		Limits: c.Limits.outbox(), Pauses: outbox.Pauses{Trouble: c.pauses.trouble, Session: c.pauses.session},
		HoldUncertain: c.Delivery.OnUncertain == UncertainHold,
		OnSuppressed:  b.suppressed, Changed: b.stats.poke,
	}
}

// newHandler is what handles the bot's messages: its script, or another process.
func (b *bot) newHandler() (inbox.Handler, error) {
	if f := b.cfg.Forward; f.URL != "" {
		to, err := bridge.NewForwarder(f.URL, os.Getenv(f.SecretEnv), nil, b.log)
		if err != nil {
			return nil, err
		}
		return inbox.NewForwarded(to), nil
	}
	b.breaker = script.NewBreaker(script.BreakerOptions{Logger: b.log, OnChange: b.suspended, OnHeld: b.held, Pause: b.shared.cfg.pauses.slow})
	b.loader = script.NewLoader(script.Options{
		Path: b.cfg.Script, Watcher: b.shared.watcher, Logger: b.log,
		Load: func(ctx context.Context, state []byte) (luabind.Script, error) { return loadScript(ctx, b, state) },
		OnLoaded: func(schedules []luabind.Schedule, renewed bool) {
			b.timers.Set(schedules)
			if !renewed {
				b.breaker.Forget()
				b.inbox.Revive()
			}
		},
		OnAttempt: b.reloaded,
	})
	d := b.shared.cfg.Delivery
	return inbox.NewScripted(inbox.ScriptedOptions{
		Bot: b.cfg.Name, Store: b.shared.store, Logger: b.log, Loader: b.loader, Breaker: b.breaker,
		Retries: d.Retries, RetryOver: time.Duration(d.RetryOver),
	}), nil
}
