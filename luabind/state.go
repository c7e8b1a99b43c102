package luabind

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// maxState is how large a packed state may be: what has to be copied while
// messages wait.
const maxState = 8 << 20

// stateShare is the part of a script's memory that ilink.state may take where the script
// has outgrown it: a version that began with more would soon do so again.
const stateShare = 4

// ErrStateTooLarge says that a script has outgrown its memory by what it keeps in
// ilink.state.
var ErrStateTooLarge = errors.New("ilink.state holds most of the memory that the script may have")

// State packs what the script keeps in ilink.state, to be the [Config.State] of
// its next generation. It is an [ErrStateTooLarge] where the script has outgrown its memory
// by that. What isn't plain data there is a [*ScriptError] that names
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
	if vm.memory.over.Load() && vm.weighValue(vm.state, vm.limits.Memory/stateShare) > vm.limits.Memory/stateShare {
		return nil, ErrStateTooLarge
	}
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
