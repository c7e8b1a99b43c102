package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
)

// host is what a bot's scripts may do to the world: luabind.Host over the bot's
// account and its folders.
type host struct {
	bot    *bot
	files  *files.Files
	typing indicators
}

var _ luabind.Host = (*host)(nil)

func newHost(b *bot) *host { return &host{bot: b, files: newFiles(b.shared, b.cfg)} }

// Send puts a message into the outbox of the bot as which the script sends, and waits
// until it is known what becomes of it.
func (h *host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	from, err := h.sender(req.As)
	if err != nil {
		return luabind.SendResult{}, err
	}
	return from.bot.outbox.Send(ctx, outbox.Request{SendRequest: req, Files: h.files, Foreign: from != h})
}

// sender is the host of the bot as which a script sends: its own, or another that
// the configuration allows.
func (h *host) sender(as string) (*host, error) {
	if as == "" || as == h.bot.cfg.Name {
		return h, nil
	}
	if !slices.Contains(h.bot.cfg.Allow.SendAs, as) {
		return nil, &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf(
			"the script may not send as %q: name that bot in runtime.toml, [bot.allow] send_as = [%q]", as, as)}
	}
	if h.bot.peer != nil {
		if b := h.bot.peer(as); b != nil {
			return b.host, nil
		}
	}
	return nil, &luabind.HostError{Kind: "not_found", Message: fmt.Sprintf("there is no bot %q", as)}
}

// Upload puts a file on the CDN.
func (h *host) Upload(ctx context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	return h.bot.outbox.Upload(ctx, to, kind, f)
}

// Recall takes back a message.
func (h *host) Recall(ctx context.Context, messageID string) error {
	client, err := h.bot.account.Client()
	if err != nil {
		return err
	}
	return client.Recall(ctx, messageID)
}

// Download fetches an inbound item's media into the data folder.
func (h *host) Download(ctx context.Context, item *ilink.Item) (*luabind.File, error) {
	client, err := h.bot.account.Client()
	if err != nil {
		return nil, err
	}
	if item == nil || item.Media() == nil {
		return nil, &luabind.HostError{Kind: "no_media", Message: "the message has no media to download"}
	}
	body, err := client.Download(ctx, item.Media())
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return h.files.Keep(body, nameOf(item))
}

// SaveFile copies a file to where the bot may write.
func (h *host) SaveFile(_ context.Context, f *luabind.File, path string) (*luabind.File, error) {
	return h.files.Save(f, path)
}

// OpenFile finds a file below the script's folder.
func (h *host) OpenFile(_ context.Context, path string) (*luabind.File, error) {
	return h.files.Find(path)
}

// Log writes a line of the script's.
func (h *host) Log(ctx context.Context, level slog.Level, text string) {
	h.bot.log.Log(ctx, level, text, "from", "script")
}

// nameOf is the name of an item's media as the user knows it; those without one
// get their kind's.
func nameOf(item *ilink.Item) string {
	if item.File != nil && item.File.FileName != "" {
		return luabind.SafeFileName(item.File.FileName)
	}
	if item.Type == ilink.ItemTypeVoice {
		return "voice.silk"
	}
	return item.Type.String()
}
