package luabind

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// filler is a function that makes a call, once with as much on record as there
// may be, and returns how many records are pending.
type filler struct{}

func (filler) Name() string { return "call" }

func (filler) Open(vm *VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		j := budgetOf(L).run.journal
		if L.ToBool(1) {
			j.bytes = maxPendingBytes
		}
		Note(vm, L, "call", func() string { return "x" })
		L.Push(lua.LNumber(len(j.pending)))
		return 1
	}), nil
}

// TestRecordsAreBounded: what has no room on the record isn't kept in memory.
func TestRecordsAreBounded(t *testing.T) {
	wantText(t, handle(t, `ilink.log(call(), call(), call(true), call())`, withModules(filler{})), "INFO 1 2 0 0")
}
