package http

import (
	"context"
	nethttp "net/http"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/internal/vmjson"
)

// Module is the module http.
type Module struct {
	client *Client
	err    error
}

// New makes the module. transport is for tests, see [NewClient]. That an entry of
// Options.Allow is none is an error when a script is loaded; [CheckRule] finds it
// before.
func New(o Options, transport nethttp.RoundTripper) *Module {
	m := new(Module)
	m.client, m.err = NewClient(o, transport)
	return m
}

// Name returns "http".
func (*Module) Name() string { return "http" }

// Client returns what makes the module's requests, for other modules of the bot.
func (m *Module) Client() (*Client, error) { return m.client, m.err }

// Open makes the module's table.
func (m *Module) Open(vm *luabind.VM) (lua.LValue, error) {
	if m.err != nil {
		return nil, m.err
	}
	json, err := vmjson.Of(vm)
	if err != nil {
		return nil, err
	}
	b := &binding{vm: vm, client: m.client, json: json}
	b.responses = methods(vm, "response", map[string]lua.LGFunction{"json": b.responseJSON})
	b.streams = methods(vm, "stream", map[string]lua.LGFunction{"lines": b.streamLines, "events": b.streamEvents, "close": b.streamClose})
	return vm.Table("http", map[string]lua.LGFunction{
		"get": b.get, "post": b.post, "request": b.request, "stream": b.stream,
	}, nil), nil
}

// binding is the module in one VM.
type binding struct {
	vm     *luabind.VM
	client *Client
	json   vmjson.JSON
	// responses and streams are the methods of what is returned.
	responses, streams *lua.LTable
}

func methods(vm *luabind.VM, name string, functions map[string]lua.LGFunction) *lua.LTable {
	L := vm.State()
	mt, index := L.CreateTable(0, 2), L.CreateTable(0, len(functions))
	for name, f := range functions {
		index.RawSetString(name, L.NewFunction(f))
	}
	mt.RawSetString("__index", index)
	mt.RawSetString("__metatable", lua.LString(name))
	return mt
}

func (b *binding) get(L *lua.LState) int {
	const function = "http.get"
	r := reading{b: b, L: L, function: function}
	r.url(L.Get(1))
	r.options(luabind.Options(L, 2, function, "headers", "query", "timeout", "max_bytes"))
	return b.fetch(&r)
}

func (b *binding) post(L *lua.LState) int {
	const function = "http.post"
	r := reading{b: b, L: L, function: function}
	r.req.Method = nethttp.MethodPost
	r.url(L.Get(1))
	if t, ok := L.Get(2).(*lua.LTable); ok {
		r.json(t)
	} else {
		r.body(L.Get(2))
	}
	r.options(luabind.Options(L, 3, function, "headers", "query", "json", "form", "timeout", "max_bytes"))
	return b.fetch(&r)
}

func (b *binding) request(L *lua.LState) int {
	const function = "http.request"
	r := reading{b: b, L: L, function: function}
	if L.Get(1).Type() != lua.LTTable {
		luabind.Mistake(L, `%s needs a table, as in { method = "PUT", url = "https://…" }, got %s`, function, luabind.Describe(L.Get(1)))
	}
	o := luabind.Options(L, 1, function, "method", "url", "headers", "query", "body", "json", "form", "timeout", "max_bytes")
	r.url(o.RawGetString("url"))
	r.options(o)
	return b.fetch(&r)
}

// fetch makes the request and returns its answer.
func (b *binding) fetch(r *reading) int {
	L := r.L
	req := r.finish()
	resp, err := luabind.Do(b.vm, L, r.call(), func(ctx context.Context) (*Response, error) { return b.client.Fetch(ctx, req) })
	if err != nil {
		return b.vm.Fail(L, err)
	}
	b.vm.Charge(L, len(resp.Body)/16)
	t := b.head(L, resp.Head)
	t.RawSetString("body", lua.LString(resp.Body))
	t.Metatable = b.responses
	L.Push(t)
	return 1
}

// head makes a table of what is known when an answer begins.
func (b *binding) head(L *lua.LState, h Head) *lua.LTable {
	t := L.CreateTable(0, 6)
	t.RawSetString("status", lua.LNumber(h.Status))
	t.RawSetString("ok", lua.LBool(h.OK()))
	t.RawSetString("url", lua.LString(h.URL))
	headers := L.CreateTable(0, len(h.Header))
	for name, value := range h.Header {
		headers.RawSetString(name, lua.LString(value))
	}
	t.RawSetString("headers", headers)
	return t
}

// responseJSON reads a response's body as JSON.
func (b *binding) responseJSON(L *lua.LState) int {
	t, _ := L.Get(1).(*lua.LTable)
	if t == nil || t.RawGetString("body").Type() != lua.LTString {
		luabind.Mistake(L, "json was called on %s instead of a response: write response:json(), with a colon", luabind.Describe(L.Get(1)))
	}
	v, failure := b.json.Decode(L, t.RawGetString("body").String())
	L.Push(v)
	L.Push(failure)
	return 2
}
