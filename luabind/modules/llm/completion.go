package llm

import (
	"encoding/json"
	"errors"
	"fmt"
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

// progress is what a handler sees of an answer, and what is recorded of it: some
// more text, and at the end what else there is. What services send is a hundred
// times that.
type progress struct {
	Text    string             `json:"text,omitempty"`
	Done    bool               `json:"done,omitempty"`
	Calls   []toolCall         `json:"calls,omitempty"`
	Finish  string             `json:"finish,omitempty"`
	Usage   usage              `json:"usage,omitzero"`
	Failure *luabind.HostError `json:"failure,omitempty"`
}

// read reads an answer, and shows it as it comes.
func (t *talk) read(L *lua.LState, r *http.Reading, c *completion) error {
	for {
		line, err := r.Line(t.b.vm, L)
		if err != nil {
			return err
		}
		var p progress
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			return fmt.Errorf("read the record of an answer: %w", err)
		}
		if p.Text != "" {
			c.text.WriteString(p.Text)
			t.text.WriteString(p.Text)
			if t.show != nil {
				if err := t.show(L, p.Text); err != nil {
					return err
				}
			}
		}
		switch {
		case p.Failure != nil:
			return p.Failure
		case p.Done:
			c.calls, c.finish, c.usage = p.Calls, p.Finish, p.Usage
			return nil
		}
	}
}

// sifter makes progress of what a service sends.
type sifter struct {
	kind string // the content type
	hide func(string) string

	events http.EventParser
	whole  strings.Builder // of an answer that comes in one piece
	answer completion
	some   bool // there is something of an answer
}

// sift is a [http.Sift].
func (s *sifter) sift(lines []string, end bool) []string {
	p, err := s.take(lines, end)
	if err != nil {
		he := &luabind.HostError{Kind: kindBadAnswer, Message: err.Error()}
		errors.As(err, &he)
		p.Failure = &luabind.HostError{Kind: he.Kind, Message: s.hide(he.Message)}
	}
	if p.Done && err == nil {
		p.Calls, p.Finish, p.Usage = s.answer.calls, s.answer.finish, s.answer.usage
	}
	if p.Text == "" && !p.Done && err == nil {
		return nil
	}
	return []string{string(encoded(p))}
}

func (s *sifter) take(lines []string, end bool) (p progress, err error) {
	add := func(data string) error {
		text, err := s.answer.add([]byte(data))
		p.Text += text
		s.some = s.some || text != "" || len(s.answer.calls) > 0
		return err
	}
	switch {
	case strings.Contains(s.kind, "text/html"):
		return p, badAnswer("the service answered with a web page: is the URL the one of its API, such as https://…/v1?")
	case strings.Contains(s.kind, "application/json"):
		for _, line := range lines {
			s.whole.WriteString(line + "\n")
		}
		if p.Done = end; end {
			err = add(s.whole.String())
		}
		return p, err
	}
	var events []http.Event
	for _, line := range lines {
		events = append(events, s.events.Line(line)...)
	}
	if end {
		events = append(events, s.events.End()...)
	}
	for _, e := range events {
		if strings.TrimSpace(e.Data) == "[DONE]" {
			p.Done = true
			return p, nil
		}
		if err := add(e.Data); err != nil {
			return p, err
		}
	}
	switch {
	case !end:
	case s.answer.finish != "":
		p.Done = true
	case !s.some:
		return p, badAnswer("the service sent no answer")
	default:
		return p, &luabind.HostError{Kind: kindNetwork, Message: "the answer broke off in the middle"}
	}
	return p, nil
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
	return text, nil
}
