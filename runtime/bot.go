package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"path/filepath"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// tokenRetry is how often a bot without a token looks for one.
	tokenRetry = 2 * time.Second
	// sessionBackoffMin doubles to sessionBackoffMax while the server knows the
	// token no more (protocol §3).
	sessionBackoffMin = 5 * time.Second
	sessionBackoffMax = 5 * time.Minute
	// stopTimeout is how long handlers may go on when the bot stops.
	stopTimeout = 10 * time.Second
)

// bot is one account, bound to one script.
type bot struct {
	cfg    BotConfig
	shared *Config
	log    *slog.Logger
	stats  stats

	loader *loader
	queue  *dispatcher
	recent *recent
	host   *host
}

func newBot(shared *Config, cfg BotConfig) *bot {
	b := &bot{cfg: cfg, shared: shared, log: shared.Logger.With("bot", cfg.Name)}
	b.stats.update(func(s *Status) { s.Bot, s.State = cfg.Name, StateStarting })
	b.recent = newRecent()
	b.host = newHost(b)
	b.loader = newLoader(b)
	b.queue = newDispatcher(b)
	return b
}

// run runs the bot until ctx ends.
func (b *bot) run(ctx context.Context) {
	defer b.stats.setState(StateStopped, nil)
	defer b.host.close()

	// Handlers outlive ctx for a while; see the end.
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	b.queue.start(work)

	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		b.loader.run(ctx)
	}()
	b.poll(ctx)

	<-loaded
	b.queue.stop(stopTimeout)
	b.loader.close(stopTimeout)
}

// poll receives until ctx ends. It takes a token that appears or changes while
// it runs, as "ilinkd login" makes one.
func (b *bot) poll(ctx context.Context) {
	backoff := time.Duration(0)
	for ctx.Err() == nil {
		token, err := b.cfg.LoadToken()
		if err != nil {
			if b.stats.snapshot().State != StateNoToken {
				b.log.Warn("no token", "err", err)
			}
			b.stats.setState(StateNoToken, err)
			sleep(ctx, tokenRetry)
			continue
		}
		client := b.newClient(token)
		b.host.setClient(client)
		if err := client.NotifyStart(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("notifystart failed, polling all the same", "err", err)
		}
		if backoff == 0 {
			b.stats.setState(StateRunning, nil)
		}
		err = client.Listen(ctx, func(_ context.Context, u *ilink.Updates) error {
			if backoff != 0 {
				backoff = 0
				b.stats.setState(StateRunning, nil)
			}
			b.take(u)
			return nil
		})
		if ctx.Err() != nil {
			b.notifyStop(ctx, client)
			return
		}
		b.stats.setState(StateSessionExpired, err)
		if !errors.Is(err, ilink.ErrSessionTimeout) {
			b.log.Error("polling ended", "err", err)
		}
		// The first time at once: the server may only have forgotten us.
		if backoff > 0 {
			b.log.Error("session expired: log in again with \"ilinkd login --bot "+b.cfg.Name+"\"", "err", err, "retry_in", backoff)
			b.waitForToken(ctx, token, backoff)
		}
		backoff = min(max(sessionBackoffMin, 2*backoff), sessionBackoffMax)
	}
}

// waitForToken sleeps for about d, or until there is another token.
func (b *bot) waitForToken(ctx context.Context, old ilink.Token, d time.Duration) {
	end := time.Now().Add(time.Duration(float64(d) * (0.8 + 0.4*mathrand.Float64())))
	for ctx.Err() == nil && time.Now().Before(end) {
		if t, err := b.cfg.LoadToken(); err == nil && t != old {
			return
		}
		sleep(ctx, min(tokenRetry, time.Until(end)))
	}
}

func (b *bot) newClient(token ilink.Token) *ilink.Client {
	opts := []ilink.Option{
		ilink.WithHTTPClient(b.shared.HTTPClient), ilink.WithLogger(b.log),
		ilink.WithCursorStore(b.cursorStore(token)), ilink.WithRouteTag(b.shared.ILink.RouteTag),
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
	return ilink.NewClient(token, opts...)
}

// cursorStore keeps the cursor under the token's digest: a new login starts with
// an empty cursor (protocol §2).
func (b *bot) cursorStore(token ilink.Token) ilink.CursorStore {
	return ilink.FileCursor(filepath.Join(b.shared.Data, fmt.Sprintf("%s-%s.cursor", b.cfg.Name, digest(token.BotToken))))
}

func (b *bot) notifyStop(ctx context.Context, client *ilink.Client) {
	if err := client.NotifyStop(context.WithoutCancel(ctx)); err != nil {
		b.log.Warn("notifystop failed", "err", err)
	}
}

// take puts what a poll brought into the queue.
func (b *bot) take(u *ilink.Updates) {
	for _, msg := range u.Messages {
		if msg.Type == ilink.MessageTypeBot || msg.From == "" {
			continue // our own
		}
		if !b.recent.addInbound(msg) {
			b.log.Debug("duplicate left out", "message_id", msg.ID)
			continue
		}
		b.stats.update(func(s *Status) { s.Received++ })
		b.queue.add(msg)
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
