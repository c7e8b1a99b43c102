package luabind

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// ErrInterrupted is the cause with which a host ends the context of
// [Sandbox.OnMessage] (see [context.CancelCauseFunc]) to interrupt a handler,
// because the user has written "stop", say. That doesn't kill it:
//
//   - The calls in which it waits are broken off: their context ends, and in Lua
//     they return nil and an error of kind "interrupted", if they return an error
//     at all.
//   - Calls that it makes from then on work as before, so that it can clean up
//     and say that it has stopped. Only if no call has failed, since a send is made
//     later instead, say, the next one that waits for the user does.
//   - ilink.cancelled() is true.
//
// It is still bounded by its limits, and stopped by [Sandbox.Close]. A context
// ends only once, so that nothing else can be told through it any more: the end
// of a context above it no longer reaches the handler.
//
// OnMessage returns nil once such a handler has returned. An error that it raises
// afterwards, maybe because it has not expected a call to fail, is a
// [*ScriptError] that wraps ErrInterrupted; so is the error if the interrupt came
// before the handler had begun.
var ErrInterrupted = errors.New("luabind: the handler was interrupted")

// HasInterrupt reports whether the script defined on_interrupt when one of its
// functions returned last. It never waits.
func (s *Sandbox) HasInterrupt() bool { return s.vm.interruptible.Load() }

// OnInterrupt calls the script's on_interrupt with a message that has come while
// an earlier one of the same conversation is being handled; ev is as for
// [Sandbox.OnMessage]. It runs on this goroutine, beside the handler and as soon as
// that waits for something, within limits of its own, and needs no place among
// [Limits.Handlers]. It does nothing if the script defines none.
//
// stop is what the script returned: the running handler should be interrupted,
// and the message is dealt with. The host does that; see [ErrInterrupted].
func (s *Sandbox) OnInterrupt(ctx context.Context, ev *Event) (stop bool, err error) {
	if ev == nil || ev.Message == nil {
		return false, errors.New("luabind: OnInterrupt needs an event with a message")
	}
	result, err := s.callGlobal(ctx, interruptHook, ev, nil)
	if err != nil {
		return false, err
	}
	return lua.LVAsBool(result), nil
}

// ilinkCancelled returns the message that waits behind the one being handled, or
// whether the handler should come to an end.
func (vm *VM) ilinkCancelled(L *lua.LState) int {
	b := budgetOf(L)
	if b == nil || b.run.loading {
		L.Push(lua.LFalse)
		return 1
	}
	r := b.run
	type state struct {
		Waiting *ilink.Message
		Stop    bool
	}
	// The host may need locks of its own. And a handler that asks in a loop lets
	// others run, on_interrupt among them.
	now, err := Do(vm, L, Call{Name: "ilink.cancelled"}, func(context.Context) (s state, _ error) {
		if r.event != nil && r.event.Waiting != nil {
			s.Waiting = r.event.Waiting()
		}
		s.Stop = r.look() || r.event != nil && r.event.Interrupted != nil && r.event.Interrupted()
		return s, nil
	})
	if err != nil {
		L.RaiseError("ilink.cancelled: %v", err)
	}
	waiting, cancelled := now.Waiting, now.Stop
	r.told = r.told || cancelled
	if waiting == nil {
		L.Push(lua.LBool(cancelled))
		return 1
	}
	if r.waiting != waiting { // else the same table as before
		r.waiting = waiting
		r.shown, _ = vm.newMessage(&Event{Message: waiting})
	}
	L.Push(r.shown)
	return 1
}
