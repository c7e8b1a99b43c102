// Package kv is the Lua module kv: data that a bot keeps by keys, its own and those
// about each user. They outlive the process; see [luabind.Keeper].
package kv

import (
	"context"
	"errors"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

const (
	// maxValue is how large a value may be, packed, and maxKeys how many keys are
	// listed where no limit is given.
	maxValue = 1 << 20
	maxKeys  = 10_000
	// maxSwaps is how often an update is tried while others change the value.
	maxSwaps = 100
)

// Module is the module kv.
type Module struct{}

// New makes the module.
func New() Module { return Module{} }

// Name returns "kv".
func (Module) Name() string { return "kv" }

// functions are those that the module and a user's data have in common.
var functions = map[string]func(*data, *lua.LState) int{
	"get": (*data).get, "set": (*data).set, "delete": (*data).delete,
	"incr": (*data).incr, "update": (*data).update, "keys": (*data).keys,
}

// Open makes the module's table: the functions for the bot's own data, and user,
// which returns a user's data with the same functions as methods.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	L := vm.State()
	own := &data{vm: vm, prefix: "kv.", first: 1}
	plain, methods := map[string]lua.LGFunction{}, map[string]lua.LGFunction{}
	for name, f := range functions {
		plain[name] = func(L *lua.LState) int { return f(own, L) }
		methods[name] = func(L *lua.LState) int { return f(self(L, name), L) }
	}
	class := L.NewTable()
	class.RawSetString("__index", vm.Table("kv.User", methods, nil))
	class.RawSetString("__metatable", lua.LString("kv.User"))
	plain["user"] = func(L *lua.LState) int {
		ud := L.NewUserData()
		ud.Value, ud.Metatable = &data{vm: vm, user: userID(L), prefix: "user:", first: 2}, class
		L.Push(ud)
		return 1
	}
	return vm.Table("kv", plain, nil), nil
}

// data are the bot's own or a user's.
type data struct {
	vm   *luabind.VM
	user string
	// prefix comes before a function's name in errors, and first is its first argument.
	prefix string
	first  int
}

func self(L *lua.LState, name string) *data {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if d, ok := ud.Value.(*data); ok {
			return d
		}
	}
	luabind.Mistake(L, "%s is a method of a user's data: write user:%s(…), with a colon, got %s before the arguments",
		name, name, luabind.Describe(L.Get(1)))
	return nil
}

// userID is the user whom kv.user's argument tells of: an id, or a message.
func userID(L *lua.LState) string {
	id := L.Get(1)
	if t, ok := id.(*lua.LTable); ok {
		id = t.RawGetString("from")
	}
	s, ok := id.(lua.LString)
	if !ok || s == "" {
		luabind.Mistake(L, "kv.user needs a message or a user's id, such as msg.from, got %s", luabind.Describe(L.Get(1)))
	}
	return string(s)
}

// key checks that a handler calls, and returns the key.
func (d *data) key(L *lua.LState, name string) (function, key string) {
	function = d.prefix + name
	if d.first == 1 && L.Get(1).Type() == lua.LTTable {
		luabind.Mistake(L, "%s needs a key first, got a table: write kv.%s(…), with a dot", function, name)
	}
	key = luabind.Text(L, d.first, function, `a key, such as "visits"`)
	d.vm.InHandler(L, function)
	return function, key
}

// do asks the host. A script has no use for going on without its data: that they
// can't be had is raised.
func (d *data) do(L *lua.LState, function string, req luabind.KVRequest, effect bool, args ...any) luabind.KVResult {
	req.User = d.user
	// What is kept belongs not into the call: run again after an error, a handler
	// that would keep something else by now has kept it all the same.
	call := luabind.Call{Name: function, Args: append([]any{d.user}, args...), Effect: effect}
	r, err := luabind.Do(d.vm, L, call, func(ctx context.Context) (luabind.KVResult, error) { return d.vm.Host().KV(ctx, req) })
	if err != nil {
		d.vm.Fail(L, err)
		message := L.Get(-1).(*lua.LTable).RawGetString("message").String()
		L.Pop(2)
		L.RaiseError("%s: %s", function, message)
	}
	return r
}

func (d *data) get(L *lua.LState) int {
	function, key := d.key(L, "get")
	r := d.do(L, function, luabind.KVRequest{Op: luabind.KVGet, Key: key}, false, key)
	if !r.Found {
		L.Push(L.Get(d.first + 1))
		return 1
	}
	L.Push(unpack(L, function, r.Value))
	return 1
}

func (d *data) set(L *lua.LState) int {
	function, key := d.key(L, "set")
	if L.GetTop() <= d.first {
		luabind.Mistake(L, "%s needs a value second; nil deletes", function)
	}
	req := luabind.KVRequest{Op: luabind.KVSet, Key: key, Lifetime: lifetime(L, d.first+2, function)}
	req.Value = pack(L, function, "the value", L.Get(d.first+1))
	d.do(L, function, req, true, key)
	return 0
}

func (d *data) delete(L *lua.LState) int {
	function, key := d.key(L, "delete")
	r := d.do(L, function, luabind.KVRequest{Op: luabind.KVDelete, Key: key}, true, key)
	L.Push(lua.LBool(r.Found))
	return 1
}

func (d *data) incr(L *lua.LState) int {
	function, key := d.key(L, "incr")
	by, options := lua.LNumber(1), d.first+2
	switch v := L.Get(d.first + 1).(type) {
	case *lua.LNilType:
	case lua.LNumber:
		by = v
	case *lua.LTable:
		options = d.first + 1
	default:
		luabind.Mistake(L, "%s needs a number to add, got %s", function, luabind.Describe(v))
	}
	req := luabind.KVRequest{Op: luabind.KVAdd, Key: key, By: float64(by), Lifetime: lifetime(L, options, function)}
	r := d.do(L, function, req, true, key)
	L.Push(unpack(L, function, r.Value))
	return 1
}

// update has the function make a new value of the old one, and again if somebody
// else has changed it meanwhile.
func (d *data) update(L *lua.LState) int {
	function, key := d.key(L, "update")
	f, ok := L.Get(d.first + 1).(*lua.LFunction)
	if !ok {
		luabind.Mistake(L, "%s needs a function that returns the new value second, got %s", function, luabind.Describe(L.Get(d.first+1)))
	}
	life := lifetime(L, d.first+2, function)
	for range maxSwaps {
		old := d.do(L, function, luabind.KVRequest{Op: luabind.KVGet, Key: key}, false, key)
		var before lua.LValue = lua.LNil
		if old.Found {
			before = unpack(L, function, old.Value)
		}
		top := L.GetTop()
		L.Push(f)
		L.Push(before)
		L.Call(1, lua.MultRet)
		if L.GetTop() == top {
			luabind.Mistake(L, "%s: the function returned nothing: it must return the new value, or nil to delete it", function)
		}
		value := L.Get(top + 1)
		L.SetTop(top)
		req := luabind.KVRequest{Op: luabind.KVSwap, Key: key, Old: old.Value, Lifetime: life}
		req.Value = pack(L, function, "the new value", value)
		if r := d.do(L, function, req, true, key); r.Found {
			// Not always this value: it may have been updated in an earlier run.
			if r.Value == nil {
				L.Push(lua.LNil)
				return 1
			}
			L.Push(unpack(L, function, r.Value))
			return 1
		}
	}
	L.RaiseError("%s: others changed %q each time, %d times", function, key, maxSwaps)
	return 0
}

func (d *data) keys(L *lua.LState) int {
	function, prefix := d.prefix+"keys", ""
	if L.Get(d.first) != lua.LNil {
		function, prefix = d.key(L, "keys")
	}
	d.vm.InHandler(L, function)
	options := luabind.Options(L, d.first+1, function, "after", "limit")
	req := luabind.KVRequest{Op: luabind.KVList, Key: prefix, Limit: maxKeys}
	switch v := options.RawGetString("after").(type) {
	case *lua.LNilType:
	case lua.LString:
		req.After = string(v)
	default:
		luabind.Mistake(L, "%s: after is a key, got %s", function, luabind.Describe(v))
	}
	limited := options.RawGetString("limit")
	if n, ok := limited.(lua.LNumber); ok && n >= 1 && n <= maxKeys {
		req.Limit = int(n)
	} else if limited != lua.LNil {
		luabind.Mistake(L, "%s: limit is a number from 1 to %d, got %s", function, maxKeys, luabind.Describe(limited))
	}
	r := d.do(L, function, req, false, prefix, req.After, req.Limit)
	if limited == lua.LNil && len(r.Keys) == maxKeys {
		L.RaiseError("%s: there are %d keys or more: list them piece by piece, with { after = the last key, limit = 1000 }", function, maxKeys)
	}
	t := L.CreateTable(len(r.Keys), 0)
	for _, key := range r.Keys {
		t.Append(lua.LString(key))
	}
	L.Push(t)
	return 1
}

// lifetime reads the option expires.
func lifetime(L *lua.LState, n int, function string) time.Duration {
	options := luabind.Options(L, n, function, "expires")
	seconds := luabind.Seconds(L, options, function, "expires", 0)
	if seconds < 0.001 && options.RawGetString("expires") != lua.LNil {
		luabind.Mistake(L, "%s: expires is after how many seconds the value is gone, got %v; leave it out to keep it for ever", function, seconds)
	}
	return time.Duration(seconds * float64(time.Second))
}

// pack makes bytes of a value, nil of nil.
func pack(L *lua.LState, function, what string, v lua.LValue) []byte {
	if v == lua.LNil {
		return nil
	}
	packed, err := luabind.Pack(v, maxValue)
	var bad *luabind.NotPlainError
	if errors.As(err, &bad) {
		luabind.Mistake(L, "%s: %s", function, bad.About(what))
	} else if err != nil {
		L.RaiseError("%s: %v", function, err)
	}
	return packed
}

func unpack(L *lua.LState, function string, packed []byte) lua.LValue {
	v, err := luabind.Unpack(L, packed)
	if err != nil {
		L.RaiseError("%s: %v", function, err)
	}
	return v
}
