package runtime

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

const (
	// retireTimeout is how long handlers may go on on an old generation before it
	// is killed.
	retireTimeout = 10 * time.Minute
	// stopHookTimeout is how long the old version's on_stop may keep the new one's
	// on_start waiting; messages don't wait for either.
	stopHookTimeout = 10 * time.Second
	// maxScriptFiles bounds how many files of a script's folder are looked at
	// after a load that failed.
	maxScriptFiles = 1000
)

// Reload tells how an attempt to load a script ended.
type Reload struct {
	Bot string
	// Generation is the one that is in use now, 0 if there is none.
	Generation int
	// Err says why the script wasn't loaded; the generation before stays in use.
	// It is a [*luabind.ScriptError] where the script is at fault.
	Err error
}

// loader keeps a bot's current generation: it loads the script, watches its
// files, and swaps in the new version only when that was loaded and started
// without an error.
type loader struct {
	bot *bot

	mu      sync.Mutex
	current *generation
	ready   chan struct{} // closed while there is a generation
	number  int
	// leaving is a generation that was withdrawn and isn't closed yet, and state what it
	// has left for the next one.
	leaving *generation
	state   []byte
	retired sync.WaitGroup
	renewal chan struct{}   // asks for a fresh generation of the same files
	killed  context.Context // ends when all handlers shall be killed
	kill    context.CancelFunc
}

// generation is one loaded version of a script.
type generation struct {
	number  int
	sandbox script
	users   sync.WaitGroup // handlers, and the loader while it is current
	// withdrawn says that it was taken out of use before there was the next one.
	withdrawn atomic.Bool
}

func (g *generation) release() { g.users.Done() }

func newLoader(b *bot) *loader {
	l := &loader{bot: b, ready: make(chan struct{}), renewal: make(chan struct{}, 1)}
	l.killed, l.kill = context.WithCancel(context.Background())
	return l
}

// wait blocks until there is a generation.
func (l *loader) wait(ctx context.Context) error {
	l.mu.Lock()
	ready := l.ready
	l.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next waits for a generation if need be, and returns it; the caller releases it. It is
// nil when ctx ends.
func (l *loader) next(ctx context.Context) *generation {
	for l.wait(ctx) == nil {
		if g := l.acquire(); g != nil {
			return g
		}
	}
	return nil
}

// acquire returns the current generation, which the caller releases; nil if there
// is none: see wait.
func (l *loader) acquire() *generation {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.users.Add(1)
	}
	return l.current
}

// run loads the script and loads it again whenever its files change, until ctx
// ends.
func (l *loader) run(ctx context.Context) {
	w := newWatcher(l.bot.log)
	w.asked = l.renewal
	defer w.close()
	script, err := filepath.Abs(l.bot.cfg.Script)
	if err != nil {
		script = l.bot.cfg.Script
	}
	dir := filepath.Dir(script)
	files := []string{script}
	var lastError string
	for renewing, again := false, false; ; {
		// The state is taken before the files are read, and of the whole folder,
		// since it isn't known yet which of them that will be: whatever changes from
		// here on is seen as a change, at worst once too often.
		w.watch(files)
		before := stateOf(union(files, luaFilesBelow(dir)))
		sandbox, err := l.load(ctx)
		if ctx.Err() != nil {
			if sandbox != nil {
				sandbox.Close(context.Background())
			}
			return
		}
		failed := err != nil
		if !failed {
			files = union([]string{script}, sandbox.Files())
			before.add(stateOf(files))
			l.swap(sandbox)
			l.bot.timers.set(sandbox.Schedules())
		}
		// What is tried again though the files look the same is told if it ends otherwise.
		if !again || !failed || err.Error() != lastError {
			l.report(err)
		}
		lastError, again = "", false
		if failed {
			lastError = err.Error()
		}
		if !failed && !renewing {
			l.bot.conduct.forget()
			l.bot.inbox.revive()
			l.bot.advise()
		}
		renewing, w.stirred = false, false
		for quiet := false; ; quiet = true {
			looked := files
			if failed {
				// What is missing may come to be anywhere in the folder.
				looked = union(files, luaFilesBelow(dir))
			}
			w.watch(looked)
			if changed := before.differs(stateOf(looked)); changed && quiet {
				break
			} else if changed {
				// Saved while the last version was being loaded, and perhaps not yet in
				// full.
				err = w.settle(ctx)
			} else {
				err = w.wait(ctx)
			}
			if renewing = errors.Is(err, errAsked); renewing {
				break
			}
			if err == nil && failed && l.between() {
				break // it could be loaded once
			}
			if err == nil && failed && w.stirred {
				// A file may have been away while it was being loaded, and be back as it was.
				again = true
				break
			}
			if err != nil {
				return
			}
		}
	}
}

// renew takes a generation out of use whose variables have grown over the limit, and
// has the same files loaded anew. Messages wait meanwhile. It reports whether the
// generation was in use.
func (l *loader) renew(g *generation) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != g {
		return false
	}
	g.withdrawn.Store(true)
	l.current, l.leaving, l.ready = nil, g, make(chan struct{})
	l.bot.log.Warn("the script holds more memory than [bot.sandbox] memory allows: it is loaded anew, " +
		"and its variables begin afresh, but for ilink.state")
	select {
	case l.renewal <- struct{}{}:
	default:
	}
	return true
}

// withdraw ends a generation that renew has taken out of use, with what its handlers
// do, for the room that it takes: it mustn't be there beside the next one. The messages
// that it was handling are handled again.
func (l *loader) withdraw() {
	l.mu.Lock()
	g := l.leaving
	l.mu.Unlock()
	if g == nil {
		return
	}
	state, err := g.sandbox.State()
	if err != nil {
		l.bot.log.Error("ilink.state is lost: it begins empty", "err", err)
	}
	l.mu.Lock()
	l.leaving, l.state = nil, state
	l.mu.Unlock()
	g.release()
	l.end(g, 0)
	goruntime.GC() // or its memory would still be there while the next one's grows
}

// between reports whether a generation was taken out of use, and the next one isn't
// there yet.
func (l *loader) between() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current == nil && l.number > 0
}

// load loads the script, with the state of the generation in use, or of the one that
// was withdrawn.
func (l *loader) load(ctx context.Context) (script, error) {
	l.withdraw()
	l.mu.Lock()
	current, state := l.current, l.state
	if current == nil {
		current = l.leaving // just now
	}
	l.mu.Unlock()
	if current != nil {
		var err error
		if state, err = current.sandbox.State(); err != nil {
			return nil, err
		}
	}
	return loadScript(ctx, l.bot, state)
}

// swap makes a sandbox the current generation. The old one lives until its
// handlers are through, or have been killed.
func (l *loader) swap(sandbox script) {
	g := &generation{sandbox: sandbox}
	g.users.Add(1)
	l.mu.Lock()
	reason := luabind.ReasonStart
	if l.number > 0 {
		reason = luabind.ReasonReload
	}
	l.number++
	g.number = l.number
	old := l.current
	l.current, l.state = g, nil
	if old == nil {
		close(l.ready)
	}
	g.users.Add(1) // for on_start
	l.mu.Unlock()
	l.retired.Go(func() {
		if old != nil {
			l.lifecycle(old, "on_stop", stopHookTimeout, func(ctx context.Context) error { return old.sandbox.OnStop(ctx, reason) })
			l.retire(old)
		}
		l.lifecycle(g, "on_start", retireTimeout, func(ctx context.Context) error { return g.sandbox.OnStart(ctx, reason) })
		g.release()
	})
}

// lifecycle calls a hook of the script's that isn't about a message.
func (l *loader) lifecycle(g *generation, name string, limit time.Duration, call func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(l.killed, limit)
	defer cancel()
	err := call(ctx)
	if err != nil && l.killed.Err() == nil && !g.withdrawn.Load() {
		logScriptError(l.bot.log, name+" failed", err, "generation", g.number)
	}
}

// stopping calls the script's on_stop, as long as what that sends can still go out.
func (l *loader) stopping(limit time.Duration) {
	g := l.acquire()
	if g == nil {
		return
	}
	defer g.release()
	l.lifecycle(g, "on_stop", limit, func(ctx context.Context) error { return g.sandbox.OnStop(ctx, luabind.ReasonStop) })
}

// retire gives a generation up, and ends it once its handlers are through.
func (l *loader) retire(g *generation) {
	l.retired.Go(func() {
		g.release()
		l.end(g, retireTimeout)
	})
}

// end closes a generation that is out of use; handlers that still run after the
// limit are killed.
func (l *loader) end(g *generation, limit time.Duration) {
	ctx, cancel := context.WithTimeout(l.killed, limit)
	defer cancel()
	// A handler may have the generation and not have begun: closing the sandbox
	// now would refuse it.
	through := make(chan struct{})
	go func() {
		defer close(through)
		g.users.Wait()
	}()
	select {
	case <-through:
	case <-ctx.Done():
	}
	if err := g.sandbox.Close(ctx); err != nil {
		l.bot.log.Warn("handlers of an old generation were killed", "generation", g.number, "err", err)
	}
	<-through
}

// generation returns the number of the current generation.
func (l *loader) generation() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.number
}

// close retires the current generation and waits for all to be gone; handlers
// still running after the limit are killed.
func (l *loader) close(limit time.Duration) {
	l.mu.Lock()
	last := []*generation{l.current, l.leaving}
	l.mu.Unlock()
	for _, g := range last {
		if g != nil {
			l.retire(g)
		}
	}
	timer := time.AfterFunc(limit, l.kill)
	defer timer.Stop()
	l.retired.Wait()
	l.kill()
}

func (l *loader) report(err error) {
	l.mu.Lock()
	number := l.number
	l.mu.Unlock()
	l.bot.stats.update(func(s *Status) {
		s.Generation = number
		if s.ScriptError = ""; err != nil {
			s.ScriptError = err.Error()
		}
	})
	switch {
	case err == nil:
		l.bot.log.Info("script loaded", "script", l.bot.cfg.Script, "generation", number)
	case number > 0 && !l.between():
		logScriptError(l.bot.log, "script not loaded, the version before it stays in use", err, "generation", number)
	default:
		logScriptError(l.bot.log, "script not loaded, messages wait until it is mended", err)
	}
	if f := l.bot.shared.OnReload; f != nil {
		f(Reload{Bot: l.bot.cfg.Name, Generation: number, Err: err})
	}
}

// logScriptError logs an error with what a script's author wants to see of it.
func logScriptError(log *slog.Logger, msg string, err error, args ...any) {
	args = append(args, "err", err)
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Detail() != err.Error() {
		args = append(args, "detail", se.Detail())
	}
	log.Error(msg, args...)
}

// fileState is the content of some files, as digests by path; "" for a file that
// can't be read.
type fileState map[string]string

func stateOf(files []string) fileState {
	s := fileState{}
	for _, f := range files {
		s[f] = ""
		if text, err := os.ReadFile(f); err == nil {
			sum := sha256.Sum256(text)
			s[f] = string(sum[:])
		}
	}
	return s
}

// add takes over the files of t that s doesn't know.
func (s fileState) add(t fileState) {
	for f, sum := range t {
		if _, known := s[f]; !known {
			s[f] = sum
		}
	}
}

// differs reports whether a file of now is another than in s; those that s
// doesn't know were not there.
func (s fileState) differs(now fileState) bool {
	for f, sum := range now {
		if s[f] != sum {
			return true
		}
	}
	return false
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// luaFilesBelow lists the Lua files in a folder and those below it.
func luaFilesBelow(dir string) []string {
	var files []string
	// The separator makes it follow the folder's own name if that is a link.
	root := dir + string(filepath.Separator)
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || len(files) >= maxScriptFiles:
			return fs.SkipDir
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".lua"):
			files = append(files, path)
		}
		return nil
	})
	return files
}
