package luabind

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Module is how a Go program adds a module to scripts. One value serves all VMs
// of a sandbox's configuration; what is per VM belongs into what Open makes.
type Module interface {
	// Name is the global under which scripts find the module, and its name for
	// require.
	Name() string
	// Open is called once per VM, while loading, and returns the module's value,
	// usually a table of functions.
	Open(vm *VM) (lua.LValue, error)
}

// openModules opens our own modules and then those of the configuration.
func (vm *VM) openModules(extra []Module) error {
	for _, m := range append([]Module{Later(ilinkModule{})}, extra...) {
		name := m.Name()
		if !isModuleName(name) {
			return fmt.Errorf("luabind: %q is no name for a module: use letters, digits and _", name)
		}
		if vm.main.G.Global.RawGetString(name) != lua.LNil {
			return fmt.Errorf("luabind: the module %q can't be added: the name is taken", name)
		}
		value, err := vm.openModule(m)
		if err != nil {
			return fmt.Errorf("luabind: open the module %q: %w", name, err)
		}
		vm.builtin[name] = value
		vm.main.G.Global.RawSetString(name, value)
	}
	return nil
}

func (vm *VM) openModule(m Module) (value lua.LValue, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	value, err = m.Open(vm)
	if err == nil && (value == nil || value == lua.LNil) {
		err = fmt.Errorf("it returned no value")
	}
	return value, err
}

// functions returns a table of Go functions.
func (vm *VM) functions(funcs map[string]lua.LGFunction) *lua.LTable {
	t := vm.main.CreateTable(0, len(funcs))
	for name, f := range funcs {
		t.RawSetString(name, vm.main.NewFunction(f))
	}
	return t
}

// locked is a view of a table that scripts can read and not change by accident:
// reading a field that isn't there and assigning to any are errors that name
// it. path is what scripts call the table, such as "ilink.log".
func (vm *VM) locked(path string, fields *lua.LTable) *lua.LTable {
	L := vm.main
	inner := L.CreateTable(0, 1)
	inner.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2).String()
		if near := nearest(key, fieldNames(fields)); near != "" {
			raiseMistake(L, "%s.%s does not exist; did you mean %s.%s?", path, key, path, near)
		}
		raiseMistake(L, "%s.%s does not exist", path, key)
		return 0
	}))
	fields.Metatable = inner

	view := L.CreateTable(0, 0)
	mt := L.CreateTable(0, 3)
	mt.RawSetString("__index", fields)
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		if t, ok := fields.RawGet(L.Get(2)).(*lua.LTable); ok && t.Metatable == lua.LNil {
			raiseMistake(L, "%s.%s can't be assigned; put values into it, as in %s.%s.name = …", path, L.Get(2).String(), path, L.Get(2).String())
		}
		raiseMistake(L, "%s.%s can't be assigned: %s belongs to the host; keep your own values in a table of your own",
			path, L.Get(2).String(), path)
		return 0
	}))
	mt.RawSetString("__metatable", lua.LString(path))
	view.Metatable = mt
	return view
}

func fieldNames(t *lua.LTable) []string {
	var names []string
	t.ForEach(func(k, _ lua.LValue) { names = append(names, k.String()) })
	return names
}
