package spec

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// expectation is what expect returns: expect(value).to and expect(value).never.to
// have the matchers.
type expectation struct {
	f       *file
	value   lua.LValue
	negated bool
}

// matcher compares a value with the arguments. problem says what is wrong if it
// doesn't match, and opposite what is if it does and should not; both follow on
// the word "expected".
type matcher func(L *lua.LState, value lua.LValue) (ok bool, problem, opposite string)

// matchers are what can be expected, by name.
var matchers = map[string]matcher{
	"equal": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		want := arg(L, "equal", "the value that is expected")
		got := comparable(v, want)
		return equal(got, want), difference(got, want), fmt.Sprintf("anything but\n%s", block(want))
	},
	"match": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		pattern := luabind.Text(L, 1, "match", "a Lua pattern")
		text, ok := textOf(v)
		if !ok {
			return false, fmt.Sprintf("a text that matches %s, got %s", quoted(pattern), inline(v)), ""
		}
		found := luabind.CallFunction(L, stringFunction(L, "find"), lua.LString(text), lua.LString(pattern)) != lua.LNil
		return found, fmt.Sprintf("a text that matches %s, got\n%s", quoted(pattern), block(lua.LString(text))),
			fmt.Sprintf("a text that doesn't match %s, got\n%s", quoted(pattern), block(lua.LString(text)))
	},
	"contain": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		want := arg(L, "contain", "a part of a text, or a value of a list")
		part, isText := textOf(want)
		problem := fmt.Sprintf("something with %s in it, got\n%s", inline(want), block(v))
		opposite := fmt.Sprintf("something without %s in it, got\n%s", inline(want), block(v))
		if text, ok := textOf(v); ok && isText {
			return strings.Contains(text, part), problem, opposite
		}
		list, ok := v.(*lua.LTable)
		if !ok {
			return false, problem, opposite
		}
		found := false
		list.ForEach(func(_, item lua.LValue) {
			text, ok := textOf(item)
			found = found || equal(comparable(item, want), want) || ok && isText && item.Type() == lua.LTTable && strings.Contains(text, part)
		})
		return found, problem, opposite
	},
	"be_nil":    is("nil", func(v lua.LValue) bool { return v == lua.LNil }),
	"be_truthy": is("something other than nil and false", lua.LVAsBool),
	"be_falsy":  is("nil or false", lua.LVIsFalse),
	"be_a": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		kind := luabind.Text(L, 1, "be_a", `a type, such as "number"`)
		kinds := []string{"nil", "boolean", "number", "string", "table", "function", "userdata", "thread"}
		if !slices.Contains(kinds, kind) {
			luabind.Mistake(L, "be_a: there is no type %s (there are %s)", quoted(kind), strings.Join(kinds, ", "))
		}
		return v.Type().String() == kind, fmt.Sprintf("a %s, got %s", kind, inline(v)), fmt.Sprintf("no %s, got %s", kind, inline(v))
	},
	"be_above": compare("be_above", "above", func(a, b lua.LNumber) bool { return a > b }),
	"be_below": compare("be_below", "below", func(a, b lua.LNumber) bool { return a < b }),
	"have_length": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		n, ok := L.Get(1).(lua.LNumber)
		if !ok {
			luabind.Mistake(L, "have_length needs a number, got %s", luabind.Describe(L.Get(1)))
		}
		length := -1
		if text, ok := textOf(v); ok {
			length = len(text)
		} else if t, ok := v.(*lua.LTable); ok {
			length = t.Len()
		}
		if length < 0 {
			return false, fmt.Sprintf("something with the length %v, got %s", n, inline(v)), ""
		}
		return lua.LNumber(length) == n, fmt.Sprintf("the length %v, got %d:\n%s", n, length, block(v)), fmt.Sprintf("another length than %v", n)
	},
	"have": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		want, ok := arg(L, "have", "a table of fields").(*lua.LTable)
		if !ok {
			luabind.Mistake(L, "have needs a table of fields, such as { kind = \"image\" }, got %s", luabind.Describe(L.Get(1)))
		}
		t, ok := v.(*lua.LTable)
		if !ok {
			return false, fmt.Sprintf("a table with\n%s\ngot %s", block(want), inline(v)), ""
		}
		got, all := L.NewTable(), true
		want.ForEach(func(k, w lua.LValue) {
			field := L.GetTable(t, k)
			got.RawSet(k, field)
			all = all && equal(comparable(field, w), w)
		})
		return all, difference(got, want), fmt.Sprintf("a table without\n%s", block(want))
	},
	"raise": func(L *lua.LState, v lua.LValue) (bool, string, string) {
		pattern := L.OptString(1, "")
		fn, ok := v.(*lua.LFunction)
		if !ok {
			luabind.Mistake(L, "raise: expect needs a function, as in expect(function() … end).to.raise(…), got %s", luabind.Describe(v))
		}
		pcall := L.G.Global.RawGetString("pcall").(*lua.LFunction)
		L.Push(pcall)
		L.Push(fn)
		L.Call(1, 2)
		raised, message := L.Get(-2) == lua.LFalse, L.ToStringMeta(L.Get(-1)).String()
		L.Pop(2)
		what := "an error"
		if pattern != "" {
			what += " that matches " + quoted(pattern)
		}
		if !raised {
			return false, what + ", and there was none", ""
		}
		found := luabind.CallFunction(L, stringFunction(L, "find"), lua.LString(message), lua.LString(pattern)) != lua.LNil
		return found, what + ", got\n" + block(lua.LString(message)), "no error, got\n" + block(lua.LString(message))
	},
}

// is makes a matcher without arguments.
func is(what string, test func(lua.LValue) bool) matcher {
	return func(_ *lua.LState, v lua.LValue) (bool, string, string) {
		return test(v), fmt.Sprintf("%s, got %s", what, inline(v)), fmt.Sprintf("no such thing as %s, got %s", what, inline(v))
	}
}

// compare makes a matcher that compares numbers.
func compare(name, word string, test func(a, b lua.LNumber) bool) matcher {
	return func(L *lua.LState, v lua.LValue) (bool, string, string) {
		limit, ok := L.Get(1).(lua.LNumber)
		if !ok {
			luabind.Mistake(L, "%s needs a number, got %s", name, luabind.Describe(L.Get(1)))
		}
		n, ok := v.(lua.LNumber)
		return ok && test(n, limit), fmt.Sprintf("a number %s %v, got %s", word, limit, inline(v)), fmt.Sprintf("no number %s %v, got %s", word, limit, inline(v))
	}
}

// arg returns a matcher's first argument, which may be nil but must be there.
func arg(L *lua.LState, name, what string) lua.LValue {
	if L.GetTop() == 0 {
		luabind.Mistake(L, "%s needs %s", name, what)
	}
	return L.Get(1)
}

func stringFunction(L *lua.LState, name string) *lua.LFunction {
	return L.G.Global.RawGetString("string").(*lua.LTable).RawGetString(name).(*lua.LFunction)
}

// expect begins an expectation.
func (f *file) expect(L *lua.LState) int {
	if L.GetTop() == 0 {
		luabind.Mistake(L, "expect needs a value")
	}
	e := &expectation{f: f, value: L.Get(1)}
	t := f.vm.Table("expect(…)", nil, map[string]lua.LValue{
		"to": e.matchers(L),
		"never": f.vm.Table("expect(…).never", nil, map[string]lua.LValue{
			"to": (&expectation{f: f, value: e.value, negated: true}).matchers(L),
		}),
	})
	L.Push(t)
	return 1
}

// matchers makes the table of an expectation's matchers, each of which is made when
// it is asked for.
func (e *expectation) matchers(L *lua.LState) lua.LValue {
	path := "expect(…).to"
	if e.negated {
		path = "expect(…).never.to"
	}
	t, mt := L.NewTable(), L.NewTable()
	mt.RawSetString("__metatable", lua.LString(path))
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name := L.Get(2).String()
		m := matchers[name]
		if m == nil {
			hint := ""
			if near := luabind.Nearest(name, matcherNames()); near != "" {
				hint = "; did you mean " + near + "?"
			}
			luabind.Mistake(L, "%s.%s does not exist%s (there are %s)", path, name, hint, strings.Join(matcherNames(), ", "))
		}
		L.Push(L.NewFunction(func(L *lua.LState) int {
			if L.Get(1) == t {
				luabind.Mistake(L, "write %s.%s(…), with a dot", path, name)
			}
			e.check(L, m)
			return 0
		}))
		return 1
	}))
	t.Metatable = mt
	return t
}

// check raises an error if the value isn't as expected.
func (e *expectation) check(L *lua.LState, m matcher) {
	ok, problem, opposite := m(L, e.value)
	switch {
	case ok && e.negated:
		L.RaiseError("expected %s", opposite)
	case !ok && !e.negated:
		L.RaiseError("expected %s", problem)
	}
}

func matcherNames() []string {
	var names []string
	for name := range matchers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// comparable is what is compared with want: a message's text, if that is a text.
func comparable(v, want lua.LValue) lua.LValue {
	if want.Type() == lua.LTString && v.Type() == lua.LTTable {
		if text, ok := textOf(v); ok {
			return lua.LString(text)
		}
	}
	return v
}

// equal compares tables by what is in them.
func equal(a, b lua.LValue) bool { return equalWithin(a, b, 0) }

func equalWithin(a, b lua.LValue, depth int) bool {
	const deepest = 100
	x, ok := a.(*lua.LTable)
	y, ok2 := b.(*lua.LTable)
	if !ok || !ok2 {
		return a == b
	}
	if x == y {
		return true
	}
	if depth == deepest {
		return false
	}
	same, n := true, 0
	x.ForEach(func(k, v lua.LValue) {
		n++
		same = same && equalWithin(v, y.RawGet(k), depth+1)
	})
	y.ForEach(func(lua.LValue, lua.LValue) { n-- })
	return same && n == 0
}
