package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// What an item of a format costs, in instructions: writing the digits of a very
// large or small number takes microseconds.
const (
	chargePerItem  = 2
	chargePerDigit = 8
)

// format is C's printf, with %q.
func (l *stringLib) format(L *lua.LState) int {
	f := checkText(L, 1)
	l.chargeBytes(L, len(f))
	top, arg := L.GetTop(), 1
	out := make([]byte, 0, len(f)+16)
	for {
		i := strings.IndexByte(f, '%')
		if i < 0 {
			break
		}
		out, f = append(out, f[:i]...), f[i+1:]
		if strings.HasPrefix(f, "%") {
			out, f = append(out, '%'), f[1:]
			l.vm.Charge(L, chargePerItem)
			continue
		}
		if arg++; arg > top {
			L.ArgError(arg, "no value")
		}
		sp, n, err := lstring.ParseSpec(f)
		if err != nil {
			L.RaiseError("%s", err.Error())
		}
		f = f[n:]
		out = l.item(L, out, sp, arg)
		l.checkLength(L, len(out))
	}
	out = append(out, f...)
	l.checkLength(L, len(out))
	L.Push(lua.LString(out))
	return 1
}

// item appends an item of a format.
func (l *stringLib) item(L *lua.LState, out []byte, sp lstring.Spec, arg int) []byte {
	l.vm.Charge(L, chargePerItem)
	switch sp.Verb {
	case 'c':
		return sp.AppendByte(out, checkNumber(L, arg))
	case 'd', 'i', 'o', 'u', 'x', 'X':
		return sp.AppendInteger(out, checkNumber(L, arg))
	case 'e', 'E', 'f', 'g', 'G':
		l.vm.Charge(L, chargePerDigit*sp.Precision())
		return sp.AppendFloat(out, checkNumber(L, arg))
	case 'q':
		s := checkText(L, arg)
		l.checkLength(L, len(out)+len(s))
		l.chargeBytes(L, 2*len(s))
		return lstring.AppendQuoted(out, s)
	case 's':
		s := l.held(L, out, arg)
		l.checkLength(L, len(out)+len(s))
		l.chargeBytes(L, len(s))
		return sp.AppendString(out, s)
	}
	L.RaiseError("%s", sp.Invalid().Error())
	return nil
}

// held is the text of an argument, where the function that makes it may run long.
func (l *stringLib) held(L *lua.LState, out []byte, arg int) string {
	v := L.Get(arg)
	if !lua.LVCanConvToString(v) {
		hold(L, heldBytes(cap(out)))
		defer L.Pop(1)
	}
	return l.toText(L, v)
}

// heldBytes are as many.
type heldBytes int

func (n heldBytes) weight() int64 { return int64(n) }

// toText is what tostring makes of a value. Lua 5.1's %s takes strings and numbers
// only, but its users expect this, which is later versions' too.
func (l *stringLib) toText(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	}
	switch v := L.ToStringMeta(v).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	}
	L.RaiseError("'__tostring' must return a string")
	return ""
}
