package json_test

import (
	stdjson "encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestDecode(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "object", Script: `local v = json.decode('\239\187\191 {"a": {"b": [1, -2.5e1, true, "x"]}}\n') print(v.a.b[1], v.a.b[2], v.a.b[3], v.a.b[4], #v.a.b)`,
			Want: "1\t-25\ttrue\tx\t4"},
		{Name: "null", Script: `local v = json.decode('{"error": null, "l": [null, 2]}') print(v.error, v.l[1], v.l[1] == json.null, #v.l, json.decode("null") == json.null)`,
			Want: "nil\tnull\ttrue\t2\ttrue"},
		{Name: "ids keep their digits",
			Script: `for _, s in ipairs{"9007199254740992", "9007199254740993", "-9007199254740993", "18446744073709551615", "123456789012345678901234567890"} do
				local v = json.decode(s) print(type(v), v) end`,
			Want: "number\t9007199254740992\nstring\t9007199254740993\nstring\t-9007199254740993\nstring\t18446744073709551615\nstring\t123456789012345678901234567890"},
		{Name: "escapes", Script: `print(json.decode([["\u4f60\n\"\/\\ \ud83d\ude00 \ud83dx \ud83d\u0041"]]))`, Want: "你\n\"/\\ 😀 \uFFFDx \uFFFDA"},
		{Name: "last of two names", Script: `print(json.decode('{"a":1,"a":2}').a)`, Want: "2"},
		{Name: "depth", Script: `local ok = json.decode(("["):rep(100) .. ("]"):rep(100)) print(type(ok))
			print(select(2, json.decode(("["):rep(101) .. ("]"):rep(101))))`,
			Want: "table\nno JSON: line 1, column 101: lists and objects are nested deeper than 100"},
		{Name: "no text", Script: `json.decode({})`, Error: "json.decode needs a text with JSON, got a table"},
		{Name: "kind", Script: `print(select(2, json.decode("")).kind)`, Want: "bad_json"},
		{Name: "work is charged", Script: `json.decode("[" .. ("[],"):rep(1000000) .. "1]")`, Error: "must be raised"},
	}, json.Module{})

	for text, problem := range map[string]string{
		"":                            "column 1: the text ends where a value should be",
		"<html>":                      `line 1, column 1: there is "<" where a value should be`,
		"{\n  \"城市\": 上\n}":           `line 2, column 9: there is "上" where a value should be`,
		"[1 2]":                       `column 4: there is "2" where a comma or ] should be`,
		"[1,]":                        `column 4: there is "]" where a value should be`,
		"[1":                          "column 3: there is the end of the text where a comma or ] should be",
		"{a: 1}":                      `column 2: there is "a" where a name in " should be`,
		`{"a" 1}`:                     `column 6: there is "1" where a colon should be`,
		`{"a":1 "b":2}`:               `column 8: there is "\"" where a comma or } should be`,
		`{"a":1,}`:                    `column 8: there is "}" where a name in " should be`,
		"1 2":                         `column 3: there is "2" behind the end`,
		"01":                          "a number begins with 0",
		"-":                           "the end of the text where a digit should be",
		"1.":                          "where a digit should be",
		"1e+":                         "where a digit should be",
		"1e999":                       "column 1: the number is too large",
		`"a`:                          "the text ends within a string",
		`"a\`:                         "the text ends within a string",
		`"\x"`:                        `column 3: there is no escape \x`,
		`"\u12g4"`:                    `there is no \u with four hexadecimal digits`,
		"\"a\nb\"":                    "column 3: a string has a control character (0xa)",
		"\"\xff\"":                    "column 2: there is the byte 0xff, which is no UTF-8",
		"nul":                         `there is "n" where a value should be`,
		"[\xff]":                      "the byte 0xff, which is no UTF-8 where a value should be",
		strings.Repeat("\n", 9) + "]": "line 10, column 1:",
	} {
		_, err := decode(t, text)
		if err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, want %q", text, err, problem)
		}
	}
}

func TestEncode(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "order", Script: `print(json.encode({ z = 1, a = { 1, "二", false, json.null }, m = {} }))`, Want: `{"z":1,"a":[1,"二",false,null],"m":{}}`},
		{Name: "lists", Script: `local l = json.decode('{"a":[],"b":[1]}') table.remove(l.b) print(json.encode(l), json.encode(json.array{}), json.encode(json.array()))`,
			Want: "{\"a\":[],\"b\":[]}\t[]\t[]"},
		{Name: "indent", Script: `print(json.encode({ a = { 1, 2 }, b = {}, c = json.array() }, { indent = 2 }))`,
			Want: "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {},\n  \"c\": []\n}"},
		{Name: "numbers", Script: `print(json.encode{ 0.1, 1e300, 2^53, -0.5, 1e20, 1e21, 1/3, 1e-7, 1700000000.5 })`,
			Want: "[0.1,1e+300,9007199254740992,-0.5,100000000000000000000,1e+21,0.3333333333333333,1e-07,1700000000.5]"},
		{Name: "escapes", Script: `print(json.encode('"\\\n\r\t\1\127/é'))`, Want: `"\"\\\n\r\t\u0001\u007f/é"`},
		{Name: "values", Script: `print(json.encode(nil), json.encode(json.null), json.encode(true), json.encode("x"))`, Want: "null\tnull\ttrue\t\"x\""},
		{Name: "a table twice", Script: `local t = { 1 } print(json.encode{ a = t, b = t })`, Want: `{"a":[1],"b":[1]}`},
		{Name: "a failure", Script: `local _, err = json.decode("x") print(json.encode({ kind = err.kind }))`, Want: `{"kind":"bad_json"}`},
		{Name: "cycle", Script: `local t = { x = {} } t.x.t = t json.encode(t)`, Error: `json.encode: the value["x"]["t"] contains itself`},
		{Name: "gaps", Script: `json.encode{ l = { 1, nil, 3 } }`, Error: `the value["l"] is a list with gaps: it has 2 values, and the last is number 3`},
		{Name: "mixed", Script: `json.encode{ 1, a = 2 }`, Error: `the value has numbers and names as keys, such as 1 and "a"`},
		{Name: "numbers as keys", Script: `json.encode{ [0] = 1 }`, Error: "has the number 0 as a key: write tostring(0)"},
		{Name: "other keys", Script: `json.encode{ [true] = 1 }`, Error: "has a key that is a boolean; keys are texts"},
		{Name: "named list", Script: `local t = json.array() t.a = 1 json.encode(t)`, Error: `is a json.array, and has the name "a" as a key`},
		{Name: "function", Script: `json.encode{ { f = print } }`, Error: `the value[1]["f"] is a function, and has no form in JSON`},
		{Name: "nan", Script: `json.encode(0/0)`, Error: "is the number NaN"},
		{Name: "infinite", Script: `json.encode(1/0)`, Error: "is the number +Inf"},
		{Name: "bytes", Script: `json.encode("\255")`, Error: "is no UTF-8 text: base64.encode"},
		{Name: "deep", Script: `local t = {} for i = 1, 200 do t = { t } end json.encode(t)`, Error: "nested deeper than 100 tables"},
		{Name: "nothing", Script: `json.encode()`, Error: "json.encode needs a value"},
		{Name: "option", Script: `json.encode({}, { ident = 2 })`, Error: "did you mean indent?"},
		{Name: "indent is no number", Script: `json.encode({}, { indent = "  " })`, Error: "indent is a number of spaces"},
		{Name: "too long", Script: `local s = ("x"):rep(8e6) json.encode{ s, s }`, Error: "json.encode: the result would be longer than 8 MiB"},
		{Name: "array of no table", Script: `json.array("x")`, Error: "json.array needs a table"},
	}, json.Module{})
}

// TestManyLists: marks of tables that are gone are cleared away.
func TestManyLists(t *testing.T) {
	bot := modulestest.NewBot(t, nil, `function on_message(msg)
		for i = 1, 5000 do json.array() end
		print(json.encode(json.decode("[[],[]]")))
	end`, json.Module{})
	for range 20 {
		if printed, err := bot.Handle(nil); err != nil || printed != "[[],[]]" {
			t.Fatal(printed, err)
		}
	}
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, json.Module{}, nil, "") }

// decode calls json.decode from Go, and writes what it gave with json.encode.
func decode(t testing.TB, text string) (string, error) {
	t.Helper()
	g := &given{text: text}
	bot := modulestest.NewBot(t, nil, `function on_message(msg)
		local v, err = json.decode(given())
		if err then error(err) end
		print(json.encode(v))
	end`, json.Module{}, g)
	return bot.Handle(nil)
}

// given is a module that is a function, which returns a text.
type given struct{ text string }

func (*given) Name() string { return "given" }

func (g *given) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(g.text))
		return 1
	}), nil
}

// FuzzDecode compares with encoding/json: what is JSON for one is for the other,
// and means the same, but for nulls and large integers.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "null", `{"a":[1,2.5,{"b":""}]}`, `"\ud83d\ude00"`, "[1e5,-0]", "\"\xff\"", `"\ud800"`, "[]", " [ ] ", `{"":1}`, "1.0", "[[[[", "123456789012345678"} {
		f.Add(s)
	}
	g := &given{}
	bot := modulestest.NewBot(f, nil, `function on_message(msg)
		local v, err = json.decode(given())
		print(err and "no JSON" or json.encode(v))
	end`, json.Module{}, g)
	f.Fuzz(func(t *testing.T, text string) {
		g.text = text
		printed, err := bot.Handle(nil)
		var se *luabind.ScriptError
		if errors.As(err, &se) && se.Kind == luabind.KindLimit {
			t.Skip()
		}
		if err != nil {
			t.Fatal(err)
		}
		valid := stdjson.Valid([]byte(text)) && strings.ToValidUTF8(text, "") == text
		if strings.HasPrefix(text, "\uFEFF") || strings.Contains(text, "null") || strings.ContainsAny(text, "eE") || len(text) > 300 {
			t.Skip() // where we differ on purpose, or it is hard to compare
		}
		if valid != (printed != "no JSON") {
			t.Fatalf("%q: valid %v, printed %s", text, valid, printed)
		}
		if !valid {
			return
		}
		var want, got any
		if err := stdjson.Unmarshal([]byte(text), &want); err != nil {
			t.Skip()
		}
		if err := stdjson.Unmarshal([]byte(printed), &got); err != nil {
			t.Fatalf("%q: printed %s: %v", text, printed, err)
		}
		if !large(want) && !reflect.DeepEqual(want, got) {
			t.Fatalf("%q: printed %s", text, printed)
		}
	})
}

// large reports whether there are numbers that become texts.
func large(v any) bool {
	switch v := v.(type) {
	case float64:
		return v > 1<<53-1 || v < -1<<53+1 || v == 0 // 0 and -0
	case []any:
		for _, e := range v {
			if large(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if large(e) {
				return true
			}
		}
	}
	return false
}
