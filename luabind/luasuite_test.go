package luabind

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// suiteDir is where gopher-lua's module lies, which has Lua 5.1's official tests
// (with some changes of its author's) and its own.
func suiteDir(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/yuin/gopher-lua").Output()
	dir := strings.TrimSpace(string(out))
	if err == nil && dir == "" {
		err = errors.New("it is not in the module cache")
	}
	if err != nil {
		t.Fatalf("find gopher-lua's source, which has the tests (go mod download gets it): %v", err)
	}
	return dir
}

// lines are some of a file's, and why they are treated so.
type lines struct {
	from, to int
	why      string
}

// Reasons.
const (
	noDebug     = "scripts have no debug library"
	noFenv      = "scripts have no setfenv and getfenv"
	noIO        = "scripts have no io library"
	noLoad      = "scripts have no load and dofile"
	noTailCalls = "tail calls count as calls, of which 400 nest"
	otherWords  = "the message has other words, and names no variable"
	compilers   = "the message is of gopher-lua's compiler"
)

// suite are the files, what of them is left out, and what is put back that
// gopher-lua's author had to comment out.
var suite = []struct {
	file      string
	out, back []lines
}{
	{file: "_lua5.1-tests/strings.lua", back: []lines{{102, 105, "%q and zero bytes in formats are right in ours"}}},
	{file: "_lua5.1-tests/literals.lua"},
	{file: "_lua5.1-tests/pm.lua", back: []lines{{263, 279, "ours has %f"}}},
	{file: "_lua5.1-tests/sort.lua", back: []lines{{61, 62, "the comparison may do something"}}},
	{file: "_lua5.1-tests/nextvar.lua", out: []lines{{234, 246, noFenv}, {371, 371, "gopher-lua's numeric for takes no texts"}}},
	{file: "_lua5.1-tests/math.lua", out: []lines{{126, 145, noIO}, {165, 165, "a table of the lines before"}}},
	{file: "_lua5.1-tests/closure.lua", out: []lines{{164, 178, noFenv}, {277, 278, noDebug}, {412, 422, noFenv}}},
	{file: "_lua5.1-tests/calls.lua", out: []lines{{102, 107, noTailCalls}, {241, 241, noDebug}}},
	{file: "_lua5.1-tests/events.lua", out: []lines{{5, 14, noFenv}, {293, 299, noFenv}, {330, 357, noDebug}}},
	{file: "_lua5.1-tests/vararg.lua", back: []lines{{25, 33, "ours passes it"}}},
	{file: "_lua5.1-tests/constructs.lua", out: []lines{{189, 189, noDebug}}},
	{file: "_lua5.1-tests/locals.lua", out: []lines{{54, 83, noFenv}}},
	{file: "_lua5.1-tests/errors.lua", out: []lines{
		{38, 38, compilers}, {39, 41, "gopher-lua takes empty statements, as 5.2 does"}, {44, 44, "gopher-lua takes it, as 5.2 does"}, {48, 51, compilers}, {54, 60, otherWords}, {62, 68, otherWords}, {71, 74, otherWords}, {78, 105, otherWords},
		{107, 107, "a stand-in"}, {111, 111, noIO}, {126, 126, "gopher-lua names the line where the loop begins"}, {141, 142, noDebug}, {147, 167, noDebug}, {170, 172, "of a handler that fails we return the error, which says more"}, {190, 196, compilers}, {209, 247, compilers},
	}},
	{file: "_lua5.1-tests/big.lua", out: []lines{{1, 13, "strings of 32 MiB; limits_test has such"}, {360, 362, "it is for a file that runs as a coroutine"}}},
	{file: "_glua-tests/base.lua", out: []lines{{1, 4, noLoad}, {6, 9, noFenv}, {20, 32, noLoad}}},
	{file: "_glua-tests/coroutine.lua", out: []lines{{8, 8, otherWords}, {17, 17, otherWords}}},
	{file: "_glua-tests/goto.lua"},
	{file: "_glua-tests/issues.lua", out: []lines{{70, 115, noDebug}, {473, 492, noIO}}},
	{file: "_glua-tests/math.lua"},
	{file: "_glua-tests/strings.lua", out: []lines{{2, 5, "scripts have no string.dump"}, {7, 7, "5.1 makes c of %c, as we do, and gopher-lua %c"}}},
	{file: "_glua-tests/table.lua"},
	{file: "_glua-tests/vm.lua", out: []lines{{57, 57, otherWords}}},
}

// leftOut are the files that aren't run at all.
var leftOut = map[string]string{
	"_lua5.1-tests/all.lua":        "it runs the others",
	"_lua5.1-tests/api.lua":        "it tests C's API",
	"_lua5.1-tests/attrib.lua":     "it tests package and io",
	"_lua5.1-tests/checktable.lua": "others require it",
	"_lua5.1-tests/code.lua":       "it looks at PUC Lua's instructions",
	"_lua5.1-tests/db.lua":         noDebug,
	"_lua5.1-tests/files.lua":      noIO,
	"_lua5.1-tests/gc.lua":         "scripts can't steer the garbage collection, and have no finalizers",
	"_lua5.1-tests/main.lua":       "it tests the command lua",
	"_lua5.1-tests/verybig.lua":    noIO,
	"_glua-tests/db.lua":           noDebug,
	"_glua-tests/os.lua":           "scripts don't run commands, and don't see the environment",
}

// commented is what makes a line a comment.
var commented = regexp.MustCompile(`^\s*--(\[\[|\]\])?`)

// suitePrelude stands in for what the tests use by the way and scripts don't get.
const suitePrelude = `
table.getn = function(t) return #t end
table.foreach = function(t, f)
  for k, v in pairs(t) do
    local r = f(k, v)
    if r ~= nil then return r end
  end
end
table.foreachi = function(t, f)
  for i = 1, #t do
    local r = f(i, t[i])
    if r ~= nil then return r end
  end
end
math.mod = math.fmod
string.gfind = string.gmatch
os.setlocale = function() end
function collectgarbage() return 0 end
function load(f, name)
  local parts = {}
  for part in f do
    if part == "" then break end
    parts[#parts + 1] = part
  end
  return loadstring(table.concat(parts), name)
end
debug = { getinfo = function(level) return { currentline = lineof(level + 1) } end }
`

// suiteFunction is a global function for the tests only.
type suiteFunction struct {
	name string
	f    func(vm *VM, L *lua.LState) int
}

func (m suiteFunction) Name() string { return m.name }

func (m suiteFunction) Open(vm *VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int { return m.f(vm, L) }), nil
}

// suiteLoadString compiles as a script's file is compiled.
func suiteLoadString(vm *VM, L *lua.LState) int {
	proto, err := vm.compile(L.OptString(2, "chunk"), L.CheckString(1))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(L.NewFunctionFromProto(proto))
	return 1
}

// suiteLineOf returns the line of a call.
func suiteLineOf(_ *VM, L *lua.LState) int {
	at := strings.Split(positionAt(L, L.CheckInt(1)), ":")
	n, err := strconv.Atoi(at[max(0, len(at)-2)])
	if err != nil {
		L.RaiseError("no line in %q", at)
	}
	L.Push(lua.LNumber(n))
	return 1
}

// TestLuaSuite runs what a sandbox can run of the tests, as the loading of a
// script.
func TestLuaSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	dir := suiteDir(t)
	checktable, err := os.ReadFile(filepath.Join(dir, "_lua5.1-tests", "checktable.lua"))
	if err != nil {
		t.Fatal(err)
	}
	modules := []Module{suiteFunction{"loadstring", suiteLoadString}, suiteFunction{"lineof", suiteLineOf}}
	for _, s := range suite {
		t.Run(strings.Trim(s.file, "_"), func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dir, s.file))
			if err != nil {
				t.Fatal(err)
			}
			source := strings.SplitAfter(string(text), "\n")
			for _, o := range s.out {
				for i := o.from; i <= o.to; i++ {
					source[i-1] = "\n"
				}
			}
			for _, o := range s.back {
				for i := o.from; i <= o.to; i++ {
					source[i-1] = commented.ReplaceAllString(source[i-1], "")
				}
			}
			dir := t.TempDir()
			writeFiles(t, dir,
				"scripts/prelude.lua", suitePrelude,
				"scripts/checktable.lua", string(checktable),
				"scripts/bot.lua", `require("prelude") function on_message() end `+strings.Join(source, ""))
			host := &fakeHost{dir: dir}
			b, err := Load(context.Background(), Config{
				Name: "suite", Script: filepath.Join(dir, "scripts", "bot.lua"), Host: host, Modules: modules,
				Limits: Limits{Instructions: 1e9, LoadWall: time.Minute, SourceBytes: 1 << 20},
			})
			if err != nil {
				var se *ScriptError
				if errors.As(err, &se) {
					err = errors.New(se.Detail())
				}
				t.Fatal(err)
			}
			// The official ones say so at their end.
			if log := host.logged(); strings.HasPrefix(s.file, "_lua5.1") && !strings.HasSuffix(log, "OK") {
				t.Errorf("it did not come to its end:\n%s", log)
			}
			if err := b.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLuaSuiteIsWhole: each file is run, or it is said why not.
func TestLuaSuiteIsWhole(t *testing.T) {
	known := maps.Clone(leftOut)
	for _, s := range suite {
		known[s.file] = "run"
	}
	dir := suiteDir(t)
	files, err := filepath.Glob(filepath.Join(dir, "_*-tests", "*.lua"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s: %v", dir, err)
	}
	for _, f := range files {
		name, err := filepath.Rel(dir, f)
		if err != nil {
			t.Fatal(err)
		}
		if known[filepath.ToSlash(name)] == "" {
			t.Errorf("%s is neither run nor left out", name)
		}
	}
}
