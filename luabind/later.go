package luabind

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Later is a module that is opened when a script first uses it: few scripts use many,
// and each takes some kilobytes in each VM. Its Open must return a table as [VM.Table]
// makes it, and shouldn't fail; where it does, the script's use of it does.
func Later(m Module) Module { return laterModule{m} }

type laterModule struct{ Module }

// Open returns a table that becomes the module's.
func (m laterModule) Open(vm *VM) (lua.LValue, error) {
	view := vm.main.CreateTable(0, 0)
	view.Metatable = vm.unopened.metatable
	vm.unopened.modules[view] = m.Module
	return view, nil
}

// unopened are the modules of a VM that are still to be opened, by the tables that
// scripts have of them.
type unopened struct {
	modules   map[*lua.LTable]Module
	metatable *lua.LTable
}

func newUnopened(vm *VM) unopened {
	L := vm.main
	u := unopened{modules: make(map[*lua.LTable]Module), metatable: L.CreateTable(0, 3)}
	u.metatable.RawSetString("__metatable", lua.LString("module"))
	u.metatable.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		L.Push(L.GetTable(vm.openNow(L), L.Get(2)))
		return 1
	}))
	u.metatable.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		L.SetTable(vm.openNow(L), L.Get(2), L.Get(3))
		return 0
	}))
	return u
}

// openNow opens the module whose table is argument 1.
func (vm *VM) openNow(L *lua.LState) *lua.LTable {
	view := L.CheckTable(1)
	m := vm.unopened.modules[view]
	if m == nil {
		return view
	}
	value, err := vm.openModule(m)
	if err == nil {
		if t, ok := value.(*lua.LTable); ok {
			view.Metatable = t.Metatable
			delete(vm.unopened.modules, view)
			return view
		}
		err = fmt.Errorf("it is a %s", value.Type())
	}
	L.RaiseError("the module %q can't be opened: %v", m.Name(), err)
	return nil
}
