package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// host is what a bot's scripts may do to the world: luabind.Host over the bot's
// client and its folders.
type host struct {
	bot   *bot
	files *files
	pace  *pacer

	mu     sync.Mutex
	client *ilink.Client
}

var _ luabind.Host = (*host)(nil)

func newHost(b *bot) *host {
	return &host{
		bot:   b,
		files: newFiles(b.shared, b.cfg),
		pace:  newPacer(time.Duration(b.shared.Limits.MinGap), b.shared.Limits.Burst),
	}
}

func (h *host) setClient(c *ilink.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client = c
}

// online returns the client, or an error while the bot has no token.
func (h *host) online() (*ilink.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client == nil {
		return nil, &luabind.HostError{Kind: "logged_out", Message: "the bot is not logged in"}
	}
	return h.client, nil
}

func (h *host) close() { h.files.close() }

// Send sends the parts of req, texts split into messages that the server leaves
// whole.
func (h *host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	result := luabind.SendResult{Status: luabind.StatusSent}
	client, err := h.online()
	if err != nil {
		return result, err
	}
	out := ilink.OutboundMessage{To: req.To, ContextToken: h.bot.recent.contextToken(req.To)}
	if m := req.InReplyTo; m != nil {
		out.GroupID = m.GroupID
		if out.ContextToken == "" {
			out.ContextToken = m.ContextToken
		}
	}
	for _, part := range req.Parts {
		items, err := h.items(ctx, client, req.To, part)
		if err != nil {
			return result, explain(err)
		}
		for _, item := range items {
			out.Items = []ilink.Item{item}
			id, err := h.sendOne(ctx, client, &out)
			if err != nil {
				return result, explain(err)
			}
			if id != "" {
				result.MessageIDs = append(result.MessageIDs, id)
			}
		}
	}
	return result, nil
}

func (h *host) sendOne(ctx context.Context, client *ilink.Client, out *ilink.OutboundMessage) (string, error) {
	release, err := h.pace.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	sent, err := client.SendMessage(ctx, out)
	if err != nil {
		return "", err
	}
	h.bot.stats.update(func(s *Status) { s.Sent++ })
	h.bot.recent.addOutbound(sent.MessageID, out.Items[0])
	return sent.MessageID, nil
}

// items makes the items of a part: several for a long text.
func (h *host) items(ctx context.Context, client *ilink.Client, to string, part luabind.Part) ([]ilink.Item, error) {
	if part.Kind == ilink.ItemTypeText {
		var items []ilink.Item
		for _, text := range ilink.SplitText(part.Text, h.bot.shared.Limits.TextRunes) {
			items = append(items, ilink.TextMessage(text))
		}
		if items == nil {
			return nil, &luabind.HostError{Kind: "bad_request", Message: "the text is empty"}
		}
		return items, nil
	}
	media := part.Media
	if media == nil {
		var err error
		if media, err = h.upload(ctx, client, to, part.Kind, part.File); err != nil {
			return nil, err
		}
	}
	switch part.Kind {
	case ilink.ItemTypeImage:
		return []ilink.Item{ilink.ImageMessage(media)}, nil
	case ilink.ItemTypeVideo:
		return []ilink.Item{ilink.VideoMessage(media)}, nil
	case ilink.ItemTypeFile:
		item := ilink.FileMessage(media)
		item.File.FileName = part.Name
		return []ilink.Item{item}, nil
	}
	return nil, &luabind.HostError{Kind: "bad_request", Message: fmt.Sprintf("a part of kind %s can't be sent", part.Kind)}
}

func (h *host) upload(ctx context.Context, client *ilink.Client, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	mediaType, ok := map[ilink.ItemType]int{
		ilink.ItemTypeImage: ilink.UploadMediaTypeImage,
		ilink.ItemTypeVideo: ilink.UploadMediaTypeVideo,
		ilink.ItemTypeFile:  ilink.UploadMediaTypeFile,
	}[kind]
	if !ok || f == nil {
		return nil, &luabind.HostError{Kind: "bad_request", Message: "only images, videos and files can be uploaded"}
	}
	src, err := h.files.open(f)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return client.Upload(ctx, src, &ilink.UploadOptions{FileName: f.Name, MediaType: mediaType, ToUserID: to, NoThumb: true})
}

// Upload puts a file on the CDN.
func (h *host) Upload(ctx context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	client, err := h.online()
	if err != nil {
		return nil, err
	}
	media, err := h.upload(ctx, client, to, kind, f)
	return media, explain(err)
}

// Typing shows or takes away "typing…".
func (h *host) Typing(ctx context.Context, to string, on bool) error {
	client, err := h.online()
	if err != nil {
		return err
	}
	return explain(client.Typing(ctx, to, h.bot.recent.contextToken(to), on))
}

// Recall takes back a message.
func (h *host) Recall(ctx context.Context, messageID string) error {
	client, err := h.online()
	if err != nil {
		return err
	}
	return explain(client.Recall(ctx, messageID))
}

// Download fetches an inbound item's media into the data folder.
func (h *host) Download(ctx context.Context, item *ilink.Item) (*luabind.File, error) {
	client, err := h.online()
	if err != nil {
		return nil, err
	}
	if item == nil || item.Media() == nil {
		return nil, &luabind.HostError{Kind: "no_media", Message: "the message has no media to download"}
	}
	body, err := client.Download(ctx, item.Media())
	if err != nil {
		return nil, explain(err)
	}
	defer body.Close()
	f, err := h.files.keep(body, nameOf(item))
	return f, explain(err)
}

// SaveFile copies a file to where the bot may write.
func (h *host) SaveFile(_ context.Context, f *luabind.File, path string) (*luabind.File, error) {
	return h.files.save(f, path)
}

// OpenFile finds a file below the script's folder.
func (h *host) OpenFile(_ context.Context, path string) (*luabind.File, error) {
	return h.files.find(path)
}

// Log writes a line of the script's.
func (h *host) Log(ctx context.Context, level slog.Level, text string) {
	h.bot.log.Log(ctx, level, text, "from", "script")
}

// explain makes of an error one that a script can look at.
func explain(err error) error {
	var he *luabind.HostError
	var te *ilink.TransportError
	if err == nil || errors.As(err, &he) {
		return err
	}
	kind := "failed"
	switch {
	case errors.Is(err, ilink.ErrWindowClosed):
		kind = "window_closed"
	case errors.Is(err, ilink.ErrThrottled):
		kind = "throttled"
	case errors.Is(err, ilink.ErrBadRequest):
		kind = "bad_request"
	case errors.Is(err, ilink.ErrSessionTimeout):
		kind = "session_expired"
	case errors.Is(err, ilink.ErrMedia):
		kind = "bad_media"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		kind = "cancelled"
	case errors.As(err, &te):
		kind = "network"
	}
	return &luabind.HostError{Kind: kind, Message: err.Error()}
}
