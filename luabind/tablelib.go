package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// tableLibrary is gopher-lua's but for concat.
func tableLibrary() lib {
	return lib{
		name:  lua.TabLibName,
		open:  lua.OpenTable,
		stock: []string{"getn", "insert", "maxn", "remove", "sort"},
		own:   map[string]lua.LGFunction{"concat": tableConcat},
	}
}

// tableConcat builds the string in Go: gopher-lua's puts all items on the stack,
// which ends with "registry overflow" where there are many.
func tableConcat(L *lua.LState) int {
	t, sep := L.CheckTable(1), L.OptString(2, "")
	first, last := L.OptInt(3, 1), L.OptInt(4, t.Len())
	var b strings.Builder
	for i := first; i <= last; i++ {
		v := t.RawGetInt(i)
		if !lua.LVCanConvToString(v) {
			L.RaiseError("table.concat: item %d is a %s; only strings and numbers can be joined", i, v.Type())
		}
		if i > first {
			b.WriteString(sep)
		}
		b.WriteString(lua.LVAsString(v))
		if b.Len() > maxString {
			L.RaiseError("table.concat: the result would be longer than %s", byteSize(maxString))
		}
		if i == last {
			break // last may be the largest integer
		}
	}
	L.Push(lua.LString(b.String()))
	return 1
}
