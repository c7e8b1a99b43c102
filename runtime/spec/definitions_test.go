package spec

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
)

// exampleBot is the bot that the definitions' examples speak of.
const exampleBot = `function on_message(msg) if msg.text == "ping" then msg:reply("pong") else msg:reply("?") end end`

const exampleRecording = `{ "bot": "echo", "started": "2026-01-06T08:00:00Z", "messages": [
	{ "after": 0.5, "user": "user1", "text": "ping" },
	{ "after": 0.7, "user": "user1", "text": "pong", "from_bot": true }
] }`

// specDefinitions are those of names that only specs have.
func specDefinitions(t *testing.T) (functions []*library.Member, names map[string]*library.Member) {
	t.Helper()
	names = map[string]*library.Member{}
	defs := librarytest.Load(t)
	for _, f := range defs.Files {
		if f.Spec {
			functions = append(functions, f.Functions...)
		}
	}
	for path, m := range defs.All() {
		if m.File.Spec {
			names[path] = m
		}
	}
	return functions, names
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	dir := filepath.Dir(path)
	for file, text := range map[string]string{
		path: text, filepath.Join(dir, "echo.lua"): exampleBot, filepath.Join(dir, "recordings", "ping.json"): exampleRecording,
	} {
		err := os.MkdirAll(filepath.Dir(file), 0o700)
		if err = errors.Join(err, os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestDefinitionsAreComplete: each function has its parameters described, and an
// example that runs: of cases, or of what may be in one.
func TestDefinitionsAreComplete(t *testing.T) {
	functions, _ := specDefinitions(t)
	for _, m := range functions {
		for _, p := range m.Signature().Params {
			if p.Type == nil {
				t.Errorf("%s: the parameter %s of %s isn't described", m.Position, p.Name, m.Path)
			}
		}
		example := m.Example
		if !strings.Contains(example, "it(") {
			example = "it(\"runs\", function()\n" + example + "\nend)"
		}
		f := runFile(t.Context(), write(t, "example_spec.lua", example), Options{})
		if f.Failure != nil {
			t.Errorf("%s: the example of %s: %v", m.Position, m.Path, f.Failure)
		}
		for _, c := range f.Cases {
			if m.Path != "http.stub" && len(c.Failures) > 0 {
				t.Errorf("%s: the example of %s: %v", m.Position, m.Path, c.Failures)
			}
		}
		if m.Example == "" || f.Counts() == (Counts{}) {
			t.Errorf("%s: %s has no example", m.Position, m.Path)
		}
	}
}

// TestDefinitions: what specs see is defined, and what is defined is there.
func TestDefinitions(t *testing.T) {
	seen := map[string]bool{}
	look := func(class string, v lua.LValue) {
		mt := v.(*lua.LTable).Metatable.(*lua.LTable)
		if index, ok := mt.RawGetString("__index").(*lua.LTable); ok {
			index.ForEach(func(k, _ lua.LValue) { seen[class+"."+k.String()] = true })
		}
		v.(*lua.LTable).ForEach(func(k, _ lua.LValue) { seen[class+"."+k.String()] = true })
	}
	probe := global{"class", func(vm *luabind.VM) lua.LValue {
		return vm.State().NewFunction(func(L *lua.LState) int {
			look(L.CheckString(1), L.CheckTable(2))
			return 0
		})
	}}
	for _, m := range new(file).modules() {
		if !slices.Contains(pure, m.Name()) {
			seen[m.Name()] = true
		}
	}
	for name := range matchers {
		seen["spec.Matchers."+name] = true
	}
	for _, name := range responseFields {
		seen["spec.Response."+name] = true
	}
	path := write(t, "all_spec.lua", `
local bot = load_bot("echo.lua")
it("shows all", function()
  http.stub("*", "x")
  class("clock", clock) class("http", http) class("llm", llm)
  class("spec.Bot", bot) class("spec.Data", bot.kv)
  local alice = bot:user("alice")
  alice:says("ping")
  class("spec.User", alice) class("spec.UserData", alice.kv) class("spec.Heard", alice:hears())
  class("spec.Expectation", expect(1)) class("spec.Never", expect(1).never)
end)`)
	f := runFile(t.Context(), path, Options{probes: []luabind.Module{probe}})
	if n := f.Counts(); n.Passed != 1 {
		t.Fatalf("%+v", f)
	}
	_, defined := specDefinitions(t)
	for name := range seen {
		if m := defined[name]; m == nil && name != "http" && name != "llm" {
			t.Errorf("%s is in no definition file", name)
		}
	}
	// Options and records are plain tables, which are read where they are used.
	plain := []string{"spec.BotOptions.", "spec.Fault.", "spec.Said.", "spec.File.", "spec.Window.", "spec.Request.", "spec.LogLine.", "spec.Error.", "spec.ModelAnswer."}
	for name, m := range defined {
		optional := name == "spec.Heard.name" || name == "spec.Heard.data"
		if !seen[name] && !optional && !slices.ContainsFunc(plain, func(p string) bool { return strings.HasPrefix(name, p) }) {
			t.Errorf("%s: there is no %s", m.Position, name)
		}
		if m.Signature() != nil && m.Doc == "" {
			t.Errorf("%s: %s isn't described", m.Position, name)
		}
	}
}
