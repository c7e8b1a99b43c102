package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// concat is the operator .., with all operands of a chain as arguments: see
// [compile.Options].
func (vm *VM) concat(L *lua.LState) int {
	if L.GetTop() == 2 { // by far the most frequent
		a, aok := L.Get(1).(lua.LString)
		b, bok := L.Get(2).(lua.LString)
		if aok && bok {
			vm.roomFor(L, len(a)+len(b))
			L.Push(a + b)
			return 1
		}
	}
	var few [8]string
	parts := few[:0]
	for i := range L.GetTop() {
		text, ok := concatText(L.Get(i + 1))
		if !ok {
			L.Push(vm.concatWith(L))
			return 1
		}
		parts = append(parts, text)
	}
	L.Push(lua.LString(vm.join(L, parts)))
	return 1
}

// concatText is an operand that can be joined without a metamethod.
func concatText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return numberText(v), true
	}
	return "", false
}

// roomFor charges for making a string, and raises an error if it would be too long.
func (vm *VM) roomFor(L *lua.LState, n int) {
	if n < 16 {
		return
	}
	if n > vm.limits.StringBytes {
		L.RaiseError("string longer than the limit of %s ([bot.sandbox] string)", byteSize(vm.limits.StringBytes))
	}
	vm.Charge(L, n/16)
}

// join joins all at once.
func (vm *VM) join(L *lua.LState, parts []string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	vm.roomFor(L, n)
	return strings.Join(parts, "")
}

// concatWith joins operands of which some have metamethods, from the right, as
// Lua does.
func (vm *VM) concatWith(L *lua.LState) lua.LValue {
	n := L.GetTop()
	right := L.Get(n)
	for i := n - 1; i > 0; {
		text, ok := concatText(right)
		left := L.Get(i)
		if _, both := concatText(left); ok && both {
			parts := []string{text}
			for ; i > 0; i-- {
				if text, ok = concatText(L.Get(i)); !ok {
					break
				}
				parts = append(parts, text)
			}
			for a, b := 0, len(parts)-1; a < b; a, b = a+1, b-1 {
				parts[a], parts[b] = parts[b], parts[a]
			}
			right = lua.LString(vm.join(L, parts))
			continue
		}
		method := L.GetMetaField(left, "__concat")
		if method == lua.LNil {
			method = L.GetMetaField(right, "__concat")
		}
		if method == lua.LNil {
			wrong := left
			if _, ok := concatText(left); ok {
				wrong = right
			}
			L.RaiseError("attempt to concatenate a %s value", wrong.Type())
		}
		L.Push(method)
		L.Push(left)
		L.Push(right)
		L.Call(2, 1)
		right = L.Get(-1)
		L.Pop(1)
		i--
	}
	return right
}
