package json

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// encoder writes a value. What can't be written is the script's mistake, and is
// raised with its place.
type encoder struct {
	b      *binding
	L      *lua.LState
	indent int
	out    []byte
	above  map[*lua.LTable]bool // the tables that are being written
	path   []lua.LValue         // the keys down to here
}

// refuse raises what is wrong with the value here.
func (e *encoder) refuse(format string, args ...any) {
	var where strings.Builder
	where.WriteString("the value")
	for _, k := range e.path {
		if s, ok := k.(lua.LString); ok {
			k = lua.LString(strconv.Quote(string(s)))
		}
		where.WriteString("[" + k.String() + "]")
	}
	luabind.Mistake(e.L, "json.encode: "+where.String()+" "+format, args...)
}

func (e *encoder) value(v lua.LValue) {
	e.b.vm.Charge(e.L, 4)
	switch v := v.(type) {
	case *lua.LNilType:
		e.out = append(e.out, "null"...)
	case lua.LBool:
		e.out = strconv.AppendBool(e.out, bool(v))
	case lua.LNumber:
		e.number(float64(v))
	case lua.LString:
		e.string(string(v))
	case *lua.LTable:
		e.table(v)
	default:
		if v != e.b.null {
			e.refuse("is a %s, and has no form in JSON", v.Type())
		}
		e.out = append(e.out, "null"...)
	}
	e.b.vm.CheckLength(e.L, "json.encode", len(e.out))
}

// number writes as few digits as tell the number from all others.
func (e *encoder) number(f float64) {
	form, size := byte('f'), math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		e.refuse("is the number %v, which has no form in JSON", f)
	case size != 0 && (size < 1e-6 || size >= 1e21):
		form = 'e'
	}
	e.out = strconv.AppendFloat(e.out, f, form, -1, 64)
}

func (e *encoder) string(s string) {
	if !utf8.ValidString(s) {
		e.refuse("is no UTF-8 text: base64.encode makes one of bytes")
	}
	n := len(s) + 2
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '\n', c == '\r', c == '\t':
			n++
		case c < ' ' || c == 0x7f:
			n += 5
		}
	}
	e.b.vm.CheckLength(e.L, "json.encode", len(e.out)+n)
	e.b.vm.Charge(e.L, n/8)
	e.out = slices.Grow(e.out, n)
	e.out = append(e.out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			e.out = append(e.out, '\\', c)
		case c == '\n':
			e.out = append(e.out, `\n`...)
		case c == '\r':
			e.out = append(e.out, `\r`...)
		case c == '\t':
			e.out = append(e.out, `\t`...)
		case c < ' ' || c == 0x7f:
			e.out = append(e.out, `\u00`...)
			e.out = append(e.out, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		default:
			e.out = append(e.out, c)
		}
	}
	e.out = append(e.out, '"')
}

func (e *encoder) table(t *lua.LTable) {
	switch {
	case e.above[t]:
		e.refuse("contains itself")
	case len(e.path) == maxDepth:
		e.path = nil
		e.refuse("is nested deeper than %d tables", maxDepth)
	}
	e.above[t] = true
	if n, list := e.listLength(t); list {
		e.list(t, n)
	} else {
		e.object(t)
	}
	delete(e.above, t)
}

// listLength tells lists from objects, and how long they are.
func (e *encoder) listLength(t *lua.LTable) (n int, list bool) {
	highest, names := 0, false
	var name lua.LValue
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		e.b.vm.Charge(e.L, 2)
		i, ok := k.(lua.LNumber)
		switch {
		case k.Type() == lua.LTString:
			names, name = true, k
			continue
		case !ok:
			e.refuse("has a key that is a %s; keys are texts", k.Type())
		case i < 1 || i != lua.LNumber(math.Trunc(float64(i))) || i > math.MaxInt32:
			e.refuse("has the number %s as a key: write tostring(%s), or keep a list", i, i)
		}
		n++
		highest = max(highest, int(i))
	}
	switch {
	case names && n > 0:
		e.refuse("has numbers and names as keys, such as %d and %q: it is either a list or an object", highest, name.String())
	case highest > n:
		e.refuse("is a list with gaps: it has %d values, and the last is number %d; json.null keeps a place that is empty, and tostring makes names of numbers", n, highest)
	case names && e.b.isList(t):
		e.refuse("is a json.array, and has the name %q as a key", name.String())
	}
	return n, n > 0 || !names && e.b.isList(t)
}

func (e *encoder) list(t *lua.LTable, n int) {
	e.out = append(e.out, '[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out = append(e.out, ',')
		}
		e.path = append(e.path, lua.LNumber(i))
		e.line(len(e.path))
		e.value(t.RawGetInt(i))
		e.path = e.path[:len(e.path)-1]
	}
	if n > 0 {
		e.line(len(e.path))
	}
	e.out = append(e.out, ']')
}

// object writes the members in the order in which they were set.
func (e *encoder) object(t *lua.LTable) {
	e.out = append(e.out, '{')
	first := true
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		e.path = append(e.path, k)
		e.line(len(e.path))
		e.string(string(k.(lua.LString)))
		e.out = append(e.out, ':')
		if e.indent > 0 {
			e.out = append(e.out, ' ')
		}
		e.value(v)
		e.path = e.path[:len(e.path)-1]
	}
	if !first {
		e.line(len(e.path))
	}
	e.out = append(e.out, '}')
}

// line begins a line at a depth, if lines are wanted.
func (e *encoder) line(depth int) {
	if e.indent > 0 {
		e.out = append(e.out, '\n')
		e.out = append(e.out, strings.Repeat(" ", e.indent*depth)...)
	}
}
