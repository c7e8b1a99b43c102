package runtime

import (
	"context"
	"path/filepath"

	"github.com/ilinkd/ilinkd/runtime/internal/files"
)

// newFiles is the part of the disk that a bot's script can reach.
func newFiles(shared *Config, cfg BotConfig) *files.Files {
	o := files.Options{
		Root: filepath.Dir(cfg.Script), Data: shared.Data,
		Media: filepath.Join(shared.Data, "media", cfg.Name), Queue: queueFolder(shared.Data, cfg.Name),
		Write: cfg.Allow.Files, MaxBytes: cfg.Allow.FilesBytes,
	}
	for _, b := range append([]BotConfig{cfg}, shared.Bots...) {
		if b.TokenFile != "" {
			o.Tokens = append(o.Tokens, b.TokenFile)
		}
	}
	return files.New(o)
}

// queueFolder is where the files of a bot are kept that are to be sent.
func queueFolder(data, bot string) string { return filepath.Join(data, "outbox", bot) }

// tidyFiles removes the files that no send refers to.
func (b *bot) tidyFiles(ctx context.Context) {
	sends, err := b.store.Unsent(ctx, b.cfg.Name)
	if err != nil {
		return // the next start will do
	}
	used := map[string]bool{}
	for _, s := range sends {
		used[s.File] = true
	}
	b.host.files.Tidy(used)
}
