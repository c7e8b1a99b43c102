package runtime

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
)

// A script that sends files without end doesn't fill the disk.
func TestFilesThatWaitAreBounded(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		const size = 1 << 20
		make := func(path string, size int64) {
			t.Helper()
			if err := writePrivate(path, nil); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, size); err != nil {
				t.Fatal(err)
			}
		}
		make(filepath.Join(b.dir, "big.bin"), size)
		f, err := b.bot.host.OpenFile(t.Context(), "big.bin")
		if err != nil {
			t.Fatal(err)
		}
		send := func() *sending {
			return b.sends(t.Context(), luabind.SendRequest{To: "alice", Parts: []luabind.Part{{Kind: ilink.ItemTypeFile, File: f}}})
		}
		// As if others waited already.
		make(filepath.Join(queueFolder(b.bot.shared.cfg.Data, "bot"), "others"), files.MaxQueued-size)
		send().wants("deferred(window_closed)")
		send().wants("error quota")
		// What waited is dropped.
		if err := b.store.Release(t.Context(), 1, false, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := b.bot.outbox.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		send().wants("deferred(window_closed)")
	})
}
