package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/internal/watch"
	"github.com/ilinkd/ilinkd/runtime/notify"
	"github.com/ilinkd/ilinkd/runtime/sdnotify"
	"github.com/ilinkd/ilinkd/runtime/store"
)

const (
	// storeName is the store's file in the data folder.
	storeName = "ilinkd.db"
	// trimInterval is how often what is too old is removed.
	trimInterval = time.Hour
	// otherInterval is how often the store is asked whether another process, such
	// as "ilinkd inbox retry", has written to it.
	otherInterval = time.Second
)

// Runtime runs bots. Make one with [New] and run it with [Runtime.Run].
type Runtime struct {
	cfg    Config
	notify *notify.Notifier
	// toldTrouble is the store's trouble that the operator was told last.
	toldTrouble string

	mu      sync.Mutex
	bots    map[string]*running  // those that have not ended yet
	wanted  map[string]BotConfig // as the configuration has them
	order   []string             // names, in the configuration's order
	closing bool                 // no bot is started any more
	store   *store.Store
	bridge  *bridge.Bridge
	shared  *shared         // of the bots, set by Run
	ctx     context.Context // of Run; nil before
	ready   chan struct{}   // closed once Run has started the bots
	group   sync.WaitGroup  // of the bots
}

// running is a bot and what ends it.
type running struct {
	*bot
	stop     context.CancelFunc
	stopping bool // guarded by Runtime.mu
}

// New checks the configuration and returns a runtime for it. It starts nothing;
// errors are [*ConfigError]s.
func New(cfg Config) (*Runtime, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := cfg.checkIsolation(cfg.Bots); err != nil {
		return nil, err
	}
	cfg.checker = sync.OnceValues(func() (*check.Checker, error) { return newChecker(cfg.Modules) })
	return &Runtime{cfg: cfg, bots: map[string]*running{}, ready: make(chan struct{})}, nil
}

// Run runs all bots until ctx ends. Then polling stops, running handlers come to
// their end, and what may be sent is sent, within the limits of [delivery]
// stop_timeout; the rest is kept for the next start.
//
// A bot's own trouble (no token, a broken script, an expired session) is logged,
// shown in its status and doesn't end the others; the error is for what concerns
// all: the data folder, the store, the address to listen on.
func (r *Runtime) Run(ctx context.Context) (err error) {
	if err := os.MkdirAll(r.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	st, err := store.Open(ctx, StorePath(r.cfg.Data), store.Options{
		Logger: r.cfg.Logger, Fresh: r.cfg.FreshStore, Volatile: r.cfg.VolatileStore,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if err := lockStore(ctx, st); err != nil {
		return err
	}
	r.mu.Lock()
	r.store = st // before anybody asks for the metrics
	r.mu.Unlock()
	servers, err := r.listen()
	if err != nil {
		return err
	}
	defer servers.close()

	sd := sdnotify.New()
	r.notify = notify.New(r.cfg.Notify, r.cfg.Logger)
	ctx, damaged := context.WithCancelCause(ctx)
	defer damaged(nil)
	r.bridge = bridge.NewBridgeWith(bridgeDB{r}, nil, r.bridgeOptions())
	watcher := watch.New(r.cfg.Logger)
	defer watcher.Close()
	r.shared = &shared{
		cfg: &r.cfg, store: st, bridge: r.bridge, watcher: watcher, watchdog: new(luabind.Watchdog), tell: r.tell, peer: r.bot,
	}
	r.mu.Lock()
	r.ctx = ctx
	r.want(r.cfg.Bots)
	r.startWanted()
	r.mu.Unlock()
	close(r.ready)

	var group sync.WaitGroup
	group.Go(func() { r.keepHouse(ctx) })
	group.Go(func() { r.watchStore(ctx, damaged) })
	group.Go(func() { sd.Watchdog(ctx, func() bool { return true }) })
	if err := sd.Ready(); err != nil {
		r.cfg.Logger.Warn("tell systemd that the bots run", "err", err)
	}
	<-ctx.Done()
	if err := sd.Stopping(); err != nil {
		r.cfg.Logger.Warn("tell systemd that the bots stop", "err", err)
	}
	group.Wait()
	r.stopAll()
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(r.cfg.Delivery.StopTimeout))
	defer done()
	r.notify.Close(closing)
	if err := r.bridge.Close(closing); err != nil {
		r.cfg.Logger.Warn("stop polling", "err", err)
	}
	if cause := context.Cause(ctx); errors.Is(cause, store.ErrDamaged) {
		return cause
	}
	return nil
}

// lockPatience is how long a start waits for the process before it: one that was
// killed holds its lock until the system has taken it down.
const lockPatience = 5 * time.Second

// lockStore makes the store this process's own.
func lockStore(ctx context.Context, st *store.Store) error {
	end := time.Now().Add(lockPatience)
	for {
		err := st.LockDaemon()
		var locked *store.LockedError
		if err == nil || !errors.As(err, &locked) || time.Now().After(end) || ctx.Err() != nil {
			return err
		}
		backoff.Sleep(ctx, 50*time.Millisecond)
	}
}

// want sets which bots there are to be. mu must be held, as for all below that
// don't take it.
func (r *Runtime) want(bots []BotConfig) {
	r.wanted, r.order = map[string]BotConfig{}, nil
	for _, b := range bots {
		r.wanted[b.Name] = b
		r.order = append(r.order, b.Name)
	}
}

// startWanted starts the bots that are wanted and don't run. One that has a
// predecessor, of the same name or with the same token, waits until that one has
// ended: two of them would handle a message twice, or push each other out.
func (r *Runtime) startWanted() {
	if r.closing {
		return
	}
	for _, name := range r.order {
		if cfg := r.wanted[name]; r.bots[name] == nil && !r.leavesItsToken(cfg) {
			r.start(cfg)
		}
	}
}

// leavesItsToken reports whether a bot that is stopping has the token of one to
// be started: it was given another name.
func (r *Runtime) leavesItsToken(cfg BotConfig) bool {
	token, err := cfg.LoadToken()
	if err != nil {
		return false
	}
	for _, b := range r.bots {
		if b.stopping && b.account.Token().BotToken == token.BotToken {
			return true
		}
	}
	return false
}

func (r *Runtime) start(cfg BotConfig) {
	ctx, stop := context.WithCancel(r.ctx)
	made, err := newBot(r.shared, cfg)
	if err != nil {
		stop()
		r.cfg.Logger.Error("a bot can't be started", "bot", cfg.Name, "err", err)
		return
	}
	b := &running{bot: made, stop: stop}
	r.bots[cfg.Name] = b
	r.group.Go(func() {
		defer stop()
		b.run(ctx)
		r.ended(b)
	})
}

// ended makes room for a bot's successor.
func (r *Runtime) ended(b *running) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return // all end, and their last state stays to be seen
	}
	delete(r.bots, b.cfg.Name)
	b.log.Info("bot stopped by the new configuration")
	r.startWanted()
}

// stopAll waits for the bots, which stop when ctx ends.
func (r *Runtime) stopAll() {
	r.mu.Lock()
	r.closing = true // nobody starts a further one
	r.mu.Unlock()
	r.group.Wait()
}

// Apply takes over another configuration's bots while Run runs: new ones are
// started, those gone are stopped, and changed ones are stopped and started
// again; the others don't notice. It waits until Run has started, but not for
// bots to stop: each is replaced as soon as it has ended.
//
// Settings that concern all bots need a new start of the program; Apply says in
// the log which of them differ.
func (r *Runtime) Apply(ctx context.Context, cfg Config) error {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return err
	}
	if err := r.cfg.checkIsolation(cfg.Bots); err != nil {
		return err
	}
	select {
	case <-r.ready:
	case <-ctx.Done():
		return fmt.Errorf("apply a configuration: %w", ctx.Err())
	}
	for _, key := range r.cfg.differs(cfg) {
		r.cfg.Logger.Warn("this setting takes effect at the next start", "setting", key)
	}
	for i := range cfg.Bots {
		// The data folder is one of them, and so are the files that are in it
		// because no other place was given.
		if b := &cfg.Bots[i]; b.TokenFile == defaultTokenFile(cfg.Data, b.Name) {
			b.TokenFile = defaultTokenFile(r.cfg.Data, b.Name)
		}
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.want(cfg.Bots)
	for name, b := range r.bots {
		if w, stays := r.wanted[name]; stays && reflect.DeepEqual(w, b.cfg) {
			continue
		}
		b.stopping = true
		b.stop()
	}
	r.startWanted()
	return nil
}

// bot finds a bot that runs, nil if there is none.
func (r *Runtime) bot(name string) *bot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b := r.bots[name]; b != nil {
		return b.bot
	}
	return nil
}

// tell tells the operator of a change of state.
func (r *Runtime) tell(bot, state, previous, message string) {
	r.notify.Notify(notify.Event{Bot: bot, State: state, Previous: previous, Message: message, At: time.Now()})
}

// keepHouse removes what is too old.
func (r *Runtime) keepHouse(ctx context.Context) {
	for ctx.Err() == nil {
		retention := r.cfg.Retention.retention()
		trimmed, err := r.store.Trim(ctx, retention, time.Now())
		if err != nil && ctx.Err() == nil {
			r.cfg.Logger.Error("remove what is too old", "err", err)
		}
		if trimmed != (store.Trimmed{}) {
			r.cfg.Logger.Debug("removed what is too old", "trimmed", trimmed)
		}
		r.mu.Lock()
		names := slices.Clone(r.order)
		r.mu.Unlock()
		for _, name := range names {
			dir := mediaFolder(r.cfg.Data, name)
			if _, err := store.TrimFiles(dir, retention.MediaAge, retention.MediaBytes, time.Now()); err != nil && !errors.Is(err, os.ErrNotExist) {
				r.cfg.Logger.Error("remove old media", "err", err)
			}
		}
		backoff.Sleep(ctx, trimInterval)
	}
}

// watchStore has the bots take up what another process wrote, and ends all when
// the store is found damaged.
func (r *Runtime) watchStore(ctx context.Context, damaged context.CancelCauseFunc) {
	tick := time.NewTicker(otherInterval)
	defer tick.Stop()
	last, _ := r.store.DataVersion(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-r.store.Damaged():
			r.cfg.Logger.Error("the store is damaged: stopping", "err", err)
			damaged(err)
			return
		case <-tick.C:
		}
		r.checkStore(ctx)
		version, err := r.store.DataVersion(ctx)
		if err != nil || version == last {
			continue
		}
		last = version
		r.refresh(ctx)
	}
}

// refresh has the bots take up what another process wrote.
func (r *Runtime) refresh(ctx context.Context) {
	r.mu.Lock()
	var all []*bot
	for _, b := range r.bots {
		all = append(all, b.bot)
	}
	r.mu.Unlock()
	for _, b := range all {
		if err := b.refresh(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("take up what another process wrote", "err", err)
		}
	}
}

func (r *Runtime) bridgeOptions() bridge.Options {
	return bridge.Options{
		HTTPClient: r.cfg.HTTPClient,
		Logger:     r.cfg.Logger,
		Deliver: func(ctx context.Context, binding bridge.BridgeBinding, u *ilink.Updates, meta bridge.PollMeta) error {
			b := r.bot(binding.SandboxID)
			if b == nil {
				return fmt.Errorf("there is no bot %q", binding.SandboxID)
			}
			return b.receive(ctx, u, meta)
		},
		OnState: func(s bridge.State) {
			if b := r.bot(s.SandboxID); b != nil {
				b.account.Polled(s)
			}
		},
		Token: func(_ context.Context, binding bridge.BridgeBinding) (ilink.Token, error) {
			if b := r.bot(binding.SandboxID); b != nil {
				return b.account.Refresh()
			}
			return ilink.Token{}, nil
		},
		ClientOptions: func(binding bridge.BridgeBinding) []ilink.Option {
			if b := r.bot(binding.SandboxID); b != nil {
				return b.account.ClientOptions()
			}
			return nil
		},
	}
}

// bridgeDB is the bridge's view of the store. Context tokens are kept with the
// messages that bring them, in one transaction, where repeats are known.
type bridgeDB struct{ r *Runtime }

func (db bridgeDB) UpdateGetUpdatesBuf(sandboxID, _, buf string) error {
	b := db.r.bot(sandboxID)
	if b == nil {
		return fmt.Errorf("there is no bot %q", sandboxID)
	}
	return db.r.store.SaveCursor(context.Background(), sandboxID, account.Session(b.account.Token()), buf)
}

func (db bridgeDB) UpsertContextToken(_, _, _, _ string) error { return nil }

func (db bridgeDB) GetContextToken(sandboxID, _, userID string) (string, error) {
	return db.r.store.ContextToken(context.Background(), sandboxID, userID)
}
