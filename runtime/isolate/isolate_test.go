package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
)

// childArg has the test's program be a child.
const childArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childArg {
		os.Exit(Main(func(json.RawMessage, Outside) ([]luabind.Module, error) { return modulesOfTests(), nil }))
	}
	goleak.VerifyTestMain(m)
}

func modulesOfTests() []luabind.Module {
	return append(modules.Standard(modules.Options{}), crashModule{})
}

// patience bounds every wait of a test: it is only used up by a failure.
const patience = 20 * time.Second

// crashModule gives scripts what no script should have: ways to end their process.
type crashModule struct{}

func (crashModule) Name() string { return "crash" }

func (crashModule) Open(vm *luabind.VM) (lua.LValue, error) {
	t := vm.State().NewTable()
	for name, f := range map[string]func(){
		"overflow": func() { os.Exit(overflow(1)) },
		"exit":     func() { os.Exit(3) },
		"allocate": func() {
			var all [][]byte
			for {
				b := make([]byte, 16<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				all = append(all, b)
				_ = all
			}
		},
		"babble": func() { os.Stdin = nil; os.NewFile(1, "out").WriteString("what is no frame") },
	} {
		t.RawSetString(name, vm.State().NewFunction(func(*lua.LState) int { f(); return 0 }))
	}
	return t, nil
}

func overflow(n int) int {
	if n < 0 {
		return 0 // never: the stack ends before
	}
	return overflow(n+1) + 1
}

// fakeHost is a host whose methods tests replace; the others must not be called.
type fakeHost struct {
	luabind.Host
	dir  string
	send func(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error)

	mu   sync.Mutex
	sent []luabind.SendRequest
	logs []string
}

func (h *fakeHost) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	if h.send != nil {
		return h.send(ctx, req)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, req)
	return luabind.SendResult{Status: luabind.StatusSent, MessageIDs: []string{"18446744073709551615"}, Parts: 1, Sent: 1}, nil
}

func (h *fakeHost) Log(_ context.Context, _ slog.Level, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.logs = append(h.logs, text)
}

func (h *fakeHost) texts() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.sent {
		all = append(all, r.Parts[0].Text)
	}
	return all
}

func (h *fakeHost) Download(context.Context, *ilink.Item) (*luabind.File, error) {
	return h.OpenFile(context.Background(), "cat.png")
}

func (h *fakeHost) OpenFile(_ context.Context, path string) (*luabind.File, error) {
	return &luabind.File{Path: filepath.Join(h.dir, path), Name: path, MIME: "image/png", Size: 9}, nil
}

// script loads a script into a child.
func script(t testing.TB, text string, change func(*Config)) (*Sandbox, *fakeHost) {
	t.Helper()
	s, h, err := tryScript(t, text, change)
	if err != nil {
		t.Fatal(err)
	}
	return s, h
}

func tryScript(t testing.TB, text string, change func(*Config)) (*Sandbox, *fakeHost, error) {
	t.Helper()
	h := &fakeHost{dir: t.TempDir()}
	path := filepath.Join(h.dir, "bot.lua")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	command, err := Command(childArg)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Name: "echo", Script: path, Host: h, Command: command}
	if change != nil {
		change(&cfg)
	}
	s, err := Load(t.Context(), cfg)
	if err == nil {
		t.Cleanup(func() {
			if err := s.Close(context.Background()); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
	return s, h, err
}

func event(text string) *luabind.Event {
	return &luabind.Event{Message: &ilink.Message{
		ID: "18446744073709551614", From: "alice@im.wechat", ContextToken: "SECRET", Items: []ilink.Item{ilink.TextMessage(text)},
	}}
}

// handle runs a handler, within the test's patience.
func handleText(t testing.TB, s *Sandbox, text string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return s.OnMessage(ctx, event(text))
}

func TestEcho(t *testing.T) {
	s, h := script(t, `
		local n = 0
		function on_message(msg)
			n = n + 1
			local r = assert(msg:reply(n .. " " .. msg.text))
			assert(r.id == "18446744073709551615", r.id)
		end`, nil)
	for _, text := range []string{"a", "你好 🎉"} {
		if err := handleText(t, s, text); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(h.texts(), ","); got != "1 a,2 你好 🎉" {
		t.Error(got)
	}
	if in := h.sent[0].InReplyTo; in == nil || in.ContextToken != "SECRET" {
		t.Errorf("the host gets the message as it was: %+v", in)
	}
}

func TestErrors(t *testing.T) {
	s, h := script(t, `
		function on_message(msg)
			if msg.text == "nil" then local x; x.y = 1 end
			if msg.text == "send" then while true do msg:reply("x") end end
			if msg.text == "host" then
				local r, err = msg:reply("x")
				error(err.kind .. ": " .. err.message)
			end
			error("oh no")
		end`, nil)
	h.send = func(context.Context, luabind.SendRequest) (luabind.SendResult, error) {
		return luabind.SendResult{}, &luabind.HostError{Kind: "quota", Message: "no more"}
	}
	for _, c := range []struct {
		text, message, limit string
		certain              bool
	}{
		{"nil", "attempt to index", "", true},
		{"send", "sent more than", luabind.LimitSends, true},
		{"host", "quota: no more", "", false},
		{"else", "oh no", "", false},
	} {
		var se *luabind.ScriptError
		err := handleText(t, s, c.text)
		if !errors.As(err, &se) || !strings.Contains(se.Error(), c.message) || se.Limit != c.limit || se.Certain() != c.certain || se.Line == 0 ||
			!strings.Contains(se.Detail(), "> ") || se.Bot != "echo" {
			t.Errorf("%s: %#v", c.text, err)
		}
	}
	_, _, err := tryScript(t, "function on_message( end", nil)
	var se *luabind.ScriptError
	if !errors.As(err, &se) || se.Kind != luabind.KindSyntax {
		t.Errorf("%#v", err)
	}
}

// Whatever ends the process, its handlers end with an error that says why, and the
// next message finds another process.
func TestDeath(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		reason []string // one of them
	}{
		"overflow": {"crash.overflow()", []string{"stack overflow"}},
		"exit":     {"crash.exit()", []string{"exit status 3"}},
		"allocate": {"crash.allocate()", []string{"out of memory", "process_memory"}},
		"babble":   {"crash.babble()", []string{"no frame", "at once"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var deaths atomicErrors
			s, h := script(t, `
				function on_message(msg)
					if msg.text == "die" then msg:reply("first"); `+c.text+` end
					msg:reply(msg.text)
				end`, func(c *Config) { c.OnDeath = deaths.add })
			err := handleText(t, s, "die")
			var died *DiedError
			if !errors.As(err, &died) || !containsOne(died.Reason, c.reason) {
				t.Fatalf("%v; %s", err, died.Output)
			}
			if err := handleText(t, s, "after"); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(h.texts(), ","); got != "first,after" || deaths.len() != 1 {
				t.Error(got, deaths.len())
			}
		})
	}
}

type atomicErrors struct {
	mu  sync.Mutex
	all []error
}

func (a *atomicErrors) add(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, err)
}

func (a *atomicErrors) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.all)
}

func containsOne(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// When a child is killed, what its handlers have under way at the host is over
// before they end: so that they can be run again.
func TestKilledInTheMiddle(t *testing.T) {
	s, h := script(t, `function on_message(msg) msg:reply(msg.text) end`, nil)
	const handlers = 10
	var begun sync.WaitGroup
	begun.Add(handlers)
	var mu sync.Mutex
	inside := 0
	h.send = func(ctx context.Context, _ luabind.SendRequest) (luabind.SendResult, error) {
		mu.Lock()
		inside++
		mu.Unlock()
		begun.Done()
		<-ctx.Done()
		mu.Lock()
		inside--
		mu.Unlock()
		return luabind.SendResult{}, context.Cause(ctx)
	}
	var group sync.WaitGroup
	for range handlers {
		group.Go(func() {
			err := s.OnMessage(t.Context(), event("x"))
			var died *DiedError
			if !errors.As(err, &died) {
				t.Errorf("%v", err)
			}
		})
	}
	begun.Wait()
	s.mu.Lock()
	pid := s.current.cmd.Process
	s.mu.Unlock()
	pid.Kill()
	group.Wait()
	if inside != 0 {
		t.Errorf("%d calls of the host go on", inside)
	}
}

// An interrupt breaks off what waits, and not what comes after; the end of the
// context ends the handler.
func TestInterrupt(t *testing.T) {
	s, h := script(t, `
		function on_message(msg)
			local r, err = msg:reply("wait")
			assert(err.kind == "interrupted", err.kind)
			assert(ilink.cancelled())
			msg:reply("stopped")
		end
		function on_interrupt(msg) return msg.text == "stop" end`, nil)
	waiting := make(chan struct{})
	h.send = func(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
		if req.Parts[0].Text == "wait" {
			close(waiting)
			<-ctx.Done()
			return luabind.SendResult{}, context.Cause(ctx)
		}
		if ctx.Err() != nil {
			t.Error("what follows is broken off too")
		}
		return luabind.SendResult{Status: luabind.StatusSent}, nil
	}
	if !s.HasInterrupt() {
		t.Error("on_interrupt isn't known of")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() { done <- s.OnMessage(ctx, event("x")) }()
	<-waiting
	for text, want := range map[string]bool{"stop": true, "go on": false} {
		if stop, err := s.OnInterrupt(t.Context(), event(text)); err != nil || stop != want {
			t.Error(text, stop, err)
		}
	}
	cancel(luabind.ErrInterrupted)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEndOfContext(t *testing.T) {
	s, _ := script(t, `function on_message(msg) while true do ilink.cancelled() end end`,
		func(c *Config) { c.Limits.Instructions, c.Limits.CPU = 1<<40, time.Hour })
	ctx, cancel := context.WithCancel(t.Context())
	ev := event("x")
	asked := make(chan struct{})
	var once sync.Once
	ev.Interrupted = func() bool { once.Do(func() { close(asked) }); return false }
	done := make(chan error)
	go func() { done <- s.OnMessage(ctx, ev) }()
	<-asked
	cancel()
	err := <-done
	var se *luabind.ScriptError
	if !errors.As(err, &se) || se.Kind != luabind.KindKilled || !errors.Is(err, context.Canceled) {
		t.Errorf("%#v", err)
	}
}

// A script reads files through the host, and the child knows no path.
func TestFiles(t *testing.T) {
	s, h := script(t, `
		function on_message(msg)
			msg:reply(msg.items[1].media:read(4))
			msg:reply(tostring(msg.items[1].media:read()))
			msg:reply{ image = msg.items[1].media }
		end`, nil)
	if err := os.WriteFile(filepath.Join(h.dir, "cat.png"), []byte("cat bytes"), 0o600); err != nil {
		t.Fatal(err)
	}
	ev := event("")
	ev.Message.Items = []ilink.Item{{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: &ilink.CDNMedia{EncryptQueryParam: "x"}}}}
	if err := s.OnMessage(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	if got := h.texts(); got[0] != "cat " || got[1] != "cat bytes" {
		t.Error(got)
	}
	if f := h.sent[2].Parts[0].File; f == nil || f.Path != filepath.Join(h.dir, "cat.png") {
		t.Errorf("%+v", f)
	}
	sealed := s.host.files.seal(&luabind.File{Path: "/secret", Name: "x"})
	if strings.Contains(sealed.Path, "secret") {
		t.Error("the child sees the path")
	}
	for _, forged := range []string{"/etc/passwd", "", sealed.Path[1:], sealed.Path + "A"} {
		if _, err := s.host.files.open(&luabind.File{Path: forged}); err == nil {
			t.Errorf("%q is taken for a handle", forged)
		}
	}
}

func TestStateAndClose(t *testing.T) {
	s, _ := script(t, `
		function on_message(msg) ilink.state.n = (ilink.state.n or 0) + 1 end`, nil)
	if err := handleText(t, s, "x"); err != nil {
		t.Fatal(err)
	}
	state, err := s.State()
	if err != nil || len(state) == 0 {
		t.Fatal(state, err)
	}
	next, h := script(t, `function on_message(msg) msg:reply(tostring(ilink.state.n)) end`, func(c *Config) { c.State = state })
	if err := handleText(t, next, "x"); err != nil {
		t.Fatal(err)
	}
	if got := h.texts(); got[0] != "1" {
		t.Error(got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := handleText(t, s, "x"); !errors.Is(err, luabind.ErrClosed) {
		t.Error(err)
	}
	if files := next.Files(); len(files) != 1 || filepath.Base(files[0]) != "bot.lua" {
		t.Error(files)
	}
}

// The child has none of our variables.
func TestEnvironment(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "x")
	for _, v := range environment() {
		if strings.Contains(v, "SECRET") {
			t.Error(v)
		}
	}
}
