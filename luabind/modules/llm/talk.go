package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

const (
	// maxRounds is how often the model may call tools before it has to answer.
	maxRounds = 8
	// maxToolBytes is how much of what a tool returned the model is told.
	maxToolBytes = 32 << 10
	// maxAnswerBytes is how large what the service sends may be, in which each word is
	// wrapped in some hundred bytes.
	maxAnswerBytes = 8 << 20
)

// message is one of a conversation, as the API has it.
type message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCalls  []toolCall      `json:"tool_calls,omitempty"`
	ToolCallID string          `json:"tool_call_id,omitempty"`
	// Thoughts are what the model has thought before it called tools.
	Thoughts string `json:"reasoning_content,omitempty"`
}

func textMessage(role, text string) message { return message{Role: role, Content: encoded(text)} }

// talk is one question, and what is said until it is answered.
type talk struct {
	b        *binding
	function string
	table    *lua.LTable // the options

	url, key, model string
	header          map[string]string
	system, prompt  string
	before          []message
	tools           []tool
	timeout         time.Duration
	stream          bool
	fields          map[string]json.RawMessage // further ones of the request
	user            string                     // whose conversation it is, "" if nothing is remembered
	remember        int
	asked           lua.LValue // the message that is answered, nil if none is

	// show gets each piece of the answer, and pause is called when nothing will come
	// for a while, or any more; they may be nil.
	show  func(L *lua.LState, text string) error
	pause func(L *lua.LState, over bool) error
	// retract is called when what was shown since the last pause wasn't meant to be; it
	// may be nil.
	retract func()

	text   strings.Builder // the whole answer
	usage  usage
	finish string
}

// run asks until there is an answer.
func (t *talk) run(L *lua.LState) (err error) {
	history, err := t.b.history(L, t.user, t.remember)
	if err != nil {
		return err
	}
	var said []message
	if t.system != "" {
		said = append(said, textMessage("system", t.system))
	}
	said = append(said, t.before...)
	for _, h := range history {
		said = append(said, textMessage(h.role, h.text))
	}
	if t.prompt != "" {
		said = append(said, textMessage("user", t.prompt))
	}
	err = t.rounds(L, said)
	if t.pause != nil {
		// What there is of an answer is shown even if there is no more of it.
		if problem := t.pause(L, true); err == nil {
			err = problem
		}
	}
	if err != nil || t.remember == 0 {
		return err
	}
	history = append(history, remembered{"user", t.prompt}, remembered{"assistant", t.text.String()})
	if err := t.b.saveHistory(L, t.user, trimmed(history, t.remember)); err != nil {
		// The user has the answer.
		t.warn(L, "the conversation can't be remembered: "+err.Error())
	}
	return nil
}

func (t *talk) rounds(L *lua.LState, said []message) error {
	var known ids
	for range maxRounds {
		c, err := t.ask(L, said)
		if err != nil {
			return err
		}
		if len(c.Calls) == 0 {
			switch {
			case strings.TrimSpace(t.text.String()) != "":
				return nil
			case c.Thought:
				return badAnswer("the model has thought and then said nothing" + finishHint(c.Finish))
			}
			return badAnswer("the model has said nothing" + finishHint(c.Finish))
		}
		t.settle(c.Calls, &known)
		if t.pause != nil && c.text.Len() > 0 {
			if err := t.pause(L, false); err != nil {
				return err
			}
		}
		said = append(said, message{Role: "assistant", Content: encoded(c.text.String()), ToolCalls: inHistory(c.Calls), Thoughts: c.Thoughts})
		for _, call := range c.Calls {
			m := textMessage("tool", t.callTool(L, call))
			m.ToolCallID = call.ID
			said = append(said, m)
		}
	}
	return &luabind.HostError{Kind: kindTools, Message: fmt.Sprintf("the model has called tools %d times and not answered", maxRounds)}
}

func finishHint(finish string) string {
	if finish == "" || finish == "stop" {
		return ""
	}
	return " (it ended with " + finish + ")"
}

// ask makes one request and reads its answer.
func (t *talk) ask(L *lua.LState, said []message) (*completion, error) {
	body := t.body(said)
	t.b.vm.Charge(L, len(body)/16)
	call := luabind.Call{Name: t.function, Args: []any{http.Origin(t.url), []string{t.url, string(body)}}}
	s := &sifter{hide: t.hide}
	s.answer.calls.known = t.hasTool
	open := func(ctx context.Context) (*http.Stream, error) {
		stream, err := t.open(ctx, body)
		if err == nil {
			s.kind = stream.Header["content-type"]
		}
		return stream, err
	}
	r, err := http.Begin(t.b.vm, L, call, open, s.sift)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	c := &completion{}
	if t.text.Len() > 0 {
		t.text.WriteString("\n\n")
	}
	err = t.read(L, r, c)
	t.usage.add(c.Usage)
	t.finish = c.Finish
	return c, err
}

// body is what is sent. The same is sent when the handler runs again.
func (t *talk) body(said []message) []byte {
	fields := map[string]json.RawMessage{"model": encoded(t.model), "messages": encoded(said), "stream": encoded(t.stream)}
	if t.stream {
		fields["stream_options"] = json.RawMessage(`{"include_usage":true}`)
	}
	if len(t.tools) > 0 {
		type function struct {
			Name        string          `json:"name"`
			Description string          `json:"description,omitempty"`
			Parameters  json.RawMessage `json:"parameters"`
		}
		type definition struct {
			Type     string   `json:"type"`
			Function function `json:"function"`
		}
		var list []definition
		for _, f := range t.tools {
			list = append(list, definition{"function", function{f.name, f.description, f.parameters}})
		}
		fields["tools"] = encoded(list)
	}
	for name, value := range t.fields {
		fields[name] = value
	}
	return encoded(fields)
}

func (t *talk) request(body []byte) http.Request {
	h := nethttp.Header{"Content-Type": {"application/json"}, "Accept": {"text/event-stream, application/json"}}
	for name, value := range t.header {
		h.Set(name, value)
	}
	return http.Request{Method: nethttp.MethodPost, URL: t.url, Header: h, Body: body, Timeout: t.timeout, MaxBytes: maxAnswerBytes}
}

// toolIndex is where in tools one is, -1 if there is none of that name.
func (t *talk) toolIndex(name string) int {
	return slices.IndexFunc(t.tools, func(f tool) bool { return f.name == name })
}

func (t *talk) hasTool(name string) bool { return t.toolIndex(name) >= 0 }

// warn writes to the bot's log.
func (t *talk) warn(L *lua.LState, what string) {
	t.b.vm.Host().Log(t.b.vm.Context(L), slog.LevelWarn, t.function+": "+what)
}

// callTool calls a tool and returns what the model is told of it. The model is also
// told what went wrong, and may do better.
func (t *talk) callTool(L *lua.LState, call toolCall) string {
	i := t.toolIndex(call.Function.Name)
	if i < 0 {
		var names []string
		for _, f := range t.tools {
			names = append(names, f.name)
		}
		return fmt.Sprintf("error: there is no tool %q; the tools are: %s", call.Function.Name, strings.Join(names, ", "))
	}
	args, problem := t.b.json.Decode(L, call.Function.Arguments)
	if problem != lua.LNil || args.Type() != lua.LTTable {
		return "error: the arguments are no JSON object: " + clip(call.Function.Arguments, 200)
	}
	L.Push(t.b.pcall)
	L.Push(t.tools[i].call)
	L.Push(args)
	L.Push(t.asked)
	L.Call(3, 3)
	ok, v, failure := L.Get(-3), L.Get(-2), L.Get(-1)
	L.Pop(3)
	switch {
	case ok != lua.LTrue:
		why := L.ToStringMeta(v).String()
		t.warn(L, fmt.Sprintf("the tool %s has failed: %s", call.Function.Name, why))
		return "error: " + clip(why, 1000)
	case v == lua.LNil && failure != lua.LNil:
		return "error: " + clip(L.ToStringMeta(failure).String(), 1000)
	}
	text, isText := v.(lua.LString)
	if !isText {
		text = lua.LString(t.b.json.Encode(L, v))
	}
	return clip(string(text), maxToolBytes)
}

// clip cuts a text after so many bytes.
func clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + " … (cut off)"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// answer is what the script gets.
func (t *talk) answer(L *lua.LState) *lua.LTable {
	u := L.CreateTable(0, 3)
	u.RawSetString("prompt_tokens", lua.LNumber(t.usage.Prompt))
	u.RawSetString("completion_tokens", lua.LNumber(t.usage.Completion))
	u.RawSetString("total_tokens", lua.LNumber(t.usage.Total))
	a := L.CreateTable(0, 4)
	a.RawSetString("text", lua.LString(t.text.String()))
	a.RawSetString("usage", u)
	a.RawSetString("finish", lua.LString(t.finish))
	return a
}

// hide takes the key out of what a service says.
func (t *talk) hide(text string) string {
	if t.key == "" {
		return text
	}
	return strings.ReplaceAll(text, t.key, "…")
}

// fail returns nil and an error to the script, with what the model has said so far.
func (t *talk) fail(L *lua.LState, err error) int {
	n := t.b.vm.Fail(L, err)
	if failure, ok := L.Get(-1).(*lua.LTable); ok && t.text.Len() > 0 {
		failure.RawSetString("text", lua.LString(strings.TrimSpace(t.text.String())))
	}
	return n
}
