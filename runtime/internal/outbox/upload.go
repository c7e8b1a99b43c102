package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// upload puts the file of a conversation's first send on the CDN and keeps the item that
// this makes. ctx bounds the upload, which can be begun anew at any time; work is
// for what must be noted.
func (o *Outbox) upload(ctx, work context.Context, c *conversation, p *pending) {
	item, err := o.uploadQueued(ctx, &p.Send)
	stored := err == nil
	if stored {
		err = o.opts.Store.SetItem(work, p.ID, item)
	}
	var te *ilink.TransportError
	var api *ilink.APIError
	switch {
	case err == nil, stored, ctx.Err() != nil:
	case errors.Is(err, ilink.ErrThrottled):
		o.slowDown(work)
	case errors.Is(err, ilink.ErrSessionTimeout):
		o.pause(luabind.ReasonSessionExpired)
	}
	temporary := err == nil || stored || ctx.Err() != nil || errors.Is(err, account.ErrLoggedOut) || errors.As(err, &te) && te.Temporary() ||
		errors.Is(err, ilink.ErrThrottled) || errors.Is(err, ilink.ErrSessionTimeout)

	o.mu.Lock()
	defer o.mu.Unlock()
	o.working--
	c.busy = false
	p.uploads++
	if !temporary && errors.As(err, &api) && !errors.Is(err, ilink.ErrBadRequest) {
		p.unknownCode++
		temporary = p.unknownCode < maxUnknownCode
	}
	log := o.opts.Logger.With("send", p.ID, "to", p.User, "err", err)
	switch {
	case err == nil:
		p.Kind, p.Payload, p.unknownCode = store.PayloadItem, item, 0
		o.putOff(c, p, 0)
	case temporary:
		log.Warn("a file could not be uploaded: it is tried again")
		o.putOff(c, p, o.retryPause(p.uploads))
	default:
		log.Error("a file could not be uploaded: it is given up", "status", luabind.StatusBadRequest)
		o.fail(p, luabind.StatusBadRequest, fmt.Errorf("upload: %w", err))
	}
	o.settle(c)
	o.poke()
}

// uploadQueued uploads the file of a queued send and returns the item to send.
func (o *Outbox) uploadQueued(ctx context.Context, s *store.Send) ([]byte, error) {
	var q queuedFile
	if err := json.Unmarshal(s.Payload, &q); err != nil {
		return nil, fmt.Errorf("read a queued file: %w", err)
	}
	kind := map[string]ilink.ItemType{"image": ilink.ItemTypeImage, "video": ilink.ItemTypeVideo, "file": ilink.ItemTypeFile}[s.Kind]
	media, err := o.Upload(ctx, s.User, kind, &luabind.File{Path: s.File, Name: q.Name})
	if err != nil {
		return nil, err
	}
	item, err := mediaItem(kind, media, q.Name)
	if err != nil {
		return nil, err
	}
	return json.Marshal(item)
}

// Upload puts a file of the bot's on the CDN, for a user.
func (o *Outbox) Upload(ctx context.Context, to string, kind ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	client, err := o.opts.Account.Client()
	if err != nil {
		return nil, err
	}
	mediaType, ok := map[ilink.ItemType]int{
		ilink.ItemTypeImage: ilink.UploadMediaTypeImage,
		ilink.ItemTypeVideo: ilink.UploadMediaTypeVideo,
		ilink.ItemTypeFile:  ilink.UploadMediaTypeFile,
	}[kind]
	if !ok || f == nil {
		return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "only images, videos and files can be uploaded"}
	}
	src, err := o.opts.Files.Open(f)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return client.Upload(ctx, src, &ilink.UploadOptions{FileName: f.Name, MediaType: mediaType, ToUserID: to, NoThumb: true})
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
