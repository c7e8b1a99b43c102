// Package env is the Lua module env: the environment variables that the operator
// lets a bot's script read.
package env

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module env.
type Module struct{ variables map[string]*string }

// New makes the module of the variables that may be read, nil for one that isn't
// set.
func New(variables map[string]*string) Module { return Module{variables} }

// Name returns "env".
func (Module) Name() string { return "env" }

// Open makes a table with get, and with the variables as further fields. They can't
// be listed: what prints or sends a whole table must not tell secrets.
func (m Module) Open(vm *luabind.VM) (lua.LValue, error) {
	L := vm.State()
	fields := L.CreateTable(0, 1)
	fields.RawSetString("get", L.NewFunction(m.get))
	variables := L.CreateTable(0, 1)
	variables.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.Push(m.value(L, L.Get(2).String()))
		return 1
	}))
	fields.Metatable = variables

	env, mt := L.CreateTable(0, 0), L.CreateTable(0, 3)
	mt.RawSetString("__index", fields)
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		luabind.Mistake(L, "env.%s can't be assigned: environment variables can only be read", L.Get(2).String())
		return 0
	}))
	mt.RawSetString("__metatable", lua.LString("env"))
	env.Metatable = mt
	return env, nil
}

// get returns a variable, or the second argument if it isn't set.
func (m Module) get(L *lua.LState) int {
	name := luabind.Text(L, 1, "env.get", `the name of a variable, such as "OPENAI_API_KEY"`)
	v := m.value(L, name)
	if v == lua.LNil {
		v = L.Get(2)
	}
	L.Push(v)
	return 1
}

func (m Module) value(L *lua.LState, name string) lua.LValue {
	v, allowed := m.variables[name]
	switch {
	case !allowed:
		luabind.Mistake(L, "the script may not read the environment variable %s: name it in runtime.toml, [bot.allow] env = [%q], or give ilinkd dev --env %s", name, name, name)
	case v != nil:
		return lua.LString(*v)
	}
	return lua.LNil
}
