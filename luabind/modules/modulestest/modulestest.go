// Package modulestest runs pieces of Lua in a bot that has some modules, for the
// tests of those.
package modulestest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
)

// Case is what a handler does, and what comes of it.
type Case struct {
	Name string
	// Script is the body of on_message(msg).
	Script string
	// Want is what it prints, one line for each print.
	Want string
	// Error is a part of the error that it ends with, "" if it must not fail.
	Error string
}

// Run runs each case in a bot of its own with these modules.
func Run(t *testing.T, cases []Case, modules ...luabind.Module) {
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { RunWith(t, nil, c, modules...) })
	}
}

// RunWith runs one case with a host.
func RunWith(t *testing.T, host luabind.Host, c Case, modules ...luabind.Module) {
	t.Helper()
	printed, err := NewBot(t, host, "function on_message(msg)\n"+c.Script+"\nend", modules...).Handle(nil)
	switch {
	case c.Error == "" && err != nil:
		var se *luabind.ScriptError
		if errors.As(err, &se) {
			t.Fatal(se.Detail())
		}
		t.Fatal(err)
	case c.Error != "" && (err == nil || !strings.Contains(err.Error(), c.Error)):
		t.Errorf("the error is %v, and should have %q", err, c.Error)
	case printed != c.Want:
		t.Errorf("printed\n%s\nand should\n%s", printed, c.Want)
	}
}

// Bot is a loaded script.
type Bot struct {
	*luabind.Sandbox
	host *printing
}

// NewBot loads a script; host may be nil.
func NewBot(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) *Bot {
	t.Helper()
	b, err := TryBot(t, host, script, modules...)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TryBot is NewBot for a script that may fail to load.
func TryBot(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) (*Bot, error) {
	t.Helper()
	if host == nil {
		host = librarytest.NewHost(t)
	}
	b := &Bot{host: &printing{Host: host}}
	path := filepath.Join(t.TempDir(), "bot.lua")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	b.Sandbox, err = luabind.Load(context.Background(), luabind.Config{Name: "testbot", Script: path, Host: b.host, Modules: modules})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b, nil
}

// Handle has the script handle a message, with the records of an earlier run, and
// returns what it printed.
func (b *Bot) Handle(journal []luabind.Record) (printed string, err error) {
	b.host.lines = nil
	ev := Message()
	ev.Journal = journal
	err = b.OnMessage(context.Background(), ev)
	return strings.Join(b.host.lines, "\n"), err
}

// Message is a text of a user's.
func Message() *luabind.Event {
	return &luabind.Event{Message: &ilink.Message{
		ID: "1", From: "alice@im.wechat", To: "bot@im.bot", CreateTimeMs: 1700000000500, Items: []ilink.Item{ilink.TextMessage("hi")},
	}}
}

// printing keeps what is printed. One handler runs at a time.
type printing struct {
	luabind.Host
	lines []string
}

// Log keeps a line.
func (p *printing) Log(_ context.Context, _ slog.Level, text string) { p.lines = append(p.lines, text) }
