package luabind

import (
	"log/slog"

	lua "github.com/yuin/gopher-lua"
)

// baseName is the base library's name in gopher-lua.
const baseName = ""

// baseLibrary leaves out what loads code (load, loadstring, dofile, loadfile,
// module), what reaches into other functions (getfenv, setfenv, newproxy) and
// what acts on the whole process (collectgarbage, _printregs).
func baseLibrary(vm *VM) lib {
	return lib{
		name: baseName,
		open: lua.OpenBase,
		stock: []string{
			"getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget", "rawset",
			"select", "type",
		},
		own: map[string]lua.LGFunction{
			"assert":       baseAssert,
			"error":        baseError,
			"pcall":        vm.basePCall,
			"print":        vm.print,
			"require":      vm.require,
			"setmetatable": baseSetMetatable,
			"tonumber":     baseToNumber,
			"tostring":     baseToString,
			"unpack":       vm.unpack,
			"xpcall":       vm.baseXPCall,
		},
		values: map[string]lua.LValue{"_VERSION": lua.LString(lua.LuaVersion)},
	}
}

// baseAssert raises its second argument as it is, so that
// assert(msg:reply("…")) raises the error that reply returns; gopher-lua's takes
// texts only.
func baseAssert(L *lua.LState) int {
	L.CheckAny(1)
	if L.ToBool(1) {
		return L.GetTop()
	}
	noteRaised(L, raisedByScript)
	if problem := L.Get(2); problem != lua.LNil {
		L.Error(problem, 0)
	}
	L.RaiseError("assertion failed!")
	return 0
}

// baseError notes that the error is the script's own, and finds the position past
// the thread that a pcall has made.
func baseError(L *lua.LState) int {
	problem, level := L.Get(1), L.OptInt(2, 1)
	noteRaised(L, raisedByScript)
	if text, ok := problem.(lua.LString); ok && level > 0 {
		if at := positionAt(L, min(level, maxCalls)); at != "" {
			problem = lua.LString(at+" ") + text
		}
	}
	L.Error(problem, 0)
	return 0
}

// caught counts what an error has cost that a script caught.
func (vm *VM) caught(L *lua.LState) {
	if b := budgetOf(L); b != nil {
		b.countCaught()
	}
}

// baseSetMetatable takes tables only. gopher-lua's takes anything, and with it
// setmetatable(1, …) changes all numbers.
func baseSetMetatable(L *lua.LState) int {
	t := L.CheckTable(1)
	L.CheckTypes(2, lua.LTNil, lua.LTTable)
	if mt, ok := t.Metatable.(*lua.LTable); ok && mt.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = L.Get(2)
	L.SetTop(1)
	return 1
}

// baseToString writes numbers as Lua does.
func baseToString(L *lua.LState) int {
	v := L.CheckAny(1)
	if n, ok := v.(lua.LNumber); ok {
		L.Push(lua.LString(numberText(n)))
		return 1
	}
	L.Push(L.ToStringMeta(v))
	return 1
}

// print writes to the bot's log.
func (vm *VM) print(L *lua.LState) int {
	vm.log(L, slog.LevelInfo, 1, "\t")
	return 0
}
