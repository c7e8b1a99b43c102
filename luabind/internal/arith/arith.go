// Package arith makes the VM's arithmetic on numbers that of Lua 5.1.
//
// gopher-lua's differs in two ways that a script can see. Its % is C's fmod, which is
// another number than Lua's a - floor(a/b)*b for fractions, huge operands and infinite
// ones. And it keeps its small numbers in a table, where -0 is found as 0: 1/(0*-1) is inf
// there. Neither can be mended from outside, so that the instructions are replaced in the
// VM's own table, for all VMs of the process; what they do with anything but two numbers
// stays as it is. This is done for the one version of gopher-lua whose insides are known
// here, which go.mod pins; with another one [Installed] is false, and a test fails.
package arith

import (
	"math"
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Mod is a % b as Lua 5.1 has it.
func Mod(a, b float64) float64 {
	// The conversion keeps the compiler from making one rounding of two, as it may on some
	// processors.
	return a - float64(math.Floor(a/b)*b)
}

// instruction is how the VM calls an instruction; the last parameter is of a type that is
// not exported.
type instruction = func(L *lua.LState, inst uint32, base unsafe.Pointer) int

//go:linkname instructions github.com/yuin/gopher-lua.jumpTable
var instructions [lua.OP_NOP + 1]instruction

// toValue is how the VM makes a value of a number, most of them without an allocation.
//
//go:linkname toValue github.com/yuin/gopher-lua.(*allocator).LNumber2I
func toValue(alloc unsafe.Pointer, n lua.LNumber) lua.LValue

// registry and frame are the VM's types of these names, as far as they are needed.
type registry struct {
	array []lua.LValue
	top   int
	_, _  int
	alloc unsafe.Pointer
}

type frame struct {
	_         int
	Fn        *lua.LFunction
	_         unsafe.Pointer
	_, _      int
	LocalBase int
}

// original is the VM's instruction for all arithmetic, offsetRegistry and offsetFrame say
// where an LState has the two. They are set once, before any VM is made.
var (
	original                    instruction
	offsetRegistry, offsetFrame uintptr
	negativeZero                lua.LValue = lua.LNumber(math.Copysign(0, -1))
)

func init() {
	var ok bool
	if offsetRegistry, offsetFrame, ok = layout(); !ok {
		return
	}
	original = instructions[lua.OP_ADD]
	for op, f := range map[int]instruction{
		lua.OP_ADD: add, lua.OP_SUB: sub, lua.OP_MUL: mul, lua.OP_DIV: div, lua.OP_MOD: mod, lua.OP_POW: pow,
	} {
		instructions[op] = f
	}
}

// Installed reports whether the VM computes as Lua 5.1 does.
func Installed() bool { return original != nil }

// layout looks where the VM has what is needed here, and whether that is as it is known.
func layout() (toRegistry, toFrame uintptr, ok bool) {
	state := reflect.TypeFor[lua.LState]()
	reg, found := state.FieldByName("reg")
	current, alsoFound := state.FieldByName("currentFrame")
	if !found || !alsoFound || !alike(reg.Type, reflect.TypeFor[registry]()) || !alike(current.Type, reflect.TypeFor[frame]()) {
		return 0, 0, false
	}
	return reg.Offset, current.Offset, true
}

// alike reports whether theirs points to a struct that begins with the fields of ours.
func alike(theirs, ours reflect.Type) bool {
	if theirs.Kind() != reflect.Pointer || theirs.Elem().Kind() != reflect.Struct {
		return false
	}
	for i := range ours.NumField() {
		want := ours.Field(i)
		if want.Name == "_" {
			continue
		}
		got, ok := theirs.Elem().FieldByName(want.Name)
		same := got.Type == want.Type || want.Type == reflect.TypeFor[unsafe.Pointer]() && got.Type.Kind() == reflect.Pointer
		if !ok || got.Offset != want.Offset || !same {
			return false
		}
	}
	return true
}

// operands returns the two numbers of an instruction, and where its result goes; reg is
// nil if they aren't two numbers, or the result needs a larger registry.
func operands(L *lua.LState, inst uint32) (reg *registry, at int, a, b lua.LNumber) {
	const constant = 1 << 8
	reg = *(**registry)(unsafe.Add(unsafe.Pointer(L), offsetRegistry))
	f := *(**frame)(unsafe.Add(unsafe.Pointer(L), offsetFrame))
	value := func(index int) lua.LValue {
		if index&constant != 0 {
			return f.Fn.Proto.Constants[index&^constant]
		}
		return reg.array[f.LocalBase+index]
	}
	a, ok := value(int(inst & 0x1ff)).(lua.LNumber)
	b, alsoOK := value(int(inst>>9) & 0x1ff).(lua.LNumber)
	if at = f.LocalBase + int(inst>>18)&0xff; !ok || !alsoOK || at >= len(reg.array) {
		return nil, 0, 0, 0
	}
	return reg, at, a, b
}

// set puts a result where it goes.
func (r *registry) set(at int, n lua.LNumber) int {
	if n == 0 && math.Signbit(float64(n)) {
		r.array[at] = negativeZero
	} else {
		r.array[at] = toValue(r.alloc, n)
	}
	if at >= r.top {
		r.top = at + 1
	}
	return 0
}

func add(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, a+b)
}

func sub(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, a-b)
}

func mul(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, a*b)
}

func div(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, a/b)
}

func mod(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, lua.LNumber(Mod(float64(a), float64(b))))
}

func pow(L *lua.LState, inst uint32, base unsafe.Pointer) int {
	reg, at, a, b := operands(L, inst)
	if reg == nil {
		return original(L, inst, base)
	}
	return reg.set(at, lua.LNumber(math.Pow(float64(a), float64(b))))
}
