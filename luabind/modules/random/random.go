// Package random is the Lua module random: numbers and choices that nobody can
// guess. A handler that is run again gets the same; see [luabind.VM.Random].
package random

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// maxBytes is how many bytes are made at once.
const maxBytes = 1 << 20

// Module is the module random.
type Module struct{}

// Name returns "random".
func (Module) Name() string { return "random" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := binding{vm}
	return vm.Table("random", map[string]lua.LGFunction{
		"int": b.int, "float": b.float, "bytes": b.bytes, "hex": b.hex, "uuid": b.uuid, "choice": b.choice, "shuffle": b.shuffle,
	}, nil), nil
}

type binding struct{ vm *luabind.VM }

func (b binding) int(L *lua.LState) int {
	whole := func(n int) int64 {
		v, ok := L.Get(n).(lua.LNumber)
		if !ok || v < -1<<53 || v > 1<<53 || v != lua.LNumber(int64(v)) {
			luabind.Mistake(L, "random.int needs two integers, as in random.int(1, 6), got %s", luabind.Describe(L.Get(n)))
		}
		return int64(v)
	}
	low, high := whole(1), whole(2)
	if low > high {
		luabind.Mistake(L, "random.int: there is nothing between %d and %d: write the smaller one first", low, high)
	}
	L.Push(lua.LNumber(low + rand.New(b.vm.Random(L)).Int64N(high-low+1)))
	return 1
}

func (b binding) float(L *lua.LState) int {
	L.Push(lua.LNumber(rand.New(b.vm.Random(L)).Float64()))
	return 1
}

// some returns as many random bytes as argument 1 says.
func (b binding) some(L *lua.LState, function string) []byte {
	n, ok := L.Get(1).(lua.LNumber)
	if !ok || n < 0 || n > maxBytes || n != lua.LNumber(int(n)) {
		luabind.Mistake(L, "%s needs a number of bytes from 0 to %d, got %s", function, maxBytes, luabind.Describe(L.Get(1)))
	}
	b.vm.Charge(L, int(n)/8)
	b.vm.CheckLength(L, function, 2*int(n))
	bytes := make([]byte, int(n))
	b.vm.Random(L).Read(bytes)
	return bytes
}

func (b binding) bytes(L *lua.LState) int {
	L.Push(lua.LString(b.some(L, "random.bytes")))
	return 1
}

func (b binding) hex(L *lua.LState) int {
	L.Push(lua.LString(hex.EncodeToString(b.some(L, "random.hex"))))
	return 1
}

// uuid makes a UUID of version 4.
func (b binding) uuid(L *lua.LState) int {
	var u [16]byte
	b.vm.Random(L).Read(u[:])
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	L.Push(lua.LString(fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])))
	return 1
}

func (b binding) list(L *lua.LState, function string) *lua.LTable {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		luabind.Mistake(L, "%s needs a list, got %s", function, luabind.Describe(L.Get(1)))
	}
	return t
}

func (b binding) choice(L *lua.LState) int {
	t := b.list(L, "random.choice")
	n := t.Len()
	if n == 0 {
		luabind.Mistake(L, "random.choice: the list is empty")
	}
	i := rand.New(b.vm.Random(L)).IntN(n) + 1
	L.Push(t.RawGetInt(i))
	L.Push(lua.LNumber(i))
	return 2
}

// shuffle makes a new list, as a list that is shuffled in place is often one that
// others hold.
func (b binding) shuffle(L *lua.LState) int {
	t := b.list(L, "random.shuffle")
	n := t.Len()
	b.vm.Charge(L, 5*n)
	list := make([]lua.LValue, n)
	for i := range list {
		list[i] = t.RawGetInt(i + 1)
	}
	rand.New(b.vm.Random(L)).Shuffle(n, func(i, j int) { list[i], list[j] = list[j], list[i] })
	shuffled := L.CreateTable(n, 0)
	for _, v := range list {
		shuffled.Append(v)
	}
	L.Push(shuffled)
	return 1
}
