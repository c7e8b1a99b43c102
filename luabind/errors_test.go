package luabind

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"function on_message(msg)\n  msg:reply('x'\nend", "scripts/bot.lua:3: syntax error near 'end'"},
		{"function on_message(msg)\n  if true then\n", "scripts/bot.lua:2: the file ends too early: an 'end', 'until' or closing bracket may be missing"},
		{"x = 'abc\n", "scripts/bot.lua:1: unterminated string near 'abc'"},
		{"local x = = 1", "scripts/bot.lua:1: syntax error near '='"},
		{"\n\nx = 5 ~ 3", "scripts/bot.lua:3: Invalid '~' token near '~'"},
		{"if a != 1 then end", "scripts/bot.lua:1: Invalid token near '!'; not equal is ~= in Lua"},
		{"local i = 0\n  i += 1", "scripts/bot.lua:2: parse error near '+'; write x = x + y"},
		{"if a = 1 then end", "scripts/bot.lua:1: syntax error near '='; == compares, = assigns"},
		{"x = a ? 1 : 2", "scripts/bot.lua:1: Invalid token near '?'; in Lua a ? b : c is a and b or c"},
		{"const a = 1", "scripts/bot.lua:1: parse error near 'a'; in Lua it is local in place of const"},
		{"if a == 1 print(1) end", "scripts/bot.lua:1: syntax error near 'print'; is a then missing before it?"},
		{"if a == 1\n  print(1)\nend", "scripts/bot.lua:2: syntax error near 'print'; is a then missing before it?"},
		{"for i = 1, 2 print(1) end", "scripts/bot.lua:1: syntax error near 'print'; is a do missing before it?"},
		{"if a then\n  b()\nelse if c then\n  d()\nend", "scripts/bot.lua:5: the file ends too early: an 'end', 'until' or closing bracket may be missing; else if in line 3 is one word in Lua, elseif, or needs an end of its own"},
		{"break", "scripts/bot.lua:1: no loop to break"},
		{"goto nowhere", "scripts/bot.lua:1: no visible label 'nowhere' for <goto> at line 1"},
		{"x = 1\nprint(\"你好\"，1)", "scripts/bot.lua:2: unexpected character '，': write ,"},
		{"print(“hi”)", "scripts/bot.lua:1: unexpected character '“': write \""},
		{"\nlocal 名字 = 1", "scripts/bot.lua:2: unexpected character '名': texts stand between quotation marks, and names have a-z, 0-9 and _"},
		{"x =　1", "scripts/bot.lua:1: there is a wide space, which Lua doesn't know: write a plain one"},
		{"x = '\xff' \xff", "scripts/bot.lua:1: Invalid token near '\xff'"},
		{"#!/usr/bin/lua\nx = )", "scripts/bot.lua:2: syntax error near ')'"},
		{"\uFEFFx = )", "scripts/bot.lua:1: syntax error near ')'"},
		{"x = 你好", "scripts/bot.lua:1: unexpected character '你'"},
		{"x = [[\nnever ended", "scripts/bot.lua:2: unterminated multiline string"},
		{"x = " + strings.Repeat("{", 10_000), "the file ends too early"},
		{"x =\n" + strings.Repeat("{", 1000) + strings.Repeat("}", 1000), "scripts/bot.lua:2: expressions or blocks are nested more than 200 deep here: split them up"},
		{"x = " + strings.Repeat("not ", 10_000) + "1", "nested more than 200 deep"},
		{"x = 1" + strings.Repeat("+1", 5_000), "nested more than 200 deep"},
		{"x = y" + strings.Repeat(".y", 5_000), "nested more than 200 deep"},
		{strings.Repeat("do ", 5000) + strings.Repeat("end ", 5000), "nested more than 200 deep"},
	} {
		_, err := tryLoad(t, c.script)
		e := asScriptError(t, err)
		if e.Kind != KindSyntax || e.Bot != "testbot" || !strings.Contains(e.Error(), c.want) {
			t.Errorf("%.60q: got %s %q, want %q", c.script, e.Kind, e.Error(), c.want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	t.Run("no handler", func(t *testing.T) {
		_, err := tryLoad(t, "x = 1")
		e := asScriptError(t, err)
		wantText(t, e.Kind+" "+e.Error(), "load scripts/bot.lua: the script defines no on_message: add function on_message(msg) … end")
	})
	t.Run("misspelt handler", func(t *testing.T) {
		_, err := tryLoad(t, "function onMessage(msg) end")
		wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua: the script defines no on_message: add function on_message(msg) … end; is onMessage meant to be it?")
	})
	t.Run("handler of another type", func(t *testing.T) {
		_, err := tryLoad(t, "on_message = 5")
		wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua: on_message is a number and must be a function: function on_message(msg) … end")
	})
	t.Run("no file", func(t *testing.T) {
		_, err := tryLoadDir(t, t.TempDir())
		e := asScriptError(t, err)
		wantText(t, e.Kind+" "+e.Error(), "load scripts/bot.lua: there is no such file")
	})
	t.Run("a folder", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, "scripts/bot.lua"), 0o755); err != nil {
			t.Fatal(err)
		}
		_, err := tryLoadDir(t, dir)
		wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua: it is not a regular file")
	})
	t.Run("too large", func(t *testing.T) {
		_, err := tryLoad(t, "-- "+strings.Repeat("x", 300<<10))
		e := asScriptError(t, err)
		wantText(t, e.Kind+" "+e.Error(), "load scripts/bot.lua: it is larger than 256 KiB; [bot.sandbox] source_bytes raises the limit")
	})
	t.Run("while running", func(t *testing.T) {
		_, err := tryLoad(t, "local x = nil\nlocal y = x.z\n")
		e := asScriptError(t, err)
		wantText(t, e.Kind+" "+e.Error(), "runtime scripts/bot.lua:2: attempt to index a nil value with key 'z'")
		wantText(t, e.Traceback, "scripts/bot.lua:2 in the file")
	})
	t.Run("sending while loading", func(t *testing.T) {
		_, err := tryLoad(t, "ilink.send('alice', 'x')")
		wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua:1: send works in handlers only, and the file is still being loaded: call it in on_message")
	})
	t.Run("no host", func(t *testing.T) {
		if _, err := Load(context.Background(), Config{Script: "x.lua"}); err == nil {
			t.Error("no error")
		}
	})
}

func TestRuntimeErrors(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"local t; return t.x", ":2: attempt to index a nil value with key 'x'"},
		{"nothere()", ":2: attempt to call a value that is not a function; is the name right?"},
		{"msg.nothere()", ":2: attempt to call a value that is not a function; is the name right?"},
		{"return 1 + {}", ":2: attempt to perform arithmetic (add) on a number value and a table value"},
		{"return nil * 2", ":2: attempt to perform arithmetic (mul) on a nil value and a number value"},
		{"return 'a' + 1", ":2: attempt to add (+) a string value and a number value; texts are joined with .., and tonumber makes a number of a text"},
		{"return 1 + msg.text", ":2: attempt to add (+) a number value and a string value; texts are joined with .., and tonumber makes a number of a text"},
		{"local t; return #t", ":2: attempt to get the length of a value that has none: # takes a text or a table, and this is perhaps nil"},
		{"local t; return -t", ":2: attempt to negate a value that is no number; is it nil?"},
		{"for i = 1, nil do end", ":2: the limit of a for loop must be a number; is it nil, or a text that needs tonumber?"},
		{"local t, k = {}; t[k] = 1", ":2: attempt to assign to a field whose key is nil"},
		{"error('custom')", ":2: custom"},
		{"error('no position', 0)", ":2: no position"},
		{"error({ message = 'in a table' })", ":2: in a table"},
		{"error({ 1, x = 'y' })", `:2: the error is not a text: {1, x = "y"}`},
		{"error()", ":2: error was called without a message"},
		{"error(nil)", ":2: error was called without a message"},
		{"assert(false)", ":2: assertion failed!"},
		{"assert(nil, 'as it is')", ":2: as it is"},
		{"local ok, e = pcall(error, 'inner')\nerror(e, 0)", ":2: inner"},
		{"local ok, e = pcall(function() error('inner') end)\n\nerror(e)", ":2: inner"},
		{"local function f() return f() + 1 end f()", ":2: stack overflow: calls are nested more than 400 deep; does a function call itself without end?"},
		{"local function f() return f() end f()", ":2: stack overflow: calls are nested more than 400 deep; does a function call itself without end?"},
		{"return unpack({}, 1, 1e8)", ":2: too many values at once: a call has too many arguments or results"},
		{"error('two\\nlines')", ":2: two lines"},
		{"string.rep('x', 1e9)", ":2: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{"string.rep()", ":2: bad argument #1 to rep (string expected, got nil)"},
		{"setmetatable('', {})", ":2: bad argument #1 to setmetatable (table expected, got string)"},
		{"setmetatable(msg, {})", ":2: cannot change a protected metatable"},
		{"math.random(0)", ":2: math.random: there is nothing to choose from between 1 and 0"},
		{"loadstring('x')", ":2: attempt to call a value that is not a function; is the name right?"},
	} {
		b := load(t, "function on_message(msg)\n"+c.body+"\nend")
		e := b.fails("hi")
		if got := e.Error(); e.Kind != KindRuntime || got != "scripts/bot.lua"+c.want {
			t.Errorf("%s:\n got %s %s\nwant scripts/bot.lua%s", c.body, e.Kind, got, c.want)
		}
	}
}

func TestErrorDetail(t *testing.T) {
	b := load(t, `local function inner(t)
  -- 深
  return t.name.first
end

local helper = {}
function helper.outer(t)
  return inner(t)
end

function on_message(msg)
  helper.outer({})
end
`)
	e := b.fails("hi")
	wantText(t, e.Detail(), `scripts/bot.lua:3: attempt to index a nil value with key 'first'

    1 | local function inner(t)
    2 |   -- 深
  > 3 |   return t.name.first
    4 | end
    5 |

called from:
  scripts/bot.lua:3 in function 'inner'
  scripts/bot.lua:8 in function 'outer'
  scripts/bot.lua:12 in on_message`)
	// A fault in one handler leaves the next alone.
	if e := b.fails("hi"); e.Line != 3 {
		t.Error(e)
	}
}

func TestGoPanicIsAnError(t *testing.T) {
	b := load(t, "function on_message(msg)\n  pcall(msg.reply, msg, 'x')\n  msg:reply('y')\nend")
	b.host.send = func(context.Context, SendRequest) (SendResult, error) { panic("broken host") }
	e := b.fails("hi")
	wantText(t, e.Error(), "scripts/bot.lua:3: a function of the host failed: broken host")
}

func TestHandlerTakenAway(t *testing.T) {
	b := load(t, "function on_message(msg) on_message = nil end")
	b.says("hi")
	if e := b.fails("hi"); e.Kind != KindLoad {
		t.Error(e)
	}
}

func TestSplitPosition(t *testing.T) {
	known := func(file string) bool {
		return file == "scripts/bot.lua" || file == "C:/a:b.lua" || file == "12:3"
	}
	for _, c := range []struct {
		message, file string
		line          int
		rest          string
	}{
		{"scripts/bot.lua:3: broken", "scripts/bot.lua", 3, "broken"},
		{"scripts/bot.lua:3:", "scripts/bot.lua", 3, ""},
		{"C:/a:b.lua:12: x: y", "C:/a:b.lua", 12, "x: y"},
		{"12:3:4: x", "12:3", 4, "x"},
		{"other.lua:3: broken", "", 0, "other.lua:3: broken"},
		{"scripts/bot.lua: broken", "", 0, "scripts/bot.lua: broken"},
		{"scripts/bot.lua:99999999999999999999: x", "", 0, "scripts/bot.lua:99999999999999999999: x"},
		{"", "", 0, ""},
	} {
		file, line, rest, ok := splitPosition(c.message, known)
		if file != c.file || line != c.line || rest != c.rest || ok != (c.file != "") {
			t.Errorf("%q: got %q %d %q %v", c.message, file, line, rest, ok)
		}
	}
}

func FuzzSplitPosition(f *testing.F) {
	f.Add("scripts/bot.lua:3: broken", "scripts/bot.lua")
	f.Add("a:b:3: x", "a:b")
	f.Add("\tx:1: in function <x:2>", "x")
	f.Fuzz(func(t *testing.T, message, name string) {
		file, line, rest, ok := splitPosition(message, func(file string) bool { return file == name })
		if !ok {
			if rest != message || file != "" || line != 0 {
				t.Errorf("%q wasn't left alone: %q %d %q", message, file, line, rest)
			}
			return
		}
		if file != name || line < 0 || !strings.HasPrefix(message, file+":") || !strings.HasSuffix(message, rest) {
			t.Errorf("%q: %q %d %q", message, file, line, rest)
		}
	})
}

// FuzzScriptError takes apart what a script may have made of its messages.
func FuzzScriptError(f *testing.F) {
	f.Add("stack traceback:\n\tscripts/bot.lua:3: in function 'f'\n\t[G]: ?", "scripts/bot.lua:1: x")
	vm := &VM{bot: "b", sources: newSources("scripts/bot.lua")}
	vm.sources.add("scripts/bot.lua", "scripts/bot.lua", "one\ntwo\nthree\n")
	f.Fuzz(func(t *testing.T, trace, message string) {
		for _, fr := range vm.traceback(trace, "on_message") {
			if fr.file != "scripts/bot.lua" {
				t.Errorf("a frame of %q", fr.file)
			}
		}
		_, line, rest := vm.sources.splitPositions(message)
		e := vm.errorAt(KindRuntime, "scripts/bot.lua", line, reword(rest))
		if strings.ContainsAny(e.Error(), "\n\r") {
			t.Errorf("more than one line: %q", e.Error())
		}
		_ = e.Detail()
	})
}

// FuzzCompile gives the compiler anything.
func FuzzCompile(f *testing.F) {
	f.Add("function on_message(msg) return msg.text:match('x') end")
	f.Add("local x = {{{[[")
	f.Add("goto a ::a:: ::a:: break")
	f.Add("x = '\\999' --[==[")
	vm := newVM(context.Background(), Config{Script: "scripts/bot.lua", Host: &fakeHost{}})
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 4<<10 {
			return
		}
		vm.sources.texts["scripts/bot.lua"] = source
		if _, err := vm.compile("scripts/bot.lua", source); err != nil {
			e := asScriptError(t, err)
			if e.Kind != KindSyntax || e.Line < 0 || e.Line > strings.Count(source, "\n")+strings.Count(source, "\r")+1 {
				t.Errorf("%q: line %d: %v", source, e.Line, e)
			}
		}
	})
}
