package watch

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestConcerns: what is written in a script's folder all the time, such as a log,
// is no reason to look at the files, nor to wait for quiet.
func TestConcerns(t *testing.T) {
	dir := resolved(t.TempDir())
	for _, f := range []string{"bot.lua", "bot.log", "runtime.toml"} {
		if err := os.WriteFile(filepath.Join(dir, f), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "lib"), 0o700); err != nil {
		t.Fatal(err)
	}
	watcher := New(slog.New(slog.DiscardHandler))
	defer watcher.Close()
	w := watcher.Watch()
	w.Set([]string{filepath.Join(dir, "bot.lua"), filepath.Join(dir, "runtime.toml"), filepath.Join(dir, "modules", "a")})
	for name, want := range map[string]bool{
		"bot.lua":      true,
		"other.lua":    true, // may have been missing
		"runtime.toml": true,
		"modules":      true, // isn't there, and may be gone just now
		"lib":          true,
		"bot.log":      false,
		"4913":         false, // gone again, as editors' trial files are
	} {
		watcher.dispatch(fsnotify.Event{Name: filepath.Join(dir, name), Op: fsnotify.Write})
		got := len(w.stirred) == 1
		if got {
			<-w.stirred
		}
		if got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestFoldersAreShared: two watches of one folder are one to the system, and each is
// told as long as it is there.
func TestFoldersAreShared(t *testing.T) {
	dir := resolved(t.TempDir())
	file := filepath.Join(dir, "bot.lua")
	watcher := New(slog.New(slog.DiscardHandler))
	defer watcher.Close()
	a, b := watcher.Watch(), watcher.Watch()
	a.Set([]string{file})
	b.Set([]string{file})
	a.Close()
	if a.Close(); len(watcher.folders) != 2 {
		t.Errorf("%d folders are watched, want the file's and the one above", len(watcher.folders))
	}
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case <-b.stirred:
	case <-time.After(10 * time.Second):
		t.Error("the other watch isn't told any more")
	}
	if len(a.stirred) > 0 {
		t.Error("a watch that is closed was told")
	}
	if b.Close(); len(watcher.folders) != 0 || len(watcher.fs.WatchList()) != 0 {
		t.Errorf("watched still: %v", watcher.fs.WatchList())
	}
}

// TestFolderMadeAnew: a folder that is moved away, and one of its name made, is watched
// in its new shape by all who watched the old one.
func TestFolderMadeAnew(t *testing.T) {
	dir := filepath.Join(resolved(t.TempDir()), "scripts")
	file := filepath.Join(dir, "bot.lua")
	watcher := New(slog.New(slog.DiscardHandler))
	defer watcher.Close()
	make := func() {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	make()
	a, b := watcher.Watch(), watcher.Watch()
	a.Set([]string{file})
	b.Set([]string{file})
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	make()
	a.Set([]string{file})
	if len(b.look) == 0 {
		t.Error("the other watch doesn't know that it has to look")
	}
	b.Set([]string{file})
	for len(a.stirred) > 0 || len(b.stirred) > 0 { // by the folders
		select {
		case <-a.stirred:
		case <-b.stirred:
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*Watch{"a": a, "b": b} {
		select {
		case <-w.stirred:
		case <-time.After(10 * time.Second):
			t.Errorf("%s is not told of the file in the new folder", name)
		}
	}
}
