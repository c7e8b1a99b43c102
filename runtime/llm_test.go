package runtime_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// model is a local server with the API of OpenAI.
type model struct {
	*httptest.Server
	asked chan map[string]any // the bodies of requests
}

// newModel starts a server whose answers are what answer says and flushes.
func newModel(t *testing.T, answer func(asked map[string]any, say func(delta string))) *model {
	m := &model{asked: make(chan map[string]any, 100)}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var asked map[string]any
		if err != nil || json.Unmarshal(body, &asked) != nil || r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer s3cret" {
			http.Error(w, `{"error":{"message":"what?"}}`, http.StatusBadRequest)
			return
		}
		m.asked <- asked
		w.Header().Set("Content-Type", "text/event-stream")
		answer(asked, func(delta string) {
			fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":%s}]}\n\n", delta)
			w.(http.Flusher).Flush()
		})
		fmt.Fprint(w, "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	}))
	t.Cleanup(m.Close)
	return m
}

func content(text string) string {
	quoted, _ := json.Marshal(text)
	return `{"content":` + string(quoted) + `}`
}

// allow lets the bot ask the model.
func (m *model) allow(c *runtime.Config) {
	c.Bots[0].Allow.HTTP = []string{strings.TrimPrefix(m.URL, "http://")}
}

func (m *model) script(options string) string {
	return fmt.Sprintf(`
function on_message(msg)
  local answer, err = llm.reply(msg, { url = %q, key = "s3cret", model = "m", %s })
  if not answer then return msg:reply("failed: " .. err.kind .. ": " .. err) end
  ilink.log(#answer.text, "bytes:", answer.results[#answer.results].status)
end`, m.URL+"/v1", options)
}

// TestModelAnswers: the model calls a tool, the user reads the first message while
// it still speaks, and the conversation is remembered.
func TestModelAnswers(t *testing.T) {
	read := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(read) })
	const first = "In Shanghai it is 21 °C now, and the sky is clear.\n\n"
	m := newModel(t, func(asked map[string]any, say func(string)) {
		said := asked["messages"].([]any)
		switch last := said[len(said)-1].(map[string]any); {
		case last["content"] == "and tomorrow?":
			say(content("Rain."))
		case last["role"] == "tool":
			if text := last["content"].(string); !strings.Contains(text, "21") || !strings.Contains(text, "上海") {
				t.Errorf("the tool said %s", text)
			}
			for _, word := range strings.SplitAfter(first, " ") {
				say(content(word))
			}
			<-read
			say(content("**Take** a walk."))
		default:
			say(`{"tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"weather","arguments":"{\"city\":"}}]}`)
			say(`{"tool_calls":[{"index":0,"function":{"arguments":"\"上海\"}"}}]}`)
		}
	})
	t.Cleanup(goOn)
	w := newWorld(t, m.script(`remember = 10, tools = { weather = { parameters = { city = "string" },
		call = function(args) return { city = args.city, degrees = 21 } end } }`), m.allow)
	w.sim.Say("alice", "What's the weather?")
	if got := w.sent(1)[0].Text; got != strings.TrimSpace(first) {
		t.Errorf("the first message is %q", got)
	}
	goOn()
	if got := w.sent(1)[0].Text; got != "Take a walk." {
		t.Errorf("the second message is %q", got)
	}
	w.handled(1)
	typing := w.sim.Typing(0)
	if len(typing) < 2 || typing[0].Status != ilinksim.TypingOn || typing[len(typing)-1].Status == ilinksim.TypingOn {
		t.Errorf("typing was shown like this: %+v", typing)
	}

	<-m.asked
	<-m.asked
	if got := w.ask("and tomorrow?"); got != "Rain." {
		t.Errorf("answered %q", got)
	}
	told, _ := json.Marshal((<-m.asked)["messages"])
	want, _ := json.Marshal([]map[string]string{
		{"role": "user", "content": "What's the weather?"}, {"role": "assistant", "content": first + "**Take** a walk."}, {"role": "user", "content": "and tomorrow?"},
	})
	if string(told) != string(want) {
		t.Errorf("the model was told\n%s\nwant\n%s", told, want)
	}
	if strings.Contains(w.log.String(), "s3cret") {
		t.Error("the key is in the log")
	}
}

// TestModelAnswersAtLength: an answer of 30 KB stays within what the user's message
// allows, and what ten messages can't hold is kept until the next one.
func TestModelAnswersAtLength(t *testing.T) {
	const nudge = "More is waiting."
	for _, c := range []struct{ name, text, status string }{
		{"Chinese", strings.Repeat(strings.Repeat("这是一个很长的回答，", 7)+"到此为止。\n\n", 138), "sent"},
		{"English", strings.Repeat(strings.Repeat("This is a long answer, ", 9)+"that's it.\n\n", 138), "deferred"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.text) < 30_000 {
				t.Fatalf("the answer has only %d bytes", len(c.text))
			}
			m := newModel(t, func(_ map[string]any, say func(string)) {
				for rest := c.text; rest != ""; {
					n := min(len(rest), 400)
					for n < len(rest) && !utf8.RuneStart(rest[n]) {
						n++
					}
					say(content(rest[:n]))
					rest = rest[n:]
				}
			})
			w := newWorld(t, m.script(""), func(cfg *runtime.Config) {
				m.allow(cfg)
				cfg.Limits.NudgeText = nudge
			})
			w.sim.Say("alice", "Tell me everything.")
			w.handled(1)
			contains(t, w.log.String(), fmt.Sprintf("%d bytes: %s", len(c.text), c.status))
			sent := w.sim.Sent(0)
			if c.status == "deferred" {
				w.seen = len(sent)
				sent = append(sent, w.sent(10-len(sent))...)
				if last := sent[9].Text; last != nudge {
					t.Errorf("the tenth message is %q", last)
				}
				sent = sent[:9]
			}
			if rejected := w.sim.Rejected(0); len(sent) > 10 || len(rejected) > 0 {
				t.Errorf("%d messages, and rejected: %+v", len(sent), rejected)
			}
			bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
			var got strings.Builder
			for _, s := range sent {
				got.WriteString(s.Text)
			}
			if !strings.HasPrefix(bare(c.text), bare(got.String())) || c.status == "sent" && len(bare(got.String())) != len(bare(c.text)) {
				t.Errorf("of %d bytes %d arrived: %s", len(c.text), got.Len(), got.String())
			}
		})
	}
}
