package world

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newBot makes a world with one bot.
func newBot(t *testing.T, script string) (*World, *Bot) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bot.lua")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	w := New()
	b, err := w.Add(t.Context(), Config{Name: "bot", Script: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w, b
}

// TestKeeper: specs' memory keeps data as the runtime's store does.
func TestKeeper(t *testing.T) {
	w, b := newBot(t, "function on_message(msg) end")
	hosttest.Keeper(t, &host{b}, func(d time.Duration) {
		if err := w.Advance(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAlarms: what becomes due happens in the order of its times, at its time.
func TestAlarms(t *testing.T) {
	w := New()
	var rang []string
	at := func(name string, d time.Duration) *alarm {
		return w.at(Start().Add(d), func() { rang = append(rang, name+" "+w.now.Format("15:04:05")) })
	}
	at("b", 2*time.Second)
	at("a", time.Second)
	w.cancel(at("gone", time.Second))
	at("c", 2*time.Second)
	at("later", time.Hour)
	if err := w.Advance(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rang, ", "); got != "a 09:00:01, b 09:00:02, c 09:00:02" {
		t.Error(got)
	}
	if err := w.Set(t.Context(), Start()); err != ErrPast {
		t.Errorf("got %v", err)
	}
}

// TestManyUsers: handlers of many users run side by side, and Settle waits for all.
func TestManyUsers(t *testing.T) {
	w, b := newBot(t, `
function on_message(msg)
  local name = msg:ask("Name?")
  msg:reply("Hello, " .. name.text)
end`)
	const users = 50
	w.mu.Lock()
	for i := range users {
		u := b.user(string(rune('A' + i)))
		u.window.Opened = w.now
		u.receive(&luabind.Event{Message: &ilink.Message{ID: u.id, From: u.id, Items: []ilink.Item{ilink.TextMessage("hi")}}})
	}
	w.mu.Unlock()
	if err := w.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, u := range b.users {
		if err := u.Says(t.Context(), Said{Text: u.id}); err != nil {
			t.Fatal(err)
		}
		if all, _ := u.Heard(); len(all) != 2 || all[1].Text != "Hello, "+u.id {
			t.Errorf("%s heard %v", u.id, all)
		}
	}
}

// TestSettleEnds: a handler that waits for something outside of the world doesn't hold
// a test up for ever.
func TestSettleEnds(t *testing.T) {
	w := New()
	w.mu.Lock()
	w.begin()
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Settle(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

// TestFolder: what a bot writes is in a copy, and it can't reach beyond.
func TestFolder(t *testing.T) {
	_, b := newBot(t, "function on_message(msg) end")
	h := &host{b}
	if err := h.WriteFile(t.Context(), "out/a.txt", []byte("x"), false); err != nil {
		t.Fatal(err)
	}
	if err := h.WriteFile(t.Context(), "out/a.txt", []byte("y"), true); err != nil {
		t.Fatal(err)
	}
	if data, err := b.Get("out/a.txt"); string(data) != "xy" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(b.cfg.Script), "out")); !os.IsNotExist(err) {
		t.Error("it was written into the bot's own folder")
	}
	for _, path := range []string{"../x", "/etc/passwd", ".hidden", "out/../../x", "x.lua", ""} {
		if err := h.WriteFile(t.Context(), path, nil, false); err == nil {
			t.Errorf("%q could be written", path)
		}
	}
}
