package luabind

import (
	"context"
	"reflect"
	"runtime"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// coroutine is what we keep of a coroutine. It is the thread's context while that
// isn't running; then the context is the budget of the run that has resumed it.
type coroutine struct {
	context.Context
	fn *lua.LFunction
	// wanted is how many values its last yield is to return, -1 for any number.
	wanted int
}

// coroutines is the coroutine library of a VM. gopher-lua's overflows the Go stack
// when two coroutines resume each other, loses sight of limits in coroutines made
// earlier, and mixes up its stacks when one yields from where that can't work.
type coroutines struct {
	vm *VM
	// create and resume are gopher-lua's.
	create, resume lua.LGFunction
	// starter makes a Lua function of a function of Go's.
	starter *lua.FunctionProto
	// sites says of call stacks of Go's whether a coroutine may yield there.
	sites map[[yieldDepth]uintptr]bool
}

// coroutineStarter is a function that calls another in its place: a coroutine can't
// begin with one of Go's.
const coroutineStarter = "local f = ... return function(...) return f(...) end"

func coroutineLibrary(vm *VM) lib {
	c := &coroutines{vm: vm, sites: make(map[[yieldDepth]uintptr]bool)}
	return lib{
		name: lua.CoroutineLibName,
		open: func(L *lua.LState) int {
			lua.OpenCoroutine(L)
			t := L.CheckTable(L.GetTop())
			c.create = t.RawGetString("create").(*lua.LFunction).GFunction
			c.resume = t.RawGetString("resume").(*lua.LFunction).GFunction
			return 1
		},
		own: map[string]lua.LGFunction{
			"create": c.coCreate, "resume": c.coResume, "wrap": c.coWrap, "yield": c.coYield,
			"status": c.coStatus, "running": c.coRunning, "isyieldable": c.coIsYieldable,
		},
	}
}

// newCoroutine is how many instructions making a coroutine counts as.
const newCoroutine = 200

func (c *coroutines) coCreate(L *lua.LState) int {
	L.Push(c.make(L, L.CheckFunction(1)))
	return 1
}

// make makes a coroutine's thread, on the main one: that has no context which it
// would inherit.
func (c *coroutines) make(L *lua.LState, fn *lua.LFunction) *lua.LState {
	c.vm.Charge(L, newCoroutine)
	if fn.IsG {
		fn = c.started(L, fn)
	}
	m := c.vm.main
	m.SetTop(0)
	m.Push(fn)
	c.create(m)
	th := m.CheckThread(m.GetTop())
	m.SetTop(0)
	th.SetContext(&coroutine{Context: c.vm.base, fn: fn, wanted: -1})
	return th
}

// started returns a Lua function that calls fn.
func (c *coroutines) started(L *lua.LState, fn *lua.LFunction) *lua.LFunction {
	if c.starter == nil {
		c.starter, _ = c.vm.compile("[G]", coroutineStarter) // as if it was one of Go's
	}
	L.Push(L.NewFunctionFromProto(c.starter))
	L.Push(fn)
	L.Call(1, 1)
	made := L.CheckFunction(L.GetTop())
	L.Pop(1)
	return made
}

func (c *coroutines) coResume(L *lua.LState) int {
	th := L.CheckThread(1)
	n, refused := c.run(L, th)
	if refused != "" {
		L.Push(lua.LFalse)
		L.Push(lua.LString(refused))
		return 2
	}
	if L.Get(-n) == lua.LFalse {
		c.vm.caught(L)
	}
	return n
}

// coWrap returns a function that resumes. The thread is an upvalue, so that what
// the script holds can be seen.
func (c *coroutines) coWrap(L *lua.LState) int {
	th := c.make(L, L.CheckFunction(1))
	L.Push(L.NewClosure(c.resumeWrapped, th))
	return 1
}

func (c *coroutines) resumeWrapped(L *lua.LState) int {
	th := L.Get(lua.UpvalueIndex(1)).(*lua.LState)
	L.Insert(th, 1)
	n, refused := c.run(L, th)
	if refused != "" {
		L.RaiseError("%s", refused)
	}
	if L.Get(-n) == lua.LFalse {
		L.Error(L.Get(-1), 0)
	}
	return n - 1
}

// run resumes th with the arguments after the first. It pushes what resume returns
// and returns how many that are, or says why that can't be.
func (c *coroutines) run(L *lua.LState, th *lua.LState) (n int, refused string) {
	b := budgetOf(L)
	if b == nil {
		L.RaiseError("coroutines work in scripts only")
	}
	co, ok := th.Context().(*coroutine)
	switch {
	case !ok && th.Context() == context.Context(b):
		return 0, "cannot resume a coroutine that is running"
	case !ok:
		return 0, "cannot resume a coroutine that another handler is running: make one for each message"
	case th.Dead:
		return 0, "cannot resume dead coroutine"
	}
	if co.wanted >= 0 {
		// gopher-lua puts the arguments where the results of yield belong, and leaves
		// those that are missing invalid, which a nil pointer panics over.
		L.SetTop(1 + co.wanted)
	}
	b.push(L, th, co)
	L.G.CurrentThread = L // gopher-lua's resume changes it
	defer func() {
		b.pop(L)
		th.SetContext(co)
	}()
	n = c.resume(L)
	if b.hit {
		b.end(L)
	}
	if L.Get(-n) == lua.LFalse {
		if text, ok := L.Get(-1).(lua.LString); ok && len(text) < 200 {
			if text := panicText(string(text)); text == "stack overflow" {
				L.Pop(1)
				L.Push(lua.LString(text))
			}
		}
	}
	return n, ""
}

func (c *coroutines) coYield(L *lua.LState) int {
	b := budgetOf(L)
	if b == nil || len(b.chain) == 0 {
		L.RaiseError("attempt to yield from outside a coroutine")
	}
	if b.chain[len(b.chain)-1].co == nil {
		if b.coroutine() != nil {
			L.RaiseError("attempt to yield across a pcall: a coroutine can't yield in a function that it calls with pcall or xpcall")
		}
		L.RaiseError("attempt to yield from outside a coroutine")
	}
	if !c.plain() {
		L.RaiseError("attempt to yield across a metamethod, an iterator, or a function of the host such as table.sort")
	}
	b.chain[len(b.chain)-1].co.wanted = wantedResults(L)
	return -1 // which is how gopher-lua's yields
}

// wantedResults is how many results the running function of Go's is to return, -1
// for any number. gopher-lua keeps it to itself.
func wantedResults(L *lua.LState) int {
	d, _ := L.GetStack(0)
	return int(reflect.ValueOf(d).Elem().FieldByName("frame").Elem().FieldByName("NRet").Int())
}

// coroutine returns the innermost one that runs, nil if none does.
func (b *budget) coroutine() *lua.LState {
	for i := len(b.chain) - 1; i >= 0; i-- {
		if b.chain[i].co != nil {
			return b.chain[i].thread
		}
	}
	return nil
}

// yieldDepth is how many functions of Go's are looked at.
const yieldDepth = 12

// plain reports whether the coroutine's Lua code was called by nothing but Lua code.
// Where a function of Go's stands between, yielding would leave it with the stack
// of another state. gopher-lua doesn't tell, but Go's own stack does.
func (c *coroutines) plain() bool {
	var stack [yieldDepth]uintptr
	n := runtime.Callers(2, stack[:])
	if ok, known := c.sites[stack]; known {
		return ok
	}
	ok := false
	frames := runtime.CallersFrames(stack[:n])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, ".threadRun") {
			ok = true
			break
		}
		if strings.HasSuffix(f.Function, ".callR") || !more {
			break
		}
	}
	if len(c.sites) < 1000 { // there are a few dozen
		c.sites[stack] = ok
	}
	return ok
}

func (c *coroutines) coStatus(L *lua.LState) int {
	th := L.CheckThread(1)
	status := "suspended"
	b := budgetOf(L)
	switch ctx := th.Context().(type) {
	case *budget:
		status = "running"
		if ctx == b && b.coroutine() != th {
			status = "normal"
		}
	default:
		if th.Dead {
			status = "dead"
		}
	}
	L.Push(lua.LString(status))
	return 1
}

func (c *coroutines) coRunning(L *lua.LState) int {
	if b := budgetOf(L); b != nil {
		if th := b.coroutine(); th != nil {
			L.Push(th)
			return 1
		}
	}
	L.Push(lua.LNil)
	return 1
}

func (c *coroutines) coIsYieldable(L *lua.LState) int {
	b := budgetOf(L)
	L.Push(lua.LBool(b != nil && len(b.chain) > 0 && b.chain[len(b.chain)-1].co != nil && c.plain()))
	return 1
}
