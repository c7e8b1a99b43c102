package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	jsonmodule "github.com/ilinkd/ilinkd/luabind/modules/json"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// delta is an event with this delta.
func delta(fields string) string {
	return "data: {\"choices\":[{\"index\":0,\"delta\":" + fields + "}]}\n\n"
}

// finish is the event with which an answer ends.
func finish(why string) string {
	return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":%q}]}\n\n", why)
}

const done = "data: [DONE]\n\n"

// stream is an answer of these deltas.
func stream(deltas ...string) string {
	var b strings.Builder
	for _, d := range deltas {
		b.WriteString(delta(d))
	}
	return b.String() + finish("stop") + done
}

// oddities are the ways of services that aren't those of OpenAI's. In answers, a
// script with the tools weather and time gets the text, and the tools are called with
// what is in called.
var oddities = []struct {
	name   string
	body   string
	text   string
	called []string
}{
	{name: "a tool's name in each delta", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"ci"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"ty\":\"Rome\"}"}}]}`)},
	{name: "a tool's name in each delta, without ids", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":""}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":"{\"city\""}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":":\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":""}}]}`)},
	{name: "a tool's name in pieces", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"wea"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"ther"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "a tool's name that grows", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"wea"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "parallel calls, all at index 0", called: []string{`weather Rome`, `weather Oslo`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c2","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]}`)},
	{name: "parallel calls at index 0, in turns", called: []string{`weather Rome`, `weather Oslo`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c2","function":{"name":"weather","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"arguments":"\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c2","function":{"arguments":"\"Oslo\"}"}}]}`)},
	{name: "parallel calls at index 0, without ids", called: []string{`weather Rome`, `weather Oslo`, `time Oslo`}, body: stream(
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"time","arguments":"{\"city\":\"Oslo\"}"}}]}`)},
	{name: "parallel calls with one id and without an index", called: []string{`weather Rome`, `time Rome`}, body: stream(
		`{"tool_calls":[{"id":"x","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`,
		`{"tool_calls":[{"id":"x","function":{"name":"time","arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "parallel calls with one id at their own indices", called: []string{`weather Rome`, `weather Oslo`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"weather","function":{"name":"weather","arguments":"{\"city\":"}},{"index":1,"id":"weather","function":{"name":"weather","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"index":1,"function":{"arguments":"\"Oslo\"}"}},{"index":0,"function":{"arguments":"\"Rome\"}"}}]}`)},
	{name: "neither index nor id", called: []string{`weather Rome`, `time Oslo`}, body: stream(
		`{"tool_calls":[{"function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}},{"function":{"name":"time","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"function":{"arguments":"\"Oslo\"}"}}]}`)},
	{name: "another id in each delta", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"r1","function":{"name":"weather","arguments":"{\"city\""}}]}`,
		`{"tool_calls":[{"index":0,"id":"r2","function":{"arguments":":\"Rome\"}"}}]}`)},
	{name: "an id that comes later", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"function":{"name":"weather"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "index from 1", text: "Let me look.", called: []string{`weather Rome`}, body: stream(`{"content":"Let me look."}`,
		`{"tool_calls":[{"index":1,"id":"c1","function":{"name":"weather","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"index":1,"function":{"arguments":"\"Rome\"}"}}]}`)},
	{name: "gaps between indices", called: []string{`weather Rome`, `weather Oslo`, `time Rome`}, body: stream(
		`{"tool_calls":[{"index":2,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":7,"id":"c2","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]}`,
		`{"tool_calls":[{"index":100,"id":"c3","function":{"name":"time","arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "arguments as an object", called: []string{`weather Rome`, `weather Oslo`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":{"city":"Rome"}}}]}`,
		`{"tool_calls":[{"index":0,"function":{"name":"weather","arguments":{"city":"Oslo"}}}]}`)},
	{name: "arguments in JSON twice", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"\"{\\\"city\\\":\\\"Rome\\\"}\""}}]}`)},
	{name: "no arguments", called: []string{`weather nil`, `time nil`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":null}},{"index":1,"id":"c2","function":{"name":"time"}}]}`)},
	{name: "calls again at the end", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"arguments":"\"Rome\"}"}}]}`,
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "a prefix of the model's", called: []string{`weather Rome`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"functions.weather","arguments":"{\"city\":\"Rome\"}"}}]}`)},
	{name: "half surrogates in arguments", called: []string{`weather 😀`}, body: stream(
		`{"tool_calls":[{"index":0,"id":"c1","function":{"name":"weather","arguments":"{\"city\":\"\ud83d"}}]}`,
		`{"tool_calls":[{"index":0,"function":{"arguments":"\ude00\"}"}}]}`)},

	{name: "content as a list", text: "Hello there", body: stream(
		`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}`,
		`{"content":[{"type":"text","text":"Hello"},{"type":"reasoning","text":"hm"}]}`,
		`{"content":[{"type":"text","text":{"value":" there"}},{"type":"image_url","image_url":{"url":"x"}}]}`)},
	{name: "reasoning_content", text: "Hello", body: stream(
		`{"role":"assistant","content":null,"reasoning_content":"hm"}`, `{"reasoning":"hm","content":""}`, `{"reasoning_details":[{"text":"hm"}]}`,
		`{"content":"Hello","reasoning_content":null}`)},
	{name: "think", text: "Hello", body: stream(`{"content":"<think>\nThe user greets me.\n</think>\n\nHello"}`)},
	{name: "thinking, split", text: "Hello", body: stream(`{"content":"\n<th"}`, `{"content":"inking>a</thin"}`, `{"content":"k></thinking"}`, `{"content":">\n"}`, `{"content":"Hello"}`)},
	{name: "thought, in capitals", text: "Hello", body: stream(`{"content":"<Thought>hm</THOUGHT>Hello"}`)},
	{name: "an end without a beginning", text: "Hello", body: stream(`{"content":"The user greets me.\n</think>\n\nHel"}`, `{"content":"lo"}`)},
	{name: "a tag in code", text: "Write\n```\n<think>\n```\nor `<think>`, as in <think>.", body: stream(`{"content":"Write\n` + "```" + `\n<think>\n` + "```" + `\nor ` + "`<think>`" + `, as in <think>."}`)},
	{name: "refusal", text: "I can't help with that.", body: stream(`{"content":null,"refusal":"I can't "}`, `{"refusal":"help with that."}`)},
	{name: "half surrogates", text: "a😀b", body: stream(`{"content":"a\ud83d"}`, `{"content":"\ude00b"}`)},
	{name: "half a surrogate pair alone", text: "a\uFFFDb\uFFFD", body: stream(`{"content":"a\ud83d"}`, `{"content":"b\ud83d"}`)},
	{name: "a character in two deltas", text: "天气", body: stream("{\"content\":\"\xe5\xa4\"}", "{\"content\":\"\xa9\xe6\xb0\"}", "{\"content\":\"\x94\"}")},
	{name: "a bad line", text: "Hello", body: delta(`{"content":"Hel"}`) + "data: {\"choices\":[{\"del\n\n" + stream(`{"content":"lo"}`)},
	{name: "bad lines of all sorts", text: "Hello", body: "data: 5\n\ndata: null\n\ndata: []\n\ndata: \n\ndata: \xff\n\n" + stream(`{"content":"Hello"}`)},
	{name: "fields of other types", text: "Hello", body: `data: {"id":5,"choices":[{"index":"0","delta":{"content":"Hello","tool_calls":5,"role":7},"finish_reason":null}],"usage":"none"}` + "\n\n" + finish("stop") + done},
	{name: "usage without choices", text: "Hello", body: delta(`{"content":"Hello"}`) + finish("stop") + "data: {\"choices\":[],\"usage\":{\"total_tokens\":5}}\n\ndata: {\"usage\":null}\n\n" + done},
	{name: "comments", text: "Hello", body: ": OPENROUTER PROCESSING\n\n" + delta(`{"content":"Hel"}`) + ":\n\n: x\n" + stream(`{"content":"lo"}`)},
	{name: "line ends of Windows", text: "Hello", body: strings.ReplaceAll(stream(`{"content":"Hel"}`, `{"content":"lo"}`), "\n", "\r\n")},
	{name: "no space behind data:", text: "Hello", body: strings.ReplaceAll(stream(`{"content":"Hello"}`), "data: ", "data:")},
	{name: "no [DONE]", text: "Hello", body: delta(`{"content":"Hello"}`) + finish("stop")},
	{name: "choices from 1", text: "Hello", body: strings.ReplaceAll(stream(`{"content":"Hello"}`), `"index":0`, `"index":1`)},
	{name: "a message instead of deltas", text: "Hello", body: `data: {"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]}` + "\n\n" + done},
	{name: "deltas and then the message", text: "Hello", body: delta(`{"content":"Hel"}`) + delta(`{"content":"lo"}`) +
		`data: {"choices":[{"index":0,"message":{"content":"Hello"},"finish_reason":"stop"}]}` + "\n\n" + done},
	{name: "JSON instead of events", text: "Hello", body: `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`},
	{name: "a JSON text a line", text: "Hello", body: `{"choices":[{"delta":{"content":"Hel"}}]}` + "\n" + `{"choices":[{"delta":{"content":"lo"},"finish_reason":"stop"}]}` + "\n"},
}

const oddityScript = `
	local called = {}
	local function tool(name) return { parameters = { city = "string" }, call = function(a) called[#called + 1] = name .. " " .. tostring(a.city) return "ok" end } end
	o.prompt, o.tools = "hi", { weather = tool("weather"), time = tool("time") }
	local a, err = llm.chat(o)
	print(json.encode { text = a and a.text, err = err and err.kind .. ": " .. err.message, called = called })`

// server serves answers one after the other, the last again and again, in pieces that
// cut decides. It returns the address and what was asked.
func server(t *testing.T, cut func(body []byte) int, kind string, bodies ...string) (url string, asked func() []string) {
	var all []string
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		all = append(all, string(b))
		w.Header().Set("Content-Type", kind)
		rest := []byte(bodies[min(len(all), len(bodies))-1])
		for len(rest) > 0 {
			n := cut(rest)
			_, _ = w.Write(rest[:n]) // who asks may have enough
			w.(nethttp.Flusher).Flush()
			rest = rest[n:]
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string { return all }
}

// TestServices asks local services with each oddity, as a bot does.
func TestServices(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	cuts := map[string]func([]byte) int{
		"at once":   func(b []byte) int { return len(b) },
		"in pieces": func(b []byte) int { return 1 + random.IntN(min(len(b), 40)) },
	}
	for _, c := range oddities {
		for how, cut := range cuts {
			t.Run(c.name+", "+how, func(t *testing.T) {
				bodies := []string{c.body}
				want := c.text
				if c.called != nil {
					bodies = append(bodies, stream(`{"content":"It is so."}`))
					if want != "" {
						want += "\n\n"
					}
					want += "It is so."
				}
				url, asked := server(t, cut, "text/event-stream", bodies...)
				web := http.New(http.Options{Allow: []string{strings.TrimPrefix(url, "http://")}}, nil)
				b := modulestest.NewBot(t, nil, "function on_message(msg)\nlocal o = { url = \""+url+"/v1\", model = \"m\" }"+oddityScript+"\nend",
					jsonmodule.Module{}, web, New(web, nil))
				printed, err := b.Handle(nil)
				if err != nil {
					t.Fatal(err)
				}
				if warned := strings.Contains(printed, "lines of the answer that are no JSON were skipped"); warned != strings.Contains(c.name, "bad line") {
					t.Errorf("warned: %v", warned)
				}
				var got struct {
					Text, Err string
					Called    json.RawMessage
				}
				if err := json.Unmarshal([]byte(printed[strings.LastIndex(printed, "\n")+1:]), &got); err != nil {
					t.Fatalf("%v of %s", err, printed)
				}
				var called []string
				if string(got.Called) != "{}" && string(got.Called) != "[]" {
					if err := json.Unmarshal(got.Called, &called); err != nil {
						t.Fatal(err)
					}
				}
				if got.Text != want || got.Err != "" || !slices.Equal(called, c.called) {
					t.Errorf("%q (%s), called %q, want %q, called %q", got.Text, got.Err, called, want, c.called)
				}
				for _, body := range asked() {
					validHistory(t, body)
				}
			})
		}
	}
}

// validHistory looks at a request as services do: each call has an id of its own, a
// name and arguments that may be, and then comes an answer to it.
func validHistory(t *testing.T, body string) {
	t.Helper()
	var r struct{ Messages []message }
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	var open []string
	for _, m := range r.Messages {
		if m.Role == "tool" {
			if len(open) == 0 || m.ToolCallID != open[0] {
				t.Errorf("an answer to %q, expected to %q: %s", m.ToolCallID, open, body)
				return
			}
			open = open[1:]
			continue
		}
		if len(open) > 0 {
			t.Errorf("no answers to %q: %s", open, body)
		}
		for _, c := range m.ToolCalls {
			var object map[string]any
			if err := json.Unmarshal([]byte(c.Function.Arguments), &object); err != nil || object == nil {
				t.Errorf("arguments %q", c.Function.Arguments)
			}
			if c.ID == "" || used[c.ID] || c.Type != "function" || c.Function.Name == "" || strings.Trim(c.Function.Name, nameCharacters) != "" {
				t.Errorf("call %+v", c)
			}
			used[c.ID] = true
			open = append(open, c.ID)
		}
	}
}

// TestHistoryOfBadCalls: whatever the model calls, the next request is in order, and
// the model is told what was wrong.
func TestHistoryOfBadCalls(t *testing.T) {
	s := &service{replies: []reply{
		{body: stream(`{"reasoning_content":"hm, ","tool_calls":[{"index":0,"function":{"name":"天气 now","arguments":"{\"city\":"}}]}`,
			`{"reasoning_content":"so","tool_calls":[{"index":1,"id":"same","function":{"name":"f","arguments":"[1]"}},{"index":2,"id":"same","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"abc"}}}]}`)},
		{body: stream(`{"tool_calls":[{"index":0,"id":"same","function":{"name":"f","arguments":"null"}},{"index":1,"function":{}}]}`)},
		says("ok"),
	}}
	printed, err := modulestest.NewBot(t, nil, `function on_message(msg)
		local n = 0
		local a, err = llm.chat { url = "https://a.org/v1", model = "m", prompt = "x", tools = { f = { call = function() n = n + 1 return n end } } }
		print(a and a.text, err, n)
	end`, s.modules()...).Handle(nil)
	if err != nil || printed != "ok\tnil\t3" { // a list is a table as well
		t.Errorf("%v, printed %s", err, printed)
	}
	for _, asked := range s.asked {
		validHistory(t, string(encoded(asked)))
	}
	last := s.asked[2]["messages"].([]any)
	wantJSON(t, last[1], `{"role":"assistant","content":"","reasoning_content":"hm, so","tool_calls":[
		{"id":"call00001","type":"function","function":{"name":"___now","arguments":"{}"}},
		{"id":"same","type":"function","function":{"name":"f","arguments":"{}"}},
		{"id":"call00002","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"abc"}}}]}`)
	wantJSON(t, last[2], `{"role":"tool","tool_call_id":"call00001","content":"error: there is no tool \"天气 now\"; the tools are: f"}`)
	if ids := fmt.Sprint(last[5]); strings.Contains(ids, "same") {
		t.Errorf("an id of an earlier answer's: %s", ids)
	}
}

// TestServiceErrors: the forms in which services say what is wrong in a stream.
func TestServiceErrors(t *testing.T) {
	for body, want := range map[string]string{
		`data: {"error":{"message":"too many","code":429}}`:                                                "rate_limited: the service broke off: too many",
		`data: {"error":{"message":"too many","type":"rate_limit_exceeded"}}`:                              "rate_limited: the service broke off: too many",
		`data: {"error":"overloaded"}`:                                                                     "server: the service broke off: overloaded",
		`data: {"error":{"code":"1301"}}`:                                                                  `server: the service broke off: {"code":"1301"}`,
		`data: {"object":"error","message":"too long","code":400}`:                                         "bad_request: the service broke off: too long",
		`data: {"code":"InvalidApiKey","message":"Invalid API-key provided."}`:                             "server: the service broke off: Invalid API-key provided.",
		`data: {"type":"error","message":"overloaded"}`:                                                    "server: the service broke off: overloaded",
		`data: {"choices":null,"base_resp":{"status_code":1004,"status_msg":"login fail"}}`:                "server: the service broke off: login fail",
		"event: error\ndata: the model has crashed":                                                        "server: the service broke off: the model has crashed",
		`{"error":{"message":"no such model","code":404}}`:                                                 "bad_request: the service broke off: no such model",
		"data: {\"choices\":[{\"delta\":{\"content\":\"Hal\"}}]}\n\ndata: {\"error\":{\"message\":\"x\"}}": "server: the service broke off: x",
		"data: nonsense\n\ndata: [DONE]":                                                                   "bad_answer: the model has said nothing",
		"data: nonsense":                                                                                   "bad_answer: the service sent what is not the JSON of an answer",
		"nonsense":                                                                                         "bad_answer: the service sent what is not the JSON of an answer",
		": nothing":                                                                                        "bad_answer: the service sent no answer",
		stream(`{"content":"<think>hm"}`):                                                                  "bad_answer: the model has thought and then said nothing",
		stream(`{"reasoning_content":"hm"}`):                                                               "bad_answer: the model has thought and then said nothing",
		delta(`{"content":"<think>hm</think>Half"}`):                                                       "network: the answer broke off in the middle",
	} {
		s := &service{replies: []reply{{body: body + "\n\n"}}}
		printed, err := modulestest.NewBot(t, nil, "function on_message(msg)\n"+ask+`
			o.prompt = "x"
			local a, err = llm.chat(o)
			print(err.kind .. ": " .. err.message)
		end`, s.modules()...).Handle(nil)
		printed = printed[strings.LastIndex(printed, "\n")+1:]
		if err != nil || printed != want {
			t.Errorf("%s\n%v, printed %q, want %q", body, err, printed, want)
		}
	}
}

// breaking ends with an error instead of properly.
type breaking struct{ io.Reader }

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (breaking) Close() error { return nil }

type breakingService string

func (s breakingService) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	return &nethttp.Response{StatusCode: 200, Header: nethttp.Header{"Content-Type": {"text/event-stream"}}, Request: r, ContentLength: -1, Body: breaking{strings.NewReader(string(s))}}, nil
}

// TestBreaksOffBehind: an answer that has ended is whole though the connection breaks
// then.
func TestBreaksOffBehind(t *testing.T) {
	for body, want := range map[string]string{
		delta(`{"content":"Hello <"}`) + finish("stop"): "Hello <\tnil",
		delta(`{"content":"<thin"}`) + finish("stop"):   "<thin\tnil",
		delta(`{"content":"Hello"}`):                    "nil\tnetwork",
	} {
		web := http.New(http.Options{}, breakingService(body))
		printed, err := modulestest.NewBot(t, nil, "function on_message(msg)\n"+ask+`
			o.prompt = "x"
			local a, err = llm.chat(o)
			print(a and a.text, err and err.kind)
		end`, jsonmodule.Module{}, web, New(web, nil)).Handle(nil)
		if err != nil || printed != want {
			t.Errorf("%s\n%v, printed %q, want %q", body, err, printed, want)
		}
	}
}

// TestReplyHidesThinking: users see none of it, and the model isn't told it again.
func TestReplyHidesThinking(t *testing.T) {
	long := strings.Repeat("I think about what the user may want of me here.\n\n", 3)
	for _, body := range []string{
		stream(string(encoded(map[string]string{"content": "<think>\n" + long})), `{"content":"</think>\n\nHello"}`),
		stream(string(encoded(map[string]string{"reasoning_content": long})), `{"content":"Hello"}`),
		stream(`{"content":"Hm.\n</thi"}`, `{"content":"nk>\n\nHello"}`),
	} {
		h := newHost(t)
		s := &service{replies: []reply{{body: body}}}
		b := modulestest.NewBot(t, h, `function on_message(msg)
			local a = assert(llm.reply(msg, { url = "https://a.org/v1", model = "m", remember = 4 }))
			print(a.text)
		end`, s.modules()...)
		for range 2 {
			if printed, err := b.Handle(nil); err != nil || printed != "Hello" {
				t.Errorf("%v, printed %q", err, printed)
			}
		}
		if !slices.Equal(h.sent, []string{"Hello", "Hello"}) {
			t.Errorf("sent %q", h.sent)
		}
		wantJSON(t, s.asked[1]["messages"], `[{"role":"user","content":"hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"hi"}]`)
	}
}

// sifted is what a sifter makes of a body in these pieces, put together.
func sifted(kind string, pieces ...[]string) (p progress, text string) {
	s := &sifter{kind: kind, hide: strings.ToUpper}
	s.answer.calls.known = func(name string) bool { return name == "weather" || name == "time" }
	take := func(lines []string, end bool) (over bool) {
		for _, line := range s.sift(lines, end) {
			p = progress{}
			if err := json.Unmarshal([]byte(line), &p); err != nil {
				panic(err)
			}
			if p.Retract {
				text = ""
			}
			if text += p.Text; p.Done || p.Failure != nil {
				return true
			}
		}
		return false
	}
	for _, lines := range pieces {
		if take(lines, false) {
			return p, text
		}
	}
	take(nil, true)
	return p, text
}

// FuzzStream: whatever a service sends makes an answer or an error, and the same one
// however its lines come.
func FuzzStream(f *testing.F) {
	for _, c := range oddities {
		f.Add(c.body)
	}
	f.Add("data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":-1},{\"index\":99},{}]}}]}\n\n")
	f.Add("{\"choices\":[{\"message\":{\"content\":\"<think>a\\n</think>b\"}}]}")
	f.Fuzz(func(t *testing.T, body string) {
		lines := strings.Split(body, "\n")
		p, text := sifted("text/event-stream", lines)
		var one [][]string
		for _, line := range lines {
			one = append(one, []string{line})
		}
		q, other := sifted("text/event-stream", one...)
		p.Text, q.Text, p.Retract, q.Retract, p.Skipped, q.Skipped = "", "", false, false, 0, 0
		if a, b := encoded(p), encoded(q); text != other || !bytes.Equal(a, b) {
			t.Errorf("at once %q\n%s\nline by line %q\n%s", text, a, other, b)
		}
		if !p.Done && p.Failure == nil {
			t.Error("neither an answer nor an error")
		}
		if strings.ContainsRune(text, 0xFFFD) != strings.Contains(text, "\uFFFD") || text != strings.ToValidUTF8(text, "") {
			t.Errorf("no UTF-8: %q", text)
		}
		if p.Outcome == nil {
			return
		}
		if len(p.Outcome.Calls) > maxToolCalls {
			t.Errorf("%d calls", len(p.Outcome.Calls))
		}
		var known ids
		(&talk{}).settle(p.Outcome.Calls, &known)
		said := []message{{Role: "assistant", ToolCalls: inHistory(p.Outcome.Calls)}}
		for _, c := range said[0].ToolCalls {
			said = append(said, message{Role: "tool", ToolCallID: c.ID})
		}
		validHistory(t, string(encoded(map[string]any{"messages": said})))
	})
}

// TestSplitAnywhere: an answer is the same wherever its text is cut into deltas,
// in the middle of characters, tags, and surrogate pairs too.
func TestSplitAnywhere(t *testing.T) {
	parts := []string{"<think>", "</think>", "<thinking>", "</thinking>", "<thought>", "</THOUGHT>", "<th", "ink>", "</", "<", ">", "\n", "\n\n", " ", "  \n", "```", "```lua\n", "\n```\n", "~~~",
		"Hello", "世界", "😀", "é", "`", "<b>", "\ud7ff", "\uE000"}
	random := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		var b strings.Builder
		for range 1 + random.IntN(12) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		whole := b.String()
		p, want := sifted("", strings.Split(stream(string(encoded(map[string]string{"content": whole}))), "\n"))
		if p.Failure != nil {
			t.Fatalf("%q: %v", whole, p.Failure)
		}
		var deltas []string
		units := jsonUnits(whole)
		for len(units) > 0 {
			n := 1 + random.IntN(len(units))
			deltas = append(deltas, `{"content":"`+strings.Join(units[:n], "")+`"}`)
			units = units[n:]
		}
		if p, got := sifted("", strings.Split(stream(deltas...), "\n")); got != want || p.Failure != nil {
			t.Fatalf("%q in one\n%q\nand as %q\n%q, %v", whole, want, deltas, got, p.Failure)
		}
	}
}

// jsonUnits are the smallest pieces of a text in JSON: bytes, and half surrogates
// where a character has two.
func jsonUnits(s string) (units []string) {
	for _, r := range s {
		switch {
		case r == '\n':
			units = append(units, `\n`)
		case r > 0xFFFF:
			units = append(units, fmt.Sprintf(`\u%04x`, 0xD800+(r-0x10000)>>10), fmt.Sprintf(`\u%04x`, 0xDC00+(r-0x10000)&0x3FF))
		default:
			for _, b := range []byte(string(r)) {
				units = append(units, string([]byte{b}))
			}
		}
	}
	return units
}

func TestThinking(t *testing.T) {
	for text, want := range map[string]string{
		"Hello":                                    "Hello",
		"\n Hello ":                                "\n Hello ",
		"<think>a</think>Hello":                    "Hello",
		"<think>\na\n</think>\n\nHello":            "Hello",
		" <thinking>a</think></thinking> Hello":    "Hello",
		"<think>a</think><think>b</think>\nHello":  "Hello",
		"<think>a":                                 "",
		"<think></think>Hello":                     "Hello",
		"</think>Hello":                            "Hello",
		"a\nb\n</think>\n\nHello":                  "Hello",
		"a\n</think>b\n</think>c":                  "b\nc",
		"Hello\n<think>a</think>\nagain":           "Hello\n\nagain",
		"Hello\n  <think>a</think>again":           "Hello\n  again",
		"Hello <think>a</think>":                   "Hello <think>a</think>",
		"Use `<think>` so.":                        "Use `<think>` so.",
		"```\n<think>a\n</think>\n```\nx":          "```\n<think>a\n</think>\n```\nx",
		"```\n<think>\n```\n<think>a</think>b":     "```\n<think>\n```\nb",
		"<thinker>":                                "<thinker>",
		"<think":                                   "<think",
		"a\n<":                                     "a\n<",
		"<think>a</think>":                         "",
		"<think>```\n</think>Hello\n<think>b":      "Hello\n",
		"a</think>b":                               "a</think>b",
		"<think>How does <think> work?</think>So.": "So.",
	} {
		_, got := sifted("", strings.Split(stream(string(encoded(map[string]string{"content": text}))), "\n"))
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestManyCalls: their number is bounded.
func TestManyCalls(t *testing.T) {
	var deltas []string
	for i := range maxToolCalls + 1 {
		deltas = append(deltas, fmt.Sprintf(`{"tool_calls":[{"index":%d,"id":"c%d","function":{"name":"time","arguments":"{}"}}]}`, i, i))
	}
	if p, _ := sifted("", strings.Split(stream(deltas[:maxToolCalls]...), "\n")); len(p.Outcome.Calls) != maxToolCalls {
		t.Errorf("%d calls", len(p.Outcome.Calls))
	}
	p, _ := sifted("", strings.Split(stream(deltas...), "\n"))
	if want := (&luabind.HostError{Kind: kindBadAnswer, Message: "THE MODEL CALLS MORE THAN 32 TOOLS AT ONCE"}); p.Failure == nil || *p.Failure != *want {
		t.Errorf("%v", p.Failure)
	}
}

// BenchmarkSifter reads a long answer that comes character by character, without a
// line's end.
func BenchmarkSifter(b *testing.B) {
	deltas := slices.Repeat([]string{`{"content":"x"}`}, 20000)
	lines := strings.Split(stream(deltas...), "\n")
	for b.Loop() {
		sifted("", lines)
	}
}

// TestHistoryOfOthers: what somebody else has put where conversations are kept makes no
// request that services refuse.
func TestHistoryOfOthers(t *testing.T) {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	list := L.NewTable()
	for _, m := range [][2]string{{"user", "a"}, {"assistant", ""}, {"tool", "b"}, {"", "c"}, {"system", "d"}, {"assistant", "e\xff"}} {
		entry := L.NewTable()
		entry.RawSetString("role", lua.LString(m[0]))
		entry.RawSetString("content", lua.LString(m[1]))
		list.Append(entry)
	}
	list.Append(lua.LString("f"))
	packed, err := luabind.Pack(list, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	h := newHost(t)
	h.values[modulestest.Message().Message.From+"/"+historyKey] = packed
	s := &service{replies: []reply{says("x")}}
	_, err = modulestest.NewBot(t, h, `function on_message(msg)
		llm.chat { url = "https://a.org/v1", model = "m", prompt = "now", remember = 9, conversation = msg }
	end`, s.modules()...).Handle(nil)
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, s.asked[0]["messages"], `[{"role":"user","content":"a"},{"role":"assistant","content":"e\ufffd"},{"role":"user","content":"now"}]`)
}
