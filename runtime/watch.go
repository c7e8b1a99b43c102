package runtime

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
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
	// stirred says that wait has ended because something happened to the files.
	stirred bool
	fs      *fsnotify.Watcher // nil if the system has none left to give
	watched map[string]fs.FileInfo
	names   map[string]bool // of the files and links that are waited for
	asked   <-chan struct{} // asks to look at once, nil if nobody does
	log     *slog.Logger
}

// errAsked is wait's error when somebody asked to look at once.
var errAsked = errors.New("asked to look")

func newWatcher(log *slog.Logger) *watcher {
	w := &watcher{watched: map[string]fs.FileInfo{}, log: log}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no file watching, looking at the files every 2 s instead", "err", err)
		return w
	}
	w.fs = notify
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
	w.names = map[string]bool{}
	for _, f := range files {
		for _, place := range []string{f, resolved(f)} {
			dir := filepath.Dir(place)
			// Under their real names: two watches of one folder would be one to the
			// system, and get lost together.
			want[resolved(dir)], want[resolved(filepath.Dir(dir))] = true, true
			w.names[filepath.Base(place)], w.names[filepath.Base(dir)] = true, true
		}
	}
	for dir, before := range w.watched {
		// Of a folder that was moved away the watch goes along, to be kept for ever.
		if now, err := os.Stat(dir); !want[dir] || err != nil || !os.SameFile(before, now) {
			w.fs.Remove(dir) // fails if the folder is gone, and the watch with it
			delete(w.watched, dir)
		}
	}
	for dir := range want {
		info, err := os.Stat(dir)
		if err != nil {
			continue // the folder above tells when it comes
		}
		// Adding again is free, and renews the watch of a folder made anew.
		if err := w.fs.Add(dir); err != nil {
			delete(w.watched, dir)
			continue
		}
		w.watched[dir] = info
	}
}

// concerns reports whether an event may be about what is waited for. In the same
// folder there may be a log or a database, written all the time.
func (w *watcher) concerns(e fsnotify.Event) bool {
	if w.names[filepath.Base(e.Name)] || filepath.Ext(e.Name) == ".lua" {
		return true
	}
	// A folder or a link may be on the way to a file; whatever isn't there any more
	// is of interest only once it comes again.
	info, err := os.Lstat(e.Name)
	return err == nil && !info.Mode().IsRegular()
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
	w.stirred = false
	events, errs := w.channels()
	look := time.NewTimer(lookInterval)
	defer look.Stop()
	for {
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
		case e := <-events:
			if w.concerns(e) {
				w.stirred = true
				return w.settle(ctx)
			}
		}
	}
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
		case e := <-events:
			if w.concerns(e) {
				quiet.Reset(quietTime)
			}
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
