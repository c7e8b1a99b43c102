package check_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// publicLibrary is one of those in testdata/libraries, which are written in the manner of
// public ones, with an expression that uses it and what that gives.
type publicLibrary struct{ name, text, use, want string }

func libraries(t *testing.T) (list []publicLibrary) {
	t.Helper()
	const folder = "testdata/libraries"
	files, err := check.Scripts(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		l := publicLibrary{text: string(text), name: strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), folder+"/"), ".lua")}
		l.name = strings.ReplaceAll(strings.TrimSuffix(l.name, "/init"), "/", ".")
		lines := strings.SplitN(l.text, "\n", 3)
		var hasUse, hasWant bool
		l.use, hasUse = strings.CutPrefix(lines[0], "-- use: ")
		l.want, hasWant = strings.CutPrefix(lines[1], "-- want: ")
		if !hasUse || !hasWant {
			t.Fatalf("%s doesn't say how it is used", path)
		}
		list = append(list, l)
	}
	if len(list) < 30 {
		t.Fatalf("%d libraries", len(list))
	}
	return list
}

// printed keeps what a script prints.
type printed struct {
	luabind.Host
	lines []string
}

func (p *printed) Log(_ context.Context, _ slog.Level, text string) { p.lines = append(p.lines, text) }

// beside makes a folder with all libraries, of which one may be replaced, and a bot
// that uses it. It returns the bot's path.
func beside(t *testing.T, l publicLibrary, text string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS("testdata/libraries")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, strings.ReplaceAll(l.name, ".", "/")+".lua")
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join(strings.TrimSuffix(path, ".lua"), "init.lua")
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	bot := filepath.Join(folder, "bot.lua")
	script := "local lib = require(\"" + l.name + "\")\nfunction on_message(msg) print(" + l.use + ") end\n"
	if err := os.WriteFile(bot, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return bot
}

// TestLibraries: each library runs beside a bot, and nothing that is false is found in
// it; nor by reading the whole folder.
func TestLibraries(t *testing.T) {
	c := newChecker(t)
	for _, l := range libraries(t) {
		t.Run(l.name, func(t *testing.T) {
			bot := beside(t, l, l.text)
			p := &printed{Host: librarytest.NewHost(t)}
			s, err := luabind.Load(t.Context(), luabind.Config{Name: "b", Script: bot, Host: p, Modules: []luabind.Module{json.Module{}}})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close(t.Context())
			if err := s.OnMessage(t.Context(), modulestest.Message()); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(p.lines, "\n"); got != l.want {
				t.Errorf("%s gives %q, want %q", l.use, got, l.want)
			}
			found, err := c.Bot(bot)
			wantTrue(t, l, found, err)
			found, err = c.Files(filepath.Dir(bot))
			wantTrue(t, l, found, err)
		})
	}
}

// trueOfThem are what libraries do that fails in a bot if it calls that. Files are where a
// warning is all, as nobody may call it.
var trueOfThem = map[string][]string{
	"lumen":    {"debug doesn't exist", "package doesn't exist"},
	"fastcsv":  {"io doesn't exist"},
	"words":    {"loadfile doesn't exist"},
	"digest":   {"io doesn't exist"},
	"units":    {"io doesn't exist", "os.exit doesn't exist"},
	"options":  {"io doesn't exist", "os.exit doesn't exist"},
	"template": {"loadstring doesn't exist"},
	"compat":   {"debug doesn't exist"},
	"colors":   {"os.getenv doesn't exist"},
}

func wantTrue(t *testing.T, l publicLibrary, found []check.Finding, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	for _, f := range found {
		name := strings.TrimSuffix(filepath.Base(f.File), ".lua")
		if f.Severity == check.Error || !slices.ContainsFunc(trueOfThem[name], func(s string) bool { return strings.HasPrefix(f.Message, s) }) {
			t.Errorf("beside %s: %s", l.name, f)
		}
	}
}

// TestMistakesInLibraries: what the libraries ask doesn't hide mistakes, in them and
// in the bot.
func TestMistakesInLibraries(t *testing.T) {
	c := newChecker(t)
	for _, l := range libraries(t) {
		if l.name == "functional" {
			continue // it makes globals of any name when it is called
		}
		const planted = `local function planted(msg) undefned_helper(string.uper(msg), table.concat()) end planted("x") io.lines("x")` + "\n"
		bot := beside(t, l, planted+l.text)
		text, err := os.ReadFile(bot)
		if err != nil {
			t.Fatal(err)
		}
		more := "function on_start() setfenv(1, {}) string.gfind('a', 'b') jit.off() undefned_too() end\nilink.command('x', function(msg) msg:replly('x') end)\n"
		if err := os.WriteFile(bot, append(text, more...), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := c.Bot(bot)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			if f.Severity == check.Error {
				got = append(got, f.Message)
			}
		}
		want := []string{"nothing defines undefned_helper", "string.uper doesn't exist", "table.concat needs", "setfenv doesn't exist", "string.gfind doesn't exist",
			"nothing defines jit", "nothing defines undefned_too", "an ilink.Message has no replly"}
		if asksForIO := strings.Contains(l.text, " io then") || strings.Contains(l.text, "io and io."); !asksForIO {
			want = append(want, "io doesn't exist")
		}
		for _, w := range want {
			if !slices.ContainsFunc(got, func(m string) bool { return strings.HasPrefix(m, w) }) {
				t.Errorf("%s: %q isn't found, but\n%s", l.name, w, strings.Join(got, "\n"))
			}
		}
	}
}
