package luabind

import (
	"context"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Why a script starts or stops.
const (
	ReasonStart  = "start"  // the program has started, or the bot was added
	ReasonReload = "reload" // the script was changed
	ReasonStop   = "stop"   // the program ends, or the bot was removed
)

// OnStart calls the script's on_start, when it has become the one that gets the
// messages, and OnStop its on_stop, when it gets no more; reason is one of the Reason
// constants. They do nothing if the script defines none. Handlers may run beside
// them.
func (s *Sandbox) OnStart(ctx context.Context, reason string) error {
	return s.lifecycle(ctx, startHook, reason)
}

// OnStop is described at [Sandbox.OnStart].
func (s *Sandbox) OnStop(ctx context.Context, reason string) error {
	return s.lifecycle(ctx, stopHook, reason)
}

func (s *Sandbox) lifecycle(ctx context.Context, h hook, reason string) error {
	_, err := s.callGlobal(ctx, h, nil, func(vm *VM) []lua.LValue {
		t := vm.main.CreateTable(0, 2)
		t.RawSetString("bot", lua.LString(vm.bot))
		t.RawSetString("reason", lua.LString(reason))
		return []lua.LValue{t}
	})
	return err
}

// OnError calls the script's on_error, when a handler has failed for good, with the
// failure, and with what it handled if that was a message; ev may be nil. It does
// nothing if the script defines none.
func (s *Sandbox) OnError(ctx context.Context, ev *Event, failure error) error {
	_, err := s.callGlobal(ctx, errorHook, ev, func(vm *VM) []lua.LValue {
		t := vm.main.CreateTable(0, 6)
		set := func(name, text string) {
			if text != "" {
				t.RawSetString(name, lua.LString(strings.ToValidUTF8(text, "\uFFFD")))
			}
		}
		set("kind", failureOther)
		set("message", failure.Error())
		var se *ScriptError
		if errors.As(failure, &se) {
			set("kind", se.Kind)
			set("message", se.Message)
			set("file", se.File)
			set("limit", se.Limit)
			set("traceback", se.Traceback)
			if se.Line > 0 {
				t.RawSetString("line", lua.LNumber(se.Line))
			}
		}
		t.Metatable = vm.failures.metatable
		return []lua.LValue{t}
	})
	return err
}
