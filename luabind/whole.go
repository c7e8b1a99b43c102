package luabind

import (
	"math"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
	lua "github.com/yuin/gopher-lua"
)

// checkInt is argument n without its fraction. One that is no int, which may have 32
// bits, ends at the largest or smallest: what Go makes of it differs from processor
// to processor.
func checkInt(L *lua.LState, n int) int { return lstring.Integer(float64(L.CheckNumber(n))) }

// optInt is checkInt with a value for an argument that is missing.
func optInt(L *lua.LState, n, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	return checkInt(L, n)
}

// checkInt64 is checkInt with 64 bits everywhere.
func checkInt64(L *lua.LState, n int) int64 {
	switch f := float64(L.CheckNumber(n)); {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(f)
	}
}
