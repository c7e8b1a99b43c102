package luabind

import (
	"strings"
	"testing"
)

// TestNumbers: what is written in a source, and strings in arithmetic, are read as
// Lua 5.1 reads numbers, and written with 14 digits. The lines were made with it.
func TestNumbers(t *testing.T) {
	wantLines(t, handle(t, `
print(017, 0017, 08, 0x10, 0XfF, 1e3, 3., .5, 1e400, -1e400, 0xffffffffff)
print("017" + 1, "0x10" * 2, " 10 " - 1, "1e1" / "4", -"08", "7" % "-4", -7 % "4", "2" ^ "3", 2 ^ "0.5", "1e400" + 0)
print(math.floor("010"), math.max("7", "08"), math.abs("-0x10"))
for _, not_a_number in ipairs{ "", "1_000", "0b11", "0o17", "1e", "x" } do
  print(pcall(function() return not_a_number + 1 end))
end
print(pcall(function() return -"x" end))
print(pcall(function() return "1" * nil end))
local n = 1700000000.5
print(n, " " .. n, tostring(n), ("%s"):format(n), table.concat({ n, n }, " "), #tostring(1/3), -0.1 .. "", 1e100, 1e-5, 2^-1074)`),
		"INFO 17\t17\t8\t16\t255\t1000\t3\t0.5\tinf\t-inf\t1099511627775",
		"INFO 18\t32\t9\t2.5\t-8\t-1\t1\t8\t1.4142135623731\tinf",
		"INFO 10\t8\t16",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:7: cannot perform add operation between string and number",
		"INFO false\tscripts/bot.lua:9: __unm undefined",
		"INFO false\tscripts/bot.lua:10: cannot perform mul operation between string and nil",
		"INFO 1700000000.5\t 1700000000.5\t1700000000.5\t1700000000.5\t1700000000.5 1700000000.5\t16\t-0.1\t1e+100\t1e-05\t4.9406564584125e-324",
	)
}

func TestArithmeticOfStringsAndTables(t *testing.T) {
	wantLines(t, handle(t, `
local mt = { __add = function(a, b) return type(a) .. "+" .. type(b) end }
local v = setmetatable({}, mt)
print(v + "1", "1" + v, "x" + v, v + "x")
print(pcall(function() return "1" - v end))
print(getmetatable(""), pcall(setmetatable, "", {}))`),
		"INFO table+string\tstring+table\tstring+table\ttable+string",
		"INFO false\tscripts/bot.lua:6: cannot perform sub operation between string and table",
		"INFO string\tfalse\tscripts/bot.lua:7: bad argument #1 (table expected, got string)",
	)
}

func TestArithmeticOnAStringIsCertainToFailAgain(t *testing.T) {
	b := load(t, `function on_message(msg) return msg.text + 1 end`)
	se := b.fails("many")
	if !se.Certain() || se.Line != 1 {
		t.Errorf("certain: %v, line %d: %v", se.Certain(), se.Line, se)
	}
}

func TestMalformedNumbers(t *testing.T) {
	for _, number := range []string{"1e", "1e+", "1..2"} {
		_, err := tryLoad(t, "\nlocal x = "+number+" \nfunction on_message() end")
		se := asScriptError(t, err)
		if se.Kind != KindSyntax || se.Line != 2 || !strings.Contains(se.Message, "near") {
			t.Errorf("%s: %s error in line %d: %s", number, se.Kind, se.Line, se.Message)
		}
	}
}
