package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	nethttp "net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	jsonmodule "github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reply is what the service answers with.
type reply struct {
	status int // 200 if 0
	kind   string
	body   string
	header nethttp.Header
}

// service is a model's service that gives these answers, one after the other and
// the last again and again.
type service struct {
	replies []reply
	asked   []map[string]any // the bodies
	headers []nethttp.Header
	pauses  []time.Duration
}

func (s *service) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return nil, err
	}
	s.asked = append(s.asked, fields)
	s.headers = append(s.headers, r.Header.Clone())
	a := s.replies[min(len(s.asked), len(s.replies))-1]
	h := nethttp.Header{"Content-Type": {"text/event-stream"}}
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
	for name, v := range a.header {
		h[name] = v
	}
	if a.status == 0 {
		a.status = 200
	}
	return &nethttp.Response{StatusCode: a.status, Header: h, Request: r, ContentLength: -1, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

// says is an answer in pieces.
func says(pieces ...string) reply {
	var b strings.Builder
	for _, p := range pieces {
		fmt.Fprintf(&b, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%s}}]}\n\n", encoded(p))
	}
	b.WriteString("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")
	b.WriteString("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\ndata: [DONE]\n\n")
	return reply{body: b.String()}
}

// calls is an answer that calls a tool, with its arguments in two pieces.
func calls(name, arguments string) reply {
	half := len(arguments) / 2
	return reply{body: fmt.Sprintf(`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":%q,"arguments":""}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":%s}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":%s}}]},"finish_reason":"tool_calls"}]}

data: [DONE]

`, name, encoded(arguments[:half]), encoded(arguments[half:]))}
}

// modules are those of a bot that asks s.
func (s *service) modules() []luabind.Module {
	web := http.New(http.Options{}, s)
	m := New(web, func(_ context.Context, d time.Duration) error { s.pauses = append(s.pauses, d); return nil })
	return []luabind.Module{jsonmodule.Module{}, web, m}
}

const ask = `local o = { url = "https://a.org/v1", model = "m", key = "s3cret" } `

func TestChat(t *testing.T) {
	for _, c := range []struct {
		name    string
		replies []reply
		script  string
		want    string
	}{
		{"streamed", []reply{says("Hel", "lo ", "世界")}, `o.prompt = "hi" local a = llm.chat(o) print(a.text, a.finish, a.usage.total_tokens)`, "Hello 世界\tstop\t5"},
		{"as it comes", []reply{says("Hel", "lo")}, `o.prompt = "hi" o.on_text = print llm.chat(o)`, "Hello"},
		{"in one", []reply{{kind: "application/json; charset=utf-8", body: `{"choices": [
			{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "length"}], "usage": null}`}},
			`o.prompt = "hi" o.stream = false local a = llm.chat(o) print(a.text, a.finish, a.usage.total_tokens)`, "Hello\tlength\t0"},
		{"without [DONE]", []reply{{body: `data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}`}}, `o.prompt = "hi" print(llm.chat(o).text)`, "Hi"},

		{"wrong key", []reply{{status: 401, kind: "application/json", body: `{"error":{"message":"Incorrect API key provided: s3cret"}}`}},
			`o.prompt = "hi" local a, err = llm.chat(o) print(a, err.kind, err)`, "nil\tunauthorized\tthe service doesn't take the key (status 401): Incorrect API key provided: …"},
		{"no key", []reply{{status: 401}}, `o.prompt, o.key = "hi", nil print(select(2, llm.chat(o)))`, "the service wants a key, as in key = env.OPENAI_API_KEY (status 401)"},
		{"not found", []reply{{status: 404, kind: "text/html", body: "<html>nope</html>"}}, `o.prompt = "hi" local a, err = llm.chat(o) print(err.kind, err)`,
			"bad_request\tthe service refuses the request (status 404)"},
		{"web page", []reply{{kind: "text/html", body: "<html>"}}, `o.prompt = "hi" print(select(2, llm.chat(o)).kind)`, "bad_answer"},
		{"no JSON", []reply{{body: "data: {nonsense\n\n"}}, `o.prompt = "hi" print(select(2, llm.chat(o)).kind)`, "bad_answer"},
		{"nothing", []reply{{}}, `o.prompt = "hi" print(select(2, llm.chat(o)).kind)`, "bad_answer"},
		{"no text", []reply{says()}, `o.prompt = "hi" print(select(2, llm.chat(o)))`, "the model has said nothing"},
		{"cut off", []reply{{body: `data: {"choices":[{"delta":{"content":"Half an"}}]}` + "\n\n"}},
			`o.prompt = "hi" local a, err = llm.chat(o) print(a, err.kind, err.text)`, "nil\tnetwork\tHalf an"},
		{"error in the stream", []reply{{body: `data: {"error":{"message":"overloaded, s3cret"}}` + "\n\n"}},
			`o.prompt = "hi" local a, err = llm.chat(o) print(err.kind, err)`, "server\tthe service broke off: overloaded, …"},
		{"trouble that passes", []reply{{status: 500}, {status: 429, header: nethttp.Header{"Retry-After": {"7"}}}, says("Hi")}, `o.prompt = "hi" print(llm.chat(o).text)`, "Hi"},
		{"trouble that stays", []reply{{status: 503, body: "overloaded"}}, `o.prompt = "hi" local a, err = llm.chat(o) print(err.kind, err)`,
			"server\tthe service has trouble (status 503): overloaded"},
		{"wait long", []reply{{status: 429, header: nethttp.Header{"Retry-After": {"3600"}}}}, `o.prompt = "hi" local a, err = llm.chat(o) print(err.kind, err)`,
			"rate_limited\tthe service wants to be asked again in 3600 seconds (status 429)"},
		{"older service", []reply{{status: 400, body: "unknown field stream_options"}, says("Hi")}, `o.prompt = "hi" print(llm.chat(o).text)`, "Hi"},
		{"not allowed", nil, `o.prompt, o.url = "hi", "http://localhost:11434/v1" print(select(2, llm.chat(o)))`,
			`the bot may not ask localhost:11434: add "localhost:11434" to http in runtime.toml, [bot.allow], or give ilinkd dev --http localhost:11434`},

		{"tools", []reply{calls("weather", `{"city":"上海"}`), says("It is 21.")}, `
			o.prompt = "weather?"
			o.tools = { weather = { description = "d", parameters = { city = "its name", days = "integer" }, call = function(a) return { city = a.city, t = 21 } end } }
			local a = llm.chat(o) print(a.text, a.usage.total_tokens)`, "It is 21.\t5"},
		{"tool that fails", []reply{calls("f", `{}`), calls("f", `[1`), calls("g", `{}`), calls("h", ``), says("ok")}, `
			o.prompt = "x"
			o.tools = { f = { call = function() error("broken") end }, h = { call = function() return nil, "no such city" end } }
			print(llm.chat(o).text)`, "llm.chat: the tool f has failed: 002/bot.lua:5: broken\nok"},
		{"tools without end", []reply{calls("f", `{}`)}, `o.prompt = "x" o.tools = { f = { call = function() return 1 end } } local a, err = llm.chat(o) print(err.kind, err)`,
			"tools\tthe model has called tools 8 times and not answered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &service{replies: c.replies}
			printed, err := modulestest.NewBot(t, nil, "function on_message(msg)\n"+ask+"\n"+c.script+"\nend", s.modules()...).Handle(nil)
			if _, rest, cut := strings.Cut(c.want, "002/"); cut { // the folder's name
				printed, c.want = printed[strings.Index(printed, "bot.lua"):], rest
			}
			if err != nil || printed != c.want {
				t.Errorf("%v, printed\n%s\nand should\n%s", err, printed, c.want)
			}
			if n := len(s.asked); n > maxRounds {
				t.Errorf("%d requests", n)
			}
			switch c.name {
			case "trouble that passes":
				if !slices.Equal(s.pauses, []time.Duration{time.Second, 7 * time.Second}) {
					t.Errorf("waited %v", s.pauses)
				}
			case "trouble that stays":
				if len(s.asked) != maxTries || !slices.Equal(s.pauses, []time.Duration{time.Second, 4 * time.Second}) {
					t.Errorf("asked %d times, waited %v", len(s.asked), s.pauses)
				}
			case "streamed":
				if s.headers[0].Get("Authorization") != "Bearer s3cret" {
					t.Error("the key was not sent")
				}
			case "tools":
				wantJSON(t, s.asked[0]["tools"], `[{"type":"function","function":{"name":"weather","description":"d","parameters":{
					"type":"object","properties":{"city":{"type":"string","description":"its name"},"days":{"type":"integer"}},"required":["city","days"]}}}]`)
				wantJSON(t, s.asked[1]["messages"], `[{"role":"user","content":"weather?"},
					{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"上海\"}"}}]},
					{"role":"tool","content":"{\"city\":\"上海\",\"t\":21}","tool_call_id":"c1"}]`)
			case "tool that fails":
				var told []string
				for _, m := range s.asked[4]["messages"].([]any) {
					if m := m.(map[string]any); m["role"] == "tool" {
						told = append(told, m["content"].(string))
					}
				}
				for i, want := range []string{"broken", "no JSON object", `there is no tool "g"; the tools are: f, h`, "no such city"} {
					if !strings.HasPrefix(told[i], "error: ") || !strings.Contains(told[i], want) {
						t.Errorf("the model was told %q, want %q", told[i], want)
					}
				}
			}
		})
	}
}

func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if a, b := string(encoded(got)), string(encoded(w)); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func TestRequests(t *testing.T) {
	s := &service{replies: []reply{says("x")}}
	_, err := modulestest.NewBot(t, nil, `function on_message(msg)
		llm.chat {
			url = "https://a.org/v1/?v=2", model = "m", system = "Be brief.", temperature = 0.5, max_tokens = 100, extra = { top_p = 0.9, stop = { "x" } },
			headers = { ["api-key"] = "k" }, prompt = "and now?",
			messages = { { role = "user", content = "hi" }, { role = "assistant", content = "hello" } },
		}
	end`, s.modules()...).Handle(nil)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, s.asked[0], `{"model":"m","stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_tokens":100,"top_p":0.9,"stop":["x"],"messages":[
		{"role":"system","content":"Be brief."},{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"and now?"}]}`)
	if s.headers[0].Get("api-key") != "k" {
		t.Error("the header was not sent")
	}
	for base, want := range map[string]string{
		"https://a.org/v1":                     "https://a.org/v1/chat/completions",
		"https://a.org/v1/":                    "https://a.org/v1/chat/completions",
		"https://a.org/v1/chat/completions":    "https://a.org/v1/chat/completions",
		"https://a.org/d?api-version=1":        "https://a.org/d/chat/completions?api-version=1",
		"https://a b":                          "https://a b",
		"https://a.org/chat/completions?api=1": "https://a.org/chat/completions?api=1",
	} {
		if got := endpoint(base); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	s := &service{replies: []reply{says("x")}}
	const o = `llm.chat { url = "https://a.org", model = "m", `
	modulestest.Run(t, []modulestest.Case{
		{Name: "no table", Script: `llm.chat("hi")`, Error: "llm.chat needs a table"},
		{Name: "no url", Script: `llm.chat { model = "m", prompt = "x" }`, Error: `llm.chat: it needs url, such as "https://api.openai.com/v1"`},
		{Name: "no model", Script: `llm.chat { url = "https://a.org", prompt = "x" }`, Error: `llm.chat: it needs model`},
		{Name: "no prompt", Script: o + `}`, Error: "it needs a prompt"},
		{Name: "misspelt", Script: o + `promt = "x" }`, Error: "did you mean prompt?"},
		{Name: "key", Script: o + `prompt = "x", key = "s3cret\nx" }`, Error: "the key has characters that no key has"},
		{Name: "tools", Script: o + `prompt = "x", tools = { f = print } }`, Error: "tools.f must be a table with description, parameters and call"},
		{Name: "tool without call", Script: o + `prompt = "x", tools = { f = {} } }`, Error: "tools.f.call must be the function that is called, got nil"},
		{Name: "tool's name", Script: o + `prompt = "x", tools = { ["天气"] = { call = print } } }`, Error: "of letters, digits, _ and -"},
		{Name: "messages", Script: o + `messages = { { role = "bot", content = "x" } } }`, Error: `message 1 needs a role ("system", "user" or "assistant")`},
		{Name: "remember whom", Script: o + `prompt = "x", remember = 3 }`, Error: "remember needs the conversation as well"},
		{Name: "temperature", Script: o + `prompt = "x", temperature = "hot" }`, Error: "temperature must be a number from 0 to 100"},
		{Name: "no message", Script: `llm.reply({ url = "x" })`, Error: "llm.reply needs the message that on_message got"},
		{Name: "no text", Script: `msg.text = "" print(select(2, llm.reply(msg, { url = "https://a.org", model = "m" })).kind)`, Want: "empty_text"},
	}, s.modules()...)
}

// host keeps data and what is sent.
type host struct {
	*librarytest.Host
	values map[string][]byte
	sent   []string
	fail   error
}

func newHost(t *testing.T) *host {
	return &host{Host: librarytest.NewHost(t), values: map[string][]byte{}}
}

func (h *host) KV(_ context.Context, req luabind.KVRequest) (luabind.KVResult, error) {
	key := req.User + "/" + req.Key
	switch v, found := h.values[key]; req.Op {
	case luabind.KVGet:
		return luabind.KVResult{Found: found, Value: v}, nil
	case luabind.KVSet:
		h.values[key] = req.Value
	case luabind.KVDelete:
		delete(h.values, key)
	}
	return luabind.KVResult{}, nil
}

func (h *host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	if h.fail != nil {
		return luabind.SendResult{}, h.fail
	}
	h.sent = append(h.sent, req.Parts[0].Text)
	return h.Host.Send(ctx, req)
}

func TestReply(t *testing.T) {
	h := newHost(t)
	first := "# A title\n\nThis is **a paragraph** of more than forty characters.\n\n"
	s := &service{replies: []reply{says(strings.SplitAfter(first+"And the end.", " ")...)}}
	b := modulestest.NewBot(t, h, `function on_message(msg)
		local a, err = llm.reply(msg, { url = "https://a.org/v1", model = "m", remember = 3 })
		print(a and #a.results, err)
	end`, s.modules()...)
	for range 3 {
		if printed, err := b.Handle(nil); err != nil || printed != "2\tnil" {
			t.Fatalf("%v, printed %s", err, printed)
		}
	}
	if want := []string{"A title\n\nThis is a paragraph of more than forty characters.", "And the end."}; !slices.Equal(h.sent[:2], want) {
		t.Errorf("sent %q", h.sent)
	}
	// Of three messages before, the first is an answer without its question.
	wantJSON(t, s.asked[2]["messages"], fmt.Sprintf(`[{"role":"user","content":"hi"},{"role":"assistant","content":%s},{"role":"user","content":"hi"}]`,
		encoded(first+"And the end.")))

	h.fail = &luabind.HostError{Kind: "quota", Message: "no more"}
	if printed, err := b.Handle(nil); err != nil || printed != "nil\tthe answer can't be sent: no more" {
		t.Errorf("%v, printed %s", err, printed)
	}
}

// TestReplyBreaksOff: what has come is shown.
func TestReplyBreaksOff(t *testing.T) {
	h := newHost(t)
	s := &service{replies: []reply{{body: `data: {"choices":[{"delta":{"content":"Half an"}}]}` + "\n\n"}}}
	printed, err := modulestest.NewBot(t, h, `function on_message(msg)
		local a, err = llm.reply(msg, { url = "https://a.org/v1", model = "m", remember = 3 })
		print(a, err.kind, err.text)
	end`, s.modules()...).Handle(nil)
	if err != nil || printed != "nil\tnetwork\tHalf an" || !slices.Equal(h.sent, []string{"Half an"}) || len(h.values) > 0 {
		t.Errorf("%v, printed %s, sent %q", err, printed, h.sent)
	}
}

func TestForget(t *testing.T) {
	h := newHost(t)
	s := &service{replies: []reply{says("x")}}
	_, err := modulestest.NewBot(t, h, `function on_message(msg)
		llm.chat { url = "https://a.org/v1", model = "m", prompt = "x", remember = 2, conversation = msg }
		llm.forget(msg.from)
	end`, s.modules()...).Handle(nil)
	if err != nil || len(h.values) > 0 {
		t.Errorf("%v, %v", err, h.values)
	}
}

func TestTrimmed(t *testing.T) {
	u, a := remembered{"user", "q"}, remembered{"assistant", "a"}
	long := remembered{"assistant", strings.Repeat("好", maxHistoryRunes)}
	for _, c := range []struct {
		all  []remembered
		most int
		want int
	}{
		{nil, 5, 0}, {[]remembered{u, a}, 5, 2}, {[]remembered{u, a, u, a}, 3, 2}, {[]remembered{u, a, u, a}, 4, 4}, {[]remembered{u, a}, 1, 0},
		{[]remembered{u, long, u, a}, 10, 2}, {[]remembered{u, long}, 10, 0},
	} {
		if got := trimmed(c.all, c.most); len(got) != c.want || len(got) > 0 && got[0].role != "user" {
			t.Errorf("%v, %d: %v", c.all, c.most, got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"": time.Minute, "5": 5 * time.Second, "0.5": 500 * time.Millisecond, "-1": time.Minute, "soon": time.Minute,
		"Mon, 01 Jan 2001 00:00:00 GMT": 0} {
		if got := retryAfter(header, time.Minute); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestDefinitions(t *testing.T) {
	s := &service{replies: []reply{says("中文")}}
	m := s.modules()
	librarytest.Module(t, m[2], newHost(t), `
function on_message(msg)
  local o = { url = "https://a.org", model = "m" }
  local a = llm.reply(msg, o)
  class("llm.Answer", a)
  class("llm.Usage", a.usage)
end`, m[:2]...)
}

// keeping is a host that keeps what is on record at the second send.
type keeping struct {
	*host
	records []luabind.Record
}

func (k *keeping) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	s := luabind.StepOf(ctx)
	if len(k.sent) == 1 {
		k.records = slices.Clone(s.Pending)
	}
	return k.host.Send(ctx, req)
}

// TestRunAgain: a handler that is run again after the program ended in the middle of
// an answer sends what it sent, and gets an error for the rest; nobody is asked
// again.
func TestRunAgain(t *testing.T) {
	sentence := "This is a sentence of more than forty characters.\n\n"
	k := &keeping{host: newHost(t)}
	// Lines that are not yet there when the first are read.
	words := slices.Repeat(strings.SplitAfter(sentence, " "), 100)
	s := &service{replies: []reply{says(words...)}}
	b := modulestest.NewBot(t, k, `function on_message(msg)
		local a, err = llm.reply(msg, { url = "https://a.org/v1", model = "m", key = "s3cret" })
		print(a and #a.text, err and err.kind, err)
	end`, s.modules()...)
	if printed, err := b.Handle(nil); err != nil || printed != fmt.Sprintf("%d\tnil\tnil", 100*len(sentence)) {
		t.Fatalf("%v, printed %s", err, printed)
	}
	sent := k.sent
	k.sent = nil
	printed, err := b.Handle(k.records)
	if err != nil || printed != "nil\tnetwork\tthe answer was cut off when the program ended" {
		t.Errorf("%v, printed %s", err, printed)
	}
	// The first send is on record and not made again; the second one is.
	if len(s.asked) != 1 || len(k.sent) < 1 || k.sent[0] != sent[1] {
		t.Errorf("asked %d times, sent %q", len(s.asked), k.sent)
	}
	if text := string(encoded(k.records)); strings.Contains(text, "s3cret") {
		t.Errorf("the key is on record: %s", text)
	}
}
