package luabind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// Sandbox is a loaded script in its VM. Its methods may be called at any time
// from any goroutine.
type Sandbox struct {
	vm *VM

	mu      sync.Mutex
	runs    map[*run]struct{}
	closed  bool
	closing chan struct{} // closed once no new handlers are taken
	gone    chan struct{} // closed once, beyond that, none is running
}

// Load compiles the script and runs it once, in a fresh VM and within the limits.
// What is the script's fault is a [*ScriptError].
func Load(ctx context.Context, cfg Config) (*Sandbox, error) {
	if cfg.Host == nil {
		return nil, errors.New("luabind: Config.Host is missing")
	}
	vm := newVM(ctx, cfg)
	if err := vm.load(ctx, cfg); err != nil {
		vm.close()
		return nil, err
	}
	return &Sandbox{
		vm:      vm,
		runs:    make(map[*run]struct{}),
		closing: make(chan struct{}),
		gone:    make(chan struct{}),
	}, nil
}

// load opens the modules and runs the entry file.
func (vm *VM) load(ctx context.Context, cfg Config) error {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	if err := vm.restoreState(cfg.State); err != nil {
		return err
	}
	if err := vm.openModules(cfg.Modules); err != nil {
		return err
	}
	display := vm.sources.display
	text, err := vm.sources.readEntry(vm.limits.SourceBytes)
	if err != nil {
		return vm.errorAt(KindLoad, display, 0, readProblem(err))
	}
	proto, err := vm.compile(display, text)
	if err != nil {
		return err
	}
	r := vm.newLoading(ctx)
	defer r.release()
	if _, err := vm.call(r, "the file", vm.main.NewFunctionFromProto(proto)); err != nil {
		return err
	}
	if err := vm.tooHeavy(); err != nil {
		return err
	}
	vm.nameFunctions()
	if vm.noBot {
		return nil
	}
	return vm.checkHooks()
}

// close frees the VM; no Lua code may run any more.
func (vm *VM) close() {
	vm.mu.Lock()
	defer vm.mu.Unlock()
	vm.main.Close()
}

// OnMessage calls the script's on_message with ev, on this goroutine, and returns
// when it has returned. Where too many handlers are running it waits for one to
// end. A fault of the script's is a [*ScriptError]; so is its being stopped, by
// the end of ctx (which then is in the error) or by [Sandbox.Close].
//
// A ctx that ends with the cause [ErrInterrupted] interrupts the handler instead;
// see there.
func (s *Sandbox) OnMessage(ctx context.Context, ev *Event) error {
	if ev == nil || ev.Message == nil {
		return errors.New("luabind: OnMessage needs an event with a message")
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = s.callGlobal(ctx, messageHook, ev, nil)
	return err
}

// enter takes a place among the handlers, and waits for one if need be.
func (s *Sandbox) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.vm.slots <- struct{}{}:
	case <-s.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("luabind: wait for a handler to end: %w", context.Cause(ctx))
	}
	leave = func() { <-s.vm.slots }
	if errors.Is(context.Cause(ctx), ErrInterrupted) {
		leave()
		return nil, fmt.Errorf("luabind: before the handler began: %w", ErrInterrupted)
	}
	return leave, nil
}

// Run calls f as a handler is called: on this goroutine, with the VM locked and
// within its limits; name is what tracebacks call it. It is for modules that keep
// functions of the script's and call them later, with [CallFunction]. f may use
// the VM's values as long as it runs.
func (s *Sandbox) Run(ctx context.Context, name string, f func(L *lua.LState)) error {
	r, err := s.begin(ctx, nil)
	if err != nil {
		return err
	}
	defer s.end(r)
	r.lock()
	defer s.vm.mu.Unlock()
	_, err = s.vm.call(r, name, s.vm.main.NewFunction(func(L *lua.LState) int {
		f(L)
		return 0
	}))
	return err
}

// begin counts a handler in.
func (s *Sandbox) begin(ctx context.Context, ev *Event) (*run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	r := s.vm.newRun(ctx, ev)
	s.runs[r] = struct{}{}
	return r, nil
}

// end counts it out.
func (s *Sandbox) end(r *run) {
	r.release()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.runs, r)
	if s.closed && len(s.runs) == 0 {
		s.vm.close()
		close(s.gone)
	}
}

// Running returns how many handlers are under way.
func (s *Sandbox) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.runs)
}

// Close takes no more messages and waits for the running handlers. When ctx ends
// it stops them, with an error of kind "killed", and waits until they are gone. It
// may be called again, and then waits too. The error says that handlers had to be
// stopped.
func (s *Sandbox) Close(ctx context.Context) error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
		if len(s.runs) == 0 {
			s.vm.close()
			close(s.gone)
		}
	}
	s.mu.Unlock()

	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	n := len(s.runs)
	for r := range s.runs {
		r.stop(&stopReason{kind: KindKilled, message: r.what() + " was stopped: the script is being closed"})
	}
	s.mu.Unlock()
	<-s.gone
	if n == 0 {
		return nil
	}
	return fmt.Errorf("luabind: %d handlers had to be stopped: %w", n, context.Cause(ctx))
}

// Files returns the absolute paths of all source files read so far: the entry
// file and those that were required.
func (s *Sandbox) Files() []string {
	src := s.vm.sources
	src.mu.Lock()
	defer src.mu.Unlock()
	return slices.Clone(src.files)
}
