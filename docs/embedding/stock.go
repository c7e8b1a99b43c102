package main

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// stock is the Lua module stock: the shelves of the shop.
type stock struct{ shop *Shop }

// Name is the global that scripts use.
func (stock) Name() string { return "stock" }

// Open is called once for each VM.
func (s stock) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.Table("stock", map[string]lua.LGFunction{
		"count": func(L *lua.LState) int { return s.count(vm, L) },
		"order": func(L *lua.LState) int { return s.order(vm, L) },
	}, nil), nil
}

// count is stock.count(item): how many there are.
func (s stock) count(vm *luabind.VM, L *lua.LState) int {
	item := luabind.Text(L, 1, "stock.count", "the name of an item")
	n := luabind.Note(vm, L, "stock.count", func() int { return s.shop.Count(item) })
	L.Push(lua.LNumber(n))
	return 1
}

// order is stock.order(item, { count = 2 }): how many are left then, or nil and an
// error.
func (s stock) order(vm *luabind.VM, L *lua.LState) int {
	item := luabind.Text(L, 1, "stock.order", "the name of an item")
	options := luabind.Options(L, 2, "stock.order", "count")
	count := 1
	if v := options.RawGetString("count"); v != lua.LNil {
		n, ok := v.(lua.LNumber)
		if !ok || n < 1 || n != lua.LNumber(int(n)) {
			luabind.Mistake(L, "stock.order: count is a whole number from 1, got %s", luabind.Describe(v))
		}
		count = int(n)
	}
	vm.InHandler(L, "stock.order")
	call := luabind.Call{Name: "stock.order", Args: []any{item, count}}
	left, err := luabind.Do(vm, L, call, func(ctx context.Context) (int, error) {
		left, err := s.shop.Order(ctx, item, count)
		var soldOut *SoldOutError
		if errors.As(err, &soldOut) {
			return 0, &luabind.HostError{Kind: "sold_out", Message: err.Error()}
		}
		return left, err
	})
	if err != nil {
		return vm.Fail(L, err)
	}
	L.Push(lua.LNumber(left))
	return 1
}
