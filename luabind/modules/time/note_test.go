package time_test

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// noting is a module that makes a call with a known result and keeps its record.
type noting struct {
	call   luabind.Call
	result any
	kept   *[]luabind.Record
}

func (*noting) Name() string { return "note" }

func (n *noting) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		_, err := luabind.Do(vm, L, n.call, func(ctx context.Context) (any, error) {
			rec, err := luabind.StepOf(ctx).Record(n.result, nil)
			*n.kept = append(*n.kept, rec)
			return n.result, err
		})
		if err != nil {
			return vm.Fail(L, err)
		}
		return 0
	}), nil
}
