package spec

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must change before a run: saving a file is several
// changes.
const quiet = 100 * time.Millisecond

// Watch calls run at once, and then whenever a Lua or JSON file changes in the
// folders that paths name or are in, until ctx ends.
func Watch(ctx context.Context, paths []string, run func() error) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch for changes: %w", err)
	}
	defer w.Close()
	for {
		// Anew each time, as there may be new folders.
		if err := watchFolders(w, paths); err != nil {
			return err
		}
		if err := run(); err != nil {
			return err
		}
		if !changed(ctx, w) {
			return nil
		}
	}
}

func watchFolders(w *fsnotify.Watcher, paths []string) error {
	for _, path := range paths {
		if strings.HasSuffix(path, Suffix) {
			path = filepath.Dir(path)
		}
		err := filepath.WalkDir(path, func(dir string, d fs.DirEntry, err error) error {
			switch {
			case err != nil || !d.IsDir():
				return err
			case dir != path && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			}
			return w.Add(dir)
		})
		if err != nil {
			return fmt.Errorf("watch for changes: %w", err)
		}
	}
	return nil
}

// changed waits for a change, and until there are no more for a moment. It reports
// whether there was one before ctx ended.
func changed(ctx context.Context, w *fsnotify.Watcher) bool {
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return false
		case <-settled:
			return true
		case <-w.Errors:
			return true // it may be that changes were missed
		case ev := <-w.Events:
			if ext := filepath.Ext(ev.Name); (ext == ".lua" || ext == ".json") && ev.Op != fsnotify.Chmod {
				settled = time.After(quiet)
			}
		}
	}
}
