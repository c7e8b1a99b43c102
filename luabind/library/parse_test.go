package library

import (
	"strings"
	"testing"
	"testing/fstest"
)

func parse(t *testing.T, text string) (*Definitions, error) {
	t.Helper()
	return Parse(fstest.MapFS{"a.lua": {Data: []byte(text)}})
}

const sample = `---@meta shop

---Sells things.
---@class shop: base
---@field open? boolean Whether it is open.
---@overload fun(x: string): integer
shop = {}

---@alias shop.Size
---| "small" # little
---| "large"

---A thing.
---@class shop.Thing
local Thing = {}

---Buys it.
---@param price number|string What to pay.
---@param how? { cash: boolean, [string]: any } In which way.
---@param ... string[] Notes.
---@return boolean? ok Whether it went well.
---@return fun(a: integer, b?: string): string, ...any why
---@example
---` + "```lua" + `
---thing:buy(1)
---` + "```" + `
function Thing:buy(price, how, ...) end

---Finds a thing.
---@generic T: table
---@param name "a b"|T
---@return shop.Thing
function shop.find(name) end

---@type table<string, shop.Thing[]>
shop.all = {}
`

func TestParse(t *testing.T) {
	d, err := parse(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	if f := d.Files[0]; f.Module != "shop" || f.Spec || len(f.Functions) != 2 || len(f.Globals) != 1 {
		t.Errorf("%+v", f)
	}
	all := d.All()
	buy := all["shop.Thing.buy"]
	if buy == nil || !buy.Method || buy.Doc != "Buys it." || buy.Example != "thing:buy(1)" || buy.Line != 27 {
		t.Fatalf("%+v", buy)
	}
	var got []string
	for _, p := range append(buy.Signature().Params, buy.Signature().Returns...) {
		mark := ""
		if p.Optional {
			mark = "?"
		}
		got = append(got, p.Name+mark+" "+p.Type.Text+" "+p.Doc)
	}
	want := []string{
		"price number|string What to pay.", "how? { cash: boolean, [string]: any } In which way.", "...? string[] Notes.",
		"ok boolean? Whether it went well.", "why fun(a: integer, b?: string): string, ...any ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r := buy.Signature().Returns[1].Type.Func; len(r.Params) != 2 || !r.Params[1].Optional || len(r.Returns) != 2 {
		t.Errorf("%+v", r)
	}
	if find := all["shop.find"]; find == nil || find.Method || find.Signature().Generics[0] != "T" ||
		find.Signature().Params[0].Type.Args[0].Name != `"a b"` {
		t.Errorf("%+v", find)
	}
	if m := all["shop.open"]; m == nil || !m.Optional || m.Doc != "Whether it is open." {
		t.Errorf("%+v", m)
	}
	if m := all["shop.all"]; m == nil || m.Type.Args[1].Kind != Array {
		t.Errorf("%+v", m)
	}
	c := d.Class("shop")
	if c == nil || c.Path != "shop" || len(c.Calls) != 1 || c.Doc != "Sells things." || c.Parents[0] != "base" {
		t.Errorf("%+v", c)
	}
	if a := d.Alias("shop.Size"); a == nil || a.Type.Text != `"small"|"large"` {
		t.Errorf("%+v", a)
	}
	if _, known := d.Members("shop"); known {
		t.Error("base isn't known")
	}
	if m, known := d.Members("shop.Thing"); !known || len(m) != 1 {
		t.Error(m, known)
	}
}

func TestParseMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"x = 1":                                             "a.lua:1: the first line must be ---@meta",
		"---@meta a\nprint('x')":                            "a.lua:2: what is this?",
		"---@meta a\n---@parm x y":                          "a.lua:2: @parm isn't known",
		"---@meta a\n---@param x any\nx={}":                 "a.lua:3: what is this?",
		"---@meta a\n---@param x any\nfunction f(y) end":    "a.lua:3: there is no parameter x",
		"---@meta a\n---@param x\nfunction f(x) end":        `a.lua:2: "x": a name and a type are needed`,
		"---@meta a\n---@field x any":                       "a.lua:2: @field belongs to a @class",
		"---@meta a\n---@return table<a":                    `a.lua:2: type "table<a": ">" is missing`,
		"---@meta a\n---@return fun(a":                      "is missing",
		"---@meta a\n---@return \"x":                        "a quote isn't closed",
		"---@meta a\nfunction a.b() end":                    "a.lua:2: a.b: no ---@class says what a is",
		"---@meta a\nfunction f() end\nfunction f() end":    "a.lua:3: f is defined twice, see a.lua:2",
		"---@meta a\n---```lua\n---x":                       "an example's code doesn't end",
		"---@meta a\n---@return " + strings.Repeat("(", 99): "nested too deep",
	} {
		if _, err := parse(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestSpecFiles: names of specs are marked by the module's name.
func TestSpecFiles(t *testing.T) {
	for module, want := range map[string]bool{"spec": true, "spec.http": true, "special": false} {
		d, err := parse(t, "---@meta "+module+"\n\n---A name.\nx = {}")
		if err != nil || d.Global("x").File.Spec != want {
			t.Error(module, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("---@meta a\n---@return fun(a?: b[], ...): (c|d)?, {e: f} g")
	f.Fuzz(func(t *testing.T, text string) { parse(t, text) })
}
