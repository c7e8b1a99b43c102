package luabind

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// What the makers of modules need beside gopher-lua itself.

// Table makes a module's value: a table of functions and other values that
// scripts can read and not change, and that names what isn't there. path is what
// scripts call it, such as "json".
func (vm *VM) Table(path string, functions map[string]lua.LGFunction, values map[string]lua.LValue) *lua.LTable {
	t := vm.functions(functions)
	for name, v := range values {
		t.RawSetString(name, v)
	}
	return vm.locked(path, t)
}

// Fail returns nil and an error to the script: a table with kind and message. An
// error that is no [*HostError] has the kind "failed". Use it as in
//
//	return vm.Fail(L, err)
func (vm *VM) Fail(L *lua.LState, err error) int { return vm.fail(L, err) }

// Mistake raises an error about what is wrong in the script, whatever the message
// it handles: a misspelt name, an argument of the wrong kind. It says what was
// wrong and what to write.
func Mistake(L *lua.LState, format string, args ...any) { raiseMistake(L, format, args...) }

// Describe says in a few words what a value is, for errors: "nil", "the text \"x\"",
// "a table".
func Describe(v lua.LValue) string { return describe(v) }

// InHandler raises an error while the file is being loaded: what it guards has
// effects, and a file that fails to load must have had none. function is what
// the script called, such as "http.get".
func (vm *VM) InHandler(L *lua.LState, function string) { vm.handling(L, function) }

// Text returns the text that is argument n, and takes a number for one. what says
// what is wanted there, as in "json.decode needs a text with JSON".
func Text(L *lua.LState, n int, function, what string) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return numberText(v)
	}
	raiseMistake(L, "%s needs %s, got %s", function, what, describe(L.Get(n)))
	return ""
}

// Options returns the table of options that is argument n, an empty one if there
// is none. A field that isn't known is an error that names it, and the nearest.
func Options(L *lua.LState, n int, function string, known ...string) *lua.LTable {
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
		return L.CreateTable(0, 0)
	case *lua.LTable:
		v.ForEach(func(k, _ lua.LValue) {
			name, ok := k.(lua.LString)
			if ok && slices.Contains(known, string(name)) {
				return
			}
			hint := ""
			if near := nearest(k.String(), known); ok && near != "" {
				hint = "; did you mean " + near + "?"
			}
			raiseMistake(L, "%s doesn't know the option %s%s (it knows %s)",
				function, clipText(inspect(nil, k), 40), hint, strings.Join(known, ", "))
		})
		return v
	}
	raiseMistake(L, "%s takes a table of options there (%s), got %s", function, strings.Join(known, ", "), describe(L.Get(n)))
	return nil
}

// Seconds returns an option that is a [Span], in seconds, or otherwise if it isn't
// set.
func Seconds(L *lua.LState, options *lua.LTable, function, name string, otherwise float64) float64 {
	v := options.RawGetString(name)
	if v == lua.LNil {
		return otherwise
	}
	n, ok := Span(v)
	if !ok || n > 1e10 {
		raiseMistake(L, `%s: %s is a number of seconds or a text such as "10m", got %s`, function, name, describe(v))
	}
	return n
}

// Nearest returns the name that a misspelt one was probably meant to be, "" if none
// is near.
func Nearest(typed string, names []string) string { return nearest(typed, names) }

// MaxString is how long a string may be that a function makes; see
// [Limits.StringBytes].
func (vm *VM) MaxString() int { return vm.limits.StringBytes }

// CheckLength raises an error if a string of n bytes is longer than scripts may
// have; function is what makes it.
func (vm *VM) CheckLength(L *lua.LState, function string, n int) {
	if n > vm.limits.StringBytes {
		L.RaiseError("%s: the result would be longer than %s; [bot.sandbox] string raises the limit", function, byteSize(vm.limits.StringBytes))
	}
}

// CallFunction calls a function of the script's with a handler's thread L, as a call in the
// script would; its error goes through to the script. It returns the first result.
func CallFunction(L *lua.LState, f *lua.LFunction, args ...lua.LValue) lua.LValue {
	if results := callAll(L, f, args...); len(results) > 0 {
		return results[0]
	}
	return lua.LNil
}

// callAll is CallFunction with all results.
func callAll(L *lua.LState, f *lua.LFunction, args ...lua.LValue) (results []lua.LValue) {
	top := L.GetTop()
	L.Push(f)
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), lua.MultRet)
	for i := top + 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i))
	}
	L.SetTop(top)
	return results
}
