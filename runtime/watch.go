package runtime

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// quietTime is how long the files must be left alone before they are looked
	// at: editors save in several steps.
	quietTime = 50 * time.Millisecond
	// maxUnquiet bounds the wait where something writes all the time.
	maxUnquiet = time.Second
	// lookInterval is how often the files are looked at without being told:
	// network file systems tell nothing, and a folder that was removed and made
	// again has to be found.
	lookInterval = 2 * time.Second
)

// watcher waits for changes in folders. Folders, not files, are watched, since
// many editors save by renaming a new file over the old one, which ends a watch
// on the file.
type watcher struct {
	fs      *fsnotify.Watcher // nil if the system has none left to give
	watched map[string]bool
	asked   <-chan struct{} // asks to look at once, nil if nobody does
	log     *slog.Logger
}

// errAsked is wait's error when somebody asked to look at once.
var errAsked = errors.New("asked to look")

func newWatcher(log *slog.Logger) *watcher {
	w := &watcher{watched: map[string]bool{}, log: log}
	fs, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no file watching, looking at the files every 2 s instead", "err", err)
		return w
	}
	w.fs = fs
	return w
}

func (w *watcher) close() {
	if w.fs != nil {
		w.fs.Close()
	}
}

// watch makes the watched folders those of files, and the ones above them, in
// which a folder shows up again that was removed or a link that was changed.
func (w *watcher) watch(files []string) {
	if w.fs == nil {
		return
	}
	want := map[string]bool{}
	for _, f := range files {
		for _, place := range []string{f, resolved(f)} {
			dir := filepath.Dir(place)
			want[dir], want[filepath.Dir(dir)] = true, true
		}
	}
	for dir := range w.watched {
		if !want[dir] {
			w.fs.Remove(dir) // fails if the folder is gone, and the watch with it
			delete(w.watched, dir)
		}
	}
	for dir := range want {
		// Adding again is free, and renews the watch of a folder made anew.
		if err := w.fs.Add(dir); err != nil {
			delete(w.watched, dir)
			continue
		}
		w.watched[dir] = true
	}
}

func resolved(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}

// wait blocks until something may have changed and has been quiet since, or it
// is time to look anyway. It returns ctx's error when ctx ends, and errAsked when
// that is so.
func (w *watcher) wait(ctx context.Context) error {
	events, errs := w.channels()
	look := time.NewTimer(lookInterval)
	defer look.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.asked:
		return errAsked
	case <-look.C:
		return nil
	case err := <-errs:
		// The kernel's queue overflowed: what changed isn't known, so look.
		w.log.Debug("file watching", "err", err)
		return nil
	case <-events:
	}
	return w.settle(ctx)
}

// settle blocks until nothing has changed for a while.
func (w *watcher) settle(ctx context.Context) error {
	events, errs := w.channels()
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	enough := time.NewTimer(maxUnquiet)
	defer enough.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-quiet.C:
			return nil
		case <-enough.C:
			return nil
		case <-events:
			quiet.Reset(quietTime)
		case <-errs:
		}
	}
}

// channels are nil, and so never ready, where there is no file watching.
func (w *watcher) channels() (chan fsnotify.Event, chan error) {
	if w.fs == nil {
		return nil, nil
	}
	return w.fs.Events, w.fs.Errors
}
