package runtime

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
)

// newAccount is the bot's account, as the configuration has it.
func (b *bot) newAccount() *account.Account {
	c := b.shared.ILink
	opts := []ilink.Option{ilink.WithHTTPClient(b.shared.HTTPClient), ilink.WithLogger(b.log), ilink.WithRouteTag(c.RouteTag)}
	if c.BaseURL != "" {
		opts = append(opts, ilink.WithBaseURL(c.BaseURL))
	}
	if c.CDNURL != "" {
		opts = append(opts, ilink.WithCDNURL(c.CDNURL))
	}
	if c.BotAgent != "" {
		opts = append(opts, ilink.WithBotAgent(c.BotAgent))
	}
	return account.New(account.Options{
		Name: b.cfg.Name, LoadToken: b.cfg.LoadToken, BaseURL: c.BaseURL, ClientOptions: opts, Bridge: b.bridge, Logger: b.log,
		Cursor: func(ctx context.Context, session string) (string, error) {
			return b.store.Cursor(ctx, b.cfg.Name, session)
		},
		// The outbox is made after the account, and there before it is run.
		OnState: b.setState,
		OnLogin: func() { b.outbox.LoggedIn() },
		OnPoll: func(through bool) {
			if through {
				b.outbox.Resume()
			} else {
				b.outbox.Unreachable()
			}
		},
		OnExpired: func(since time.Time) {
			b.sessionExpired(luabind.SessionInfo{Since: since, Message: "the server knows the bot's token no more: log in again"})
		},
	})
}
