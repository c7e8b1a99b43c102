package luabind

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// baseToNumber reads numbers as Lua does: gopher-lua's knows no 1e5.
func baseToNumber(L *lua.LState) int {
	base := optInteger(L, 2, 10)
	var f float64
	ok := false
	if base == 10 {
		switch v := L.CheckAny(1).(type) {
		case lua.LNumber:
			f, ok = float64(v), true
		case lua.LString:
			chargeParse(L, v)
			f, ok = lstring.ParseNumber(string(v))
		}
	} else {
		s := checkText(L, 1)
		if base < 2 || base > 36 {
			L.ArgError(2, "base out of range")
		}
		chargeParse(L, lua.LString(s))
		f, ok = lstring.ParseInteger(s, base)
	}
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(f))
	return 1
}
