package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
)

// traffic is what TestReloadsUnderTraffic sees of its bots' handlers. It is a Lua
// module as well: traffic(msg.id, hold) counts a handler, and holds it until the
// next generation is in use.
type traffic struct {
	mu      sync.Mutex
	handled map[string]int           // by message id
	swapped map[string]chan struct{} // by bot, closed at its next swap
	over    chan struct{}            // holds nobody any more
}

func (*traffic) Name() string { return "traffic" }

func (f *traffic) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		f.mu.Lock()
		f.handled[L.CheckString(1)]++
		swapped := f.swapped[vm.Bot()]
		f.mu.Unlock()
		if L.ToBool(2) {
			vm.Block(L, func(ctx context.Context) {
				select {
				case <-swapped:
				case <-f.over:
				case <-ctx.Done():
				}
			})
		}
		return 0
	}), nil
}

func (f *traffic) swap(bot string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := f.swapped[bot]; c != nil {
		close(c)
	}
	f.swapped[bot] = make(chan struct{})
}

// held is a version of the script. What it keeps makes a version that is never
// freed show.
const held = `
ballast = ("x"):rep(2^20)
ilink.state.loads = (ilink.state.loads or 0) + 1
function on_message(msg)
  traffic(msg.id, msg.text:find("hold") ~= nil)
  return msg:reply(msg.text .. " in %d of " .. ilink.state.loads)
end`

// TestReloadsUnderTraffic reloads ten bots' scripts a thousand times in all, each
// while one user's handler is running, which ends on its old version, and another
// user writes as fast as it is answered. All is answered once, in order, by
// versions in order, and nothing is left behind. ILINKD_FULL=1 makes it a thousand
// reloads of each.
func TestReloadsUnderTraffic(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const bots = 10
	reloads := 100
	if os.Getenv("ILINKD_FULL") != "" {
		reloads = 1000
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience*time.Duration(reloads)/10)
	defer cancel()
	sim := ilinksim.New(ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	defer sim.Close()
	f := &traffic{handled: map[string]int{}, swapped: map[string]chan struct{}{}, over: make(chan struct{})}
	dir := t.TempDir()
	loaded := map[string]chan runtime.Reload{}
	cfg := runtime.Config{
		Data: filepath.Join(dir, "data"), ILink: runtime.ILinkConfig{BaseURL: sim.URL, CDNURL: sim.CDNURL},
		Limits: runtime.LimitsConfig{PerInbound: -1, MinGap: 1, Burst: 64, ParallelSends: 8}, VolatileStore: true,
		Modules: []luabind.Module{f}, Logger: slog.New(slog.DiscardHandler),
		OnReload: func(r runtime.Reload) {
			if r.Err == nil {
				f.swap(r.Bot)
			}
			loaded[r.Bot] <- r
		},
	}
	for i := range bots {
		name := fmt.Sprint("bot", i)
		account := sim.AddBot(name)
		script := filepath.Join(dir, name, "bot.lua")
		must(t, os.Mkdir(filepath.Dir(script), 0o755), os.WriteFile(script, fmt.Appendf(nil, held, 1), 0o644))
		loaded[name] = make(chan runtime.Reload, 1)
		cfg.Bots = append(cfg.Bots, runtime.BotConfig{
			Name: name, Script: script, Token: &ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL},
		})
	}
	rt, err := runtime.New(cfg)
	must(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- rt.Run(running) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()

	var group sync.WaitGroup
	var said [bots][2]int
	stopped := make([]chan struct{}, bots)
	first := make(chan struct{}, 2*bots)
	for i, b := range cfg.Bots {
		if r := <-loaded[b.Name]; r.Err != nil {
			t.Fatal(r.Err)
		}
		stopped[i] = make(chan struct{})
		for u, user := range []string{"quick", "hold"} {
			group.Go(func() {
				n, err := talk(ctx, sim, b.Name, user, first, stopped[i])
				if said[i][u] = n; err != nil {
					t.Error(err)
					cancel()
				}
			})
		}
	}
	// The first answers of those who aren't held: all is as it will be then.
	for range bots {
		select {
		case <-first:
		case <-ctx.Done():
		}
	}
	before := usage(t)

	var savers sync.WaitGroup
	for i, b := range cfg.Bots {
		savers.Go(func() {
			defer close(stopped[i])
			for version := 2; version <= 1+reloads; version++ {
				if err := errors.Join(
					os.WriteFile(b.Script+".new", fmt.Appendf(nil, held, version), 0o644), os.Rename(b.Script+".new", b.Script),
				); err != nil {
					t.Error(err)
					return
				}
				select {
				case r := <-loaded[b.Name]:
					if r.Err != nil || r.Generation != version {
						t.Errorf("version %d: %+v", version, r)
						return
					}
				case <-ctx.Done():
					t.Errorf("%s: version %d was not loaded", b.Name, version)
					return
				}
			}
		})
	}
	savers.Wait()
	close(f.over)
	group.Wait()

	total := 0
	for i, b := range cfg.Bots {
		n := said[i][0] + said[i][1]
		total += n
		if err := rt.WaitStatus(ctx, b.Name, func(s runtime.Status) bool { return s.Handled+s.Failed >= n }); err != nil {
			t.Fatal(err)
		}
	}
	after := usage(t)
	if sent := sim.Sent(0); len(sent) != total || len(sim.Rejected(0)) > 0 {
		t.Errorf("%d messages, %d answers, refused: %v", total, len(sent), sim.Rejected(0))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, n := range f.handled {
		if n != 1 {
			t.Errorf("message %s was handled %d times", id, n)
		}
	}
	if len(f.handled) != total {
		t.Errorf("%d of %d messages were handled", len(f.handled), total)
	}
	t.Logf("%d reloads, %d messages; before %+v, after %+v", bots*reloads, total, before, after)
	if after.goroutines > before.goroutines+2*bots || after.watches > before.watches || after.heap > before.heap+50<<20+uint64(total)<<11 {
		t.Errorf("something is left behind: before %+v, after %+v", before, after)
	}
}

// talk has a user write, and wait for the answer, until the end. It returns how
// many messages that were; first is told of the first answer.
func talk(ctx context.Context, sim *ilinksim.Server, bot, user string, first chan<- struct{}, end <-chan struct{}) (n int, err error) {
	seen, version := 0, 0
	for ; ; n++ {
		select {
		case <-end:
			return n, nil
		default:
		}
		in := ilinksim.In{Bot: bot, From: user, Text: fmt.Sprint(user, " ", n)}
		if _, err := sim.Inject(in); err != nil {
			return n, err
		}
		got, err := sim.WaitSent(ctx, ilinksim.Filter{Bot: bot, To: user}, seen)
		if err != nil {
			return n, fmt.Errorf("%s: %q got no answer: %w", bot, in.Text, err)
		}
		var now, loads int
		rest, _ := strings.CutPrefix(got[0].Text, in.Text)
		if _, err := fmt.Sscanf(rest, " in %d of %d", &now, &loads); err != nil || len(got) != 1 || now < version || loads < now {
			return n, fmt.Errorf("%s: %q, after an answer of version %d, got %+v", bot, in.Text, version, got)
		}
		seen, version = got[0].N, now
		if n == 0 {
			first <- struct{}{}
		}
	}
}

// used is what a process has in use.
type used struct {
	goroutines, watches int
	heap                uint64
}

func usage(t testing.TB) used {
	goruntime.GC()
	goruntime.GC() // finalizers of the first have run
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return used{goruntime.NumGoroutine(), inotifyWatches(t), m.HeapAlloc}
}
