package spec

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	luahttp "github.com/ilinkd/ilinkd/luabind/modules/http"
)

// stub answers some of the requests of a case's bots.
type stub struct {
	method string // "" for all
	url    *regexp.Regexp
	query  bool // the pattern has one
	answer lua.LValue
}

// httpRequest is what a bot has asked for.
type httpRequest struct {
	method, url, body string
	header            http.Header
}

// anywhere lets bots ask for everything: stubs answer.
var anywhere = luahttp.Options{Allow: []string{"*:*", "localhost:*", "127.0.0.1:*", "[::1]:*"}}

// httpModule makes the table http of a spec.
func (f *file) httpModule(vm *luabind.VM) lua.LValue {
	return vm.Table("http", map[string]lua.LGFunction{
		"stub": func(L *lua.LState) int {
			now := f.running(L, "http.stub")
			s := stubOf(L)
			now.mu.Lock()
			defer now.mu.Unlock()
			now.stubs = append(now.stubs, s)
			return 0
		},
		"requests": func(L *lua.LState) int {
			now := f.running(L, "http.requests")
			now.mu.Lock()
			requests := slices.Clone(now.requests)
			now.mu.Unlock()
			list := L.NewTable()
			for i := range requests {
				list.Append(requests[i].table(L))
			}
			L.Push(list)
			return 1
		},
	}, nil)
}

var methods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// stubOf reads the arguments of http.stub.
func stubOf(L *lua.LState) (s stub) {
	const example = `http.stub("https://api.example.org/*", { json = {} })`
	pattern := luabind.Text(L, 1, "http.stub", "a URL, as in "+example)
	n := 2
	if slices.Contains(methods, pattern) {
		s.method, pattern, n = pattern, luabind.Text(L, 2, "http.stub", "a URL after the method"), 3
	}
	if !strings.Contains(pattern, "://") && !strings.HasPrefix(pattern, "*") {
		luabind.Mistake(L, "http.stub: %s is no URL: it begins with https://, http:// or *", quoted(pattern))
	}
	s.query = strings.Contains(pattern, "?")
	s.url = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$")
	switch s.answer = L.Get(n); v := s.answer.(type) {
	case lua.LString, *lua.LFunction:
	case *lua.LTable:
		luabind.Options(L, n, "http.stub", responseFields...)
	default:
		luabind.Mistake(L, "http.stub needs an answer after the URL, a text, table or function, as in %s, got %s", example, luabind.Describe(v))
	}
	return s
}

var responseFields = []string{"status", "headers", "body", "json", "events", "error"}

func (r *httpRequest) table(L *lua.LState) *lua.LTable {
	t, headers := L.NewTable(), L.NewTable()
	for name, values := range r.header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	t.RawSetString("method", lua.LString(r.method))
	t.RawSetString("url", lua.LString(r.url))
	t.RawSetString("headers", headers)
	t.RawSetString("body", lua.LString(r.body))
	return t
}

// transport answers what bots ask for with the stubs of the case that runs.
type transport struct {
	f   *file
	now *running
}

// RoundTrip answers a request, or fails the case.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	r := httpRequest{method: req.Method, url: req.URL.String(), header: req.Header}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		r.body = string(body)
	}
	t.now.mu.Lock()
	t.now.requests = append(t.now.requests, r)
	var answer lua.LValue
	for _, s := range slices.Backward(t.now.stubs) {
		if s.matches(&r) {
			answer = s.answer
			break
		}
	}
	if answer == nil {
		t.now.problems = append(t.now.problems, fmt.Sprintf(
			"the bot asked for %s %s, and nothing answers: add http.stub(%s, …) before", r.method, r.url, quoted(strings.SplitN(r.url, "?", 2)[0])))
		t.now.mu.Unlock()
		return nil, errors.New("nothing answers this in the spec")
	}
	t.now.mu.Unlock()
	var resp *http.Response
	var failed error
	err := t.f.sandbox.Run(req.Context(), "http.stub", func(L *lua.LState) {
		if fn, ok := answer.(*lua.LFunction); ok {
			answer = luabind.CallFunction(L, fn, r.table(L))
		}
		resp, failed = response(L, answer)
	})
	if err != nil {
		t.now.mu.Lock()
		defer t.now.mu.Unlock()
		t.now.failures = append(t.now.failures, err)
		return nil, errors.New("the spec's stub failed")
	}
	if resp != nil {
		resp.Request = req
	}
	return resp, failed
}

func (s *stub) matches(r *httpRequest) bool {
	url := r.url
	if !s.query {
		url, _, _ = strings.Cut(url, "?")
	}
	return (s.method == "" || s.method == r.method) && s.url.MatchString(url)
}

// response makes a response of what a stub says.
func response(L *lua.LState, answer lua.LValue) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}}
	body := ""
	switch v := answer.(type) {
	case lua.LString:
		body = string(v)
	case *lua.LTable:
		if message, ok := v.RawGetString("error").(lua.LString); ok {
			return nil, errors.New(string(message))
		}
		if status, ok := v.RawGetString("status").(lua.LNumber); ok {
			resp.StatusCode = int(status)
		}
		kind := ""
		switch events, isList := v.RawGetString("events").(*lua.LTable); {
		case isList:
			kind = "text/event-stream"
			for i := 1; i <= events.Len(); i++ {
				body += "data: " + strings.ReplaceAll(textOrJSON(L, events.RawGetInt(i)), "\n", "\ndata: ") + "\n\n"
			}
		case v.RawGetString("json") != lua.LNil:
			kind, body = "application/json", textOrJSON(L, v.RawGetString("json"))
		default:
			body = lua.LVAsString(v.RawGetString("body"))
		}
		if kind != "" {
			resp.Header.Set("Content-Type", kind)
		}
		if headers, ok := v.RawGetString("headers").(*lua.LTable); ok {
			headers.ForEach(func(k, v lua.LValue) { resp.Header.Set(k.String(), v.String()) })
		}
	default:
		L.RaiseError("a stub's function returns a text or a table (%s), and this one returned %s", strings.Join(responseFields, ", "), luabind.Describe(answer))
	}
	resp.Header.Set("Content-Type", cmp.Or(resp.Header.Get("Content-Type"), "text/plain; charset=utf-8"))
	resp.Status = fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	resp.ContentLength = int64(len(body))
	resp.Body = io.NopCloser(bytes.NewReader([]byte(body)))
	return resp, nil
}

// textOrJSON writes a value that isn't a text as JSON.
func textOrJSON(L *lua.LState, v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return string(s)
	}
	encode, ok := L.GetField(L.G.Global.RawGetString("json"), "encode").(*lua.LFunction)
	if !ok {
		L.RaiseError("there is no json.encode")
	}
	return luabind.CallFunction(L, encode, v).String()
}
