// Package vmjson lets modules use the module json of their VM, so that a script
// sees lists, null and long numbers in one way everywhere.
package vmjson

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// JSON is a VM's module json.
type JSON struct{ encode, decode *lua.LFunction }

// Of returns the json of a VM, for a module that is being opened. json must have
// been opened before.
func Of(vm *luabind.VM) (JSON, error) {
	L := vm.State()
	module := L.G.Global.RawGetString("json")
	if module == lua.LNil {
		return JSON{}, errors.New("it needs the module json, which must be listed before it")
	}
	var j JSON
	j.encode, _ = L.GetField(module, "encode").(*lua.LFunction)
	j.decode, _ = L.GetField(module, "decode").(*lua.LFunction)
	if j.encode == nil || j.decode == nil {
		return JSON{}, errors.New("the module json has no encode or decode")
	}
	return j, nil
}

// Encode is json.encode: what can't be written raises an error.
func (j JSON) Encode(L *lua.LState, v lua.LValue) string {
	return luabind.CallFunction(L, j.encode, v).String()
}

// Decode is json.decode: it returns a value, or nil and a failure.
func (j JSON) Decode(L *lua.LState, text string) (v, failure lua.LValue) {
	L.Push(j.decode)
	L.Push(lua.LString(text))
	L.Call(1, 2)
	v, failure = L.Get(-2), L.Get(-1)
	L.Pop(2)
	return v, failure
}
