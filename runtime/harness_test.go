package runtime_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// sandboxArg has the program of the tests be the process of a script.
const sandboxArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandboxArg {
		os.Exit(runtime.SandboxMain(crashModule{}))
	}
	goleak.VerifyTestMain(m)
}

// testIsolation has all bots of the tests run as [bot.sandbox] isolation says, where
// a test doesn't say it.
var testIsolation = os.Getenv("ILINKD_TEST_ISOLATION")

// isolated has a configuration's bots run in processes of their own, if mode says so.
func isolated(mode string) func(*runtime.Config) {
	return func(c *runtime.Config) {
		for i := range c.Bots {
			c.Bots[i].Sandbox.Isolation = mode
		}
	}
}

// patience bounds every wait of a test: it is only used up by a failure.
const patience = 20 * time.Second

// world is a simulator and a runtime with one bot, "echo", whose script lies in
// dir.
type world struct {
	t       testing.TB
	sim     *ilinksim.Server
	rt      *runtime.Runtime
	cfg     runtime.Config
	dir     string
	log     *logBuffer
	reloads chan runtime.Reload
	stop    func()
	seen    int // number of the last send looked at
}

// newWorld starts a bot with a script. change may adjust the configuration.
func newWorld(t testing.TB, script string, change func(*runtime.Config), simOpts ...ilinksim.Option) *world {
	t.Helper()
	return newWorldOf(t, script, func(_ *world, c *runtime.Config) {
		if change != nil {
			change(c)
		}
	}, simOpts...)
}

// newWorldOf is newWorld with a change that may use the simulator and the scripts'
// folder.
func newWorldOf(t testing.TB, script string, change func(*world, *runtime.Config), simOpts ...ilinksim.Option) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), log: &logBuffer{}, reloads: make(chan runtime.Reload, 100)}
	// Without the throttle, which would have tests wait; pacing has its own.
	w.sim = ilinksim.New(append([]ilinksim.Option{ilinksim.WithLimits(ilinksim.Limits{Burst: -1})}, simOpts...)...)
	t.Cleanup(w.sim.Close)
	w.write("echo.lua", script)
	account := w.sim.AddBot("echo")
	cfg := runtime.Config{
		Data:   filepath.Join(w.dir, "data"),
		ILink:  runtime.ILinkConfig{BaseURL: w.sim.URL, CDNURL: w.sim.CDNURL},
		Limits: runtime.LimitsConfig{MinGap: 1},
		// What is lost with the power is tested with the store and in faulttest.
		VolatileStore: true,
		Logger:        slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Bots: []runtime.BotConfig{{
			Name: "echo", Script: filepath.Join(w.dir, "scripts", "echo.lua"),
			Token: &ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL},
		}},
		OnReload: func(r runtime.Reload) { w.reloads <- r },
	}
	command, err := runtime.SandboxCommand(sandboxArg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.SandboxCommand = command
	change(w, &cfg)
	// A test's own modules live in the test.
	if testIsolation != "" && len(cfg.Bots) > 0 && cfg.Bots[0].Sandbox.Isolation == "" && cfg.Modules == nil {
		isolated(testIsolation)(&cfg)
	}
	w.cfg = cfg
	w.start()
	t.Cleanup(func() { w.stop() })
	w.reloaded()
	return w
}

// start starts the runtime.
func (w *world) start() {
	t := w.t
	t.Helper()
	rt, err := runtime.New(w.cfg)
	if err != nil {
		t.Fatal(err)
	}
	w.rt = rt
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- rt.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not end")
		}
	})
}

// unlimited lifts the limits of sending.
func unlimited(c *runtime.Config) { c.Limits.PerInbound, c.Limits.ParallelSends = -1, 8 }

// write puts a file into the script's folder.
func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "scripts", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// reloaded waits for the next attempt to load the script.
func (w *world) reloaded() runtime.Reload {
	w.t.Helper()
	select {
	case r := <-w.reloads:
		return r
	case <-time.After(patience):
		w.t.Fatalf("the script was not loaded again; log:\n%s", w.log)
		panic("unreachable")
	}
}

// sent waits for n further sends.
func (w *world) sent(n int) []ilinksim.Sent {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var got []ilinksim.Sent
	for len(got) < n {
		more, err := w.sim.WaitSent(ctx, ilinksim.Filter{}, w.seen)
		if err != nil {
			w.t.Fatalf("%d of %d sends: %v; rejected: %+v; log:\n%s", len(got), n, err, w.sim.Rejected(0), w.log)
		}
		for _, s := range more {
			w.seen = s.N
			got = append(got, s)
		}
	}
	return got
}

// ask sends a message and returns the answer's text.
func (w *world) ask(text string) string {
	w.t.Helper()
	w.sim.Say("alice", text)
	return w.sent(1)[0].Text
}

// handled waits until n messages are through, well or not.
func (w *world) handled(n int) runtime.Status {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last runtime.Status
	err := w.rt.WaitStatus(ctx, "echo", func(s runtime.Status) bool {
		last = s
		return s.Handled+s.Failed >= n
	})
	if err != nil {
		w.t.Fatalf("%+v: %v; log:\n%s", last, err, w.log)
	}
	return last
}

// logBuffer is a log that a test can read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}
