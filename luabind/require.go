package luabind

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// required is a file module: loaded, or being loaded.
type required struct {
	value lua.LValue // nil while it is being loaded
	by    *run       // who loads it
	done  chan struct{}
}

// require returns a module: one made in Go, or a file below the entry script's
// folder, which is run once per VM.
func (vm *VM) require(L *lua.LState) int {
	name := L.CheckString(1)
	if v, ok := vm.builtin[name]; ok {
		L.Push(v)
		return 1
	}
	if !isModulePath(name) {
		raiseMistake(L, `require(%s): a module's name is a file's below the script's folder, without .lua and with dots for slashes, such as "lib.menu"`,
			quote(clipText(name, 80)))
	}
	m, loading := vm.required[name]
	for loading && m.value == nil {
		b := budgetOf(L)
		if b == nil || m.by == b.run {
			raiseMistake(L, "require(%q): the modules require each other in a circle; move what both need into a third", name)
		}
		// Another handler loads it and waits for something.
		vm.Block(L, func(ctx context.Context) {
			select {
			case <-m.done:
			case <-ctx.Done():
			}
		})
		m, loading = vm.required[name]
	}
	if !loading {
		m = vm.loadModule(L, name)
	}
	L.Push(m.value)
	return 1
}

// loadModule finds, compiles and runs a module's file.
func (vm *VM) loadModule(L *lua.LState, name string) *required {
	proto, err := vm.findModule(name)
	var fault *ScriptError
	if errors.As(err, &fault) {
		vm.fault = fault
		noteRaised(L, raisedMistake)
		L.Error(lua.LString(fault.Error()), 0)
	} else if err != nil {
		raiseMistake(L, "%s", err.Error())
	}
	m := &required{done: make(chan struct{})}
	if b := budgetOf(L); b != nil {
		m.by = b.run
	}
	vm.required[name] = m
	defer func() {
		if m.value == nil { // it raised an error: the next one may try again
			delete(vm.required, name)
		}
		close(m.done)
	}()
	L.Push(L.NewFunctionFromProto(proto))
	L.Push(lua.LString(name))
	L.Call(1, 1)
	value := L.Get(-1)
	L.Pop(1)
	if value == lua.LNil {
		value = lua.LTrue // as in plain Lua: it was loaded
	}
	m.value = value
	return m
}

// findModule compiles name's file, or says where it was looked for.
func (vm *VM) findModule(name string) (*lua.FunctionProto, error) {
	base := strings.ReplaceAll(name, ".", "/")
	candidates := []string{base + ".lua", base + "/init.lua"}
	for _, rel := range candidates {
		text, err := vm.sources.readBelow(rel, vm.limits.SourceBytes)
		if err == nil {
			return vm.compile(vm.sources.displayBelow(rel), text)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("require(%q): %s can't be read: %s", name, vm.sources.displayBelow(rel), readProblem(err))
		}
	}
	return nil, fmt.Errorf("require(%q): there is no module of that name; looked for %s and %s",
		name, vm.sources.displayBelow(candidates[0]), vm.sources.displayBelow(candidates[1]))
}

// isModulePath reports whether name is names joined with single dots.
func isModulePath(name string) bool {
	if len(name) > 200 {
		return false
	}
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || strings.ContainsAny(part, "/\\:\x00") {
			return false
		}
	}
	return true
}

// isModuleName reports whether name can be a Go module's: a global's.
func isModuleName(name string) bool { return isName(name) }
