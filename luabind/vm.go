package luabind

import (
	"context"
	crand "crypto/rand"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/compile"
)

func init() {
	// An assignment such as t[67108863] = 1 makes gopher-lua allocate an array up
	// to that index: 3.8 GB by default. Beyond this index it uses a hash instead.
	// The setting is the library's, for the whole process.
	lua.MaxArrayIndex = 1 << 20
}

// VM is one Lua VM: what a [Module] gets to work with.
type VM struct {
	bot    string
	host   Host
	limits Limits

	// mu is held by the goroutine that runs Lua code or touches Lua values.
	mu   sync.Mutex
	main *lua.LState // runs no script; the handlers' threads are made from it
	// spare are threads that handlers have left, for further ones.
	spare []*lua.LState

	now     func() time.Time
	entropy func(p []byte) (n int, err error)
	began   time.Time // when the VM was made
	noBot   bool

	// base is the context for work outside any run.
	base context.Context

	// slots has one taken by each handler; waiting for the user takes none.
	slots chan struct{}
	// matcher is string.match.
	matcher *lua.LFunction
	// routes are what the script has registered, and dispatcher goes by them.
	routes     routes
	dispatcher *lua.LFunction

	compiler compile.Options
	lines    *lineCounter // nil if lines aren't counted
	sources  *sources
	required map[string]*required
	// fault is the last file that require found faulty: in Lua it is raised as a
	// plain string, which doesn't tell a syntax error from others.
	fault    *ScriptError
	builtin  map[string]lua.LValue // modules made in Go, by name
	unopened unopened
	messages messageBinding
	media    mediaBinding
	failures failureBinding
	inFlight map[string]*inbound // messages being handled, by id
	results  resultBinding
	timers   timerBinding
	state    *lua.LTable // ilink.state

	watchdog *Watchdog
	memory   vmMemory
	budgets  map[*budget]struct{} // of the runs under way

	// interruptible says whether on_interrupt was defined when a script ended last.
	interruptible atomic.Bool
}

// options make a VM small (33 KB instead of 162) and bound its stacks: Lua calls
// nest 400 deep, and one thread holds 32k values.
func options() lua.Options {
	return lua.Options{
		SkipOpenLibs:        true,
		MinimizeStackMemory: true,
		CallStackSize:       maxCalls,
		RegistrySize:        128,
		RegistryMaxSize:     32 << 10,
		RegistryGrowStep:    1024,
	}
}

// maxCalls is how deep Lua calls nest.
const maxCalls = 400

// newVM makes a VM with the libraries, without any module.
func newVM(ctx context.Context, cfg Config) *VM {
	vm := &VM{
		bot:      cfg.Name,
		host:     cfg.Host,
		limits:   cfg.Limits.OrDefaults(),
		main:     lua.NewState(options()),
		noBot:    cfg.NoBot,
		base:     context.WithoutCancel(ctx),
		sources:  newSources(cfg.Script),
		required: make(map[string]*required),
		builtin:  make(map[string]lua.LValue),
		inFlight: make(map[string]*inbound),
		now:      cfg.Now,
		entropy:  cfg.Entropy,
		began:    time.Now(),
		watchdog: cfg.Watchdog,
		budgets:  make(map[*budget]struct{}),
	}
	if vm.watchdog == nil {
		vm.watchdog = new(Watchdog)
	}
	vm.memory.allowed.Store(vm.limits.Memory)
	// Else it is the first thread that runs something, and is kept for ever.
	vm.main.G.MainThread, vm.main.G.CurrentThread = vm.main, vm.main
	if vm.now == nil {
		vm.now = time.Now
	}
	if vm.entropy == nil {
		vm.entropy = crand.Read
	}
	vm.compiler = compile.Options{Concat: vm.main.NewFunction(vm.concat), ForNumber: vm.main.NewFunction(forNumber)}
	if cfg.Coverage != nil {
		vm.lines = newLineCounter(vm.main, cfg.Coverage)
		vm.compiler.Count = vm.lines.statement
	}
	vm.dispatcher = vm.main.NewFunction(vm.dispatch)
	vm.slots = make(chan struct{}, vm.limits.Handlers)
	vm.openLibraries()
	vm.unopened = newUnopened(vm)
	vm.failures = newFailureBinding(vm)
	vm.results = newResultBinding(vm)
	vm.media = newMediaBinding(vm)
	vm.messages = newMessageBinding(vm)
	vm.timers = newTimerBinding(vm)
	return vm
}

// Bot returns the bot's name.
func (vm *VM) Bot() string { return vm.bot }

// Now returns the time as scripts see it: [Config.Now].
func (vm *VM) Now() time.Time { return vm.now() }

// Host returns what scripts' wishes go to.
func (vm *VM) Host() Host { return vm.host }

// State returns the VM's main state, for making tables and functions. It may be
// used while the module is opened, and not later: functions then use the state
// that they are called with.
func (vm *VM) State() *lua.LState { return vm.main }

// Context returns the ordinary context of the handler that calls. It ends when
// the handler is stopped or interrupted, and is what blocking work should get.
// Once the handler was interrupted, it is another, which ends only when the
// handler is stopped: what is started then works.
func (vm *VM) Context(L *lua.LState) context.Context {
	if b := budgetOf(L); b != nil {
		return b.run.context()
	}
	return vm.base
}

// Block gives up the VM while f runs, so that other handlers go on meanwhile. f
// gets the handler's context and must not touch L or any Lua value. A handler
// that was stopped, before or meanwhile, doesn't return from Block: it raises
// the reason. One that was interrupted meanwhile does return: f sees its context
// end with [ErrInterrupted], and should return that as the call's error.
func (vm *VM) Block(L *lua.LState, f func(ctx context.Context)) {
	vm.check(L)
	vm.unlocked(L, func() { f(vm.Context(L)) })
	vm.check(L)
}

// unlocked runs f without the lock. Whatever f does, the lock is held again
// afterwards: a panic may end in a script's pcall, which runs on.
func (vm *VM) unlocked(L *lua.LState, f func()) {
	current := L.G.CurrentThread
	b := budgetOf(L)
	if b != nil {
		b.run.pause()
		b.run.beWeighed() // it may wait for long
	}
	vm.mu.Unlock()
	defer func() {
		if b != nil {
			b.run.lock()
			b.run.resume()
		} else {
			vm.mu.Lock()
		}
		L.G.CurrentThread = current
	}()
	f()
}

// check raises why the handler must end, if it must.
func (vm *VM) check(L *lua.LState) {
	b := budgetOf(L)
	if b == nil {
		return
	}
	b.run.look() // a host call may see its context end before the kill flag is up
	if why := b.run.stopped.Load(); why != nil {
		b.note()
		L.RaiseError("%s", why.message)
	}
}

// event returns the message that the caller handles, nil if it handles none.
func (vm *VM) event(L *lua.LState) *Event {
	if b := budgetOf(L); b != nil {
		return b.run.event
	}
	return nil
}

// handling raises an error while the file is being loaded: a file that fails to
// load must have done nothing.
func (vm *VM) handling(L *lua.LState, function string) {
	if b := budgetOf(L); b == nil || b.run.loading {
		L.RaiseError("%s works in handlers only, and the file is still being loaded: call it in on_message", function)
	}
}

// spareThreads is how many threads a VM keeps: making one costs more than all
// else about a short handler, mostly for tables that gopher-lua throws away.
const spareThreads = 4

// newThread takes or makes a Lua thread, which has no context yet.
func (vm *VM) newThread() *lua.LState {
	if n := len(vm.spare); n > 0 {
		th := vm.spare[n-1]
		vm.spare = vm.spare[:n-1]
		return th
	}
	// The main state has no context, so no cancel function comes along.
	th, _ := vm.main.NewThread()
	return th
}

// putThread keeps a thread or frees it. Closures may still share variables with
// the stack of one in which an error was raised: gopher-lua doesn't cut them off
// in all cases.
func (vm *VM) putThread(th *lua.LState, clean bool) {
	th.RemoveContext()
	if clean && len(vm.spare) < spareThreads {
		vm.spare = append(vm.spare, th)
		return
	}
	th.Close()
}

// call calls fn on a thread of its own for r, and returns fn's first result. The
// VM is locked.
func (vm *VM) call(r *run, name string, fn *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	if err := vm.tooHeavy(); err != nil {
		return nil, err
	}
	th := vm.newThread()
	b := &budget{run: r, left: vm.limits.Instructions}
	b.chain = append(b.chain, link{thread: th})
	th.SetContext(b)
	vm.budgets[b] = struct{}{}
	clean := false
	previous := vm.main.G.CurrentThread
	vm.main.G.CurrentThread = th
	r.resume()
	defer func() {
		r.pause()
		vm.main.G.CurrentThread = previous
		vm.putThread(th, clean)
		delete(vm.budgets, b)
		why := r.stopped.Load()
		vm.settle(why != nil && why.limit == LimitMemory)
		vm.noteHooks()
	}()
	err := th.CallByParam(lua.P{Fn: fn, NRet: 1, Protect: true}, args...)
	if why := r.journal.finished(); err == nil && why != nil {
		r.stop(why)
		b.hit = true
	}
	// A pcall may have swallowed the end, and a function of Go's may have put its
	// own words around it: what counts is that the end was met.
	if b.hit {
		return nil, vm.stoppedError(b, err, name)
	}
	if err != nil {
		return nil, vm.scriptError(b, err, name)
	}
	result := th.Get(-1)
	th.Pop(1)
	clean = true
	return result, nil
}
