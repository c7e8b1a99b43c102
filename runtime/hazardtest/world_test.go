package hazardtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
)

// patience bounds every wait of a test: it is only used up by a failure.
const patience = time.Minute

// world is a simulator and a host with an honest bot, which is asked all the time,
// and beside it one hostile one at a time.
type world struct {
	t    *testing.T
	sim  *ilinksim.Server
	rt   *runtime.Runtime
	cfg  runtime.Config   // with the honest bot alone
	web  *httptest.Server // which is hostile as well
	dir  string
	log  *log
	bots int // so far

	mu      sync.Mutex
	loaded  map[string]chan error // of each bot, for its first script
	hostile bool                  // whether hazards have begun
	quiet   []time.Duration       // the honest bot's answer times before
	beside  []time.Duration       // and since
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), log: &log{}, loaded: map[string]chan error{}}
	w.sim = ilinksim.New(ilinksim.WithLimits(ilinksim.Limits{Burst: -1}))
	t.Cleanup(w.sim.Close)
	w.web = newWeb(t)
	w.cfg = runtime.Config{
		Data:  filepath.Join(w.dir, "data"),
		ILink: runtime.ILinkConfig{BaseURL: w.sim.URL, CDNURL: w.sim.CDNURL},
		// Without a count of what a window has room for: on a machine this busy the honest
		// bot's last answers may have reached the server behind the next question, count for
		// it, and have the next ones wait for a user who waits for them.
		Limits:        runtime.LimitsConfig{MinGap: 1, PerInbound: -1},
		Delivery:      runtime.DeliveryConfig{Retries: -1},
		VolatileStore: true,
		Logger:        slog.New(w.log),
		OnReload: func(r runtime.Reload) {
			select {
			case w.result(r.Bot) <- r.Err:
			default: // it was loaded anew
			}
		},
	}
	w.cfg.Bots = []runtime.BotConfig{w.bot("honest", `function on_message(msg) msg:reply("pong " .. msg.text) end`, runtime.SandboxConfig{})}
	command, err := runtime.SandboxCommand(sandboxArg)
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.SandboxCommand = command
	rt, err := runtime.New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.rt = rt
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rt.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	if err := w.wait("honest"); err != nil {
		t.Fatal(err)
	}
	asking, stop := context.WithCancel(context.Background())
	var asked sync.WaitGroup
	asked.Go(func() { w.ask(asking, "honest") })
	t.Cleanup(func() {
		stop()
		asked.Wait()
	})
	return w
}

// bot makes a bot with a script.
func (w *world) bot(name, source string, limits runtime.SandboxConfig) runtime.BotConfig {
	w.t.Helper()
	path := filepath.Join(w.dir, "scripts", name, "hazard.lua")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	source = strings.ReplaceAll(source, "SERVER", w.web.URL)
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		w.t.Fatal(err)
	}
	account := w.sim.AddBot(name)
	return runtime.BotConfig{
		Name: name, Script: path, Sandbox: limits,
		Allow: runtime.AllowConfig{Files: []string{"out"}, HTTP: []string{strings.TrimPrefix(w.web.URL, "http://")}},
		Token: &ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL},
	}
}

// result is where the outcome of a bot's loading comes.
func (w *world) result(bot string) chan error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.loaded[bot] == nil {
		w.loaded[bot] = make(chan error, 1)
	}
	return w.loaded[bot]
}

// wait waits until a bot's script is loaded.
func (w *world) wait(bot string) error {
	w.t.Helper()
	select {
	case err := <-w.result(bot):
		return err
	case <-time.After(patience):
		w.t.Fatalf("the script of %s was not loaded; log:\n%s", bot, w.log.tail())
		return nil
	}
}

// hostile is a hazard that is a bot's script.
type hostile struct {
	hazard
	bot    string
	failed error // to load
}

// load makes a hazard the script of a bot of its own, in place of the one before;
// nil for none.
func (w *world) load(h *hazard) (hostile hostile) {
	w.t.Helper()
	cfg := w.cfg
	cfg.Bots = slices.Clone(cfg.Bots)
	if h != nil {
		w.mu.Lock()
		w.hostile = true
		w.mu.Unlock()
		w.bots++
		hostile.hazard, hostile.bot = *h, fmt.Sprintf("hostile%d", w.bots)
		cfg.Bots = append(cfg.Bots, w.bot(hostile.bot, h.source, limits(h)))
	}
	if err := w.rt.Apply(context.Background(), cfg); err != nil {
		w.t.Fatal(err)
	}
	if h != nil {
		hostile.failed = w.wait(hostile.bot)
	}
	return hostile
}

// run sends a hazard its messages, and returns how it took them.
func (w *world) run(h hostile) (outcomes []string) {
	w.t.Helper()
	if h.failed != nil {
		return []string{"load"}
	}
	sent := 0
	say := func() {
		sent++
		if _, err := w.sim.Inject(ilinksim.In{Bot: h.bot, From: "mallory", Text: "x"}); err != nil {
			w.t.Fatal(err)
		}
	}
	deadline := time.Now().Add(patience)
	for sent < h.messages || w.log.renewals(h.bot) < h.renewals {
		if len(w.log.errors(h.bot)) >= 2 || w.log.renewals(h.bot) > h.renewals {
			break // enough: it would only be slowed, and suspended
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s was loaded anew %d times, want %d", h.name, w.log.renewals(h.bot), h.renewals)
		}
		say()
		if h.interrupt {
			say()
		}
		w.through(h, sent+h.timers)
	}
	for _, err := range w.log.errors(h.bot) {
		outcomes = append(outcomes, outcomeOf(err)...)
		var se *luabind.ScriptError
		if errors.As(err, &se) && se.Kind == luabind.KindLimit && (se.File == "" || se.Used == "") {
			w.t.Errorf("%s: the error doesn't say where and by how much: %v", h.name, err)
		}
	}
	if w.log.renewals(h.bot) > 0 {
		outcomes = append(outcomes, "memory")
	}
	if len(outcomes) == 0 {
		outcomes = []string{"fine"}
	}
	slices.Sort(outcomes)
	return slices.Compact(outcomes)
}

func outcomeOf(err error) []string {
	var se *luabind.ScriptError
	switch {
	case !errors.As(err, &se):
		return []string{"another: " + err.Error()}
	case se.Kind == luabind.KindLimit && se.Limit == luabind.LimitMemory:
		return []string{"memory", "limit"}
	case se.Kind == luabind.KindLimit:
		return []string{"limit"}
	case se.Kind == luabind.KindRuntime, se.Kind == luabind.KindLoad, se.Kind == luabind.KindSyntax:
		return []string{"error"}
	}
	return []string{se.Kind}
}

// through waits until so many messages of a bot are.
func (w *world) through(h hostile, messages int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last runtime.Status
	err := w.rt.WaitStatus(ctx, h.bot, func(s runtime.Status) bool {
		last = s
		return s.Handled+s.Failed >= messages
	})
	if err != nil {
		w.t.Fatalf("%s didn't end: %+v: %v; log:\n%s", h.name, last, err, w.log.tail())
	}
}

// ask asks the honest bot until ctx ends.
func (w *world) ask(ctx context.Context, bot string) {
	seen := 0
	for n := 0; ctx.Err() == nil; n++ {
		w.mu.Lock()
		hostile := w.hostile
		w.mu.Unlock()
		begun := time.Now()
		if _, err := w.sim.Inject(ilinksim.In{Bot: bot, From: "alice", Text: fmt.Sprint(n)}); err != nil {
			w.t.Error(err)
			return
		}
		limit, cancel := context.WithTimeout(ctx, patience/4) // to show what it waits for
		sent, err := w.sim.WaitSent(limit, ilinksim.Filter{Bot: bot}, seen)
		cancel()
		if ctx.Err() != nil {
			return
		}
		if err != nil || sent[0].Text != fmt.Sprintf("pong %d", n) {
			var stacks strings.Builder
			pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			w.t.Errorf("the honest bot answered %+v, %v: %+v; log:\n%s\n%s", sent, err, w.rt.Status()[0], w.log.of(bot), stacks.String())
			return
		}
		seen = sent[0].N
		w.mu.Lock()
		if took := time.Since(begun); hostile {
			w.beside = append(w.beside, took)
		} else {
			w.quiet = append(w.quiet, took)
		}
		w.mu.Unlock()
		pause(ctx, 10*time.Millisecond)
	}
}

// calm lets the honest bot answer alone for a while.
func (w *world) calm(d time.Duration) { pause(context.Background(), d) }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

type answers struct {
	n      int
	median time.Duration
}

// answers are the honest bot's answer times, before the hazards and beside them.
func (w *world) answers() (quiet, beside answers) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := func(times []time.Duration) answers {
		if len(times) == 0 {
			return answers{}
		}
		slices.Sort(times)
		return answers{len(times), times[len(times)/2]}
	}
	return of(w.quiet), of(w.beside)
}

// watch looks at the heap until the returned function is called, which says by how
// much it was larger than now.
func (w *world) watch() (peak func() uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	size := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	base := size()
	top := base
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			top = max(top, size())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return top - base
	}
}

// settled waits until a condition is met.
func (w *world) settled(condition func() error) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Error(err)
			return
		}
		pause(context.Background(), 50*time.Millisecond)
	}
}

// log keeps what tests want to know of the log.
type log struct {
	mu      sync.Mutex
	records []record
}

type record struct {
	bot, message string
	level        slog.Level
	err          error
}

func (l *log) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (l *log) Handle(_ context.Context, r slog.Record) error { return l.handle("", r) }

func (l *log) handle(bot string, r slog.Record) error {
	rec := record{bot: bot, message: r.Message, level: r.Level}
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			rec.err = err
		}
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, rec)
	return nil
}

func (l *log) WithGroup(string) slog.Handler            { return l }
func (l *log) WithAttrs(attrs []slog.Attr) slog.Handler { return botLog{l, attrs} }

// botLog is the log of what has attributes, such as a bot's.
type botLog struct {
	*log
	attrs []slog.Attr
}

func (l botLog) Handle(_ context.Context, r slog.Record) error {
	bot := ""
	for _, a := range l.attrs {
		if a.Key == "bot" {
			bot = a.Value.String()
		}
	}
	return l.handle(bot, r)
}

// errors are those of a bot's handlers.
func (l *log) errors(bot string) (list []error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.bot == bot && r.err != nil && (strings.HasPrefix(r.message, "handler failed") || strings.HasPrefix(r.message, "on_interrupt failed")) {
			list = append(list, r.err)
		}
	}
	return list
}

// renewals is how often a bot's script was loaded anew for what it held.
func (l *log) renewals(bot string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.bot == bot && strings.Contains(r.message, "it is loaded anew") {
			n++
		}
	}
	return n
}

// of is what it has of a bot.
func (l *log) of(bot string) (list []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if r.bot == bot {
			list = append(list, fmt.Sprintf("%s: %v", r.message, r.err))
		}
	}
	return list
}

// clear forgets all but what the honest bot has to say.
func (l *log) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = slices.DeleteFunc(l.records, func(r record) bool { return r.bot != "honest" })
}

// tail is the last of the log.
func (l *log) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, r := range l.records[max(0, len(l.records)-10):] {
		text := fmt.Sprintf("%v %s %s: %v", r.level, r.bot, r.message, r.err)
		fmt.Fprintf(&b, "%.600s\n", text)
	}
	return b.String()
}
