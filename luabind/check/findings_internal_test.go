package check

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ilinkd/ilinkd/luabind/library"
)

// extended are our definitions and some more.
const extended = `---@meta more

---A shop.
---@class shop
---@overload fun(name: string): shop.Thing
shop = {}

---A thing.
---@class shop.Thing
---@field price number
local Thing = {}

---Buys it.
---@overload fun(self: shop.Thing, how: string, when: number)
---@param price number
function Thing:buy(price) end

---Waits for one.
---@param name string
---@param f fun(thing: shop.Thing, msg: ilink.Message): boolean
function shop.on(name, f) end

---Finds one.
---@nodiscard
---@generic T
---@param thing T
---@return T
function shop.find(thing) end
`

func extendedChecker(t *testing.T) *Checker {
	t.Helper()
	files := fstest.MapFS{"zz_more.lua": {Data: []byte(extended)}}
	names, err := fs.Glob(library.FS, "*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(library.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	defs, err := library.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{defs: defs, modules: map[string]bool{"mine": true}}
}

// TestFindings tests what depends on definitions that needn't be there.
func TestFindings(t *testing.T) {
	c := extendedChecker(t)
	const message = "function on_message(msg) msg:reply('x') end\n"
	for _, tt := range []struct{ name, script, want string }{
		{"callback", message + `shop.on("x", function(thing, m) print(thing.prise, m.txt) end)`,
			"2:45: error: a shop.Thing has no prise; did you mean price?\n2:54: error: an ilink.Message has no txt; did you mean text?"},
		{"named callback", message + "local function f(thing) print(thing.prise) end\nshop.on('x', f)", "2:37: error: a shop.Thing has no prise; did you mean price?"},
		{"callable", message + `print(shop("x").prise, shop("x").price)`, "2:17: error: a shop.Thing has no prise; did you mean price?"},
		{"generic", message + `print(shop.find(shop("x")).prise)`, "2:28: error: a shop.Thing has no prise; did you mean price?"},
		{"unused result", message + `shop.find(1)`, "2:6: warning: shop.find only returns something, and nothing is done with it here"},
		{"overloads", message + `local t = shop("x") t:buy(1) t:buy("a", 2) t:buy(1, 2, 3)`, "2:46: error: t:buy takes 1 argument (price), and gets 3"},
		{"specs' names", message + `it("works", function() end)`, "2:1: error: it exists in specs (*_spec.lua) only"},
		{"specs' functions", message + `http.stub("https://example.org/", "x")`, "2:6: error: http.stub doesn't exist"},
		{"embedder's", message + `mine.anything(mine) local x = require("mine")`, ""},
		{"silenced", message + "foo() ---@diagnostic disable-line\n---@diagnostic disable-next-line: undefined-global\nfoo()\nfoo()", "5:1: error: nothing defines foo"},
		{"recursion", "local function f(m, n) if n > 0 then return f(m, n - 1) end return m.txt end\n" +
			"function on_message(msg) msg:reply(f(msg, 3)) end", "1:70: error: an ilink.Message has no txt; did you mean text?"},
		{"disagreement", "local function f(m) return m.txt end\nfunction on_message(msg) msg:reply(f(msg) .. f({ txt = 'x' })) end", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &program{sources: []*source{{path: "a.lua", text: tt.script}}, folders: []string{t.TempDir()}}
			var got []string
			for _, f := range tidy(c.program(p)) {
				got = append(got, strings.TrimPrefix(f.String(), "a.lua:"))
			}
			if strings.Join(got, "\n") != tt.want {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), tt.want)
			}
		})
	}
	spec := &program{sources: []*source{{path: "a_spec.lua", text: `it("works", function() end) describe("x") zzz()`}}, folders: []string{"."}}
	if got := c.program(spec); len(got) != 2 || !strings.Contains(got[0].Message+got[1].Message, "nothing defines zzz") {
		t.Error(got)
	}
}

// TestManyFindings: a script can't make the checker work for ever.
func TestManyFindings(t *testing.T) {
	c := extendedChecker(t)
	for name, text := range map[string]string{
		"unknown names": strings.Repeat("aaaaa() ", 30000),
		"long name":     strings.Repeat("a", 200000) + "()",
		"chain":         "local x = a" + strings.Repeat(".b(c)", 190),
		"ors":           "local x = a" + strings.Repeat(" or msg.x", 190),
		"locals":        "local a0 = msg " + strings.Repeat("local a0 = a0.x or a0.y or a0(a0) ", 150) + " print(a0.b)",
	} {
		p := &program{sources: []*source{{path: "a.lua", text: text}}, folders: []string{"."}}
		for _, f := range c.program(p) {
			if len(f.Message) > 4000 {
				t.Errorf("%s: a message of %d bytes", name, len(f.Message))
			}
		}
	}
}
