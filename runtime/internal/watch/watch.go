// Package watch tells when files may have changed.
//
// Folders, not files, are watched, since many editors save by renaming a new file over
// the old one, which ends a watch on the file. There is one [Watcher] for a process, as a
// system gives only so many, and a [Watch] for each who waits.
package watch

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
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

// Watcher is told of changes in folders by the system, and tells those who watch them.
type Watcher struct {
	log  *slog.Logger
	fs   *fsnotify.Watcher // nil if the system has none left to give
	done sync.WaitGroup

	mu      sync.Mutex
	folders map[string]*folder // by their real paths
}

// folder is one that is watched.
type folder struct {
	info    fs.FileInfo
	watches map[*Watch]struct{}
}

// New starts a watcher. Where the system gives none, files are looked at every 2 s
// instead, and the log says so.
func New(log *slog.Logger) *Watcher {
	w := &Watcher{log: log, folders: map[string]*folder{}}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		log.Warn("no file watching, looking at the files every 2 s instead", "err", err)
		return w
	}
	w.fs = notify
	w.done.Go(w.tell)
	return w
}

// Close ends the watcher, and waits until it has.
func (w *Watcher) Close() {
	if w.fs != nil {
		w.fs.Close()
		w.done.Wait()
	}
}

// tell passes on what the system tells.
func (w *Watcher) tell() {
	for {
		select {
		case e, open := <-w.fs.Events:
			if !open {
				return
			}
			w.dispatch(e)
		case err, open := <-w.fs.Errors:
			if !open {
				return
			}
			// The kernel's queue overflowed: what changed isn't known, so all look.
			w.log.Debug("file watching", "err", err)
			w.lookAll()
		}
	}
}

// dispatch tells those whom an event concerns.
func (w *Watcher) dispatch(e fsnotify.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	way := onTheWay(e.Name)
	for _, path := range []string{filepath.Dir(e.Name), e.Name} {
		if f := w.folders[path]; f != nil {
			for watch := range f.watches {
				if way || watch.names[filepath.Base(e.Name)] {
					signal(watch.stirred)
				}
			}
		}
	}
}

// onTheWay reports whether an event may be about what anybody waits for, whatever that
// is: a script, or a folder or a link, which may be on the way to a file. What isn't
// there any more is of interest only once it comes again. In the same folder there may
// be a log or a database, written all the time.
func onTheWay(path string) bool {
	if filepath.Ext(path) == ".lua" {
		return true
	}
	info, err := os.Lstat(path)
	return err == nil && !info.Mode().IsRegular()
}

func (w *Watcher) lookAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.folders {
		for watch := range f.watches {
			signal(watch.look)
		}
	}
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Watch waits for changes in some files. It is for one goroutine.
type Watch struct {
	watcher *Watcher
	stirred chan struct{}   // has one if something happened to the files
	look    chan struct{}   // has one if it isn't known what happened
	names   map[string]bool // of the files and links that are waited for; guarded by watcher.mu
}

// Watch returns a watch of no files.
func (w *Watcher) Watch() *Watch {
	return &Watch{watcher: w, stirred: make(chan struct{}, 1), look: make(chan struct{}, 1)}
}

// Close ends the watch.
func (w *Watch) Close() { w.Set(nil) }

// Set makes the watched folders those of files, and the ones above them, in
// which a folder shows up again that was removed or a link that was changed.
func (w *Watch) Set(files []string) {
	if w.watcher.fs == nil {
		return
	}
	want, names := map[string]bool{}, map[string]bool{}
	for _, f := range files {
		for _, place := range []string{f, resolved(f)} {
			dir := filepath.Dir(place)
			// Under their real names: two watches of one folder would be one to the
			// system, and get lost together.
			want[resolved(dir)], want[resolved(filepath.Dir(dir))] = true, true
			names[filepath.Base(place)], names[filepath.Base(dir)] = true, true
		}
	}
	w.watcher.mu.Lock()
	defer w.watcher.mu.Unlock()
	w.names = names
	for dir, f := range w.watcher.folders {
		if _, mine := f.watches[w]; mine && !want[dir] {
			w.watcher.leave(dir, w)
		}
	}
	for dir := range want {
		w.watcher.enter(dir, w)
	}
}

// leave takes a watch from a folder. mu must be held.
func (w *Watcher) leave(dir string, watch *Watch) {
	f := w.folders[dir]
	if delete(f.watches, watch); len(f.watches) == 0 {
		w.fs.Remove(dir) // fails if the folder is gone, and what watched it with it
		delete(w.folders, dir)
	}
}

// enter adds a watch to a folder, if that is there: the folder above tells when it
// comes. mu must be held.
func (w *Watcher) enter(dir string, watch *Watch) {
	info, err := os.Stat(dir)
	f := w.folders[dir]
	// Of a folder that was moved away the system's watch goes along, to be kept for ever.
	if f != nil && (err != nil || !os.SameFile(f.info, info)) {
		w.fs.Remove(dir)
		for other := range f.watches {
			signal(other.look) // they come here then
		}
		delete(w.folders, dir)
		f = nil
	}
	if err != nil {
		return
	}
	// Adding again is free, and renews the watch of a folder made anew.
	if w.fs.Add(dir) != nil {
		delete(w.folders, dir)
		return
	}
	if f == nil {
		f = &folder{watches: map[*Watch]struct{}{}}
		w.folders[dir] = f
	}
	f.info, f.watches[watch] = info, struct{}{}
}

func resolved(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}

// Cause is why a wait has ended.
type Cause int

// Causes of a wait's end.
const (
	Ended   Cause = iota // the context has
	Looks                // it is time to look, though nothing is known to have happened
	Stirred              // something happened to the files, and they have been quiet since
	Asked                // somebody asked to look
)

// Wait blocks until something may have changed and has been quiet since, or it
// is time to look anyway, or something comes from asked, which may be nil.
func (w *Watch) Wait(ctx context.Context, asked <-chan struct{}) Cause {
	look := time.NewTimer(lookInterval)
	defer look.Stop()
	select {
	case <-ctx.Done():
		return Ended
	case <-asked:
		return Asked
	case <-look.C:
		return Looks
	case <-w.look:
		return Looks
	case <-w.stirred:
		return w.Settle(ctx)
	}
}

// Settle blocks until nothing has happened to the files for a while.
func (w *Watch) Settle(ctx context.Context) Cause {
	quiet := time.NewTimer(quietTime)
	defer quiet.Stop()
	enough := time.NewTimer(maxUnquiet)
	defer enough.Stop()
	for {
		select {
		case <-ctx.Done():
			return Ended
		case <-quiet.C:
			return Stirred
		case <-enough.C:
			return Stirred
		case <-w.stirred:
			quiet.Reset(quietTime)
		}
	}
}
