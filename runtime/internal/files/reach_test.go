//go:build unix

package files

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
)

// TestPipesAreNoFiles: a named pipe in the bot's folder is refused at once, whatever is
// wanted of it; to open it would wait for somebody at its other end.
func TestPipesAreNoFiles(t *testing.T) {
	f := &Files{root: t.TempDir(), data: t.TempDir(), write: []string{"."}, quota: quota{most: 1 << 20}}
	if err := syscall.Mkfifo(filepath.Join(f.root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	// What a script from before left, or somebody put there to be written through.
	if err := syscall.Mkfifo(filepath.Join(f.root, "photo.jpg.part"), 0o600); err != nil {
		t.Fatal(err)
	}
	photo := filepath.Join(f.root, "received")
	if err := os.WriteFile(photo, []byte("photo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"read":    func() error { _, err := f.Read("pipe", 10); return err },
		"replace": func() error { return f.replace("pipe", bytes.NewReader([]byte("x")), 1) },
		"add":     func() error { return f.add("pipe", 0, []byte("x")) },
		"send":    func() error { _, err := f.Find("pipe"); return err },
		"save":    func() error { _, err := f.Save(&luabind.File{Path: photo, Name: "received"}, "pipe"); return err },
	} {
		var he *luabind.HostError
		if err := try(); !errors.As(err, &he) || he.Kind != "not_a_file" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Save(&luabind.File{Path: photo, Name: "received"}, "photo.jpg"); err != nil {
		t.Error(err)
	}
}

// TestTokensAreOutOfReach: a bot can't read its own token, nor that of another one
// whose token is kept in the same folder.
func TestTokensAreOutOfReach(t *testing.T) {
	dir := t.TempDir()
	f := New(Options{
		Root: dir, Data: filepath.Join(dir, "data"), Tokens: []string{filepath.Join(dir, "one.json"), filepath.Join(dir, "two.json")},
	})
	for _, name := range []string{"one.json", "two.json", "data/x"} {
		var he *luabind.HostError
		if _, err := f.Read(name, 10); !errors.As(err, &he) || he.Kind != "not_allowed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
