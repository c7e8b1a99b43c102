package re

import (
	"context"
	"math"
	"reflect"
	"regexp"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// caller is a module that runs a function of the test's within a handler.
type caller struct {
	f func(b *binding, L *lua.LState)
}

func (*caller) Name() string { return "call" }

func (c *caller) Open(vm *luabind.VM) (lua.LValue, error) {
	b := &binding{vm: vm, cache: cache{patterns: map[string]*pattern{}}}
	return vm.State().NewFunction(func(L *lua.LState) int { c.f(b, L); return 0 }), nil
}

// FuzzEach compares our going through a text with the standard library's.
func FuzzEach(f *testing.F) {
	for _, s := range [][2]string{
		{`\bab`, "ab abab ab"}, {`^a`, "aaa"}, {`(?m)^`, "a\n\nb"}, {``, "你好"}, {`a*`, "baac"}, {`\B`, "ab 你"}, {`(a)|b`, "ab"},
		{`\Qa.b`, "a.ba.b"}, {`$`, "ab"}, {`(?i)\bÄ`, "ä Ä"}, {`[^\x00]`, "\xff\xffa"}, {`^|b`, "bb"}, {`(?s)\A.|.\z`, "abc"},
	} {
		f.Add(s[0], s[1])
	}
	c := &caller{}
	bot := modulestest.NewBot(f, nil, "function on_message(msg) call() end", c)
	f.Fuzz(func(t *testing.T, expr, text string) {
		std, err := regexp.Compile(expr)
		if err != nil || len(text) > 300 || len(expr) > 100 {
			t.Skip()
		}
		c.f = func(b *binding, L *lua.LState) {
			p, _, err := b.cache.get(expr)
			if err != nil {
				return // larger than we allow
			}
			var got [][]int
			b.each(L, "f", p, text, math.MaxInt, func(loc []int) { got = append(got, loc) })
			if want := std.FindAllStringSubmatchIndex(text, -1); !reflect.DeepEqual(got, want) {
				t.Errorf("%q in %q: %v, want %v", expr, text, got, want)
			}
		}
		if err := bot.OnMessage(context.Background(), modulestest.Message()); err != nil {
			t.Fatal(err)
		}
	})
}
