package luabind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// fakeHost is a Host that remembers what it was asked.
type fakeHost struct {
	dir string

	// send, if set, goes before the plain success.
	send func(ctx context.Context, req SendRequest) (SendResult, error)
	// startTimer, if set, starts timers.
	startTimer func(ctx context.Context, req TimerRequest) (string, error)
	// await, if set, answers questions.
	await func(ctx context.Context, req AwaitRequest) (*Answer, error)
	// fail, if set, is what all else returns.
	fail error

	mu        sync.Mutex
	sent      []SendRequest
	calls     []string // all but sends and logs, in words
	logs      []string // "INFO text"
	downloads int
}

func (h *fakeHost) called(format string, args ...any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, fmt.Sprintf(format, args...))
	return h.fail
}

func (h *fakeHost) Send(ctx context.Context, req SendRequest) (SendResult, error) {
	if h.send != nil {
		return h.send(ctx, req)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, req)
	r := SendResult{Status: StatusSent}
	for range req.Parts {
		r.MessageIDs = append(r.MessageIDs, strconv.Itoa(1000*len(h.sent)+len(r.MessageIDs)))
	}
	return r, nil
}

func (h *fakeHost) Typing(_ context.Context, to string, on bool) error {
	return h.called("typing %s %v", to, on)
}

func (h *fakeHost) Recall(_ context.Context, id string) error { return h.called("recall %s", id) }

func (h *fakeHost) Download(_ context.Context, item *ilink.Item) (*File, error) {
	if err := h.called("download %s", item.Type); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.downloads++
	path := filepath.Join(h.dir, fmt.Sprintf("inbound-%d", h.downloads))
	if err := os.WriteFile(path, []byte("inbound bytes"), 0o600); err != nil {
		return nil, err
	}
	return &File{Path: path, Name: "in.png", MIME: "image/png", Size: 13}, nil
}

func (h *fakeHost) SaveFile(_ context.Context, f *File, path string) (*File, error) {
	if err := h.called("save %s as %s", f.Name, path); err != nil {
		return nil, err
	}
	saved := *f
	saved.Name = filepath.Base(path)
	return &saved, nil
}

func (h *fakeHost) OpenFile(_ context.Context, path string) (*File, error) {
	if err := h.called("open %s", path); err != nil {
		return nil, err
	}
	full := filepath.Join(h.dir, path)
	info, err := os.Stat(full)
	if err != nil {
		return nil, &HostError{Kind: "not_found", Message: "there is no file " + path}
	}
	mime := map[string]string{".png": "image/png", ".mp4": "video/mp4"}[filepath.Ext(path)]
	return &File{Path: full, Name: filepath.Base(path), MIME: mime, Size: info.Size()}, nil
}

func (h *fakeHost) Upload(_ context.Context, to string, kind ilink.ItemType, f *File) (*ilink.CDNMedia, error) {
	if err := h.called("upload %s for %s as %s", f.Name, to, kind); err != nil {
		return nil, err
	}
	return &ilink.CDNMedia{EncryptQueryParam: "SECRET-param", AESKey: "SECRET-key"}, nil
}

func (h *fakeHost) Log(_ context.Context, level slog.Level, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.logs = append(h.logs, level.String()+" "+text)
}

// logged returns the log, one entry a line.
func (h *fakeHost) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.logs, "\n")
}

// bot is a script in a folder of its own, for a test.
type bot struct {
	*Sandbox
	t    testing.TB
	host *fakeHost
	dir  string // of the bot; the script is in scripts/bot.lua below
}

// option changes a test's configuration.
type option func(*Config)

func withLimits(l Limits) option     { return func(c *Config) { c.Limits = l } }
func withModules(m ...Module) option { return func(c *Config) { c.Modules = m } }

// writeFiles makes files below dir: name, text, name, text, ….
func writeFiles(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tryLoad loads a script and returns what Load did.
func tryLoad(t testing.TB, script string, opts ...option) (*bot, error) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, "scripts/bot.lua", script)
	return tryLoadDir(t, dir, opts...)
}

func tryLoadDir(t testing.TB, dir string, opts ...option) (*bot, error) {
	t.Helper()
	host := &fakeHost{dir: dir}
	cfg := Config{Name: "testbot", Script: filepath.Join(dir, "scripts", "bot.lua"), Host: host}
	for _, o := range opts {
		o(&cfg)
	}
	s, err := Load(context.Background(), cfg)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return &bot{Sandbox: s, t: t, host: host, dir: dir}, nil
}

func load(t testing.TB, script string, opts ...option) *bot {
	t.Helper()
	b, err := tryLoad(t, script, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// says hands a text to the bot and wants it handled.
func (b *bot) says(text string) {
	b.t.Helper()
	if err := b.OnMessage(context.Background(), textEvent("1", text)); err != nil {
		var se *ScriptError
		if errors.As(err, &se) {
			b.t.Fatal(se.Detail())
		}
		b.t.Fatal(err)
	}
}

// fails hands a text to the bot and wants a script error.
func (b *bot) fails(text string) *ScriptError {
	b.t.Helper()
	return asScriptError(b.t, b.OnMessage(context.Background(), textEvent("1", text)))
}

func asScriptError(t testing.TB, err error) *ScriptError {
	t.Helper()
	var se *ScriptError
	if !errors.As(err, &se) {
		t.Fatalf("got %v, want a script error", err)
	}
	return se
}

// handle runs one handler with this body and returns what it logged.
func handle(t testing.TB, body string, opts ...option) string {
	t.Helper()
	b := load(t, "function on_message(msg)\n"+body+"\nend", opts...)
	b.says("hello")
	return b.host.logged()
}

func textEvent(id, text string) *Event {
	return &Event{Message: &ilink.Message{
		ID: id, From: "alice@im.wechat", To: "bot@im.bot", CreateTimeMs: 1700000000500,
		ContextToken: "SECRET-token", Items: []ilink.Item{ilink.TextMessage(text)},
	}}
}

func wantText(t testing.TB, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func wantLines(t testing.TB, got string, want ...string) {
	t.Helper()
	wantText(t, got, strings.Join(want, "\n"))
}

func (h *fakeHost) Await(ctx context.Context, req AwaitRequest) (*Answer, error) {
	if h.await != nil {
		return h.await(ctx, req)
	}
	return nil, &HostError{Kind: "timeout", Message: "nobody answered"}
}

func (h *fakeHost) KV(_ context.Context, req KVRequest) (KVResult, error) {
	return KVResult{}, h.called("kv %s %s", req.Op, req.Key)
}

func (h *fakeHost) StartTimer(ctx context.Context, req TimerRequest) (string, error) {
	if h.startTimer != nil {
		return h.startTimer(ctx, req)
	}
	return "1", h.called("timer")
}

func (h *fakeHost) StopTimer(_ context.Context, id string) (bool, error) {
	return true, h.called("stop timer %s", id)
}

func (h *fakeHost) ReadFile(_ context.Context, path string, _ int) ([]byte, error) {
	return nil, h.called("read %s", path)
}

func (h *fakeHost) WriteFile(_ context.Context, path string, data []byte, add bool) error {
	return h.called("write %s %q %v", path, data, add)
}

func (h *fakeHost) ListFiles(_ context.Context, path string) ([]FileInfo, error) {
	return nil, h.called("list %s", path)
}

func (h *fakeHost) RemoveFile(_ context.Context, path string) error {
	return h.called("remove %s", path)
}
