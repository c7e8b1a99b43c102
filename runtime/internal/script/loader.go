package script

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/watch"
)

const (
	// RetireTimeout is how long handlers may go on on an old generation before it
	// is killed.
	RetireTimeout = 10 * time.Minute
	// stopHookTimeout is how long the old version's on_stop may keep the new one's
	// on_start waiting; messages don't wait for either.
	stopHookTimeout = 10 * time.Second
)

// Loader keeps a bot's current generation: it loads the script, watches its
// files, and swaps in the new version only when that was loaded and started
// without an error.
type Loader struct {
	opts Options

	mu      sync.Mutex
	current *Generation
	ready   chan struct{} // closed while there is a generation
	number  int
	// leaving is a generation that was withdrawn and isn't closed yet, and state what it
	// has left for the next one.
	leaving *Generation
	state   []byte
	// begun is the state with which the current generation has begun, and loading that of
	// the one that is being loaded.
	begun, loading []byte
	retired        sync.WaitGroup
	renewal        chan struct{}   // asks for a fresh generation of the same files
	killed         context.Context // ends when all handlers shall be killed
	kill           context.CancelFunc
}

// Options are what a loader needs. All must be set.
type Options struct {
	// Path is the script's file.
	Path string
	// Load loads it, with the state that the generation before has left, nil for none.
	Load    func(ctx context.Context, state []byte) (luabind.Script, error)
	Watcher *watch.Watcher
	Logger  *slog.Logger
	// OnLoaded is called with the schedules of each generation that is in use from now on; renewed says
	// that its files are the same as before.
	OnLoaded func(schedules []luabind.Schedule, renewed bool)
	// OnAttempt is told how each attempt to load the script has ended, after OnLoaded.
	OnAttempt func(Attempt)
}

// Attempt tells how an attempt to load a script has ended.
type Attempt struct {
	// Generation is the one that is in use now, 0 if there is none.
	Generation int
	// Renewed says that the files are those of the generation before.
	Renewed bool
	// Err says why the script was not loaded; the generation before stays in use.
	Err error
}

// Generation is one loaded version of a script. Whoever got it releases it.
type Generation struct {
	// Number counts them, from 1.
	Number int
	// Script is the loaded script.
	Script luabind.Script

	users sync.WaitGroup // handlers, and the loader while it is current
	// withdrawn says that it was taken out of use before there was the next one.
	withdrawn atomic.Bool
}

// Release says that the generation is no longer used by one who got it.
func (g *Generation) Release() { g.users.Done() }

// Withdrawn reports whether it was taken out of use before there was the next one, and
// its handlers ended.
func (g *Generation) Withdrawn() bool { return g.withdrawn.Load() }

// NewLoader returns a loader. It loads nothing before it is run.
func NewLoader(o Options) *Loader {
	l := &Loader{opts: o, ready: make(chan struct{}), renewal: make(chan struct{}, 1)}
	l.killed, l.kill = context.WithCancel(context.Background())
	return l
}

// Wait blocks until there is a generation.
func (l *Loader) Wait(ctx context.Context) error {
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

// Next waits for a generation if need be, and returns it; the caller releases it. It is
// nil when ctx ends.
func (l *Loader) Next(ctx context.Context) *Generation {
	for l.Wait(ctx) == nil {
		if g := l.Acquire(); g != nil {
			return g
		}
	}
	return nil
}

// Acquire returns the current generation, which the caller releases; nil if there
// is none: see Wait.
func (l *Loader) Acquire() *Generation {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != nil {
		l.current.users.Add(1)
	}
	return l.current
}

// Run loads the script and loads it again whenever its files change, until ctx
// ends.
func (l *Loader) Run(ctx context.Context) {
	w := l.opts.Watcher.Watch()
	defer w.Close()
	script, err := filepath.Abs(l.opts.Path)
	if err != nil {
		script = l.opts.Path
	}
	files := []string{script}
	var lastError string
	for renewing, again := false, false; ; {
		// The state is taken before the files are read, and of the whole folder,
		// since it isn't known yet which of them that will be: whatever changes from
		// here on is seen as a change, at worst once too often.
		w.Set(files)
		before := watch.StateOf(watch.Union(files, watch.LuaFilesBelow(filepath.Dir(script))))
		loaded, err := l.load(ctx)
		if ctx.Err() != nil {
			if loaded != nil {
				loaded.Close(context.Background())
			}
			return
		}
		if err == nil {
			files = watch.Union([]string{script}, loaded.Files())
			before.Add(watch.StateOf(files))
			l.Swap(loaded)
			l.opts.OnLoaded(loaded.Schedules(), renewing)
		}
		// What is tried again though the files look the same is told if it ends otherwise.
		if !again || err == nil || err.Error() != lastError {
			l.report(err, renewing)
		}
		if lastError = ""; err != nil {
			lastError = err.Error()
		}
		switch l.changed(ctx, w, before, files, err != nil) {
		case watch.Ended:
			return
		case watch.Asked:
			renewing, again = true, false
		case watch.Stirred:
			// A file may have been away while it was being loaded, and be back as it was.
			renewing, again = false, true
		case watch.Looks:
			renewing, again = false, false
		}
	}
}

// changed waits until there is a reason to load the script again: its files are other
// ones than before (Looks), somebody asked for it (Asked), or it failed and something
// stirred since (Stirred). files are those of the script, and failed says that it could
// not be loaded.
func (l *Loader) changed(ctx context.Context, w *watch.Watch, before watch.State, files []string, failed bool) watch.Cause {
	for quiet := false; ; quiet = true {
		looked := files
		if failed {
			// What is missing may come to be anywhere in the folder.
			looked = watch.Union(files, watch.LuaFilesBelow(filepath.Dir(files[0])))
		}
		w.Set(looked)
		differs := before.Differs(watch.StateOf(looked))
		var cause watch.Cause
		switch {
		case differs && quiet:
			return watch.Looks
		case differs:
			// Saved while the last version was being loaded, and perhaps not yet in full.
			if w.Settle(ctx) == watch.Ended {
				return watch.Ended
			}
			continue
		default:
			cause = w.Wait(ctx, l.renewal)
		}
		switch {
		case cause == watch.Ended, cause == watch.Asked:
			return cause
		case failed && l.between():
			return watch.Looks // it could be loaded once
		case failed && cause == watch.Stirred:
			return watch.Stirred
		}
	}
}

// Renew takes a generation out of use whose variables have grown over the limit, and
// has the same files loaded anew. Messages wait meanwhile. It reports whether the
// generation was in use.
func (l *Loader) Renew(g *Generation) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.current != g {
		return false
	}
	g.withdrawn.Store(true)
	l.current, l.leaving, l.ready = nil, g, make(chan struct{})
	l.opts.Logger.Warn("the script holds more memory than [bot.sandbox] memory allows: it is loaded anew, " +
		"and its variables begin afresh, but for ilink.state")
	select {
	case l.renewal <- struct{}{}:
	default:
	}
	return true
}

// withdraw ends a generation that Renew has taken out of use, with what its handlers
// do, for the room that it takes: it mustn't be there beside the next one. The messages
// that it was handling are handled again.
func (l *Loader) withdraw() {
	l.mu.Lock()
	g := l.leaving
	l.mu.Unlock()
	if g == nil {
		return
	}
	state, err := g.Script.State()
	l.mu.Lock()
	if err != nil {
		state = l.begun
	}
	l.leaving, l.state = nil, state
	l.mu.Unlock()
	if err != nil {
		l.opts.Logger.Error("what ilink.state holds can't be kept: it is again what it was when the script was loaded last", "err", err)
	}
	g.Release()
	l.end(g, 0)
	goruntime.GC() // or its memory would still be there while the next one's grows
}

// between reports whether a generation was taken out of use, and the next one isn't
// there yet.
func (l *Loader) between() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current == nil && l.number > 0
}

// load loads the script, with the state of the generation in use, or of the one that
// was withdrawn.
func (l *Loader) load(ctx context.Context) (luabind.Script, error) {
	l.withdraw()
	l.mu.Lock()
	current, state := l.current, l.state
	if current == nil {
		current = l.leaving // just now
	}
	l.mu.Unlock()
	if current != nil {
		var err error
		if state, err = current.Script.State(); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	l.loading = state
	l.mu.Unlock()
	return l.opts.Load(ctx, state)
}

// Swap makes a loaded script the current generation. The old one lives until its
// handlers are through, or have been killed.
func (l *Loader) Swap(loaded luabind.Script) {
	g := &Generation{Script: loaded}
	g.users.Add(1)
	l.mu.Lock()
	reason := luabind.ReasonStart
	if l.number > 0 {
		reason = luabind.ReasonReload
	}
	l.number++
	g.Number = l.number
	old := l.current
	l.current, l.state, l.begun = g, nil, l.loading
	if old == nil {
		close(l.ready)
	}
	g.users.Add(1) // for on_start
	l.mu.Unlock()
	l.retired.Go(func() {
		if old != nil {
			l.lifecycle(old, "on_stop", stopHookTimeout, func(ctx context.Context) error { return old.Script.OnStop(ctx, reason) })
			l.retire(old)
		}
		l.lifecycle(g, "on_start", RetireTimeout, func(ctx context.Context) error { return g.Script.OnStart(ctx, reason) })
		g.Release()
	})
}

// lifecycle calls a hook of the script's that isn't about a message.
func (l *Loader) lifecycle(g *Generation, name string, limit time.Duration, call func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(l.killed, limit)
	defer cancel()
	err := call(ctx)
	if err != nil && l.killed.Err() == nil && !g.withdrawn.Load() {
		LogError(l.opts.Logger, name+" failed", err, "generation", g.Number)
	}
}

// Stopping calls the script's on_stop, as long as what that sends can still go out.
func (l *Loader) Stopping(limit time.Duration) {
	g := l.Acquire()
	if g == nil {
		return
	}
	defer g.Release()
	l.lifecycle(g, "on_stop", limit, func(ctx context.Context) error { return g.Script.OnStop(ctx, luabind.ReasonStop) })
}

// retire gives a generation up, and ends it once its handlers are through.
func (l *Loader) retire(g *Generation) {
	l.retired.Go(func() {
		g.Release()
		l.end(g, RetireTimeout)
	})
}

// end closes a generation that is out of use; handlers that still run after the
// limit are killed.
func (l *Loader) end(g *Generation, limit time.Duration) {
	ctx, cancel := context.WithTimeout(l.killed, limit)
	defer cancel()
	// A handler may have the generation and not have begun: closing the script
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
	if err := g.Script.Close(ctx); err != nil {
		l.opts.Logger.Warn("handlers of an old generation were killed", "generation", g.Number, "err", err)
	}
	<-through
}

// Number returns the number of the current generation.
func (l *Loader) Number() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.number
}

// Close retires the current generation and waits for all to be gone; handlers
// still running after the limit are killed.
func (l *Loader) Close(limit time.Duration) {
	l.mu.Lock()
	last := []*Generation{l.current, l.leaving}
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

// Kill ends all handlers of all generations.
func (l *Loader) Kill() { l.kill() }

func (l *Loader) report(err error, renewed bool) {
	number := l.Number()
	switch {
	case err == nil:
		l.opts.Logger.Info("script loaded", "script", l.opts.Path, "generation", number)
	case number > 0 && !l.between():
		LogError(l.opts.Logger, "script not loaded, the version before it stays in use", err, "generation", number)
	default:
		LogError(l.opts.Logger, "script not loaded, messages wait until it is mended", err)
	}
	l.opts.OnAttempt(Attempt{Generation: number, Renewed: renewed, Err: err})
}

// LogError logs an error with what a script's author wants to see of it.
func LogError(log *slog.Logger, msg string, err error, args ...any) {
	args = append(args, "err", err)
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Detail() != err.Error() {
		args = append(args, "detail", se.Detail())
	}
	log.Error(msg, args...)
}
