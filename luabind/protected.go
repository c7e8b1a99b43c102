package luabind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// basePCall runs the function on a thread of its own. gopher-lua's runs it on the
// caller's, and when it fails cuts the caller's local variables off from the
// functions that share them.
func (vm *VM) basePCall(L *lua.LState) int {
	f := L.CheckAny(1)
	if f.Type() != lua.LTFunction && L.GetMetaField(f, "__call") == lua.LNil {
		L.Push(lua.LFalse)
		L.Push(lua.LString("attempt to call a " + f.Type().String() + " value"))
		return 2
	}
	args := make([]lua.LValue, 0, 8)
	for i := 2; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	L.Push(lua.LTrue) // comes before the results
	n, problem := vm.protected(L, f, args)
	if problem != nil {
		L.Push(lua.LFalse)
		L.Push(problem)
		return 2
	}
	return 1 + n
}

// baseXPCall is pcall with a function that is called with the error. Since there
// are no tracebacks for scripts, it may be called when all is over.
func (vm *VM) baseXPCall(L *lua.LState) int {
	f, handler := L.CheckFunction(1), L.CheckFunction(2)
	args := make([]lua.LValue, 0, 8)
	for i := 3; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	L.Push(lua.LTrue)
	n, problem := vm.protected(L, f, args)
	if problem == nil {
		return 1 + n
	}
	L.Push(lua.LFalse)
	n, worse := vm.protected(L, handler, []lua.LValue{problem})
	switch {
	case worse != nil:
		L.Push(worse)
	case n == 0:
		L.Push(lua.LNil)
	default:
		L.Pop(n - 1)
	}
	return 2
}

// protected calls f on a thread of its own. It pushes the results and returns how
// many they are, or returns the error. The end of the run isn't one that scripts
// may catch: it goes on.
func (vm *VM) protected(L *lua.LState, f lua.LValue, args []lua.LValue) (n int, problem lua.LValue) {
	b := budgetOf(L)
	if b == nil { // no script runs here
		top := L.GetTop()
		if err := L.CallByParam(lua.P{Fn: f, NRet: lua.MultRet, Protect: true}, args...); err != nil {
			return 0, lua.LString(err.Error())
		}
		return L.GetTop() - top, nil
	}
	th := vm.newThread()
	b.push(L, th, nil)
	problem = guarded(th, f, args)
	b.pop(L)
	if problem != nil {
		// Closures may still share variables with its stack, which isn't used again.
		vm.putThread(th, false)
		if b.hit {
			b.end(L)
		}
		b.countCaught()
		b.check(L)
		return 0, positioned(L, f, problem)
	}
	n = th.GetTop()
	for i := range n {
		L.Push(th.Get(i + 1))
	}
	th.SetTop(0)
	vm.putThread(th, true)
	if b.hit {
		b.end(L)
	}
	return n, nil
}

// guarded calls f on th, which is idle, and returns the error if it fails.
func guarded(th *lua.LState, f lua.LValue, args []lua.LValue) (problem lua.LValue) {
	previous := th.Panic
	defer func() {
		if p := recover(); p != nil {
			problem = problemOf(th, p)
		}
		th.Panic = previous
	}()
	// gopher-lua would write a traceback.
	th.Panic = func(L *lua.LState) { panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1)}) }
	th.Push(f)
	for _, a := range args {
		th.Push(a)
	}
	th.Call(len(args), lua.MultRet)
	return nil
}

// positioned adds where the script is to an error of a function of Go's that was
// called directly: on its thread there was no script, and gopher-lua has left a
// space for the position.
func positioned(L *lua.LState, f, problem lua.LValue) lua.LValue {
	text, ok := problem.(lua.LString)
	if fn, is := f.(*lua.LFunction); !ok || !is || !fn.IsG || !strings.HasPrefix(string(text), " ") {
		return problem
	}
	// Nor is there a caller that would know its name.
	return lua.LString(positionAt(L, 0) + strings.Replace(string(text), " to main chunk (", " (", 1))
}

// problemOf is the error value for what was thrown on th.
func problemOf(th *lua.LState, thrown any) lua.LValue {
	if ae, ok := thrown.(*lua.ApiError); ok {
		return ae.Object
	}
	// Raising an error cuts variables off from the stack, so that functions keep
	// them; panics of gopher-lua's and of the host's don't.
	func() {
		defer func() { _ = recover() }()
		th.RaiseError("%v", thrown)
	}()
	return lua.LString(panicText(thrown))
}

// panicText is what a script sees of a panic.
func panicText(thrown any) string {
	text := fmt.Sprint(thrown)
	if strings.Contains(text, "callstack overflow") {
		return "stack overflow"
	}
	return text
}
