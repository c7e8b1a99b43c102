package llm

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// completion is one answer of the model's, as far as it has come.
type completion struct {
	text   strings.Builder
	calls  []toolCall
	finish string
	usage  usage
}

// toolCall is the model's wish to have a tool called.
type toolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func (u *usage) add(v usage) {
	u.Prompt += v.Prompt
	u.Completion += v.Completion
	u.Total += v.Total
}

// chunk is a piece of an answer, or all of it.
type chunk struct {
	Choices []struct {
		Index   int          `json:"index"`
		Delta   contribution `json:"delta"`
		Message contribution `json:"message"`
		Finish  string       `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage          `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type contribution struct {
	Content   string `json:"content"`
	ToolCalls []struct {
		Index *int `json:"index"`
		toolCall
	} `json:"tool_calls"`
}

// maxToolCalls is how many tools one answer may call.
const maxToolCalls = 32

// add takes a chunk and returns the text that it adds.
func (c *completion) add(data []byte) (text string, err error) {
	var ch chunk
	if err := json.Unmarshal(data, &ch); err != nil {
		return "", badAnswer("the service sent what is not the JSON of an answer")
	}
	if len(ch.Error) > 0 && string(ch.Error) != "null" {
		return "", &luabind.HostError{Kind: kindServer, Message: "the service broke off: " + errorText(data)}
	}
	if ch.Usage != nil {
		c.usage = *ch.Usage
	}
	for _, choice := range ch.Choices {
		if choice.Index != 0 {
			continue
		}
		if choice.Finish != "" {
			c.finish = choice.Finish
		}
		for _, part := range []contribution{choice.Delta, choice.Message} {
			text += part.Content
			for _, call := range part.ToolCalls {
				// Some services leave the index out, and send each call at once.
				at := len(c.calls)
				if call.Index != nil {
					at = *call.Index
				}
				if at < 0 || at > len(c.calls) || at >= maxToolCalls {
					return "", badAnswer("the service calls tools in an order that makes no sense")
				}
				if at == len(c.calls) {
					c.calls = append(c.calls, toolCall{Type: "function"})
				}
				have := &c.calls[at]
				if call.ID != "" {
					have.ID = call.ID
				}
				have.Function.Name += call.Function.Name
				have.Function.Arguments += call.Function.Arguments
			}
		}
	}
	c.text.WriteString(text)
	return text, nil
}

// read reads an answer, as events or in one piece, and shows it as it comes.
func (t *talk) read(L *lua.LState, r *http.Reading, c *completion) error {
	kind := r.Header["content-type"]
	if strings.Contains(kind, "text/html") {
		return badAnswer("the service answered with a web page: is the URL the one of its API, such as https://…/v1?")
	}
	take := func(data string) error {
		text, err := c.add([]byte(data))
		if err != nil || text == "" {
			return err
		}
		t.b.vm.Charge(L, len(data)/4)
		t.text.WriteString(text)
		if t.show == nil {
			return nil
		}
		return t.show(L, text)
	}
	if strings.Contains(kind, "application/json") {
		var whole strings.Builder
		for {
			line, err := r.Line(t.b.vm, L)
			if errors.Is(err, io.EOF) {
				return take(whole.String())
			} else if err != nil {
				return err
			}
			whole.WriteString(line + "\n")
		}
	}
	var p http.EventParser
	for {
		line, err := r.Line(t.b.vm, L)
		var events []http.Event
		switch {
		case err == nil:
			events = p.Line(line)
		case errors.Is(err, io.EOF):
			events = p.End()
		}
		for _, e := range events {
			if strings.TrimSpace(e.Data) == "[DONE]" {
				return nil
			}
			if err := take(e.Data); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF) && c.finish != "":
			return nil
		case errors.Is(err, io.EOF) && c.text.Len() == 0 && len(c.calls) == 0:
			return badAnswer("the service sent no answer")
		case errors.Is(err, io.EOF):
			return &luabind.HostError{Kind: kindNetwork, Message: "the answer broke off in the middle"}
		case err != nil:
			return err
		}
	}
}
