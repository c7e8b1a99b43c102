package runtime_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// followed is a runtime that follows a configuration file.
type followed struct {
	*world
	reload chan struct{}
}

// botTable is a bot's table in the configuration. Its token is in the file
// <account>.token.
func botTable(name, account, script string) string {
	return fmt.Sprintf("[[bot]]\nname = %q\ntoken_file = %q\nscript = %q\n", name, account+".token", "scripts/"+script)
}

// follow starts bots of a configuration file. accounts are logged in.
func follow(t *testing.T, accounts []string, bots ...string) *followed {
	t.Helper()
	f := &followed{world: &world{t: t, dir: t.TempDir(), log: &logBuffer{}}, reload: make(chan struct{})}
	f.sim = ilinksim.New(ilinksim.WithLimits(ilinksim.Limits{Burst: -1}))
	t.Cleanup(f.sim.Close)
	for _, a := range accounts {
		if err := os.WriteFile(filepath.Join(f.dir, a+".token"), []byte(f.sim.AddBot(a).Token), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.write("one.lua", answering("one"))
	f.write("two.lua", answering("two"))
	f.configure(bots...)
	path := filepath.Join(f.dir, "runtime.toml")
	cfg, err := runtime.LoadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = slog.New(slog.NewTextHandler(f.log, nil))
	f.rt, err = runtime.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f.rt.Follow(ctx, path, f.reload) })
	group.Go(func() {
		if err := f.rt.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	f.stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	t.Cleanup(f.stop)
	return f
}

// configure writes the configuration file.
func (f *followed) configure(bots ...string) {
	f.t.Helper()
	text := fmt.Sprintf("[ilink]\nbase_url = %q\ncdn_url = %q\n[limits]\nmin_gap = \"1ns\"\n[delivery]\nstop_timeout = \"1m\"\n%s", f.sim.URL, f.sim.CDNURL, strings.Join(bots, ""))
	// As an editor that writes a new file and renames it.
	path := filepath.Join(f.dir, "runtime.toml")
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		f.t.Fatal(err)
	}
}

// until waits until ok says so of all bots' states.
func (f *followed) until(what string, ok func(map[string]runtime.Status) bool) {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		all := map[string]runtime.Status{}
		for _, s := range f.rt.Status() {
			all[s.Bot] = s
		}
		if ok(all) {
			return
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("not so: %s; status %+v; log:\n%s", what, all, f.log)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// logged waits for a part of the log.
func (f *followed) logged(part string) {
	f.t.Helper()
	f.until("the log has "+part, func(map[string]runtime.Status) bool { return strings.Contains(f.log.String(), part) })
}

// say sends a message to a bot's account and returns the answer.
func (f *followed) say(account, text string) string {
	f.t.Helper()
	f.inject(account, "alice", text)
	return f.sent(1)[0].Text
}

func (f *followed) inject(account, from, text string) {
	f.t.Helper()
	if _, err := f.sim.Inject(ilinksim.In{Bot: account, From: from, Text: text}); err != nil {
		f.t.Fatal(err)
	}
}

// starts is how often the server was told of a bot's start.
func (f *followed) starts(account string) (n int) {
	for _, note := range f.sim.Notifications(0) {
		if strings.HasPrefix(note.Bot, account+"@") && note.Kind == "start" {
			n++
		}
	}
	return n
}

func running(names ...string) func(map[string]runtime.Status) bool {
	return func(all map[string]runtime.Status) bool {
		for _, n := range names {
			if !all[n].Running() {
				return false
			}
		}
		return len(all) == len(names)
	}
}

func TestFollowAddsChangesAndRemovesBots(t *testing.T) {
	f := follow(t, []string{"a", "b"}, botTable("a", "a", "one.lua"))
	f.until("a runs", running("a"))
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}
	f.configure(botTable("b", "b", "one.lua"), botTable("a", "a", "one.lua"))
	f.until("both run", running("a", "b"))
	if got := f.say("b", "hi"); got != "one" {
		t.Fatal(got)
	}
	f.configure(botTable("b", "b", "two.lua"), botTable("a", "a", "one.lua"))
	f.until("b has its new script", func(all map[string]runtime.Status) bool {
		return all["b"].Running() && all["b"].Received == 0
	})
	if got := f.say("b", "hi"); got != "two" {
		t.Fatal(got)
	}
	f.configure(botTable("a", "a", "one.lua"))
	f.until("b is gone", running("a"))
	f.until("a was left alone", func(all map[string]runtime.Status) bool { return all["a"].Received == 1 && all["a"].Generation == 1 })
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}
	if n := f.starts("a"); n != 1 {
		t.Errorf("a was started %d times", n)
	}
}

func TestFollowKeepsTheOldConfigurationWhileTheNewIsBroken(t *testing.T) {
	f := follow(t, []string{"a"}, botTable("a", "a", "one.lua"))
	f.until("a runs", running("a"))
	for broken, want := range map[string]string{
		"x = = 1\n":                 "runtime.toml:8: ",
		"\n[bott]\nx = 1\n":         "runtime.toml:9: bott: there is no such setting",
		botTable("A!", "", "x.lua"): `runtime.toml:9: bot.name: \"A!\" is not a name`,
	} {
		f.configure(broken)
		f.logged(want)
	}
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}
	f.configure(botTable("a", "a", "two.lua"))
	f.logged("configuration taken over")
	f.until("a runs again", func(all map[string]runtime.Status) bool { return all["a"].Running() && all["a"].Received == 0 })
	if got := f.say("a", "hi"); got != "two" {
		t.Fatal(got)
	}
	// By request, whether something changed or not.
	before := strings.Count(f.log.String(), "configuration taken over")
	f.reload <- struct{}{}
	f.until("it was read again", func(map[string]runtime.Status) bool {
		return strings.Count(f.log.String(), "configuration taken over") == before+1
	})
	if n := f.starts("a"); n != 2 {
		t.Errorf("a was started %d times", n)
	}
}

func TestOneBotsFaultIsItsOwn(t *testing.T) {
	f := follow(t, []string{"a", "b"}, botTable("a", "a", "one.lua"))
	f.until("a runs", running("a"))
	f.write("broken.lua", "function on_message(")
	if err := os.WriteFile(filepath.Join(f.dir, "stale.token"), []byte("nobodys@im.bot:0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "empty.token"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.configure(botTable("a", "a", "one.lua"), botTable("scriptless", "b", "broken.lua"), botTable("gone", "b2", "missing.lua"),
		botTable("stale", "stale", "one.lua"), botTable("empty", "empty", "one.lua"))
	f.until("each shows its own trouble", func(all map[string]runtime.Status) bool {
		s := all["scriptless"]
		return s.State == runtime.StateRunning && !s.Running() && strings.Contains(s.ScriptError, "broken.lua:1") &&
			all["gone"].State == runtime.StateNoToken && strings.Contains(all["gone"].ScriptError, "missing.lua") &&
			all["stale"].State == runtime.StateSessionExpired && all["empty"].State == runtime.StateNoToken
	})
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}
	if n := f.starts("a"); n != 1 {
		t.Errorf("a was started %d times", n)
	}
}

// blocking blocks at the message "block" until there is a file.
const blocking = `
function on_message(msg)
  if msg.text == "block" then while not files.exists("open.txt") do end end
  msg:reply("done " .. msg.text)
end`

func TestABotThatStopsSlowlyHoldsUpNoOther(t *testing.T) {
	f := follow(t, []string{"a", "b", "c"})
	f.write("slow.lua", blocking)
	const patient = "[bot.sandbox]\ncpu = \"1m\"\ninstructions = 1000000000\n"
	f.configure(botTable("slow", "a", "slow.lua")+patient, botTable("changed", "b", "slow.lua")+patient)
	f.until("they run", running("slow", "changed"))
	for _, account := range []string{"a", "b"} {
		f.inject(account, "alice", "block")
	}
	f.until("handlers block", func(all map[string]runtime.Status) bool {
		return all["slow"].Received == 1 && all["changed"].Received == 1
	})
	// slow gets another name, changed another script, new is new.
	f.configure(botTable("renamed", "a", "two.lua"), botTable("changed", "b", "two.lua"), botTable("new", "c", "one.lua"))
	f.until("the new one runs", func(all map[string]runtime.Status) bool { return all["new"].Running() })
	if got := f.say("c", "hi"); got != "one" {
		t.Fatal(got)
	}
	f.until("those with a predecessor wait for it", func(all map[string]runtime.Status) bool {
		_, there := all["renamed"]
		return !there && all["changed"].Received == 1
	})
	f.write("open.txt", "")
	for _, s := range f.sent(2) {
		if s.Text != "done block" {
			t.Errorf("got %q", s.Text)
		}
	}
	f.until("all run", running("renamed", "changed", "new"))
	for _, account := range []string{"a", "b"} {
		if got := f.say(account, "hi"); got != "two" {
			t.Errorf("%s: got %q", account, got)
		}
	}
}

func TestANewLoginIsTakenInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	f := follow(t, []string{"a"}, botTable("a", "a", "one.lua"))
	f.until("a runs", running("a"))
	f.say("a", "hi")
	if err := f.sim.ExpireToken("a"); err != nil {
		t.Fatal(err)
	}
	f.until("the session has expired", func(all map[string]runtime.Status) bool {
		s := all["a"]
		return s.State == runtime.StateSessionExpired && !s.SessionExpired.IsZero()
	})
	login, err := ilink.NewLogin(t.Context(), ilink.LoginConfig{BaseURL: f.sim.URL})
	if err != nil {
		t.Fatal(err)
	}
	qrcode, err := f.sim.WaitQRCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"scan", "confirm"} {
		if err := f.sim.LoginAction(qrcode, ilinksim.LoginAction{Action: action, BotID: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	token, err := login.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bot := runtime.BotConfig{TokenFile: filepath.Join(f.dir, "a.token")}
	if err := bot.SaveToken(*token); err != nil {
		t.Fatal(err)
	}
	f.until("a runs again", running("a"))
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}
	f.until("it is the same", func(all map[string]runtime.Status) bool {
		return all["a"].Received == 2 && all["a"].SessionExpired.IsZero() && all["a"].Generation == 1
	})
}
