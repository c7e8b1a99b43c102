package world

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime"
)

// Loader loads a script with the modules that all bots have, made of options, and
// those of cfg.
type Loader func(ctx context.Context, cfg luabind.Config, options modules.Options) (luabind.Script, error)

// load loads a script in this process.
func load(ctx context.Context, cfg luabind.Config, options modules.Options) (luabind.Script, error) {
	cfg.Modules = slices.Concat(modules.Standard(options), cfg.Modules)
	s, err := luabind.Load(ctx, cfg)
	if err != nil {
		return nil, err // and no sandbox that is nil
	}
	return s, nil
}

// Config says which bot is put into a world.
type Config struct {
	// Name is the bot's name.
	Name string
	// Script is its file. Its folder is copied before the bot reads or writes there.
	Script string
	// Load loads the script; nil means in this process.
	Load Loader
	// Options are for the modules that all bots have.
	Options modules.Options
	// Modules are those that it has beside them.
	Modules []luabind.Module
	// Limits are the server's rules; zero fields mean the runtime's defaults.
	Limits runtime.LimitsConfig
	// Write are the folders into which the script may write, as [bot.allow] files has
	// them; nil means all.
	Write []string
	// Coverage counts lines; it may be nil.
	Coverage *luabind.Coverage
}

// Bot is a script in a world. It stays the same when the script is loaded again.
type Bot struct {
	talk   []talkLine // what was said; the world's mu guards it
	w      *World
	cfg    Config
	folder *folder

	// loading is held while the script is loaded.
	loading sync.Mutex

	// The world's mu guards the rest.
	loads   int
	current *generation
	old     []*generation // with handlers that began before a reload
	users   map[string]*User
	kv      map[kvKey]kvValue
	media   map[string]File // what users sent, by what names it to the CDN
	timers  map[string]*timer
	// schedules are those of the current generation, by name.
	schedules map[string]*schedule
	fault     *Fault
	log       []LogEntry
	errors    []error
}

// generation is one loading of the script.
type generation struct {
	sandbox luabind.Script
	// killed says that it was ended as a crash ends it: its handlers are run again.
	killed bool
	// handlers are those under way.
	handlers map[*handler]bool
}

// LogEntry is a line of a script's log.
type LogEntry struct {
	At    time.Time
	Level slog.Level
	Text  string
}

// Add puts a bot into the world. The error is the script's fault if it is a
// [*luabind.ScriptError].
func (w *World) Add(ctx context.Context, cfg Config) (*Bot, error) {
	if cfg.Load == nil {
		cfg.Load = load
	}
	cfg.Limits = cfg.Limits.WithDefaults()
	b := &Bot{
		w: w, cfg: cfg, folder: newFolder(cfg.Script, cfg.Write),
		users: map[string]*User{}, kv: map[kvKey]kvValue{}, media: map[string]File{},
		timers: map[string]*timer{}, schedules: map[string]*schedule{},
	}
	var err error
	if b.current, err = b.load(ctx, nil); err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.bots = append(w.bots, b)
	b.setSchedules()
	b.call(func() error { return b.current.sandbox.OnStart(context.Background(), luabind.ReasonStart) })
	w.mu.Unlock()
	return b, w.Settle(ctx)
}

// call calls hooks of the script's that are about no message. mu must be held.
func (b *Bot) call(hooks ...func() error) {
	b.w.begin()
	go func() {
		var errs []error
		for _, hook := range hooks {
			errs = append(errs, hook())
		}
		b.w.mu.Lock()
		defer b.w.mu.Unlock()
		defer b.w.end()
		for _, err := range errs {
			b.failed(err)
		}
	}()
}

// handlerWall bounds how long a handler that waits for something outside of the
// world may hold a test up.
const handlerWall = 30 * time.Second

func (b *Bot) load(ctx context.Context, state []byte) (*generation, error) {
	b.w.mu.Lock()
	b.loads++
	// The same in each run of a test, and not the same for each generation.
	random := rand.NewChaCha8([32]byte{byte(b.loads), byte(b.loads >> 8)})
	b.w.mu.Unlock()
	cfg := luabind.Config{
		Name: b.cfg.Name, Script: b.cfg.Script, Host: &host{b}, Now: b.w.Now, Entropy: random.Read, Coverage: b.cfg.Coverage, State: state,
		Limits: luabind.Limits{Wall: handlerWall}, Modules: b.cfg.Modules,
	}
	if b.cfg.Coverage != nil {
		cfg.Limits.Instructions = 4 * luabind.DefaultLimits().Instructions // counting takes some
	}
	s, err := b.cfg.Load(ctx, cfg, b.cfg.Options)
	if err != nil {
		return nil, err
	}
	return &generation{sandbox: s, handlers: map[*handler]bool{}}, nil
}

// Reload loads the script again, as saving it does: ilink.state is handed over, and
// handlers that wait go on in the old version. If it fails the old one stays.
func (b *Bot) Reload(ctx context.Context) error {
	b.loading.Lock()
	defer b.loading.Unlock()
	state, err := b.current.sandbox.State()
	if err != nil {
		return err
	}
	g, err := b.load(ctx, state)
	if err != nil {
		return err
	}
	b.w.mu.Lock()
	old := b.current
	b.old, b.current = append(b.old, old), g
	b.setSchedules()
	b.call(
		func() error { return old.sandbox.OnStop(context.Background(), luabind.ReasonReload) },
		func() error { return g.sandbox.OnStart(context.Background(), luabind.ReasonReload) },
	)
	b.w.mu.Unlock()
	return b.w.Settle(ctx)
}

// Restart ends the bot as a crash does, and starts it anew: what isn't kept is
// gone, and handlers that waited run again with their records, up to where they
// were.
func (b *Bot) Restart(ctx context.Context) error {
	b.loading.Lock()
	defer b.loading.Unlock()
	if err := b.w.Settle(ctx); err != nil {
		return err
	}
	b.w.mu.Lock()
	ended := append(slices.Clone(b.old), b.current)
	var waiting []*handler
	for _, g := range ended {
		g.killed = true
		for h := range g.handlers {
			waiting = append(waiting, h)
		}
	}
	b.w.mu.Unlock()
	for _, g := range ended {
		g.kill()
	}
	g, err := b.load(ctx, nil)
	if err != nil {
		return err
	}
	slices.SortFunc(waiting, func(x, y *handler) int { return x.number - y.number })
	b.w.mu.Lock()
	b.old, b.current = nil, g
	b.setSchedules()
	for _, u := range b.users {
		u.typing = false
	}
	b.call(func() error { return g.sandbox.OnStart(context.Background(), luabind.ReasonStart) })
	for _, h := range waiting {
		h.again()
	}
	b.w.mu.Unlock()
	return b.w.Settle(ctx)
}

// kill closes a sandbox whose handlers, if there are any, wait.
func (g *generation) kill() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = g.sandbox.Close(ctx) // that handlers had to be stopped is as it should be
}

// close ends the bot for good.
func (b *Bot) close() error {
	b.loading.Lock()
	defer b.loading.Unlock()
	b.w.mu.Lock()
	ended := append(slices.Clone(b.old), b.current)
	for _, g := range ended {
		g.killed = true
	}
	b.w.mu.Unlock()
	for _, g := range ended {
		g.kill()
	}
	return b.folder.remove()
}

// ExpireSession has the server end the bot's login: the script's
// on_session_expired is called.
func (b *Bot) ExpireSession(ctx context.Context) error {
	b.w.mu.Lock()
	g := b.current
	b.call(func() error {
		return g.sandbox.OnSessionExpired(context.Background(), luabind.SessionInfo{Message: "the login has ended"})
	})
	b.w.mu.Unlock()
	return b.w.Settle(ctx)
}

// failed keeps an error of the script's. mu must be held.
func (b *Bot) failed(err error) {
	if err != nil && !errors.Is(err, luabind.ErrInterrupted) {
		b.errors = append(b.errors, err)
	}
}

// TakeErrors returns the errors with which handlers have ended since it was called
// last.
func (b *Bot) TakeErrors() []error {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	taken := b.errors
	b.errors = nil
	return taken
}

// Log returns what the script has logged.
func (b *Bot) Log() []LogEntry {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	return slices.Clone(b.log)
}

// Name returns the bot's name.
func (b *Bot) Name() string { return b.cfg.Name }

// Fault makes a send end otherwise than it would.
type Fault struct {
	// Kind is a status or a reason of [luabind.SendResult]: "quota", "window_closed",
	// "throttled", "network" and "session_expired" hold messages back until the fault
	// is over, "bad_request" and "uncertain" are what becomes of the send. "unconfirmed"
	// has the server accept it and throw it away.
	Kind string
	// Times is how many sends have it; 0 means all until the fault is taken away.
	Times int
	// To is the user whose messages it is for, "" for all.
	To string
}

// SendFaults are the kinds of a [Fault].
var SendFaults = []string{
	luabind.ReasonQuota, luabind.ReasonWindowClosed, luabind.ReasonThrottled, luabind.ReasonNetwork,
	luabind.ReasonSessionExpired, luabind.StatusBadRequest, luabind.StatusUncertain, luabind.StatusUnconfirmed,
}

// SetFault has sends fail from now on; nil ends that, and sends what waited.
func (b *Bot) SetFault(f *Fault) error {
	if f != nil && !slices.Contains(SendFaults, f.Kind) {
		return fmt.Errorf("there is no fault %q of sends; there are %q", f.Kind, SendFaults)
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.fault = nil
	if f != nil {
		copied := *f
		b.fault = &copied
	}
	b.flush()
	return nil
}
