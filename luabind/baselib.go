package luabind

import (
	"errors"
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
			"select", "tonumber", "type", "unpack",
		},
		own: map[string]lua.LGFunction{
			"assert":       baseAssert,
			"error":        baseError,
			"pcall":        basePCall,
			"print":        vm.print,
			"require":      vm.require,
			"setmetatable": baseSetMetatable,
			"tostring":     baseToString,
			"xpcall":       baseXPCall,
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

// baseError is gopher-lua's, and notes that the error is the script's own.
func baseError(L *lua.LState) int {
	problem, level := L.CheckAny(1), L.OptInt(2, 1)
	noteRaised(L, raisedByScript)
	L.Error(problem, level)
	return 0
}

// basePCall is gopher-lua's, and counts what a failure costs.
func basePCall(L *lua.LState) int {
	f := L.CheckAny(1)
	if f.Type() != lua.LTFunction && L.GetMetaField(f, "__call").Type() != lua.LTFunction {
		L.Push(lua.LFalse)
		L.Push(lua.LString("attempt to call a " + f.Type().String() + " value"))
		return 2
	}
	if err := L.PCall(L.GetTop()-1, lua.MultRet, nil); err != nil {
		return pushCaught(L, err)
	}
	L.Insert(lua.LTrue, 1)
	return L.GetTop()
}

// baseXPCall is gopher-lua's, and counts what a failure costs.
func baseXPCall(L *lua.LState) int {
	f, handler := L.CheckFunction(1), L.CheckFunction(2)
	top := L.GetTop()
	L.Push(f)
	if err := L.PCall(0, lua.MultRet, handler); err != nil {
		return pushCaught(L, err)
	}
	L.Insert(lua.LTrue, top+1)
	return L.GetTop() - top
}

// pushCaught returns false and an error to the script.
func pushCaught(L *lua.LState, err error) int {
	if b := budgetOf(L); b != nil {
		b.countCaught()
	}
	L.Push(lua.LFalse)
	var ae *lua.ApiError
	if errors.As(err, &ae) {
		L.Push(ae.Object)
	} else {
		L.Push(lua.LString(err.Error()))
	}
	return 2
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
