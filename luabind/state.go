package luabind

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// maxState is how large a packed state may be: what has to be copied while
// messages wait.
const maxState = 8 << 20

// State packs what the script keeps in ilink.state, to be the [Config.State] of
// its next generation. What isn't plain data there is a [*ScriptError] that names
// it.
func (s *Sandbox) State() ([]byte, error) {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	vm := s.vm
	vm.mu.Lock()
	defer vm.mu.Unlock()
	packed, err := Pack(vm.state, maxState)
	var np *NotPlainError
	if errors.As(err, &np) {
		return nil, vm.errorAt(KindLoad, vm.sources.display, 0, np.About("ilink.state")+
			"; so it can't be handed to the new version: the running one has to take it out, or a restart begins with an empty state")
	}
	return packed, err
}

// restoreState makes the table ilink.state of what the generation before has left.
func (vm *VM) restoreState(packed []byte) error {
	if packed == nil {
		vm.state = vm.main.CreateTable(0, 0)
		return nil
	}
	v, err := Unpack(vm.main, packed)
	if err != nil {
		return fmt.Errorf("luabind: take over the state: %w", err)
	}
	var ok bool
	if vm.state, ok = v.(*lua.LTable); !ok {
		return fmt.Errorf("luabind: take over the state: it is a %s and must be a table", v.Type())
	}
	return nil
}
