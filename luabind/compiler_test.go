package luabind

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestConcat(t *testing.T) {
	wantLines(t, handle(t, `
local a, b, n = "a", "b", nil
local function two() return "x", "y" end
local function rest(...) return "<" .. ... end
local function last(s) s = s .. "!" return s end
local function own(s) s = two() .. s .. 1 return s end
print(a .. b, a .. b .. 1 .. 2.5, 1 .. 2, (a .. b) .. a, -1 .. "", 1e15 .. "", 0.1 .. "", 1/0 .. "")
print(two() .. two(), rest("p", "q"), last("s"), own("t"), #(a .. b), ({ a .. b })[1], select("#", a .. b, a .. b))
local t = { [a .. b] = a .. b .. a }
print(t.ab, (function() return a .. b end)(), a .. b == "ab" and a .. "1" or b .. "2")
for i = 1, 2 do local x = i .. a; b = b .. x .. i end
print(b)`[1:]),
		"INFO ab\tab12.5\t12\taba\t-1\t1000000000000000\t0.1\tinf",
		"INFO xx\t<p\ts!\txt1\t2\tab\t2",
		"INFO aba\tab\ta1",
		"INFO b1a12a2")
}

func TestConcatMetamethods(t *testing.T) {
	wantLines(t, handle(t, `
local order = {}
local function text(v) return type(v) == "table" and v.name or tostring(v) end
local mt = { __concat = function(l, r) order[#order + 1] = text(l) .. "+" .. text(r) return "(" .. text(l) .. text(r) .. ")" end }
local function new(n) return setmetatable({ name = n }, mt) end
print("a" .. "b" .. new("T") .. "c" .. "d")
print(new("A") .. new("B") .. 1)
print(table.concat(order, " "))
print(pcall(function() return 1 .. setmetatable({}, { __concat = function() return false end }) end))
print(select("#", "a" .. setmetatable({}, { __concat = function() return 1, 2 end })))
local ok, err = msg:reply("")
print("sorry: " .. err .. "!")`),
		"INFO ab(Tcd)", "INFO (A(B1))", "INFO T+cd B+1 A+(B1)", "INFO true\tfalse", "INFO 1",
		"INFO sorry: the text is empty, and an empty message can't be sent!")
}

func TestConcatErrors(t *testing.T) {
	for expr, want := range map[string]string{
		"nil .. 'x'":         "attempt to concatenate a nil value",
		"'x' .. nil":         "attempt to concatenate a nil value",
		"'x' .. 'y' .. true": "attempt to concatenate a boolean value",
		"{} .. nil":          "attempt to concatenate a table value",
		"print .. 1":         "attempt to concatenate a function value",
		"('x'):rep(5e6) .. 'y' .. ('x'):rep(5e6)": "string longer than the limit of 8 MiB ([bot.sandbox] string)",
	} {
		b := load(t, "function on_message(msg)\n\nlocal s = "+expr+"\nend")
		e := b.fails("x")
		if got := e.Error(); e.Kind != KindRuntime || got != "scripts/bot.lua:3: "+want {
			t.Errorf("%s: %s", expr, got)
		}
		if e.Certain() != strings.HasPrefix(want, "attempt") {
			t.Errorf("%s: certain is %v", expr, e.Certain())
		}
	}
}

func TestStringLimit(t *testing.T) {
	b := load(t, `function on_message(msg)
  local s = "x"
  for i = 1, 100 do s = s .. s end
end`, withLimits(Limits{StringBytes: 1000}))
	e := b.fails("x")
	wantText(t, e.Error(), "scripts/bot.lua:3: string longer than the limit of 1000 bytes ([bot.sandbox] string)")
}

// TestAssignToParameter: gopher-lua's compiler takes the last parameter's place for
// something else.
func TestAssignToParameter(t *testing.T) {
	wantLines(t, handle(t, `
local function a(s) s = (tostring(s)) return s end
local function b(s) local n s, n = tostring(s), 1 return s, n end
local function c(x, s) x, s = s .. "!", x return x, s end
local function d(x, s) s, x = s .. x, s .. "?" return x, s end
local function e(s) local n, m s, n, m = s .. "1", (tostring(s)) return s, n, m end
local function f(s) local t = {} s, t.x = (s .. "y"), s return s, t.x end
print(a(1), b(2))
print(c("p", "q"))
print(d("p", "q"))
print(e("z"))
print(f("z"))`), "INFO 1\t2\t1", "INFO q!\tp", "INFO q?\tqp", "INFO z1\tz\tnil", "INFO zy\tz")
}

// TestConcatIsOutOfReach: the function behind the operator can't be got at.
func TestConcatIsOutOfReach(t *testing.T) {
	wantLines(t, handle(t, `
for k in pairs(_G) do assert(type(k) == "string" and k:match("^[%w_]+$"), k) end
local f = function(a, b) return a .. b end
_G["\0concat"] = function() return "stolen" end
string.concat, concat = print, print
print(f("a", "b"))`), "INFO ab")
}

// TestConstantConditions: gopher-lua's compiler spoils a loop's variables here.
func TestConstantConditions(t *testing.T) {
	for _, c := range []string{
		"if false then local x = 1 end", "if nil then local x end", "if not true then local x, y = 1 end",
		"if true then local x = 1 else local y end", "if 1 then local x end", "if 'x' then local x end",
		"if false then local x elseif true then local y end", "if false then local x else local y end",
		"while false do local x end", "while nil do local x = 1 end", "while not 1 do local x end",
		"if false and f() then local x end", "if true or f() then local x end", "if f() and false then local x end",
		"if (f() or true) and true then local x end", "if not (false or nil) then local x end",
		"if false and (1 or 2) or nil then local x end", "while true do local x = 1 break end",
		"repeat local x = 1 until true", "repeat local x = 1 until not false", "if f and 1 then local x end",
		"while f and true do local x = 1 break end", "if x == nil or false then local x end",
		"while true do if true then local x break end end", "if true then if false then local x end end",
		"while (true) do local z if z or true then break end end",
	} {
		wantLines(t, handle(t, fmt.Sprintf(`
local function f() return nil end
local out = {}
for k, v in pairs({ "a", "b", "c" }) do
  local before = k .. v
  %[1]s
  out[#out + 1] = k .. v .. before
end
for i = 1, 2 do %[1]s out[#out + 1] = i end
local function g(a) %[1]s return a end
print(table.concat(out, " "), g(7))`, c)), "INFO 1a1a 2b2b 3c3c 1 2\t7")
	}
}

// TestConditionValues: only conditions are folded, and effects stay.
func TestConditionValues(t *testing.T) {
	wantLines(t, handle(t, `
local n = 0
local function f(v) n = n + 1 return v end
if f(false) or true then n = n + 10 end
if f(1) and false then n = n + 100 end
if not f(nil) then n = n + 1000 end
print(n, false and 1, nil and 1, 1 and nil, 0 or 2, not nil == true)
while true do n = n + 1 if n > 1020 then break end end
print(n)
if true then return print("early") end
print("late")`), "INFO 1013\tfalse\tnil\tnil\t0\ttrue", "INFO 1021", "INFO early")
}

// TestCompileTime: no source takes the compiler long.
func TestCompileTime(t *testing.T) {
	repeat := func(s string, n int) string { return strings.Repeat(s, n) }
	var constants, locals, keys, labels strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&constants, "%d,", i)
	}
	for i := range 10_000 {
		fmt.Fprintf(&keys, "x.k%d=%d ", i, i)
		fmt.Fprintf(&labels, "goto l%d ::l%d:: ", i, i)
	}
	for i := range 20_000 {
		fmt.Fprintf(&locals, "do local a%d end ", i)
	}
	for name, source := range map[string]string{
		"constants":       "x = {" + constants.String() + "}",
		"keys":            "x = {} " + keys.String(),
		"labels":          "local function f() " + labels.String() + " end",
		"locals":          locals.String(),
		"sum":             "x = 1" + repeat("+1", 100_000),
		"names sum":       "x = y" + repeat("+y", 100_000),
		"and":             "x = y" + repeat(" and y", 40_000),
		"concat":          "x = y" + repeat("..y", 80_000),
		"brackets":        "x = " + repeat("(", 100_000) + "1" + repeat(")", 100_000),
		"braces":          "x = " + repeat("{", 120_000) + repeat("}", 120_000),
		"functions":       repeat("f=function() ", 10_000) + repeat("end ", 10_000),
		"many functions":  repeat("f=function() end ", 15_000),
		"calls":           repeat("f()", 80_000),
		"call of a call":  "f" + repeat("()", 120_000),
		"index":           "x = y" + repeat("[1]", 80_000),
		"not":             "x = " + repeat("not ", 60_000) + "1",
		"minus":           "x = " + repeat("- ", 120_000) + "1",
		"elseif":          "if x then " + repeat("elseif x then ", 15_000) + "end",
		"ifs":             repeat("if x then end ", 17_000),
		"nested ifs":      repeat("if x then ", 20_000) + repeat("end ", 20_000),
		"whiles":          repeat("while x do x=y end ", 13_000),
		"assignment":      "a" + repeat(",a", 60_000) + "=" + "1" + repeat(",1", 60_000),
		"arguments":       "f(1" + repeat(",1", 120_000) + ")",
		"or chain values": "x = " + repeat("(a or b) and ", 18_000) + "c",
		"comparisons":     "x = " + repeat("a<b and ", 30_000) + "c",
		"long string":     "x = [[" + repeat("x", 250_000) + "]]",
		"long name":       repeat("x", 250_000) + " = 1",
		"comment":         "--[[" + repeat("x", 250_000),
		"empty":           repeat(";", 1) + repeat("\n", 250_000),
		"gotos":           repeat("do goto e end ", 15_000) + "::e::",
		"returns":         repeat("do return end ", 15_000),
		"upvalues":        "local a " + repeat("f(function() a=a end) ", 10_000),
	} {
		start := time.Now()
		_, _ = tryLoad(t, source)
		took := time.Since(start)
		t.Logf("%-16s %v", name, took.Round(time.Millisecond))
		if took > 3*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}
