package luabind

import (
	"math"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/arith"
	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// stringArithmetic are the metamethods by which strings are numbers in arithmetic.
// gopher-lua has none, and reads numbers as Go does: there "017" + 1 is 16, and
// "1_000" is a number.
func stringArithmetic() map[string]lua.LGFunction {
	methods := map[string]lua.LGFunction{"__unm": func(L *lua.LState) int {
		n, ok := operand(L, L.Get(1))
		if !ok {
			L.RaiseError("__unm undefined")
		}
		L.Push(-n)
		return 1
	}}
	for name, f := range map[string]func(a, b float64) float64{
		"add": func(a, b float64) float64 { return a + b },
		"sub": func(a, b float64) float64 { return a - b },
		"mul": func(a, b float64) float64 { return a * b },
		"div": func(a, b float64) float64 { return a / b },
		"pow": math.Pow,
		"mod": arith.Mod,
	} {
		methods["__"+name] = func(L *lua.LState) int {
			left, right := L.Get(1), L.Get(2)
			a, aok := operand(L, left)
			b, bok := operand(L, right)
			if aok && bok {
				L.Push(lua.LNumber(f(float64(a), float64(b))))
				return 1
			}
			// The other operand may be a table that can be added to.
			for _, v := range []lua.LValue{left, right} {
				if method := L.GetMetaField(v, "__"+name); v.Type() != lua.LTString && method != lua.LNil {
					L.SetTop(2)
					L.Insert(method, 1)
					L.Call(2, 1)
					return 1
				}
			}
			L.RaiseError("cannot perform %s operation between %s and %s", name, left.Type(), right.Type())
			return 0
		}
	}
	return methods
}

// operand reads a number or a string as one.
func operand(L *lua.LState, v lua.LValue) (lua.LNumber, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return v, true
	case lua.LString:
		chargeParse(L, v)
		f, ok := lstring.ParseNumber(string(v))
		return lua.LNumber(f), ok
	}
	return 0, false
}

// readingNumbers has a function of gopher-lua's get numbers for strings that are
// some, as it would read them otherwise.
func readingNumbers(f lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		for i := range L.GetTop() {
			if s, ok := L.Get(i + 1).(lua.LString); ok {
				if n, ok := operand(L, s); ok {
					L.Replace(i+1, n)
				}
			}
		}
		return f(L)
	}
}

// forNumber is what a numeric loop takes for a value: see [compile.Options].
func forNumber(L *lua.LState) int {
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		L.Push(v)
		return 1
	case lua.LString:
		if n, ok := lstring.ParseNumber(string(v)); ok {
			L.Push(lua.LNumber(n))
			return 1
		}
	}
	L.RaiseError("for statement %s must be a number", L.ToString(2))
	return 0
}
