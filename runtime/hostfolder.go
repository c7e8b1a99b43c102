package runtime

import (
	"context"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
)

// What scripts do with the files of the bot's folder: see [luabind.Folder].

// ReadFile returns a file's content.
func (h *host) ReadFile(_ context.Context, path string, most int) ([]byte, error) {
	return h.files.Read(path, most)
}

// WriteFile replaces a file or adds to it. A handler that is run again, because the
// process died, replaces it by the same once more, and doesn't add a second time: see
// [replay.Intend].
func (h *host) WriteFile(ctx context.Context, path string, data []byte, add bool) error {
	if !add {
		return h.files.Write(path, data, func() error {
			_, _, err := replay.Intend(ctx, h.bot.store, true)
			return err
		})
	}
	return h.files.Append(path, data, func(now files.Addition) (*files.Addition, error) {
		before, again, err := replay.Intend(ctx, h.bot.store, now)
		if err != nil || !again {
			return nil, err
		}
		return &before, nil
	})
}

// ListFiles lists a folder.
func (h *host) ListFiles(_ context.Context, path string) ([]luabind.FileInfo, error) {
	return h.files.List(path)
}

// RemoveFile removes a file, or finds that it did so when the handler ran before.
func (h *host) RemoveFile(ctx context.Context, path string) error {
	return h.files.Remove(path, func() (bool, error) {
		_, again, err := replay.Intend(ctx, h.bot.store, true)
		return again, err
	})
}
