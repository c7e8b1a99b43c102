package luabind

import (
	crand "crypto/rand"
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

// mathLibrary has a source of random numbers for each VM: gopher-lua's is the
// process's, where one script's randomseed would make another's numbers
// predictable.
func mathLibrary() lib {
	r := &random{source: rand.New(newSeed())}
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

func newSeed() rand.Source {
	var seed [32]byte
	crand.Read(seed[:])
	return rand.NewChaCha8(seed)
}

// random is a VM's source of random numbers; the VM's lock guards it.
type random struct{ source *rand.Rand }

func (r *random) random(L *lua.LState) int {
	low, high := int64(1), int64(0)
	switch L.GetTop() {
	case 0:
		L.Push(lua.LNumber(r.source.Float64()))
		return 1
	case 1:
		high = L.CheckInt64(1)
	default:
		low, high = L.CheckInt64(1), L.CheckInt64(2)
	}
	// The second condition catches a width that doesn't fit into 64 bits.
	if high < low || high-low < 0 || high-low == math.MaxInt64 {
		L.RaiseError("math.random: there is nothing to choose from between %d and %d", low, high)
	}
	L.Push(lua.LNumber(low + r.source.Int64N(high-low+1)))
	return 1
}

func (r *random) seed(L *lua.LState) int {
	r.source = rand.New(rand.NewPCG(uint64(L.CheckInt64(1)), 0))
	return 0
}
