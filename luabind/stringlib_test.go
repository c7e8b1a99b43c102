package luabind

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestStringLibrary is about what random cases don't meet (see TestOracle): mostly
// where we differ from Lua 5.1 on purpose.
func TestStringLibrary(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{`("ab"):rep(3, ", ")`, "ab, ab, ab"},
		{`("ab"):rep(1, ", ")`, "ab"},
		{`(""):rep(3, "-")`, "--"},
		{`(""):rep(1e300)`, ""},
		{`#("x"):rep(8 * 2^20)`, "8388608"},
		{`("x"):rep(0, "-") .. ("x"):rep(-5, "-")`, ""},
		{`("THE (quick) fox"):find("%f[%a]%a+%f[%A]")`, "1\t3"},
		{`("THE (quick) fox"):gsub("%f[%a]%a+", string.lower)`, "the (quick) fox\t3"},
		{`("a\0b"):find("\0")`, "2\t2"},
		{`("a\0b"):gsub("%z", "-")`, "a-b\t1"},
		{`("x=1, y=2"):gsub("(%w+)=(%w+)", "%2=%1")`, "1=x, 2=y\t2"},
		{`("你好，世界"):match("^(.-)，(.*)$")`, "你好\t世界"},
		{`("ÄÖ"):lower() .. ("äö"):upper()`, "ÄÖäö"},
		{`("%s %s %s"):format(nil, true, 2^53)`, "nil true 9007199254740992"},
		{`("%5s|%-5s|%.1s"):format(setmetatable({}, { __tostring = function() return "me" end }), false, "xyz")`, "   me|false|x"},
		{`("%s"):format(setmetatable({}, { __tostring = function() return {} end }))`, "error: '__tostring' must return a string"},
		{`("%d"):format("x")`, "error: bad argument #2 to format (number expected, got string)"},
		{`("%c%c"):format(0, 65):byte(1, -1)`, "0\t65"},
		{`("%d %d"):format(3.99, -3.99)`, "3 -3"},
		{`("%x"):format(-1)`, "ffffffffffffffff"},
		{`("%100d"):format(1)`, "error: invalid format (width or precision too long)"},
		{`("x"):gsub("x", "%")`, "error: invalid use of '%' in replacement string"},
		{`("x"):gsub("x", "%2")`, "error: invalid capture index"},
		{`("x"):gsub("x", function() return {} end)`, "error: invalid replacement value (a table)"},
		{`("x"):gsub("x", true)`, "error: bad argument #3 to gsub (string/function/table expected)"},
		{`("x"):find("[a")`, "error: malformed pattern (missing ']')"},
		{`("x"):find("%")`, "error: malformed pattern (ends with '%')"},
		{`("x"):match("(x")`, "error: unfinished capture"},
		{`("x"):match((".?"):rep(20000))`, "error: pattern too complex"},
		{`("x"):rep(8e6, "yy")`, "error: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{`("x"):rep(2^53)`, "error: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{`("x"):rep(1e6):gsub("x", ("y"):rep(100))`, "error: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{`("%s%s"):format(("x"):rep(5e6), ("x"):rep(5e6))`, "error: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{`("%q"):format(("\n"):rep(5e6))`, "error: string longer than the limit of 8 MiB ([bot.sandbox] string)"},
		{`#{ ("x"):rep(7990):byte(1, -1) }`, "7990"},
		{`("x"):rep(8000):byte(1, -1)`, "error: stack overflow (string slice too long)"},
		{`tonumber("1e5")`, "100000"},
		{`tonumber("0x1F"), tonumber("0x.8p1"), tonumber(" 12\r\n"), tonumber("zz", 36), tonumber("-ff", 16)`, "31\t1\t12\t1295\t-255"},
		{`tonumber("inf"), tonumber("nan"), tonumber("1_000"), tonumber(""), tonumber("0x"), tonumber("1 2")`, "nil\tnil\tnil\tnil\tnil\tnil"},
		{`tonumber({}), tonumber(nil), tonumber(true)`, "nil\tnil\tnil"},
		{`tonumber()`, "error: bad argument #1 to tonumber (value expected)"},
		{`tonumber("1", 1)`, "error: bad argument #2 to tonumber (base out of range)"},
		{`string.dump`, "nil"},
		{`string.gfind`, "nil"},
	} {
		b := load(t, "function on_message(msg)\nprint("+c.expression+")\nend", withLimits(Limits{Instructions: 100_000_000}))
		err := b.OnMessage(context.Background(), textEvent("1", "x"))
		got := ""
		if err != nil {
			got = "error: " + asScriptError(t, err).Message
		} else {
			got = strings.TrimPrefix(strings.Join(b.host.logs, ""), "INFO ")
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.expression, got, c.want)
		}
	}
}

// TestStringHazards: what takes long is charged for, and ends at the limit.
func TestStringHazards(t *testing.T) {
	for _, body := range []string{
		"local s = ('a'):rep(30) return s:find(('a?'):rep(30) .. s)",
		"local s = ('a'):rep(1e6) return s:find('.-.-.-.-b')",
		"local s = ('a'):rep(1e6) return s:find('.*.*.*x')",
		"local s = ('a'):rep(1e6) return s:gsub('[^b]*b', '')",
		"local s = ('('):rep(1e6) for w in s:gmatch('%b()') do end",
		"local s = ('a'):rep(1e6) return s:match('(a*)%1b')",
		"local s = ('a'):rep(1e6) while true do s:find('b', 1, true) end",
		"local s = ('a'):rep(1e6) while true do s:find('%d') end",
		"local s = ('a'):rep(1e6) while true do s:upper() end",
		"local s = ('a'):rep(1e6) while true do s:lower() end",
		"local s = ('a'):rep(1e6) while true do s:reverse() end",
		"local s = ('a'):rep(1e6) while true do s:sub(2, 2e5) end",
		"local s = ('a'):rep(1e6) while true do s:byte(1, 5000) end",
		"local s = ('a'):rep(1e6) while true do s:gsub('a', 'b') end",
		"local s = ('a'):rep(1e6) while true do s:gsub('', {}) end",
		"local s = ('%1'):rep(1e6) while true do pcall(string.gsub, 'a', '()', s) end",
		"local s = ('1'):rep(1e6) while true do tonumber(s) end",
		"local s = ('1'):rep(1e6) while true do tonumber(s, 36) end",
		"local s = ('%%'):rep(1e6) while true do s:format() end",
		"local s = ('x'):rep(1e6) while true do ('%q'):format(s) end",
		"local p = ('[a'):rep(1e6) while true do pcall(string.find, 'x', p) end",
		"while true do ('x'):rep(1e6) end",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend", withLimits(Limits{Instructions: 1_000_000, CPU: time.Minute}))
		start := time.Now()
		e := b.fails("x")
		if took := time.Since(start); e.Kind != KindLimit || e.Limit != LimitInstructions || took > 5*time.Second {
			t.Errorf("%s: %v after %v", body, e, took)
		}
	}
}

// TestPatternStops: a match is stopped while it is under way.
func TestPatternStops(t *testing.T) {
	b := load(t, "function on_message(msg)\nlocal s = ('a'):rep(30) s:find(('a?'):rep(30) .. s)\nend",
		withLimits(Limits{Instructions: 1 << 50, Wall: 20 * time.Millisecond}))
	if e := b.fails("x"); e.Limit != LimitWall || e.Line != 2 {
		t.Errorf("%q %v", e.Limit, e)
	}
	b = load(t, "function on_message(msg)\nlocal s = ('a'):rep(30) s:find(('a?'):rep(30) .. s)\nend", withLimits(small))
	wantText(t, b.fails("x").Error(), "scripts/bot.lua:2: the handler ran more than 50000 instructions: pattern matching takes too many steps; "+
		"a pattern with fewer *, + and - may do, or [bot.sandbox] instructions must be raised")
}

// TestGsubCallsTheHost: other handlers run, and search, while a gsub waits.
func TestGsubCallsTheHost(t *testing.T) {
	b := load(t, `function on_message(msg)
  local seen = {}
  local out = msg.text:gsub("(%a)(%d)", function(letter, digit)
    msg:reply(letter .. digit)
    for w in ("p q"):gmatch("%a") do seen[#seen + 1] = w end
    return digit .. letter
  end)
  for a, b in out:gmatch("(%d)(%a)") do
    msg:reply(a .. b)
  end
  print(out, #seen)
end`)
	done := make(chan error)
	for range 4 {
		go func() { done <- b.OnMessage(context.Background(), textEvent("1", "a1 b2 c3")) }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for _, line := range b.host.logs {
		wantText(t, line, "INFO 1a 2b 3c\t6")
	}
}

// TestPatternsAreForgotten: the remembered patterns have a bound.
func TestPatternsAreForgotten(t *testing.T) {
	b := load(t, `function on_message(msg)
  for i = 1, 1000 do assert(("x" .. i):find("x%d" .. ("?"):rep(i % 2))) end
  for i = 1, 1000 do ("x"):find("x*" .. i) end
  local n = 0
  for w in ("^a^b"):gmatch("^%a") do n = n + 1 end
  assert(n == 2 and ("b"):find("^%a") and not ("^b"):find("^%a"))
end`)
	b.says("x")
}
