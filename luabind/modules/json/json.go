// Package json is the Lua module json.
//
// An object's member that is null is left out of the table, as scripts ask "if
// answer.error then"; in a list null is json.null, so that what comes after it
// keeps its place. An integer of which a Lua number would lose digits is a text,
// as ids must not change. Tables that were decoded from lists, or that json.array
// has named so, are lists even if they are empty.
package json

import (
	"weak"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// maxDepth is how deep lists and objects may nest.
const maxDepth = 100

// Module is the module json.
type Module struct{}

// Name returns "json".
func (Module) Name() string { return "json" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	L := vm.State()
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LString("json.null"))
	b := &binding{vm: vm, null: &lua.LUserData{Metatable: mt, Env: L.G.Global}, lists: map[weak.Pointer[lua.LTable]]struct{}{}}
	return vm.Table("json", map[string]lua.LGFunction{
		"decode": b.decode, "encode": b.encode, "array": b.array,
	}, map[string]lua.LValue{"null": b.null}), nil
}

// binding is the module in one VM, whose lock guards it.
type binding struct {
	vm   *luabind.VM
	null *lua.LUserData
	// lists are the tables that are known to be lists. A metatable would say it as
	// well, but tables with one aren't plain data and couldn't be kept in kv.
	lists map[weak.Pointer[lua.LTable]]struct{}
	// sweep is at how many lists those that are gone are looked for.
	sweep int
}

func (b *binding) mark(t *lua.LTable) {
	if len(b.lists) >= b.sweep {
		for p := range b.lists {
			if p.Value() == nil {
				delete(b.lists, p)
			}
		}
		b.sweep = max(1000, 2*len(b.lists))
	}
	b.lists[weak.Make(t)] = struct{}{}
}

func (b *binding) isList(t *lua.LTable) bool {
	_, marked := b.lists[weak.Make(t)]
	return marked
}

func (b *binding) array(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if L.GetTop() == 0 {
		t, ok = L.CreateTable(0, 0), true
	}
	if !ok {
		luabind.Mistake(L, "json.array needs a table, got %s", luabind.Describe(L.Get(1)))
	}
	b.vm.Charge(L, 10)
	b.mark(t)
	L.Push(t)
	return 1
}

func (b *binding) decode(L *lua.LState) int {
	text := luabind.Text(L, 1, "json.decode", "a text with JSON")
	v, err := b.parse(L, text)
	if err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(v)
	return 1
}

func (b *binding) encode(L *lua.LState) int {
	if L.GetTop() == 0 {
		luabind.Mistake(L, "json.encode needs a value")
	}
	e := encoder{b: b, L: L, above: map[*lua.LTable]bool{}}
	switch n := luabind.Options(L, 2, "json.encode", "indent").RawGetString("indent").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		if n != 0 && n != 1 && n != 2 && n != 4 && n != 8 {
			luabind.Mistake(L, "json.encode: indent is 1, 2, 4 or 8 spaces, or 0 for one line, got %s", n)
		}
		e.indent = int(n)
	default:
		luabind.Mistake(L, "json.encode: indent is a number of spaces, such as 2, got %s", luabind.Describe(n))
	}
	e.value(L.Get(1))
	L.Push(lua.LString(e.out))
	return 1
}
