package ilink

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestFileCursor(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cursor")
	store := FileCursor(file)
	if got, err := store.LoadCursor(t.Context()); got != "" || err != nil {
		t.Errorf("no file: %q, %v", got, err)
	}
	// An old file that everybody can read is replaced by one that only we can.
	if err := os.WriteFile(file, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := store.LoadCursor(t.Context()); got != "old" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, cursor := range []string{"abc+/=", " opaque ", "", "中文"} {
		if err := store.SaveCursor(t.Context(), cursor); err != nil {
			t.Fatal(err)
		}
		if got, err := store.LoadCursor(t.Context()); got != cursor || err != nil {
			t.Errorf("%q, %v, want %q", got, err, cursor)
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestFileCursorIsReplacedAsAWhole(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cursor")
	long := make([]byte, 1<<16)
	for i := range long {
		long[i] = 'a'
	}
	values := map[string]bool{"": true, "short": true, string(long): true}
	var writers sync.WaitGroup
	for v := range values {
		writers.Go(func() {
			for range 30 {
				if err := FileCursor(file).SaveCursor(t.Context(), v); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if got, err := FileCursor(file).LoadCursor(t.Context()); err != nil || !values[got] {
			t.Fatalf("read %d bytes of a half-written cursor, %v", len(got), err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left in the directory: %v, %v", left, err)
	}
}

func TestFileCursorErrors(t *testing.T) {
	dir := t.TempDir()
	if err := FileCursor(filepath.Join(dir, "no", "such")).SaveCursor(t.Context(), "x"); err == nil {
		t.Error("saved where there is no directory")
	}
	if _, err := FileCursor(dir).LoadCursor(t.Context()); err == nil {
		t.Error("read a directory")
	}
	// A directory with something in it can't be replaced; nothing is left behind.
	target := filepath.Join(dir, "target")
	if err := os.MkdirAll(filepath.Join(target, "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := FileCursor(target).SaveCursor(t.Context(), "x"); err == nil {
		t.Error("replaced a directory")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}
