package luabind

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// utf8Library is Lua 5.3's utf8. Like that it takes surrogates, which Go's own
// functions don't.
func utf8Library(vm *VM) lib {
	u := utf8Functions{vm: vm}
	return lib{
		name: "utf8", open: noLibrary,
		own: map[string]lua.LGFunction{
			"char": u.char, "codepoint": u.codepoint, "codes": u.codes, "len": u.len, "offset": u.offset,
		},
		values: map[string]lua.LValue{"charpattern": lua.LString("[%z\x01-\x7F\xC2-\xF4][\x80-\xBF]*")},
	}
}

type utf8Functions struct{ vm *VM }

const largestCode = 0x10FFFF

func continuation(b byte) bool { return b&0xC0 == 0x80 }

// decodeCode reads the character that s begins with; n is 0 if that is none.
func decodeCode(s string) (code rune, n int) {
	if s == "" {
		return 0, 0
	}
	least := rune(0)
	switch b := s[0]; {
	case b < 0x80:
		return rune(b), 1
	case b >= 0xC0 && b < 0xE0:
		code, n, least = rune(b&0x1F), 2, 0x80
	case b >= 0xE0 && b < 0xF0:
		code, n, least = rune(b&0x0F), 3, 0x800
	case b >= 0xF0 && b < 0xF8:
		code, n, least = rune(b&0x07), 4, 0x10000
	default:
		return 0, 0
	}
	if len(s) < n {
		return 0, 0
	}
	for i := 1; i < n; i++ {
		if !continuation(s[i]) {
			return 0, 0
		}
		code = code<<6 | rune(s[i]&0x3F)
	}
	if code < least || code > largestCode {
		return 0, 0
	}
	return code, n
}

func encodeCode(b *strings.Builder, c rune) {
	switch {
	case c < 0x80:
		b.WriteByte(byte(c))
	case c < 0x800:
		b.Write([]byte{0xC0 | byte(c>>6), 0x80 | byte(c&0x3F)})
	case c < 0x10000:
		b.Write([]byte{0xE0 | byte(c>>12), 0x80 | byte(c>>6&0x3F), 0x80 | byte(c&0x3F)})
	default:
		b.Write([]byte{0xF0 | byte(c>>18), 0x80 | byte(c>>12&0x3F), 0x80 | byte(c>>6&0x3F), 0x80 | byte(c&0x3F)})
	}
}

// bytePosition takes an optional position, where -1 is the last byte; it is clamped to
// where no string reaches.
func bytePosition(L *lua.LState, n int, length, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	f := float64(L.CheckNumber(n))
	if f != math.Trunc(f) {
		L.ArgError(n, "number has no integer representation")
	}
	i := int(max(math.MinInt32, min(math.MaxInt32, f)))
	if i >= 0 {
		return i
	}
	return max(0, length+i+1)
}

func (u utf8Functions) char(L *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		c := L.CheckNumber(i)
		if c < 0 || c > largestCode || c != lua.LNumber(int(c)) {
			L.ArgError(i, "value out of range")
		}
		encodeCode(&b, rune(c))
	}
	u.vm.Charge(L, L.GetTop())
	L.Push(lua.LString(b.String()))
	return 1
}

func (u utf8Functions) codepoint(L *lua.LState) int {
	s := L.CheckString(1)
	first := bytePosition(L, 2, len(s), 1)
	last := bytePosition(L, 3, len(s), first)
	if first < 1 {
		L.ArgError(2, "out of range")
	}
	if last > len(s) {
		L.ArgError(3, "out of range")
	}
	if last-first >= maxUnpacked*4 {
		L.RaiseError("registry overflow")
	}
	count := 0
	for i := first - 1; i < last; {
		code, n := decodeCode(s[i:])
		if n == 0 {
			L.RaiseError("invalid UTF-8 code")
		}
		L.Push(lua.LNumber(code))
		count++
		i += n
	}
	u.vm.Charge(L, count)
	return count
}

func (u utf8Functions) len(L *lua.LState) int {
	s := L.CheckString(1)
	first, last := bytePosition(L, 2, len(s), 1), bytePosition(L, 3, len(s), len(s))
	if first < 1 || first > len(s)+1 {
		L.ArgError(2, "initial position out of string")
	}
	if last > len(s) {
		L.ArgError(3, "final position out of string")
	}
	u.vm.Charge(L, max(0, last-first)/16)
	count := 0
	for i := first - 1; i < last; {
		_, n := decodeCode(s[i:])
		if n == 0 {
			L.Push(lua.LNil)
			L.Push(lua.LNumber(i + 1))
			return 2
		}
		i += n
		count++
	}
	L.Push(lua.LNumber(count))
	return 1
}

func (u utf8Functions) offset(L *lua.LState) int {
	s := L.CheckString(1)
	f := L.CheckNumber(2)
	n := int(max(math.MinInt32, min(math.MaxInt32, f)))
	start := len(s) + 1
	if n >= 0 {
		start = 1
	}
	i := bytePosition(L, 3, len(s), start) - 1
	if i < 0 || i > len(s) {
		L.ArgError(3, "position out of range")
	}
	at := func(i int) bool { return i < len(s) && continuation(s[i]) }
	before := i
	switch {
	case n == 0:
		for i > 0 && at(i) {
			i--
		}
	case at(i):
		L.RaiseError("initial position is a continuation byte")
	case n < 0:
		for n < 0 && i > 0 {
			i--
			for i > 0 && at(i) {
				i--
			}
			n++
		}
	default:
		n--
		for n > 0 && i < len(s) {
			i++
			for at(i) {
				i++
			}
			n--
		}
	}
	u.vm.Charge(L, max(i-before, before-i)/16)
	if n != 0 {
		L.Push(lua.LNil)
	} else {
		L.Push(lua.LNumber(i + 1))
	}
	return 1
}

func (u utf8Functions) codes(L *lua.LState) int {
	L.CheckString(1)
	L.Push(L.NewFunction(nextCode))
	L.Push(L.Get(1))
	L.Push(lua.LNumber(0))
	return 3
}

// nextCode is the iterator of codes.
func nextCode(L *lua.LState) int {
	s, i := L.CheckString(1), checkInt(L, 2)
	if i < 0 || i > len(s) {
		return 0
	}
	for i > 0 && i < len(s) && continuation(s[i]) { // i is one more than the last one's index
		i++
	}
	if i >= len(s) {
		return 0
	}
	code, n := decodeCode(s[i:])
	if n == 0 || i+n < len(s) && continuation(s[i+n]) {
		L.RaiseError("invalid UTF-8 code")
	}
	L.Push(lua.LNumber(i + 1))
	L.Push(lua.LNumber(code))
	return 2
}
