package host

import (
	"context"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
)

// Download fetches an inbound item's media into the data folder.
func (h *Host) Download(ctx context.Context, item *ilink.Item) (*luabind.File, error) {
	client, err := h.opts.Account.Client()
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
	return h.opts.Files.Keep(body, nameOf(item))
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

// SaveFile copies a file to where the bot may write.
func (h *Host) SaveFile(_ context.Context, f *luabind.File, path string) (*luabind.File, error) {
	return h.opts.Files.Save(f, path)
}

// OpenFile finds a file below the script's folder.
func (h *Host) OpenFile(_ context.Context, path string) (*luabind.File, error) {
	return h.opts.Files.Find(path)
}

// ReadFile returns a file's content.
func (h *Host) ReadFile(_ context.Context, path string, most int) ([]byte, error) {
	return h.opts.Files.Read(path, most)
}

// WriteFile replaces a file or adds to it. A handler that is run again, because the
// process died, replaces it by the same once more, and doesn't add a second time: see
// [replay.Intend].
func (h *Host) WriteFile(ctx context.Context, path string, data []byte, add bool) error {
	if !add {
		return h.opts.Files.Write(path, data, func() error {
			_, _, err := replay.Intend(ctx, h.opts.Store, true)
			return err
		})
	}
	return h.opts.Files.Append(path, data, func(now files.Addition) (*files.Addition, error) {
		before, again, err := replay.Intend(ctx, h.opts.Store, now)
		if err != nil || !again {
			return nil, err
		}
		return &before, nil
	})
}

// ListFiles lists a folder.
func (h *Host) ListFiles(_ context.Context, path string) ([]luabind.FileInfo, error) {
	return h.opts.Files.List(path)
}

// RemoveFile removes a file, or finds that it did so when the handler ran before.
func (h *Host) RemoveFile(ctx context.Context, path string) error {
	return h.opts.Files.Remove(path, func() (bool, error) {
		_, again, err := replay.Intend(ctx, h.opts.Store, true)
		return again, err
	})
}
