package luabind

import "testing"

func TestBit(t *testing.T) {
	wantLines(t, handle(t, `
print(bit.tobit(0xffffffff), bit.tobit(2 ^ 40 + 1), bit.tobit(-1), bit.bnot(0), bit.bor(1, 2, 4), bit.band(0x12345678, 0xff), bit.bxor(0xa5a5f0f0, 0xaa55ff00))
print(bit.lshift(1, 0), bit.lshift(1, 8), bit.lshift(1, 40), bit.rshift(256, 8), bit.rshift(-256, 24), bit.arshift(256, 8), bit.arshift(-256, 8))
print(bit.tohex(bit.rol(0x12345678, 12)), bit.tohex(bit.ror(0x12345678, 12)), bit.tohex(bit.bswap(0x12345678)), bit.tohex(0x12345678, 4), bit.tohex(-1, -2), bit.tohex(1))
print(bit32.bnot(0), bit32.band(), bit32.bor(), bit32.lshift(1, 31), bit32.lshift(1, 32), bit32.lshift(256, -4), bit32.rshift(2 ^ 32 - 1, 28), bit32.arshift(-1, 40), bit32.arshift(0x7fffffff, 30))
print(bit32.lrotate(0x80000001, 1), bit32.rrotate(1, 1), bit32.btest(12, 3), bit32.btest(12, 4), bit32.extract(0xABCD, 4, 8), bit32.replace(0xABCD, 5, 4, 4), bit32.extract(2 ^ 31, 31))
print(pcall(bit32.extract, 1, 32)) print(pcall(bit.bor, "x"))
print(bit.bor(0/0, 1/0), bit.band(1e300, 1), bit.lshift(1, 1e300), bit32.lshift(1, -1/0))`),
		"INFO -1\t1\t-1\t-1\t7\t120\t267390960",
		"INFO 1\t256\t256\t1\t255\t1\t-1",
		"INFO 45678123\t67812345\t78563412\t5678\tFF\t00000001",
		"INFO 4294967295\t4294967295\t0\t2147483648\t0\t16\t15\t4294967295\t1",
		"INFO 3\t2147483648\tfalse\ttrue\t188\t43869\t1",
		"INFO false\tscripts/bot.lua:8: the bits from 32 on, 1 of them, aren't all among the 32",
		"INFO false\tscripts/bot.lua:8: bad argument #1 (number expected, got string)",
		"INFO 0\t0\t1\t0")
}

func TestUTF8(t *testing.T) {
	wantLines(t, handle(t, `
print(utf8.char(72, 228, 8364, 128512), utf8.char(), utf8.len("Hä€😀"), utf8.len(""), utf8.len("\255"), utf8.len("ab\195"))
print(utf8.codepoint("Hä€😀", 1, -1)) print(utf8.codepoint("ä"), select("#", utf8.codepoint("abc", 3, 2)))
print(utf8.offset("Hä€😀", 1), utf8.offset("Hä€😀", 3), utf8.offset("Hä€😀", 5), utf8.offset("Hä€😀", 6), utf8.offset("Hä€😀", -1), utf8.offset("Hä€😀", 0, 3), utf8.offset("", 1))
for p, c in utf8.codes("aä€") do print(p, c) end
print(pcall(utf8.codepoint, "\255")) print(pcall(utf8.codepoint, "abc", 4)) print(pcall(utf8.char, -1)) print(pcall(utf8.char, 0x110000))
print(pcall(function() for p, c in utf8.codes("a\255") do end end))
print(pcall(utf8.offset, "ä", 1, 2)) print(utf8.len("abc", 4), utf8.len("äbc", 3), utf8.len("abc", -1), utf8.len("äb", 2))
local n = 0 for c in ("Hä€😀"):gmatch(utf8.charpattern) do n = n + #c end print(n)
print(utf8.len("\237\160\128"), utf8.len("\244\144\128\128"), utf8.len("\192\128"))`),
		"INFO Hä€😀\t\t4\t0\tnil\tnil\t3",
		"INFO 72\t228\t8364\t128512", "INFO 228\t0",
		"INFO 1\t4\t11\tnil\t7\t2\t1",
		"INFO 1\t97", "INFO 2\t228", "INFO 4\t8364",
		"INFO false\tscripts/bot.lua:7: invalid UTF-8 code",
		"INFO false\tscripts/bot.lua:7: bad argument #3 (out of range)",
		"INFO false\tscripts/bot.lua:7: bad argument #1 (value out of range)",
		"INFO false\tscripts/bot.lua:7: bad argument #1 (value out of range)",
		"INFO false\tscripts/bot.lua:8: invalid UTF-8 code",
		"INFO false\tscripts/bot.lua:9: initial position is a continuation byte",
		"INFO 0\t2\t1\tnil\t2", "INFO 10", "INFO 1\tnil\tnil\t1")
}
