package http

import (
	"fmt"
	nethttp "net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// reading makes a request of a script's arguments.
type reading struct {
	b        *binding
	L        *lua.LState
	function string
	req      Request
	// content is which of the arguments has set the body, "" if none has.
	content string
}

func (r *reading) mistake(format string, args ...any) {
	luabind.Mistake(r.L, "%s: %s", r.function, fmt.Sprintf(format, args...))
}

func (r *reading) url(v lua.LValue) {
	s, ok := v.(lua.LString)
	if !ok || s == "" {
		luabind.Mistake(r.L, `%s needs a URL, such as "https://api.example.org/", got %s`, r.function, luabind.Describe(v))
	}
	r.req.URL = string(s)
}

// options reads a table that has been checked for what it may have.
func (r *reading) options(o *lua.LTable) {
	if v := o.RawGetString("method"); v != lua.LNil {
		s, ok := v.(lua.LString)
		if !ok || s == "" || strings.Trim(string(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			r.mistake(`method is one such as "GET" or "PUT", got %s`, luabind.Describe(v))
		}
		r.req.Method = string(s)
	}
	r.headers(o.RawGetString("headers"))
	r.query(o.RawGetString("query"))
	r.body(o.RawGetString("body"))
	r.json(o.RawGetString("json"))
	r.form(o.RawGetString("form"))
	if seconds := luabind.Seconds(r.L, o, r.function, "timeout", defaultTimeout.Seconds()); seconds > 0 {
		r.req.Timeout = max(time.Duration(min(seconds, 1e6)*float64(time.Second)), 1)
	} else {
		r.mistake("timeout must be above 0 seconds")
	}
	r.req.MaxBytes = int64(min(defaultMaxBytes, r.b.vm.MaxString()))
	if v := o.RawGetString("max_bytes"); v != lua.LNil {
		n, ok := v.(lua.LNumber)
		most := r.b.vm.MaxString()
		if !ok || !(n >= 1) || float64(n) > float64(most) {
			r.mistake("max_bytes is a number of bytes up to %d ([bot.sandbox] string raises the limit), got %s", most, luabind.Describe(v))
		}
		r.req.MaxBytes = int64(n)
	}
}

// fields returns the pairs of a table of texts, sorted.
func (r *reading) fields(option string, v lua.LValue, lists bool) [][2]string {
	if v == lua.LNil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		r.mistake(`%s is a table such as { name = "value" }, got %s`, option, luabind.Describe(v))
	}
	var pairs [][2]string
	t.ForEach(func(k, v lua.LValue) {
		name, ok := k.(lua.LString)
		if !ok || name == "" {
			r.mistake("%s has names for keys, got %s", option, luabind.Describe(k))
		}
		list, isList := v.(*lua.LTable)
		if isList && lists {
			for i := 1; i <= list.Len(); i++ {
				pairs = append(pairs, [2]string{string(name), r.text(option, string(name), list.RawGetInt(i))})
			}
			return
		}
		pairs = append(pairs, [2]string{string(name), r.text(option, string(name), v)})
	})
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return pairs
}

func (r *reading) text(option, name string, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber, lua.LBool:
		return lua.LVAsString(r.L.ToStringMeta(v))
	}
	r.mistake("%s.%s must be a text, got %s", option, name, luabind.Describe(v))
	return ""
}

// ownHeaders are those that the client sets.
var ownHeaders = []string{"Connection", "Content-Length", "Host", "Transfer-Encoding", "Upgrade"}

func (r *reading) headers(v lua.LValue) {
	for _, f := range r.fields("headers", v, false) {
		name := textproto.CanonicalMIMEHeaderKey(f[0])
		if slices.Contains(ownHeaders, name) {
			r.mistake("the header %s is set by the host: leave it out", name)
		}
		if strings.ContainsAny(f[0], " \t\r\n:") || strings.ContainsAny(f[1], "\r\n\x00") {
			r.mistake("the header %q has characters that headers can't have", f[0])
		}
		r.header(name, f[1])
	}
}

func (r *reading) header(name, value string) {
	if r.req.Header == nil {
		r.req.Header = make(nethttp.Header)
	}
	r.req.Header.Set(name, value)
}

// query adds to the URL's query. An URL that can't be read is found later.
func (r *reading) query(v lua.LValue) {
	pairs := r.fields("query", v, true)
	u, err := url.Parse(r.req.URL)
	if len(pairs) == 0 || err != nil {
		return
	}
	values := make(url.Values)
	for _, p := range pairs {
		values.Add(p[0], p[1])
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += values.Encode()
	r.req.URL = u.String()
}

// setBody sets the body, which may come from one argument only.
func (r *reading) setBody(argument, contentType string, body []byte) {
	if r.content != "" {
		r.mistake("it has a body by %s and another one by %s: give one of them", r.content, argument)
	}
	r.content, r.req.Body = argument, body
	if contentType != "" && r.req.Header.Get("Content-Type") == "" {
		r.header("Content-Type", contentType)
	}
}

func (r *reading) body(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LNilType:
	case lua.LString:
		r.setBody("body", "", []byte(v))
	default:
		r.mistake("the body is a text, got %s; of a table, json = … makes one", luabind.Describe(v))
	}
}

func (r *reading) json(v lua.LValue) {
	if v == lua.LNil {
		return
	}
	text := r.b.json.Encode(r.L, v)
	r.setBody("json", "application/json", []byte(text))
}

func (r *reading) form(v lua.LValue) {
	if v == lua.LNil {
		return
	}
	values := make(url.Values)
	for _, p := range r.fields("form", v, true) {
		values.Add(p[0], p[1])
	}
	r.setBody("form", "application/x-www-form-urlencoded", []byte(values.Encode()))
}

// finish completes the request. Before a handler runs nothing is asked for.
func (r *reading) finish() Request {
	r.b.vm.InHandler(r.L, r.function)
	if r.req.Method == "" {
		r.req.Method = nethttp.MethodGet
		if r.content != "" {
			r.req.Method = nethttp.MethodPost
		}
	}
	return r.req
}

// call names the request for the journal. Its headers aren't among what makes it
// the same: a key may be another one by the time the handler runs again.
func (r *reading) call() luabind.Call {
	return luabind.Call{Name: r.function, Args: []any{Origin(r.req.URL), []string{r.req.Method, r.req.URL, string(r.req.Body)}}}
}
