package luabind

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// mathLibrary has random numbers of our own: gopher-lua's source is the process's,
// where one script's randomseed would make another's numbers predictable.
func mathLibrary(vm *VM) lib {
	r := &random{vm: vm, seeds: rand.New(vm.newSeed())}
	return lib{
		name: lua.MathLibName,
		open: lua.OpenMath,
		stock: []string{
			"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp",
			"ldexp", "log", "log10", "max", "min", "mod", "modf", "pow", "rad", "sin", "sinh", "sqrt", "tan", "tanh",
		},
		wrap: readingNumbers,
		own:  map[string]lua.LGFunction{"random": readingNumbers(r.random), "randomseed": readingNumbers(r.seed)},
		values: map[string]lua.LValue{
			"pi": lua.LNumber(math.Pi),
			// gopher-lua has the largest float here.
			"huge": lua.LNumber(math.Inf(1)),
		},
	}
}

// random makes random numbers. Each handler has a source of its own, whose seed is
// recorded, so that a handler that is run again gets the same numbers.
type random struct {
	vm *VM
	// seeds makes the handlers' seeds; the VM's lock guards it.
	seeds *rand.Rand
}

func (vm *VM) newSeed() rand.Source {
	var seed [32]byte
	vm.entropy(seed[:])
	return rand.NewChaCha8(seed)
}

// source returns the caller's source.
func (r *random) source(L *lua.LState) *rand.Rand {
	b := budgetOf(L)
	if b == nil {
		return r.seeds
	}
	if b.run.random == nil {
		seed := Note(r.vm, L, "math.random", func() [2]uint64 { return [2]uint64{r.seeds.Uint64(), r.seeds.Uint64()} })
		b.run.random = rand.New(rand.NewPCG(seed[0], seed[1]))
	}
	return b.run.random
}

func (r *random) random(L *lua.LState) int {
	low, high := int64(1), int64(0)
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r.source(L).Float64()))
		return 1
	case 1:
		high = checkInt64(L, 1)
	default:
		low, high = checkInt64(L, 1), checkInt64(L, 2)
	}
	// The second condition catches a width that doesn't fit into 64 bits, the last an end.
	if high < low || high-low < 0 || high-low == math.MaxInt64 || high == math.MaxInt64 {
		L.RaiseError("math.random: there is nothing to choose from between %d and %d", low, high)
	}
	L.Push(lua.LNumber(low + r.source(L).Int64N(high-low+1)))
	return 1
}

// seed is for the handler, or the file, that calls it, and for the seeds of handlers
// that come later.
func (r *random) seed(L *lua.LState) int {
	seed := uint64(checkInt64(L, 1))
	r.seeds = rand.New(rand.NewPCG(seed, 1))
	if b := budgetOf(L); b != nil {
		b.run.random = rand.New(rand.NewPCG(seed, 0))
	}
	return 0
}

// Random returns the source of the handler that calls, for what must not be guessed.
// Its seed is recorded, so that a handler that is run again gets the same.
func (vm *VM) Random(L *lua.LState) *rand.ChaCha8 {
	fresh := func() []byte {
		seed := make([]byte, 32)
		vm.entropy(seed)
		return seed
	}
	var seed [32]byte
	b := budgetOf(L)
	if b == nil {
		copy(seed[:], fresh())
		return rand.NewChaCha8(seed)
	}
	if b.run.secure == nil {
		copy(seed[:], Note(vm, L, "random", fresh))
		b.run.secure = rand.NewChaCha8(seed)
	}
	return b.run.secure
}
