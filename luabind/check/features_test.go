package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind/check"
)

// folder makes one with these files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const answer = "\nfunction on_message(msg) msg:reply(tostring(x)) end\n"

// TestFeatureTests: what a script asks, and doesn't use where it isn't there, is no
// mistake.
func TestFeatureTests(t *testing.T) {
	c := newChecker(t)
	for _, script := range []string{
		`local x, fast = pcall(require, "json")`,
		`local x, fast = pcall(require, "cjson.safe")`,
		`local x = select(2, pcall(require, "lfs"))`,
		`local x = pcall(function() local ffi = require("ffi") ffi.cdef "int x;" return jit.version end)`,
		`local x = string.gmatch or string.gfind`,
		`local x = string.gfind or string.gmatch`,
		`local x = loadstring or load`,
		`local x = (loadstring or load) ~= nil`,
		`local x = os.clock or socket.gettime`,
		`local jit = jit local x = 1`,
		`local jit = jit local x = jit and jit.version`,
		`local io, os, debug = io, os, debug local x = io and io.open("x")`,
		`local x = _G or _ENV`,
		`local x = _ENV or _G`,
		`local x if jit then x = jit.status() end`,
		`local x if not jit then x = 1 else x = jit.status() require("ffi") end`,
		`local x = type(unpack) == "function" and unpack or table.unpack`,
		`local x = type(table.unpack) == "function" and table.unpack({}) or unpack({})`,
		`local x = type(jit) == "table" and jit.version_num or 0`,
		`local x if type(jit) == "table" then x = require("ffi").new("int") end`,
		`local x = rawget(_G, "jit") if rawget(_G, "jit") then x = jit.off() end`,
		`local x = _G.jit and jit.os`,
		`local x = _G["loadstring"] or _G.load`,
		`local x = package and package.loaded`,
		`local x = package and package.config and package.config:sub(1, 1) or "/"`,
		`local x = setfenv and setfenv(function() end, {})`,
		`local x if setfenv then x = setfenv(1, {}) else x = 1 end`,
		`local x if setfenv == nil then x = 1 else x = getfenv(1) end`,
		`local x if setfenv ~= nil then setfenv(1, {}) end`,
		`x = x or 5`,
		`unpack = unpack or table.unpack local x`,
		`loadstring = loadstring or load local x = loadstring and 1`,
		`table.unpack = table.unpack or unpack local x = table.unpack({ 1 })`,
		`local x if not table.pack then table.pack = function(...) return { ... } end end x = table.pack(1)`,
		`local x if math.type then x = math.type(1) end`,
		`local x = math.pow and math.pow(1, 2)`,
		`local pow = math.pow local x = pow and pow(2, 3)`,
		`local x if _VERSION == "Lua 5.3" then x = load("return 1")() end`,
		`local x if _VERSION ~= "Lua 5.1" then x = table.move({}, 1, 2, 3) end`,
		`local x = debug and debug.traceback and debug.traceback()`,
		`local x = select(2, xpcall(print, debug and debug.traceback or tostring))`,
		`local x = os.getenv and os.getenv("HOME") or io and io.write and io.write("x")`,
		`local x = utf8 and utf8.char(1) or bit32 and bit32.band(1, 2)`,
		`local x = ngx and ngx.null or love and love.graphics`,
		`local x = (ngx or love or jit or 5)`,
		`local ok, x = pcall(loadstring, "return 1")`,
		`local x = type(x1) == "cdata"`,
		`local x = { require = require } local require = require`,
		`local x while jit do jit.flush() end`,
		`local _ENV = nil local x`,
		`local x if arg and arg[0] == "x.lua" then os.exit(1) end`,
		`local x = not jit or jit.version_num > 2`,
	} {
		found, err := c.Bot(write(t, "bot.lua", script+answer))
		wantNothing(t, script, found, err)
	}
}

// TestMistakesBesideFeatureTests: what a script asks doesn't hide what it doesn't ask.
func TestMistakesBesideFeatureTests(t *testing.T) {
	c := newChecker(t)
	for script, want := range map[string]string{
		`local x = string.gmatch or string.gfind x = string.gfind("a", "b")`:                          "string.gfind doesn't exist",
		`local x = string.gfind("a", "b")`:                                                            "string.gfind doesn't exist",
		`local x = load("return 1")`:                                                                  "load doesn't exist in bots",
		`local x = name or defalt_name.x`:                                                             "nothing defines defalt_name",
		`local a = 1 local x = a or defalt_name`:                                                      "nothing defines defalt_name",
		`local x if jit then x = 1 else x = undefined_thing() end`:                                    "nothing defines undefined_thing",
		`local x if not jit then x = io.open("x") end`:                                                "io doesn't exist in bots",
		`local x repeat x = io.open("x") until not jit`:                                               "io doesn't exist in bots",
		`local x = setfenv or io.open`:                                                                "io doesn't exist in bots",
		`local io = io local x = io.open("x")`:                                                        "io doesn't exist in bots",
		`local jit = jit local x = jit.version`:                                                       "nothing defines jit",
		`local x = pcall(function() undefined_thing() end)`:                                           "nothing defines undefined_thing",
		`local x = string.uper and 1 string.lowr("x")`:                                                "string.lowr doesn't exist",
		`local x if _VERSION == "Lua 5.1" then x = loadstring("x") end`:                               "loadstring doesn't exist in bots",
		`local x = pcall(require, "json") require("jsn")`:                                             `there is no module "jsn"`,
		`local x do x = io.open("x") end function on_message() io.close() end if x then return x end`: "io doesn't exist in bots",
		`local x = socket.gettime()`:                                                                  "nothing defines socket",
		`local x = os.exit(1)`:                                                                        "os.exit doesn't exist in bots",
	} {
		if !strings.Contains(script, "on_message") {
			script += answer
		}
		found, err := c.Bot(write(t, "bot.lua", script))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			if f.Severity == check.Error || strings.HasPrefix(f.Message, "nothing defines") {
				got = append(got, f.Message)
			}
		}
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%s: found %q, want %q", script, got, want)
		}
	}
}

// TestOtherFiles: what one file asks or requires says nothing about others.
func TestOtherFiles(t *testing.T) {
	const broken = "function on_message(msg) msg:replly('x') end\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		check []string // "" for the folder
		want  string   // parts of the findings, in order
	}{
		{"another bot", map[string]string{"bot.lua": `local x = pcall(require, "json")` + answer, "other.lua": broken}, []string{"bot.lua"}, ""},
		{"another bot in the folder", map[string]string{"bot.lua": `local x = pcall(require, "json")` + answer, "other.lua": broken}, []string{""}, "other.lua:1:30: error: an ilink.Message has no replly"},
		{"any name", map[string]string{"bot.lua": `local function try(n) return pcall(require, n) end local x = try("cjson")` + answer, "other.lua": broken, "mod.lua": "return string.uper('x')\n"},
			[]string{"bot.lua"}, ""},
		{"any name, which is written somewhere", map[string]string{"bot.lua": `local function try(n) return pcall(require, n) end local x = try("mod")` + answer, "mod.lua": "return string.uper('x')\n"},
			[]string{"bot.lua"}, "mod.lua:1:15: error: string.uper"},
		{"any name, in the folder", map[string]string{"bot.lua": `local function try(n) return pcall(require, n) end local x = try("cjson")` + answer, "mod.lua": "return string.uper('x')\n"},
			[]string{""}, "mod.lua:1:15: error: string.uper"},
		{"the end of a name", map[string]string{"bot.lua": `local x = require((...) and "a" or "lib" .. ".mod")` + answer, "lib/mod.lua": "return string.uper('x')\n", "lib/more.lua": "return string.lowr('x')\n"},
			[]string{"bot.lua"}, "mod.lua:1:15: error: string.uper"},
		{"the beginning of a name", map[string]string{"bot.lua": `local x for _, n in ipairs { "mod" } do require("lib." .. n) end` + answer, "lib/mod.lua": "return string.uper('x')\n", "lib/more.lua": "return string.lowr('x')\n"},
			[]string{"bot.lua"}, "mod.lua:1:15: error: string.uper"},
		{"a file with the name of a module of ours", map[string]string{"bot.lua": `local x = require("json")` + answer, "json.lua": "return string.uper('x')\n"}, []string{"bot.lua"}, ""},
		{"what a module may not require", map[string]string{"bot.lua": `local x = require("mod")` + answer, "mod.lua": "return function() return require('lyaml') end\n"},
			[]string{"bot.lua"}, "mod.lua:1:34: warning: there is no module \"lyaml\""},
		{"optional, and there", map[string]string{"bot.lua": `local x = pcall(require, "mod")` + answer, "mod.lua": "return string.uper('x')\n"}, []string{"bot.lua"}, "mod.lua:1:15: error: string.uper"},
		{"a question in a module", map[string]string{"bot.lua": "local x = require('mod')\nio.write('x')" + answer, "mod.lua": "return io and io.open and io.open('x') or 5\n"},
			[]string{""}, "bot.lua:2:1: error: io doesn't exist"},
		{"globals of any name where nobody may be", map[string]string{"bot.lua": "local n = 'none' local x = pcall(require, n)\nundefined_thing()" + answer, "other.lua": "for k, v in pairs({}) do _G[k] = v end\nreturn 1\n"},
			[]string{"bot.lua"}, "bot.lua:2:1: error: nothing defines undefined_thing"},
		{"a global of a module of any name", map[string]string{"bot.lua": "local n = 'no' .. 'ne' local x = pcall(require, n)\nfrom_there()" + answer, "other.lua": "function from_there() end\n"}, []string{"bot.lua"}, ""},
		{"what a module may not do", map[string]string{"bot.lua": `local x = require("mod")` + answer, "mod.lua": "local M = {}\nfunction M.f() return io.open('x') end\nM.load = loadstring\nreturn M\n"},
			[]string{"bot.lua"}, "mod.lua:2:23: warning: io doesn't exist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t, tt.files)
			var paths []string
			for _, p := range tt.check {
				paths = append(paths, filepath.Join(dir, p))
			}
			found, err := newChecker(t).Files(paths...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, filepath.Base(f.File)+strings.TrimPrefix(f.String(), f.File))
			}
			if all := strings.Join(got, "\n"); tt.want == "" && all != "" || len(got) > 1 || !strings.HasPrefix(all, tt.want) {
				t.Errorf("got\n%s\nwant %q", all, tt.want)
			}
		})
	}
}
