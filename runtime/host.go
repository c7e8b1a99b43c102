package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// host is what a bot's scripts may do to the world: luabind.Host over the bot's
// client and its folders.
type host struct {
	bot    *bot
	files  *files.Files
	trip   roundTrip
	clock  ilink.ServerClock // of all clients of the bot
	typing indicators

	mu     sync.Mutex
	client *ilink.Client
	// strangers are those of whom the log has said that they have never written.
	strangers map[string]bool
}

var _ luabind.Host = (*host)(nil)

func newHost(b *bot) *host {
	return &host{bot: b, files: newFiles(b.shared, b.cfg), strangers: map[string]bool{}}
}

func (h *host) setClient(c *ilink.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client = c
}

var errOffline error = &luabind.HostError{Kind: "logged_out", Message: "the bot is not logged in"}

// online returns the client, or an error while the bot has no token.
func (h *host) online() (*ilink.Client, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.client == nil {
		return nil, errOffline
	}
	return h.client, nil
}

// serverNow is the server's time as its answers tell it, those to polls included;
// ours until there was one.
func (h *host) serverNow() time.Time { return h.clock.Now() }

// Send puts the parts of req into the outbox, texts split into messages that the
// server leaves whole, and waits until it is known what becomes of them: sent,
// or kept until the user writes again.
func (h *host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	now := time.Now()
	from, err := h.sender(req.As)
	if err != nil {
		return luabind.SendResult{}, err
	}
	e := store.Enqueue{
		Bot: from.bot.cfg.Name, User: req.To, Mode: req.Mode, Created: now, MaxQueued: h.bot.shared.Limits.MaxQueued,
	}
	if m := req.InReplyTo; m != nil {
		e.Group = m.GroupID
	}
	e.Conversation = conversationOf(e.Group, e.User)
	if e.Mode == "" {
		e.Mode = h.bot.shared.Limits.WhenFull
	}
	life := req.Lifetime
	if life == 0 {
		life = time.Duration(h.bot.shared.Limits.Lifetime)
	}
	e.Expires = now.Add(life)
	run := replay.Of(ctx)
	e.Priority = store.PriorityPush
	if run != nil {
		e.Inbound, e.RunID = run.Inbound.ID, runID(run.Inbound)
		step := luabind.StepOf(ctx)
		if e.Ordinal = run.Ordinal(); step != nil {
			e.Ordinal = step.Effect
		}
		if e.Progress, err = replay.Progress(e.Inbound, step); err != nil {
			return luabind.SendResult{}, explain(err)
		}
		if from == h && run.Inbound.Conversation == e.Conversation {
			e.Priority = store.PriorityAnswer
		}
		if run.Again {
			// A handler that is run again finds its sends done: files that are gone by
			// now are not missed.
			before, err := h.bot.store.SendsOf(ctx, e.Inbound, e.Ordinal)
			for err == nil && len(before) > 0 && (before[0].Conversation != e.Conversation || before[0].Bot != e.Bot) {
				// The script takes another way than before, for it was changed: this one
				// went to somebody else, and must not be taken for what is sent now.
				e.Ordinal += replay.OtherWay
				before, err = h.bot.store.SendsOf(ctx, e.Inbound, e.Ordinal)
			}
			if err != nil {
				return luabind.SendResult{}, explain(err)
			}
			if len(before) > 0 {
				pending, err := from.bot.outbox.found(ctx, before)
				if err != nil {
					return luabind.SendResult{}, explain(err)
				}
				return h.await(ctx, pending)
			}
		}
	}
	for _, part := range req.Parts {
		parts, err := h.queueParts(part, from)
		if err != nil {
			from.discard(e.Parts)
			return luabind.SendResult{}, explain(err)
		}
		e.Parts = append(e.Parts, parts...)
	}
	pending, err := from.bot.outbox.enqueue(ctx, e)
	if err != nil {
		from.discard(e.Parts)
		return luabind.SendResult{}, explain(err)
	}
	if e.Progress != nil {
		luabind.StepOf(ctx).Saved(false)
	}
	r, err := h.await(ctx, pending)
	if r.Status == luabind.StatusDeferred && r.Reason == luabind.StatusWindowClosed {
		from.warnOfStranger(ctx, e.User)
	}
	return r, err
}

// maxStrangers is of how many users the log says that they have never written.
const maxStrangers = 100

// warnOfStranger says once that what a script sends to a user waits for somebody who has
// never written: it may well be that there is nobody of that id.
func (h *host) warnOfStranger(ctx context.Context, user string) {
	token, err := h.bot.store.ContextToken(ctx, h.bot.cfg.Name, user)
	if err != nil || token != "" {
		return
	}
	h.mu.Lock()
	known := h.strangers[user] || len(h.strangers) >= maxStrangers
	if !known {
		h.strangers[user] = true
	}
	h.mu.Unlock()
	if !known {
		h.bot.log.Warn("the script sends to a user who has never written to the bot: it waits until they do. The id of whoever writes is msg.from", "to", user)
	}
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

func (h *host) await(ctx context.Context, parts []*pending) (luabind.SendResult, error) {
	r, err := result(ctx, parts)
	return r, explain(err)
}

func (h *host) discard(parts []store.EnqueuePart) {
	for _, p := range parts {
		if p.File != "" {
			h.files.Discard(p.File)
		}
	}
}

// queueParts makes the messages of a part: several for a long text. A file is
// copied, for it may be changed or gone when its turn comes; it is uploaded then.
func (h *host) queueParts(part luabind.Part, from *host) ([]store.EnqueuePart, error) {
	if part.Kind == ilink.ItemTypeText {
		var parts []store.EnqueuePart
		for _, text := range ilink.SplitText(part.Text, h.bot.shared.Limits.TextRunes) {
			p, err := itemPart(ilink.TextMessage(text))
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		if parts == nil {
			return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "the text is empty"}
		}
		return parts, nil
	}
	if part.Media != nil {
		item, err := mediaItem(part.Kind, part.Media, part.Name)
		if err != nil {
			return nil, err
		}
		p, err := itemPart(item)
		return []store.EnqueuePart{p}, err
	}
	if part.File == nil {
		return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "there is no file to send"}
	}
	src, err := h.files.Open(part.File)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	kept, err := from.files.Spool(src, part.File.Name)
	if err != nil {
		return nil, err
	}
	name := part.Name
	if name == "" {
		name = part.File.Name
	}
	payload, err := json.Marshal(queuedFile{Name: name})
	return []store.EnqueuePart{{ClientID: ilink.NewClientID(), Kind: part.Kind.String(), Payload: payload, File: kept}}, err
}

// queuedFile is the payload of a send whose file is not uploaded yet.
type queuedFile struct {
	Name string `json:"name"`
}

func itemPart(item ilink.Item) (store.EnqueuePart, error) {
	payload, err := json.Marshal(item)
	return store.EnqueuePart{ClientID: ilink.NewClientID(), Kind: store.PayloadItem, Payload: payload}, err
}

// mediaItem shows uploaded media in one of the three ways.
func mediaItem(kind ilink.ItemType, media *ilink.CDNMedia, name string) (ilink.Item, error) {
	switch kind {
	case ilink.ItemTypeImage:
		item := ilink.ImageMessage(media)
		item.Image.MidSize = int(media.EncryptedSize)
		return item, nil
	case ilink.ItemTypeVideo:
		item := ilink.VideoMessage(media)
		item.Video.VideoSize = int(media.EncryptedSize)
		return item, nil
	case ilink.ItemTypeFile:
		item := ilink.FileMessage(media)
		item.File.FileName, item.File.Size = name, media.RawSize
		if name == "" {
			item.File.FileName = media.FileName
		}
		return item, nil
	}
	return ilink.Item{}, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: fmt.Sprintf("a part of kind %s can't be sent", kind)}
}

// uploadQueued uploads the file of a queued send and returns the item to send.
func (h *host) uploadQueued(ctx context.Context, s *store.Send) ([]byte, error) {
	client, err := h.online()
	if err != nil {
		return nil, err
	}
	var q queuedFile
	if err := json.Unmarshal(s.Payload, &q); err != nil {
		return nil, fmt.Errorf("read a queued file: %w", err)
	}
	kind := map[string]ilink.ItemType{"image": ilink.ItemTypeImage, "video": ilink.ItemTypeVideo, "file": ilink.ItemTypeFile}[s.Kind]
	media, err := h.upload(ctx, client, s.User, kind, &luabind.File{Path: s.File, Name: q.Name})
	if err != nil {
		return nil, err
	}
	item, err := mediaItem(kind, media, q.Name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(item)
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
	src, err := h.files.Open(f)
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
	f, err := h.files.Keep(body, nameOf(item))
	return f, explain(err)
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

// explain makes of an error one that a script can look at.
func explain(err error) error {
	var he *luabind.HostError
	var te *ilink.TransportError
	// An interrupt, which ends the context, is luabind's to tell.
	if err == nil || errors.As(err, &he) || errors.Is(err, luabind.ErrInterrupted) || errors.Is(err, context.Canceled) {
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
	case errors.Is(err, ilink.ErrUnknownUser):
		kind = luabind.StatusUnknownUser
	case errors.Is(err, ilink.ErrNotWritten):
		kind = "not_written"
	case errors.Is(err, ilink.ErrMedia):
		kind = "bad_media"
	case errors.Is(err, context.DeadlineExceeded):
		kind = "cancelled"
	case errors.As(err, &te):
		kind = "network"
	}
	return &luabind.HostError{Kind: kind, Message: err.Error()}
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
