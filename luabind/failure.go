package luabind

import (
	"context"
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// failureBinding makes the errors that functions return beside nil: tables with
// kind and message, which print as the message.
type failureBinding struct{ metatable *lua.LTable }

func newFailureBinding(vm *VM) failureBinding {
	mt := vm.functions(map[string]lua.LGFunction{
		"__tostring": func(L *lua.LState) int {
			L.Push(lua.LString(failureText(L.Get(1))))
			return 1
		},
		// So that "it failed: " .. err works.
		"__concat": func(L *lua.LState) int {
			L.Push(lua.LString(failureText(L.Get(1)) + failureText(L.Get(2))))
			return 1
		},
	})
	mt.RawSetString("__metatable", lua.LString("error"))
	return failureBinding{metatable: mt}
}

// failureText is what an operand of .. says.
func failureText(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		v = t.RawGetString("message")
	}
	if !lua.LVCanConvToString(v) {
		return v.Type().String()
	}
	return lua.LVAsString(v)
}

// Kinds of errors that aren't the host's.
const (
	failureOther       = "failed"
	failureTimeout     = "timeout"
	failureInterrupted = "interrupted"
	failureNoMedia     = "no_media"
	failureEmpty       = "empty_text"
	failureTooBig      = "too_large"
)

// failureOf says in a kind and a message why a host call failed.
func (r *run) failureOf(err error) (kind, message string) {
	err = Explain(err)
	var he *HostError
	switch {
	case errors.As(err, &he):
		kind, message = he.Kind, he.Message
		if message == "" {
			message = Advice(kind, "")
		}
	case errors.Is(err, ErrInterrupted), r != nil && r.look() && errors.Is(err, context.Canceled):
		kind, message = failureInterrupted, "the call was broken off, as the handler was interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		kind, message = failureTimeout, err.Error()
	default:
		kind, message = failureOther, err.Error()
	}
	return kind, strings.ToValidUTF8(message, "\uFFFD")
}

// failure makes the table for an error of a host call's.
func (vm *VM) failure(L *lua.LState, err error) *lua.LTable {
	var r *run
	if b := budgetOf(L); b != nil {
		b.failed = true
		r = b.run
	}
	kind, message := r.failureOf(err)
	if r != nil && kind == failureInterrupted {
		r.told = true
	}
	t := L.CreateTable(0, 3)
	t.RawSetString("kind", lua.LString(kind))
	t.RawSetString("message", lua.LString(message))
	t.Metatable = vm.failures.metatable
	return t
}

// fail returns nil and an error to the script.
func (vm *VM) fail(L *lua.LState, err error) int {
	L.Push(lua.LNil)
	L.Push(vm.failure(L, err))
	return 2
}
