// Package hex is the Lua module hex.
package hex

import (
	"encoding/hex"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module hex.
type Module struct{}

// Name returns "hex".
func (Module) Name() string { return "hex" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.Table("hex", map[string]lua.LGFunction{
		"encode": func(L *lua.LState) int {
			text := luabind.Text(L, 1, "hex.encode", "a text")
			vm.Charge(L, len(text)/8)
			vm.CheckLength(L, "hex.encode", 2*len(text))
			L.Push(lua.LString(hex.EncodeToString([]byte(text))))
			return 1
		},
		"decode": func(L *lua.LState) int {
			text := luabind.Text(L, 1, "hex.decode", "a text")
			vm.Charge(L, len(text)/8)
			data, err := hex.DecodeString(text)
			if err != nil {
				return vm.Fail(L, &luabind.HostError{Kind: "bad_hex", Message: "the text isn't hexadecimal: it has an even number of 0-9, a-f and A-F"})
			}
			L.Push(lua.LString(data))
			return 1
		},
	}, nil), nil
}
