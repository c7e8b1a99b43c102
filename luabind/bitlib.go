package luabind

import (
	"fmt"
	"math"
	"math/bits"

	lua "github.com/yuin/gopher-lua"
)

// bitLibrary is LuaJIT's bit: operations on 32 bits, with signed results.
func bitLibrary() lib {
	signed := func(n uint32) lua.LNumber { return lua.LNumber(int32(n)) }
	own := bitFunctions(signed, func(n int) int { return n & 31 })
	own["tobit"] = bitOne(signed, func(n uint32) uint32 { return n })
	own["bswap"] = bitOne(signed, bits.ReverseBytes32)
	own["rol"] = bitShift(signed, func(n int) int { return n & 31 }, func(x uint32, n int) uint32 { return bits.RotateLeft32(x, n) })
	own["ror"] = bitShift(signed, func(n int) int { return n & 31 }, func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) })
	own["tohex"] = bitToHex
	return lib{name: "bit", open: noLibrary, own: own}
}

// bit32Library is Lua 5.2's bit32, with unsigned results.
func bit32Library() lib {
	unsigned := func(n uint32) lua.LNumber { return lua.LNumber(n) }
	own := bitFunctions(unsigned, func(n int) int { return n })
	own["lrotate"] = bitShift(unsigned, func(n int) int { return n & 31 }, func(x uint32, n int) uint32 { return bits.RotateLeft32(x, n) })
	own["rrotate"] = bitShift(unsigned, func(n int) int { return n & 31 }, func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) })
	own["btest"] = func(L *lua.LState) int {
		L.Push(lua.LBool(bitFold(L, math.MaxUint32, func(a, b uint32) uint32 { return a & b }) != 0))
		return 1
	}
	own["extract"] = func(L *lua.LState) int {
		x := checkBits(L, 1)
		at, mask := checkField(L, 2)
		L.Push(unsigned(x >> at & mask))
		return 1
	}
	own["replace"] = func(L *lua.LState) int {
		x, v := checkBits(L, 1), checkBits(L, 2)
		at, mask := checkField(L, 3)
		L.Push(unsigned(x&^(mask<<at) | (v&mask)<<at))
		return 1
	}
	return lib{name: "bit32", open: noLibrary, own: own}
}

// noLibrary opens what gopher-lua has no version of.
func noLibrary(*lua.LState) int { return 0 }

// bitFunctions are those of both libraries. result makes the number, and shift
// says what a shift's distance means.
func bitFunctions(result func(uint32) lua.LNumber, shift func(int) int) map[string]lua.LGFunction {
	fold := func(start uint32, f func(a, b uint32) uint32) lua.LGFunction {
		return func(L *lua.LState) int {
			L.Push(result(bitFold(L, start, f)))
			return 1
		}
	}
	left := func(x uint32, n int) uint32 {
		switch {
		case n >= 32 || n <= -32:
			return 0
		case n < 0:
			return x >> -n
		}
		return x << n
	}
	return map[string]lua.LGFunction{
		"band":   fold(math.MaxUint32, func(a, b uint32) uint32 { return a & b }),
		"bor":    fold(0, func(a, b uint32) uint32 { return a | b }),
		"bxor":   fold(0, func(a, b uint32) uint32 { return a ^ b }),
		"bnot":   bitOne(result, func(n uint32) uint32 { return ^n }),
		"lshift": bitShift(result, shift, left),
		"rshift": bitShift(result, shift, func(x uint32, n int) uint32 { return left(x, -n) }),
		"arshift": bitShift(result, shift, func(x uint32, n int) uint32 {
			if n < 0 {
				return left(x, -n)
			}
			return uint32(int32(x) >> min(n, 31))
		}),
	}
}

func bitFold(L *lua.LState, start uint32, f func(a, b uint32) uint32) uint32 {
	n := start
	for i := 1; i <= L.GetTop(); i++ {
		n = f(n, checkBits(L, i))
	}
	return n
}

func bitOne(result func(uint32) lua.LNumber, f func(uint32) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		L.Push(result(f(checkBits(L, 1))))
		return 1
	}
}

func bitShift(result func(uint32) lua.LNumber, shift func(int) int, f func(x uint32, n int) uint32) lua.LGFunction {
	return func(L *lua.LState) int {
		x, n := checkBits(L, 1), max(math.MinInt32, min(1<<31-32, L.CheckNumber(2))) // ends that are 0 modulo 32
		L.Push(result(f(x, shift(int(n)))))
		return 1
	}
}

// checkBits takes a number modulo 2^32.
func checkBits(L *lua.LState, n int) uint32 {
	f := float64(L.CheckNumber(n))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	f = math.Mod(math.RoundToEven(f), 1<<32)
	if f < 0 {
		f += 1 << 32
	}
	return uint32(uint64(f))
}

// checkField takes the arguments that name a field of bits.
func checkField(L *lua.LState, n int) (at int, mask uint32) {
	at, width := checkInt(L, n), optInt(L, n+1, 1)
	if at < 0 || width < 1 || at > 31 || width > 32 || at+width > 32 {
		L.RaiseError("the bits from %d on, %d of them, aren't all among the 32", at, width)
	}
	return at, math.MaxUint32 >> (32 - width)
}

func bitToHex(L *lua.LState) int {
	x, n := checkBits(L, 1), optInt(L, 2, 8)
	form := "%0*x"
	if n < 0 {
		form, n = "%0*X", -max(n, -8)
	}
	n = min(n, 8)
	text := fmt.Sprintf(form, 8, x)
	L.Push(lua.LString(text[8-n:]))
	return 1
}
