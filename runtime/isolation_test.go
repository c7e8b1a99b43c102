package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// crashModule gives scripts of tests what no script should have: a way to end their
// process that Go can't recover from, and one to take memory that no limit of the
// sandbox's sees.
type crashModule struct{}

func (crashModule) Name() string { return "crash" }

func (crashModule) Open(vm *luabind.VM) (lua.LValue, error) {
	t := vm.State().NewTable()
	t.RawSetString("overflow", vm.State().NewFunction(func(*lua.LState) int { return overflow(1) }))
	t.RawSetString("allocate", vm.State().NewFunction(func(*lua.LState) int {
		for all := [][]byte{}; ; {
			b := make([]byte, 16<<20)
			for i := 0; i < len(b); i += 4096 {
				b[i] = 1
			}
			all = append(all, b)
		}
	}))
	t.RawSetString("pid", vm.State().NewFunction(func(L *lua.LState) int {
		L.Push(lua.LNumber(os.Getpid()))
		return 1
	}))
	return t, nil
}

func overflow(n int) int {
	if n < 0 {
		return 0 // never: the stack ends before
	}
	return overflow(n+1) + 1
}

// crashable is a bot in a process of its own, whose script can end that.
func crashable(c *runtime.Config) {
	c.Modules = []luabind.Module{crashModule{}}
	isolated(runtime.IsolationProcess)(c)
}

// What a script can do is the same wherever it runs; ILINKD_TEST_ISOLATION=process
// has all tests of the host's scripts show it.
func TestBothModes(t *testing.T) {
	for _, mode := range []string{runtime.IsolationHost, runtime.IsolationProcess} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, `
				local lib = require("lib")
				ilink.state.n = ilink.state.n or 0
				function on_message(msg)
					ilink.state.n = ilink.state.n + 1
					if msg.text == "ping" then return msg:reply(lib.pong .. ilink.state.n) end
					if msg.text == "ask" then
						return msg:reply("hi " .. msg:ask("name?").text)
					end
					if msg.text == "keep" then
						kv.set("键", {1, "zwei"})
						return msg:reply(kv.get("键")[2] .. #kv.keys("键"))
					end
					if msg.text == "wait" then
						local r, err = msg:ask("?")
						assert(err.kind == "interrupted" and ilink.cancelled())
						return msg:reply("stopped")
					end
					local m = msg.items[1].media
					msg:reply(m:read(3))
					msg:reply{ file = assert(m:save("kept/")) }
				end
				function on_interrupt(msg) return msg.text == "stop" end`, func(w *world, c *runtime.Config) {
				w.write("lib.lua", `return { pong = "pong" }`)
				unlimited(c)
				c.Bots[0].Allow.Files = []string{"kept"}
				isolated(mode)(c)
			})
			expect := func(got, want string) {
				t.Helper()
				if got != want {
					t.Errorf("got %q, want %q; log:\n%s", got, want, w.log)
				}
			}
			expect(w.ask("ping"), "pong1")
			expect(w.ask("ask"), "name?")
			expect(w.ask("Alice"), "hi Alice")
			expect(w.ask("keep"), "zwei1")
			expect(w.ask("wait"), "?")
			expect(w.ask("stop"), "stopped")
			if _, err := w.sim.Inject(ilinksim.In{From: "alice", File: &ilinksim.Blob{Name: "表.csv", Data: []byte("a,b")}}); err != nil {
				t.Fatal(err)
			}
			got := w.sent(2)
			expect(got[0].Text, "a,b")
			if len(got[1].Media) != 1 || got[1].Media[0].Name != "表.csv" || got[1].Media[0].Grey {
				t.Errorf("%+v", got[1])
			}
			w.write("lib.lua", `return { pong = "new pong" }`)
			if r := w.reloaded(); r.Err != nil || r.Generation != 2 {
				t.Fatalf("%+v", r)
			}
			expect(w.ask("ping"), "new pong6")
			if s := w.handled(7); s.Isolated != (mode == runtime.IsolationProcess) || s.Failed != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// Children that are killed while handlers send lose no message and send none twice.
func TestKilledChildren(t *testing.T) {
	const users, each, kills = 8, 8, 2 // one fewer than what makes a message dead
	w := newWorld(t, `
		ilink.log("process", crash.pid(), "")
		function on_message(msg)
			msg:reply(msg.text .. " one")
			kv.incr("handled")
			msg:reply(msg.text .. " two")
			if kv.get("handled") > 1e6 then error("no") end
		end`, func(c *runtime.Config) { unlimited(c); crashable(c) }, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	want := map[string]int{}
	seen := map[string]int{}
	killed := 0
	take := func(sent []ilinksim.Sent) {
		for _, s := range sent {
			if s.Repeat {
				continue // the same send, once more: the server may know
			}
			seen[s.Text]++
		}
	}
	for i := range each {
		for u := range users {
			text := fmt.Sprintf("%d.%d", u, i)
			want[text+" one"], want[text+" two"] = 1, 1
			w.sim.Say(fmt.Sprint("user", u), text)
		}
		take(w.sent(users))
		if i%2 == 1 && killed < kills {
			log := w.log.String()
			pid := 0
			fmt.Sscan(log[strings.LastIndex(log, "process ")+len("process "):], &pid)
			if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
				killed++
			}
		}
	}
	if killed == 0 {
		t.Fatal("no process was killed")
	}
	s := w.handled(users * each)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(seen) < len(want) {
		more, err := w.sim.WaitSent(ctx, ilinksim.Filter{}, w.seen)
		if err != nil {
			t.Fatalf("%d of %d sends: %v; %+v; log:\n%s", len(seen), len(want), err, s, w.log)
		}
		w.seen = more[len(more)-1].N
		take(more)
	}
	for text, n := range seen {
		if n != want[text] {
			t.Errorf("%q was sent %d times", text, n)
		}
	}
	if s.Failed != 0 || s.Deaths < killed {
		t.Errorf("%+v after %d kills; log:\n%s", s, killed, w.log)
	}
}

// A message over which the process dies each time is put aside with the reason, and
// those that were handled beside it aren't.
func TestDeadlyMessage(t *testing.T) {
	for name, c := range map[string]struct{ call, reason string }{
		"stack":  {"crash.overflow()", "stack overflow"},
		"memory": {"crash.allocate()", "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, `
				function on_message(msg)
					if msg.text == "die" then
						msg:reply("begun")
						`+c.call+`
					end
					msg:reply(msg.text)
				end`, func(w *world, cfg *runtime.Config) {
				unlimited(cfg)
				// In the host's process, it would die with that.
				other := cfg.Bots[0]
				other.Name = "honest"
				cfg.Bots = append(cfg.Bots, other)
				crashable(cfg)
				cfg.Bots[1].Sandbox.Isolation = runtime.IsolationHost
				account := w.sim.AddBot("honest")
				cfg.Bots[1].Token = &ilink.Token{BotToken: account.Token, BaseURL: account.BaseURL}
			})
			say := func(bot, user, text string) {
				if _, err := w.sim.Inject(ilinksim.In{Bot: bot, From: user, Text: text}); err != nil {
					t.Fatal(err)
				}
			}
			say("echo", "mallory", "die")
			say("echo", "alice", "hello")
			say("honest", "bob", "hi")
			w.sent(3) // begun, hello and hi
			say("honest", "bob", "hi again")
			w.sent(1)
			if s := w.handled(2); s.Failed != 1 || s.Handled != 1 || s.Deaths != 3 {
				t.Errorf("%+v; log:\n%s", s, w.log)
			}
			say("echo", "mallory", "and now?")
			if got := w.sent(1)[0]; got.Text != "and now?" {
				t.Errorf("%+v", got)
			}
			w.stop()
			dead := unhandled(t, w)
			if len(dead) != 1 || dead[0].State != store.StateDead ||
				!strings.Contains(dead[0].Error, "it was handled 3 times") || !strings.Contains(dead[0].Error, c.reason) {
				t.Errorf("%+v", dead)
			}
		})
	}
}

func unhandled(t *testing.T, w *world) []store.Inbound {
	t.Helper()
	st, err := store.Open(t.Context(), runtime.StorePath(w.cfg.Data), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	all, err := st.Unhandled(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A program that can't start processes says so, and a module that the process lacks
// is named.
func TestNoProcesses(t *testing.T) {
	cfg := runtime.Config{Bots: []runtime.BotConfig{{
		Name: "echo", Script: "echo.lua", Sandbox: runtime.SandboxConfig{Isolation: runtime.IsolationProcess},
	}}}
	_, err := runtime.New(cfg)
	var ce *runtime.ConfigError
	if !errors.As(err, &ce) || !strings.Contains(ce.Message, "Config.SandboxCommand") {
		t.Errorf("%v", err)
	}
	first := make(chan error, 1)
	newWorld(t, `function on_message(msg) end`, func(c *runtime.Config) {
		c.Modules = []luabind.Module{otherModule{}}
		isolated(runtime.IsolationProcess)(c)
		tell := c.OnReload
		c.OnReload = func(r runtime.Reload) { first <- r.Err; tell(r) }
	})
	if err := <-first; err == nil || !strings.Contains(err.Error(), `"other" is missing`) {
		t.Errorf("%v", err)
	}
}

type otherModule struct{ crashModule }

func (otherModule) Name() string { return "other" }

// BenchmarkIsolation compares how long an answer takes, from the message's arrival at
// the simulator to the answer's, in both modes.
func BenchmarkIsolation(b *testing.B) {
	for _, mode := range []string{runtime.IsolationHost, runtime.IsolationProcess} {
		b.Run(mode, func(b *testing.B) {
			w := newWorld(b, `function on_message(msg) msg:reply(msg.text) end`,
				func(c *runtime.Config) { unlimited(c); isolated(mode)(c) }, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
			w.ask("warm")
			for b.Loop() {
				w.ask("x")
			}
		})
	}
}
