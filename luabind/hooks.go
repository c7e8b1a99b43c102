package luabind

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// hook is a global function that the script defines and the host calls.
type hook struct {
	name string
	// params are its parameters, for messages.
	params string
}

var (
	messageHook   = hook{name: "on_message", params: "msg"}
	interruptHook = hook{name: "on_interrupt", params: "msg"}
	sessionHook   = hook{name: "on_session_expired", params: "info"}
	suppressHook  = hook{name: "on_suppressed", params: "info"}
	startHook     = hook{name: "on_start", params: "info"}
	stopHook      = hook{name: "on_stop", params: "info"}
	errorHook     = hook{name: "on_error", params: "err, msg"}
)

// checkHooks finds out while loading what would fail once it is needed.
func (vm *VM) checkHooks() error {
	for _, h := range []hook{messageHook, interruptHook, sessionHook, suppressHook, startHook, stopHook, errorHook} {
		if _, err := vm.hook(h); err != nil {
			return err
		}
	}
	return vm.handlesMessages()
}

// hook returns the script's function, nil if it defines none.
func (vm *VM) hook(h hook) (*lua.LFunction, error) {
	switch v := vm.main.G.Global.RawGetString(h.name).(type) {
	case *lua.LFunction:
		return v, nil
	case *lua.LNilType:
		return nil, nil
	default:
		return nil, vm.errorAt(KindLoad, vm.sources.display, 0,
			fmt.Sprintf("%s is a %s and must be a function: function %s(%s) … end", h.name, v.Type(), h.name, h.params))
	}
}

// noteHooks notes what the host asks for without the VM's lock. The VM is locked.
func (vm *VM) noteHooks() {
	_, defined := vm.main.G.Global.RawGetString(interruptHook.name).(*lua.LFunction)
	vm.interruptible.Store(defined)
}

// callGlobal calls a function of the script's, on this goroutine and within the
// limits of a handler, and returns its first result; nil if the script defines
// none. ev is the message that it handles, which is its last argument; nil if it
// handles none. args, which may be nil, makes those before; it is called with the
// VM locked.
func (s *Sandbox) callGlobal(ctx context.Context, h hook, ev *Event, args func(vm *VM) []lua.LValue) (lua.LValue, error) {
	return s.callGlobalWith(ctx, h, ev, args, func(*run) {})
}

// callGlobalWith is callGlobal; prepare is called with the run before.
func (s *Sandbox) callGlobalWith(ctx context.Context, h hook, ev *Event, args func(vm *VM) []lua.LValue, prepare func(*run)) (lua.LValue, error) {
	r, err := s.begin(ctx, ev)
	if err != nil {
		return nil, err
	}
	defer s.end(r)
	vm := s.vm
	r.lock()
	defer vm.mu.Unlock()
	fn, err := vm.hook(h)
	if err != nil {
		return nil, err
	}
	if h == messageHook && !vm.routes.empty() {
		fn = vm.dispatcher
	}
	if fn == nil && h == messageHook {
		return nil, vm.handlesMessages()
	}
	if fn == nil {
		return lua.LNil, nil
	}
	var list []lua.LValue
	if args != nil {
		list = args(vm)
	}
	if h == messageHook {
		r.journal, r.slotted = &journaled{before: ev.Journal}, true
	}
	if ev != nil {
		msg, in := vm.newMessage(ev)
		id := messageID(ev.Message)
		vm.inFlight[id] = in
		defer func() {
			if vm.inFlight[id] == in {
				delete(vm.inFlight, id)
			}
		}()
		list = append(list, msg)
	}
	prepare(r)
	return vm.call(r, h.name, fn, list...)
}
