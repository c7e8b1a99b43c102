package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	jsonmodule "github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// web answers requests in place of the network.
type web func(r *nethttp.Request) (status int, body string)

func (w web) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	status, body := w(r)
	if status == 0 {
		return nil, errors.New(body)
	}
	return &nethttp.Response{
		StatusCode: status, Request: r, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body)),
		Header: nethttp.Header{"Content-Type": {"text/plain"}, "X-Two": {"a", "b"}},
	}, nil
}

// mirror answers with the request.
func mirror(r *nethttp.Request) (int, string) {
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	var headers []string
	for name := range r.Header {
		headers = append(headers, name+"="+r.Header.Get(name))
	}
	slices.Sort(headers)
	return 200, fmt.Sprintf("%s %s %s %s", r.Method, r.URL, strings.Join(headers, " "), body)
}

func modulesWith(w web) []luabind.Module {
	return []luabind.Module{jsonmodule.Module{}, http.New(http.Options{}, w)}
}

func TestRequests(t *testing.T) {
	const agent = "User-Agent=ilinkd"
	modulestest.Run(t, []modulestest.Case{
		{Name: "get", Script: `print(http.get("https://a.org/x?y=1").body)`, Want: "GET https://a.org/x?y=1 " + agent + " "},
		{Name: "query", Script: `print(http.get("https://a.org/x?y=1", { query = { q = "上海 &", list = { 1, true, "c" } } }).body)`,
			Want: "GET https://a.org/x?y=1&list=1&list=true&list=c&q=%E4%B8%8A%E6%B5%B7+%26 " + agent + " "},
		{Name: "headers", Script: `print(http.get("https://a.org", { headers = { ["user-agent"] = "me", ["x-y"] = "z" } }).body)`,
			Want: "GET https://a.org User-Agent=me X-Y=z "},
		{Name: "post a text", Script: `print(http.post("https://a.org", "x\0y").body)`, Want: "POST https://a.org " + agent + " x\x00y"},
		{Name: "post a table", Script: `print(http.post("https://a.org", { a = { 1, 2 } }).body)`,
			Want: "POST https://a.org Content-Type=application/json " + agent + ` {"a":[1,2]}`},
		{Name: "post nothing", Script: `print(http.post("https://a.org").body)`, Want: "POST https://a.org " + agent + " "},
		{Name: "form", Script: `print(http.post("https://a.org", nil, { form = { b = "1&2", a = 3 } }).body)`,
			Want: "POST https://a.org Content-Type=application/x-www-form-urlencoded " + agent + " a=3&b=1%262"},
		{Name: "request", Script: `print(http.request({ method = "PUT", url = "https://a.org", json = "x", headers = { ["content-type"] = "text/json" } }).body)`,
			Want: "PUT https://a.org Content-Type=text/json " + agent + ` "x"`},
		{Name: "request without a method", Script: `print(http.request({ url = "https://a.org", body = "" }).body)`, Want: "POST https://a.org " + agent + " "},
		{Name: "answer", Script: `local r = http.get("https://a.org/x") print(r.status, r.ok, r.url, r.headers["x-two"])`, Want: "200\ttrue\thttps://a.org/x\ta, b"},

		{Name: "no URL", Script: `print(http.get("nonsense"))`, Want: "nil\tthis URL can't be asked for: it must begin with https:// or http://"},
		{Name: "unreadable URL", Script: `local r, err = http.get("https://a b/s3cret") print(r, err.kind)`, Want: "nil\tbad_url"},
		{Name: "private", Script: `local r, err = http.get("http://127.0.0.1:80/s3cret?s3cret") print(r, err.kind, err)`,
			Want: "nil\trefused\tthe bot may not ask 127.0.0.1: add \"127.0.0.1\" to http in runtime.toml, [bot.allow], or give ilinkd dev --http 127.0.0.1"},

		{Name: "URL of another kind", Script: `http.get({})`, Error: `http.get needs a URL, such as "https://api.example.org/", got a table`},
		{Name: "unknown option", Script: `http.get("https://a.org", { header = {} })`, Error: "http.get doesn't know the option header; did you mean headers?"},
		{Name: "get with a body", Script: `http.get("https://a.org", { json = {} })`, Error: "http.get doesn't know the option json"},
		{Name: "timeout", Script: `http.get("https://a.org", { timeout = 0 })`, Error: "http.get: timeout must be above 0 seconds"},
		{Name: "max_bytes", Script: `http.get("https://a.org", { max_bytes = 1e9 })`, Error: "http.get: max_bytes is a number of bytes up to 8388608"},
		{Name: "two bodies", Script: `http.post("https://a.org", "x", { json = {} })`, Error: "it has a body by body and another one by json"},
		{Name: "method", Script: `http.request({ url = "https://a.org", method = "get" })`, Error: `method is one such as "GET"`},
		{Name: "header of ours", Script: `http.get("https://a.org", { headers = { host = "x" } })`, Error: "the header Host is set by the host"},
		{Name: "header with a line end", Script: `http.get("https://a.org", { headers = { x = "s3cret\r\ny: z" } })`, Error: `the header "x" has characters`},
		{Name: "header that is no text", Script: `http.get("https://a.org", { headers = { x = {} } })`, Error: "headers.x must be a text"},
		{Name: "json of a function", Script: `http.post("https://a.org", { f = print })`, Error: "function"},
		{Name: "body of another kind", Script: `http.request({ url = "https://a.org", body = {} })`, Error: "the body is a text"},
	}, modulesWith(mirror)...)
}

func TestAnswers(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "json", Script: `print(http.get("https://a.org/json"):json().city)`, Want: "上海"},
		{Name: "no json", Script: `local v, err = http.get("https://a.org/html"):json() print(v, err.kind)`, Want: "nil\tbad_json"},
		{Name: "json with a dot", Script: `http.get("https://a.org/json").json()`, Error: "write response:json(), with a colon"},
		{Name: "error status", Script: `local r, err = http.get("https://a.org/html") print(r.status, r.ok, err)`, Want: "500\tfalse\tnil"},
		{Name: "binary", Script: `print(#http.get("https://a.org/binary").body)`, Want: "4"},
		{Name: "network", Script: `local r, err = http.get("https://a.org/down?s3cret") print(err.kind, err)`, Want: "network\tGET https://a.org: no way"},
		{Name: "lines", Script: `local s = http.stream("https://a.org/lines") print(s.ok) for l in s:lines() do print(l) end print(s.err)`, Want: "true\na\n\nb\nnil"},
		{Name: "events", Script: `for e in http.stream("https://a.org/events"):events() do print(e.name, e.data, e.id) end`, Want: "message\tone\ntwo\tnil\nx\t3\t7"},
		{Name: "closed", Script: `local s = http.stream("https://a.org/lines") local next = s:lines() print(next()) s:close() print(next(), s.err)`, Want: "a\nnil\tnil"},
		{Name: "method of another", Script: `local s = http.stream("https://a.org/lines") s.lines()`, Error: "write stream:lines(), with a colon"},
		{Name: "too large", Script: `local s = http.stream("https://a.org/lines", { max_bytes = 2 })
for line in s:lines() do print(line) end print(s.err.kind)`, Want: "too_large"},
	}, modulesWith(func(r *nethttp.Request) (int, string) {
		switch r.URL.Path {
		case "/json":
			return 200, `{"city": "上海"}`
		case "/binary":
			return 200, "\x00\xff\xfe\x01"
		case "/down":
			return 0, "no way"
		case "/lines":
			return 200, "a\r\n\nb"
		case "/events":
			return 200, ": hello\ndata: one\ndata:two\n\nevent: x\nid: 7\ndata: 3"
		}
		return 500, "<html>"
	})...)
}

// hanging answers nothing until a request's context ends.
type hanging struct{ asked chan struct{} }

func (h hanging) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	h.asked <- struct{}{}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestInterrupt: a handler that is interrupted while it waits is told so.
func TestInterrupt(t *testing.T) {
	web := hanging{make(chan struct{})}
	b := modulestest.NewBot(t, nil, `function on_message(msg)
		local res, err = http.get("https://a.org/s3cret")
		assert(err.kind == "interrupted", err)
		local stream, err = http.stream("https://a.org/s3cret", { timeout = 0.001 })
		assert(err.kind == "timeout", err)
	end`, jsonmodule.Module{}, http.New(http.Options{}, web))
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error)
	go func() {
		done <- b.OnMessage(ctx, &luabind.Event{Message: &ilink.Message{ID: "1", From: "alice", Items: []ilink.Item{ilink.TextMessage("x")}}})
	}()
	<-web.asked
	cancel(luabind.ErrInterrupted)
	<-web.asked
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestLoading(t *testing.T) {
	_, err := modulestest.TryBot(t, nil, `http.get("https://a.org") function on_message(msg) end`, modulesWith(mirror)...)
	if err == nil || !strings.Contains(err.Error(), "http.get works in handlers only") {
		t.Error(err)
	}
	_, err = modulestest.TryBot(t, nil, `function on_message(msg) end`, jsonmodule.Module{}, http.New(http.Options{Allow: []string{"http://x"}}, nil))
	if err == nil || !strings.Contains(err.Error(), `"http://x" is a URL`) {
		t.Error(err)
	}
}

// keeping is a host that keeps what is on record at the first send.
type keeping struct {
	*librarytest.Host
	records []luabind.Record
}

func (k *keeping) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	s := luabind.StepOf(ctx)
	if s.Number == len(s.Pending) {
		k.records = slices.Clone(s.Pending)
	}
	return k.Host.Send(ctx, req)
}

// TestRunAgain: what is on record isn't asked for again, and a stream that the
// record doesn't end is cut off.
func TestRunAgain(t *testing.T) {
	asked := 0
	host := &keeping{Host: librarytest.NewHost(t)}
	b := modulestest.NewBot(t, host, `
function on_message(msg)
  print(#http.get("https://a.org/x", { headers = { Authorization = "Bearer s3cret" } }).body)
  print(select(2, http.get("https://a.org/down")).kind)
  local s = http.stream("https://a.org/lines?s3cret")
  local next = s:lines()
  local two = #next() + #next()
  print(two)
  msg:reply("x " .. two)
  while true do
    local line, err = next()
    if not line then print("end:", err) break end
  end
end`, modulesWith(func(r *nethttp.Request) (int, string) {
		asked++
		if r.URL.Path == "/down" {
			return 0, "no way"
		}
		return 200, strings.Repeat(strings.Repeat("x", 20_000)+"\n", 10)
	})...)
	first, err := b.Handle(nil)
	if want := "200010\nnetwork\n40000\nend:\tnil"; err != nil || first != want || asked != 3 {
		t.Errorf("%d requests, %v, printed\n%s", asked, err, first)
	}
	again, err := b.Handle(host.records)
	// What was logged before isn't logged again, and what is sent then is the same.
	if want := "40000\nend:\tthe answer was cut off when the program ended"; err != nil || again != want || asked != 3 {
		t.Errorf("again: %d requests, %v, printed\n%s", asked, err, again)
	}
	for _, r := range host.records {
		if strings.Contains(r.Call, "s3cret") {
			t.Errorf("a secret is on record: %s", r.Call)
		}
	}
}

func TestDefinitions(t *testing.T) {
	modules := modulesWith(func(r *nethttp.Request) (int, string) { return 200, `{"temperature": 21}` })
	librarytest.Module(t, modules[1], nil, `
function on_message(msg)
  class("http.Response", http.get("https://a.org"))
  local stream = http.stream("https://a.org", { max_bytes = 1 })
  for line in stream:lines() do end
  class("http.Stream", stream)
end`, modules[0])
}
