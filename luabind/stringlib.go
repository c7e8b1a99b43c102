package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxString is the longest string, in bytes, that one call may make.
const maxString = 8 << 20

// stringLibrary leaves out dump, which there is no use for without load.
func stringLibrary() lib {
	return lib{
		name: lua.StringLibName,
		open: lua.OpenString,
		stock: []string{
			"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "reverse", "sub", "upper",
		},
		own: map[string]lua.LGFunction{"rep": stringRep},
	}
}

func stringRep(L *lua.LState) int {
	s, n := L.CheckString(1), L.CheckInt(2)
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	if n > maxString/len(s) {
		L.RaiseError("string.rep: the result would be longer than %s", byteSize(maxString))
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}
