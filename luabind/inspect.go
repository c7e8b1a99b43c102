package luabind

import (
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// What a written table is cut at.
const (
	inspectDepth = 5
	inspectItems = 100
	inspectBytes = 8 << 10
)

// inspect writes a value for a person: a string as it is, and a table with what
// is in it. Tables may contain themselves; large ones are cut. L, on which
// __tostring is called, may be nil: then it isn't.
func inspect(L *lua.LState, v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return string(s)
	}
	w := inspector{L: L}
	w.value(v, 0)
	return w.b.String()
}

type inspector struct {
	L    *lua.LState
	b    strings.Builder
	path []*lua.LTable // the tables that are being written
}

func (w *inspector) value(v lua.LValue, depth int) {
	if w.L != nil && v.Type() != lua.LTString && w.L.GetMetaField(v, "__tostring") != lua.LNil {
		w.b.WriteString(clipText(w.L.ToStringMeta(v).String(), inspectBytes))
		return
	}
	switch v := v.(type) {
	case lua.LString:
		s := string(v)
		if len(s) > inspectBytes {
			s = strings.ToValidUTF8(s[:inspectBytes], "") + "…"
		}
		w.b.WriteString(quote(s))
	case *lua.LTable:
		w.table(v, depth)
	case lua.LNumber:
		w.b.WriteString(numberText(v))
	case *lua.LUserData, *lua.LFunction, *lua.LState:
		w.b.WriteString(v.Type().String()) // addresses are nobody's business
	default:
		w.b.WriteString(v.String())
	}
}

func (w *inspector) table(t *lua.LTable, depth int) {
	switch {
	case slices.Contains(w.path, t):
		w.b.WriteString("{…itself…}")
		return
	case depth == inspectDepth:
		w.b.WriteString("{…}")
		return
	}
	w.path = append(w.path, t)
	defer func() { w.path = w.path[:len(w.path)-1] }()

	w.b.WriteByte('{')
	items := 0
	// next says whether there is room for one more item.
	next := func() bool {
		if items > 0 {
			w.b.WriteString(", ")
		}
		items++
		if items > inspectItems || w.b.Len() > inspectBytes {
			w.b.WriteString("…")
			return false
		}
		return true
	}
	// gopher-lua's length of a list with gaps is that of its last item.
	length := 0
	for t.RawGetInt(length+1) != lua.LNil {
		length++
		if !next() {
			w.b.WriteByte('}')
			return
		}
		w.value(t.RawGetInt(length), depth+1)
	}
	for _, k := range otherKeys(t, length) {
		if !next() {
			break
		}
		w.key(k, depth)
		w.value(t.RawGet(k), depth+1)
	}
	w.b.WriteByte('}')
}

func (w *inspector) key(k lua.LValue, depth int) {
	if s, ok := k.(lua.LString); ok && isName(string(s)) {
		w.b.WriteString(string(s) + " = ")
		return
	}
	w.b.WriteByte('[')
	if _, ok := k.(*lua.LTable); ok {
		w.b.WriteString("table")
	} else {
		w.value(k, depth+1)
	}
	w.b.WriteString("] = ")
}

// otherKeys returns the keys that aren't 1 to length, sorted so that the same
// table is always written alike.
func otherKeys(t *lua.LTable, length int) []lua.LValue {
	type sortable struct {
		value lua.LValue
		text  string
	}
	var keys []sortable
	t.ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok && n >= 1 && n <= lua.LNumber(length) && n == lua.LNumber(int(n)) {
			return
		}
		keys = append(keys, sortable{k, k.String()})
	})
	slices.SortFunc(keys, func(a, b sortable) int {
		if d := int(a.value.Type()) - int(b.value.Type()); d != 0 {
			return d
		}
		an, aok := a.value.(lua.LNumber)
		bn, bok := b.value.(lua.LNumber)
		if aok && bok && an != bn {
			if an < bn {
				return -1
			}
			return 1
		}
		return strings.Compare(a.text, b.text)
	})
	values := make([]lua.LValue, len(keys))
	for i, k := range keys {
		values[i] = k.value
	}
	return values
}

// numberText writes a number as Lua does: gopher-lua writes 1700000000.5 as
// 1.7000000005e+09.
func numberText(n lua.LNumber) string {
	f := float64(n)
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case f == math.Trunc(f) && math.Abs(f) < 1<<63:
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}

// quote writes a string as in a Lua source; what isn't ASCII stays readable.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

// isName reports whether s can be a field's name without brackets.
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}
