package luabind

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// The functions here take arguments as Lua 5.1 does: numbers for strings, written
// as tostring writes them, and strings for numbers. gopher-lua's own write some
// numbers otherwise and read others not at all.

func checkText(L *lua.LState, n int) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	}
	L.TypeError(n, lua.LTString)
	return ""
}

func optText(L *lua.LState, n int, otherwise string) string {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	return checkText(L, n)
}

func checkNumber(L *lua.LState, n int) float64 {
	switch v := L.Get(n).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		chargeParse(L, v)
		if f, ok := lstring.ParseNumber(string(v)); ok {
			return f
		}
	}
	L.TypeError(n, lua.LTNumber)
	return 0
}

// chargeParse charges the reading of a number.
func chargeParse(L *lua.LState, s lua.LString) {
	if b := budgetOf(L); b != nil && len(s) > 64 {
		b.charge(L, len(s)/8)
	}
}

func checkInteger(L *lua.LState, n int) int { return lstring.Integer(checkNumber(L, n)) }

func optInteger(L *lua.LState, n, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	return checkInteger(L, n)
}

// position makes a position that may count from the end of a string one that
// counts from its start; what is before the start is 0.
func position(i, length int) int {
	if i < 0 {
		i += length + 1
	}
	return max(i, 0)
}
