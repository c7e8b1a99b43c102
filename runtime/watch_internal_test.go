package runtime

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/fsnotify/fsnotify"
)

// TestConcerns: what is written in a script's folder all the time, such as a log,
// is no reason to look at the files, nor to wait for quiet.
func TestConcerns(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"bot.lua", "bot.log", "runtime.toml"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "lib"), 0o700); err != nil {
		t.Fatal(err)
	}
	w := newWatcher(slog.New(slog.DiscardHandler))
	defer w.close()
	w.watch([]string{filepath.Join(dir, "bot.lua"), filepath.Join(dir, "runtime.toml"), filepath.Join(dir, "modules", "a")})
	for name, want := range map[string]bool{
		"bot.lua":      true,
		"other.lua":    true, // may have been missing
		"runtime.toml": true,
		"modules":      true, // isn't there, and may be gone just now
		"lib":          true,
		"bot.log":      false,
		"4913":         false, // gone again, as editors' trial files are
	} {
		if got := w.concerns(fsnotify.Event{Name: filepath.Join(dir, name), Op: fsnotify.Write}); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
