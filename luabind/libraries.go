package luabind

import lua "github.com/yuin/gopher-lua"

// lib says what of a library scripts get: functions of gopher-lua's own that are
// named here, and ours. Whatever isn't named isn't there.
type lib struct {
	// name is the library's global; the base library's functions are globals.
	name string
	// open makes gopher-lua's version.
	open lua.LGFunction
	// stock are the functions taken from it.
	stock []string
	// wrap, if set, goes around each of those.
	wrap func(lua.LGFunction) lua.LGFunction
	// own are ours, which go before stock ones.
	own map[string]lua.LGFunction
	// values are fields that aren't functions.
	values map[string]lua.LValue
}

// openLibraries gives a fresh VM its libraries.
func (vm *VM) openLibraries() {
	L := vm.main
	libs := []lib{
		baseLibrary(vm), stringLibrary(vm), tableLibrary(vm), mathLibrary(vm), osLibrary(vm), coroutineLibrary(vm),
		bitLibrary(), bit32Library(), utf8Library(vm),
	}

	// gopher-lua's libraries open themselves into the globals. What is wanted is
	// taken out of there, and the rest goes.
	for _, l := range libs {
		L.Push(L.NewFunction(l.open))
		L.Push(lua.LString(l.name))
		L.Call(1, 0)
	}
	opened := make(map[string]lua.LValue)
	global := L.G.Global
	global.ForEach(func(k, v lua.LValue) { opened[k.String()] = v })
	for name := range opened {
		global.RawSetString(name, lua.LNil)
	}
	L.G.Registry = L.CreateTable(0, 0) // gopher-lua's has room for much

	for _, l := range libs {
		from := opened[l.name]
		into := global
		if l.name != baseName {
			into = L.CreateTable(0, len(l.stock)+len(l.own)+len(l.values))
			global.RawSetString(l.name, into)
			vm.builtin[l.name] = into
		}
		for _, name := range l.stock {
			f := opened[name]
			if l.name != baseName {
				f = from.(*lua.LTable).RawGetString(name)
			}
			if l.wrap != nil {
				f = L.NewFunction(l.wrap(f.(*lua.LFunction).GFunction))
			}
			into.RawSetString(name, f)
		}
		for name, f := range l.own {
			into.RawSetString(name, L.NewFunction(f))
		}
		for name, v := range l.values {
			into.RawSetString(name, v)
		}
	}
	global.RawSetString("_G", global)
	vm.matcher = global.RawGetString("string").(*lua.LTable).RawGetString("match").(*lua.LFunction)
	vm.lockStrings()
}

// lockStrings gives strings their methods, and their arithmetic, through a metatable that scripts can't
// get at.
func (vm *VM) lockStrings() {
	L := vm.main
	mt := vm.functions(stringArithmetic())
	mt.RawSetString("__index", L.G.Global.RawGetString("string"))
	mt.RawSetString("__metatable", lua.LString("string"))
	L.SetMetatable(lua.LString(""), mt)
}
