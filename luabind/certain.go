package luabind

import (
	"fmt"
	"regexp"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Certain reports whether the same message would, as far as one can tell, fail
// in the same way until the script is changed: at a fault that Lua itself found
// (nil was called or indexed, a table added to a number, calls without end), at a
// misspelt name of ours, at a file that require can't find or that is no Lua, and
// at the instruction limit. Trying again is pointless then.
//
// Not so at an error that the script raised or a host's function did, at the wall
// limit, when the handler was stopped or interrupted, and when a call of the
// host's failed before: what was nil may have been its result.
func (e *ScriptError) Certain() bool {
	switch e.Kind {
	case KindSyntax, KindLoad:
		return true
	case KindLimit:
		return e.Limit == LimitInstructions || e.Limit == LimitSends
	case KindRuntime:
		return e.certain
	}
	return false
}

// raised is how an error came about, as far as its raiser has noted it.
type raised int

const (
	raisedElsewhere raised = iota // by the VM, or by a function that notes nothing
	raisedByScript                // with error or assert
	raisedMistake                 // by us, about what is wrong in the source
)

// noteRaised says how the error came about that is raised next.
func noteRaised(L *lua.LState, how raised) {
	if b := budgetOf(L); b != nil {
		b.raised = how
	}
}

// raiseMistake raises an error about what is wrong in the source, whatever the
// message: a name that doesn't exist.
func raiseMistake(L *lua.LState, format string, args ...any) {
	noteRaised(L, raisedMistake)
	L.RaiseError("%s", fmt.Sprintf(format, args...))
}

// isCertain is [ScriptError.Certain] for an error that was raised; message is
// its text without the position, in gopher-lua's words.
func (vm *VM) isCertain(b *budget, ae *lua.ApiError, message string) bool {
	if b.failed || b.run.look() {
		return false
	}
	switch b.raised {
	case raisedByScript:
		return false
	case raisedMistake:
		return true
	}
	return vm.raisedByLua(ae.StackTrace) || vmFault.MatchString(message)
}

// raisedByLua reports whether an error arose in Lua code. The script's own errors
// and the host's arise in a function of Go's, such as error.
func (vm *VM) raisedByLua(trace string) bool {
	_, calls, _ := strings.Cut(trace, "\n") // the first line is a title
	_, _, _, ok := splitPosition(strings.TrimPrefix(calls, "\t"), vm.sources.known)
	return ok
}

// vmFault are the faults that the VM may find while a function of Go's works for
// the script, such as table.sort comparing or pcall calling.
var vmFault = regexp.MustCompile(`^(?:stack overflow|attempt to compare \w+ with \w+|attempt to concatenate a \w+ value|attempt to call a non-function object|` +
	`attempt to index a non-table object\(\w+\) with key '(?s:.*)'|cannot perform \w+ operation between \w+ and \w+|for statement \w+ must be a number)$`)
