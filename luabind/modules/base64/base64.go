// Package base64 is the Lua module base64.
package base64

import (
	"encoding/base64"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module base64.
type Module struct{}

// Name returns "base64".
func (Module) Name() string { return "base64" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.Table("base64", map[string]lua.LGFunction{
		"encode": func(L *lua.LState) int {
			text := luabind.Text(L, 1, "base64.encode", "a text")
			options := luabind.Options(L, 2, "base64.encode", "url", "padding")
			encoding := base64.StdEncoding
			if lua.LVAsBool(options.RawGetString("url")) {
				encoding = base64.URLEncoding
			}
			if options.RawGetString("padding") == lua.LFalse {
				encoding = encoding.WithPadding(base64.NoPadding)
			}
			vm.Charge(L, len(text)/8)
			vm.CheckLength(L, "base64.encode", encoding.EncodedLen(len(text)))
			L.Push(lua.LString(encoding.EncodeToString([]byte(text))))
			return 1
		},
		"decode": func(L *lua.LState) int {
			text := luabind.Text(L, 1, "base64.decode", "a text")
			vm.Charge(L, len(text)/4)
			data, err := decode(text)
			if err != nil {
				return vm.Fail(L, &luabind.HostError{Kind: "bad_base64", Message: "the text is no base64: " + err.Error()})
			}
			L.Push(lua.LString(data))
			return 1
		},
	}, nil), nil
}

// decode reads both alphabets, with padding or without, and in lines.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/", " ", "", "\n", "", "\r", "", "\t", "").Replace(text)
	if strings.HasSuffix(text, "=") {
		return base64.StdEncoding.DecodeString(text)
	}
	return base64.RawStdEncoding.DecodeString(text)
}
