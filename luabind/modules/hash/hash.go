// Package hash is the Lua module hash: digests, and message authentication codes.
package hash

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"hash"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module hash.
type Module struct{}

// Name returns "hash".
func (Module) Name() string { return "hash" }

// Open makes the table: a function for each digest, and one for each HMAC.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	functions := map[string]lua.LGFunction{"equal": func(L *lua.LState) int {
		a := luabind.Text(L, 1, "hash.equal", "two texts")
		b := luabind.Text(L, 2, "hash.equal", "two texts")
		vm.Charge(L, len(a)/8)
		L.Push(lua.LBool(subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1))
		return 1
	}}
	for name, digest := range map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New} {
		function, keyed := "hash."+name, "hash.hmac_"+name
		functions[name] = func(L *lua.LState) int {
			text := luabind.Text(L, 1, function, "a text")
			return sum(vm, L, function, digest(), text, 2)
		}
		functions["hmac_"+name] = func(L *lua.LState) int {
			key := luabind.Text(L, 1, keyed, "a key and a text")
			text := luabind.Text(L, 2, keyed, "a key and a text")
			vm.Charge(L, len(key)/8)
			return sum(vm, L, keyed, hmac.New(digest, []byte(key)), text, 3)
		}
	}
	return vm.Table("hash", functions, nil), nil
}

// sum pushes a digest; the options are argument n.
func sum(vm *luabind.VM, L *lua.LState, function string, h hash.Hash, text string, n int) int {
	raw := lua.LVAsBool(luabind.Options(L, n, function, "raw").RawGetString("raw"))
	vm.Charge(L, 20+len(text)/8)
	h.Write([]byte(text))
	digest := h.Sum(nil)
	if !raw {
		digest = []byte(hex.EncodeToString(digest))
	}
	L.Push(lua.LString(digest))
	return 1
}
