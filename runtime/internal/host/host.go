// Package host is what a bot's script may do to the world: [luabind.Host] over the rooms
// of the runtime. Each method passes on to the room that it is about; what scripts may not
// do is refused here or there, with a word and a sentence that they can look at.
package host

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Options are what a host needs. All but SendAs must be set.
type Options struct {
	// Bot is the bot's name in the store.
	Bot     string
	Store   *store.Store
	Account *account.Account
	Inbox   *inbox.Inbox
	Timers  *inbox.Timers
	Outbox  *outbox.Outbox
	Files   *files.Files
	Logger  *slog.Logger
	// KVBytes is how much the bot may keep with kv.
	KVBytes int64
	// SendAs are other bots as which the script may send, and Peer finds the outbox of one,
	// nil if there is none.
	SendAs []string
	Peer   func(bot string) *outbox.Outbox
}

// Host is what one bot's script may do.
type Host struct {
	opts   Options
	typing indicators
}

var _ luabind.Host = (*Host)(nil)

// New returns a host.
func New(o Options) *Host { return &Host{opts: o} }

// Send puts a message into the outbox of the bot as which the script sends, and waits
// until it is known what becomes of it.
func (h *Host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	out, err := h.outboxOf(req.As)
	if err != nil {
		return luabind.SendResult{}, err
	}
	return out.Send(ctx, outbox.Request{SendRequest: req, Files: h.opts.Files, Foreign: out != h.opts.Outbox})
}

// outboxOf is the outbox of the bot as which a script sends: its own, or another that
// the configuration allows.
func (h *Host) outboxOf(as string) (*outbox.Outbox, error) {
	if as == "" || as == h.opts.Bot {
		return h.opts.Outbox, nil
	}
	if !slices.Contains(h.opts.SendAs, as) {
		return nil, &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf(
			"the script may not send as %q: name that bot in runtime.toml, [bot.allow] send_as = [%q]", as, as)}
	}
	if out := h.opts.Peer(as); out != nil {
		return out, nil
	}
	return nil, &luabind.HostError{Kind: "not_found", Message: fmt.Sprintf("there is no bot %q", as)}
}

// Upload puts a file on the CDN.
func (h *Host) Upload(ctx context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	return h.opts.Outbox.Upload(ctx, to, kind, f)
}

// Recall takes back a message.
func (h *Host) Recall(ctx context.Context, messageID string) error {
	client, err := h.opts.Account.Client()
	if err != nil {
		return err
	}
	return client.Recall(ctx, messageID)
}

// Log writes a line of the script's.
func (h *Host) Log(ctx context.Context, level slog.Level, text string) {
	h.opts.Logger.Log(ctx, level, text, "from", "script")
}

// Await waits for the next message of the conversation whose handler asks.
func (h *Host) Await(ctx context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	return h.opts.Inbox.Await(ctx, req)
}

// StartTimer starts a timer.
func (h *Host) StartTimer(ctx context.Context, req luabind.TimerRequest) (string, error) {
	return h.opts.Timers.Start(ctx, req)
}

// StopTimer stops a timer that isn't due yet.
func (h *Host) StopTimer(ctx context.Context, id string) (bool, error) {
	return h.opts.Timers.Stop(ctx, id)
}
