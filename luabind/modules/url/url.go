// Package url is the Lua module url.
package url

import (
	"net"
	"net/url"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module url.
type Module struct{}

// Name returns "url".
func (Module) Name() string { return "url" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := binding{vm}
	return vm.Table("url", map[string]lua.LGFunction{
		"parse": b.parse, "build": b.build, "join": b.join,
		"encode": b.encode, "decode": b.decode, "encode_query": b.encodeQuery, "decode_query": b.decodeQuery,
	}, nil), nil
}

type binding struct{ vm *luabind.VM }

// longest is how long an address may be.
const longest = 64 << 10

// text returns an argument that is all or part of an address.
func (b binding) text(L *lua.LState, n int, function, what string) string {
	text := luabind.Text(L, n, function, what)
	b.vm.Charge(L, len(text)/4)
	return text
}

func (b binding) push(L *lua.LState, function, text string) int {
	b.vm.Charge(L, len(text)/4)
	b.vm.CheckLength(L, function, len(text))
	L.Push(lua.LString(text))
	return 1
}

func bad(format string) error { return &luabind.HostError{Kind: "bad_url", Message: format} }

// read reads an address. Errors don't repeat it, as it may have a key in it.
func read(text string) (*url.URL, error) {
	if len(text) > longest {
		return nil, bad("the address is longer than 64 KiB")
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		if inner := err.(*url.Error); inner.Err != nil {
			err = inner.Err
		}
		return nil, bad("this is no address: " + err.Error())
	}
	return u, nil
}

func (b binding) parse(L *lua.LState) int {
	u, err := read(b.text(L, 1, "url.parse", "an address"))
	if err != nil {
		return b.vm.Fail(L, err)
	}
	query, err := b.query(L, u.RawQuery)
	if err != nil {
		return b.vm.Fail(L, err)
	}
	t := L.CreateTable(0, 8)
	set := func(name, value string) {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	set("scheme", u.Scheme)
	set("host", u.Hostname())
	set("port", u.Port())
	set("user", u.User.Username())
	password, _ := u.User.Password()
	set("password", password)
	t.RawSetString("path", lua.LString(u.Path))
	if u.Opaque != "" {
		t.RawSetString("path", lua.LString(u.Opaque))
	}
	set("fragment", u.Fragment)
	t.RawSetString("query", query)
	L.Push(t)
	return 1
}

func (b binding) build(L *lua.LState) int {
	const function = "url.build"
	if L.Get(1).Type() != lua.LTTable {
		luabind.Mistake(L, `%s needs a table such as { scheme = "https", host = "example.org", path = "/a", query = { q = "x" } }, got %s`,
			function, luabind.Describe(L.Get(1)))
	}
	parts := luabind.Options(L, 1, function, "scheme", "host", "port", "user", "password", "path", "query", "fragment")
	part := func(name string) string {
		switch v := parts.RawGetString(name).(type) {
		case *lua.LNilType:
		case lua.LString, lua.LNumber:
			return v.String()
		default:
			luabind.Mistake(L, "%s: %s is a text, got %s", function, name, luabind.Describe(v))
		}
		return ""
	}
	u := url.URL{Scheme: part("scheme"), Host: part("host"), Path: part("path"), Fragment: part("fragment")}
	if port := part("port"); port != "" {
		u.Host = net.JoinHostPort(u.Host, port)
	} else if strings.Contains(u.Host, ":") && !strings.HasPrefix(u.Host, "[") {
		u.Host = "[" + u.Host + "]"
	}
	if u.Host != "" && u.Path != "" && !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path
	}
	if user := part("user"); user != "" {
		if u.User = url.User(user); part("password") != "" {
			u.User = url.UserPassword(user, part("password"))
		}
	}
	switch q := parts.RawGetString("query").(type) {
	case *lua.LNilType:
	case *lua.LTable:
		u.RawQuery = b.queryText(L, function, q)
	default:
		luabind.Mistake(L, "%s: query is a table such as { q = \"x\" }, got %s", function, luabind.Describe(q))
	}
	return b.push(L, function, u.String())
}

func (b binding) join(L *lua.LState) int {
	const what = `an address and what a page there refers to, such as url.join(page, "../logo.png")`
	base, err := read(b.text(L, 1, "url.join", what))
	if err != nil {
		return b.vm.Fail(L, err)
	}
	ref, err := read(b.text(L, 2, "url.join", what))
	if err != nil {
		return b.vm.Fail(L, err)
	}
	return b.push(L, "url.join", base.ResolveReference(ref).String())
}

// encode writes a text so that it may stand anywhere in an address: a space is %20.
func (b binding) encode(L *lua.LState) int {
	text := b.text(L, 1, "url.encode", "a text")
	return b.push(L, "url.encode", strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

func (b binding) decode(L *lua.LState) int {
	text, err := url.PathUnescape(b.text(L, 1, "url.decode", "a text"))
	if err != nil {
		return b.vm.Fail(L, bad("a % has no two hexadecimal digits behind it"))
	}
	return b.push(L, "url.decode", text)
}

func (b binding) encodeQuery(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		luabind.Mistake(L, `url.encode_query needs a table such as { q = "x" }, got %s`, luabind.Describe(L.Get(1)))
	}
	return b.push(L, "url.encode_query", b.queryText(L, "url.encode_query", t))
}

// queryText writes the pairs in the order of their names.
func (b binding) queryText(L *lua.LState, function string, t *lua.LTable) string {
	values := url.Values{}
	size := 0
	add := func(name string, v lua.LValue) {
		switch v.(type) {
		case lua.LString, lua.LNumber, lua.LBool:
			size += len(name) + len(v.String())
			b.vm.Charge(L, 10+(len(name)+len(v.String()))/4)
			b.vm.CheckLength(L, function, size)
			values.Add(name, v.String())
		default:
			luabind.Mistake(L, "%s: the value of %q is a text, a number, true or false, or a list of them, got %s", function, name, luabind.Describe(v))
		}
	}
	t.ForEach(func(k, v lua.LValue) {
		if k.Type() != lua.LTString {
			luabind.Mistake(L, "%s: names are texts, got %s", function, luabind.Describe(k))
		}
		if list, ok := v.(*lua.LTable); ok {
			for i := 1; i <= list.Len(); i++ {
				add(k.String(), list.RawGetInt(i))
			}
			return
		}
		add(k.String(), v)
	})
	return values.Encode()
}

func (b binding) decodeQuery(L *lua.LState) int {
	t, err := b.query(L, strings.TrimPrefix(b.text(L, 1, "url.decode_query", "a text"), "?"))
	if err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(t)
	return 1
}

// query reads the pairs; a name that is there several times has a list.
func (b binding) query(L *lua.LState, text string) (*lua.LTable, error) {
	if len(text) > longest {
		return nil, bad("the query is longer than 64 KiB")
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, bad("the query is wrong: it has a semicolon, or a % without two hexadecimal digits behind it")
	}
	t := L.CreateTable(0, len(values))
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		b.vm.Charge(L, 10)
		if len(values[name]) == 1 {
			t.RawSetString(name, lua.LString(values[name][0]))
			continue
		}
		list := L.CreateTable(len(values[name]), 0)
		for _, v := range values[name] {
			list.Append(lua.LString(v))
		}
		t.RawSetString(name, list)
	}
	return t, nil
}
