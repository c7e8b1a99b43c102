package llm

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
)

// chunk is a piece of an answer, or all of it.
type chunk struct {
	Choices []choice `json:"choices"`
	Usage   usage    `json:"usage"`
}

// choice is one of the answers that a service gives; it is asked for one.
type choice struct {
	Index   int          `json:"index"`
	Delta   contribution `json:"delta"`
	Message contribution `json:"message"` // the answer as a whole
	Finish  raw          `json:"finish_reason"`
}

// contribution is what a chunk adds to an answer.
type contribution struct {
	Content   content    `json:"content"`
	Refusal   raw        `json:"refusal"`
	Thought   raw        `json:"reasoning_content"`
	Reasoning content    `json:"reasoning"`
	ToolCalls []callPart `json:"tool_calls"`
}

func (c *contribution) empty() bool {
	return c.Content == "" && c.Refusal == "" && c.Thought == "" && c.Reasoning == "" && len(c.ToolCalls) == 0
}

// content is the text of an answer, which comes as such or as a list of parts, of
// which those of thinking and the like aren't shown.
type content raw

// UnmarshalJSON reads a text, a part, or a list of them.
func (c *content) UnmarshalJSON(data []byte) error {
	var text raw
	switch {
	case len(data) == 0:
	case data[0] == '[':
		var parts []content
		if err := json.Unmarshal(data, &parts); err != nil {
			return err
		}
		for _, p := range parts {
			*c += p
		}
	case data[0] == '{':
		var part struct {
			Type    raw     `json:"type"`
			Text    content `json:"text"`
			Value   raw     `json:"value"` // of a text that has notes
			Refusal raw     `json:"refusal"`
		}
		err := json.Unmarshal(data, &part)
		if slices.Contains([]raw{"", "text", "output_text", "refusal"}, part.Type) {
			*c = part.Text + content(part.Value) + content(part.Refusal)
		}
		return notOfType(err)
	default:
		_ = text.UnmarshalJSON(data) // takes anything
		*c = content(text)
	}
	return nil
}

// callPart is what a chunk tells of a tool's call.
type callPart struct {
	Index    *int `json:"index"`
	ID       raw  `json:"id"`
	Function struct {
		Name      raw       `json:"name"`
		Arguments arguments `json:"arguments"`
	} `json:"function"`
	Extra json.RawMessage `json:"extra_content"`
}

// arguments are a call's, as a JSON text that may come in pieces, or all at once as
// an object.
type arguments struct {
	text  raw
	whole bool
}

// UnmarshalJSON reads a text or an object.
func (a *arguments) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && (data[0] == '{' || data[0] == '[') {
		*a = arguments{raw(data), true}
		return nil
	}
	a.whole = false
	return a.text.UnmarshalJSON(data)
}

// notOfType leaves out the error that a field is of another type: of such a field
// nothing is known, and of all others something is.
func notOfType(err error) error {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) {
		return nil
	}
	return err
}

// errNoChunk says that data is no JSON object.
var errNoChunk = badAnswer("the service sent what is not the JSON of an answer")

// readChunk reads a chunk. What the service says of its trouble is an error too.
func readChunk(data []byte) (c chunk, err error) {
	if trimmed := strings.TrimLeft(string(data), " \t\r\n"); trimmed == "" || trimmed[0] != '{' {
		return c, errNoChunk
	}
	if notOfType(json.Unmarshal(data, &c)) != nil {
		return c, errNoChunk
	}
	return c, failureIn(data, len(c.Choices) > 0)
}

// failureIn is the error that an object tells of, nil if it doesn't. Most services
// say it in the field error; others send what only has a message, a code, or both.
func failureIn(data []byte, choices bool) error {
	var f struct {
		Error   json.RawMessage `json:"error"`
		Object  raw             `json:"object"`
		Type    raw             `json:"type"`
		Code    raw             `json:"code"`
		Message raw             `json:"message"`
		Base    struct {
			Code    int `json:"status_code"`
			Message raw `json:"status_msg"`
		} `json:"base_resp"`
	}
	if notOfType(json.Unmarshal(data, &f)) != nil {
		return nil
	}
	said, code := errorText(data), []raw{f.Code, f.Type}
	switch text := strings.TrimSpace(string(f.Error)); {
	case !slices.Contains([]string{"", "null", "false", `""`, "{}", "[]"}, text):
		var inner struct {
			Code   raw `json:"code"`
			Type   raw `json:"type"`
			Status raw `json:"status"`
		}
		if text[0] == '{' && notOfType(json.Unmarshal(f.Error, &inner)) == nil {
			code = []raw{inner.Code, inner.Type, inner.Status}
		}
		if said == "" {
			said = clip(text, 300)
		}
	case f.Base.Code != 0:
		said = clip(f.Base.Message.clean(), 300)
	case f.Object == "error", f.Type == "error", !choices && f.Message != "":
	default:
		return nil
	}
	return &luabind.HostError{Kind: kindOf(code), Message: "the service broke off: " + said}
}

// kindOf is the kind of error that a service's codes stand for.
func kindOf(codes []raw) string {
	for _, c := range codes {
		for kind, words := range map[string][]string{
			kindRateLimited:  {"429", "rate_limit", "quota", "resource_exhausted"},
			kindUnauthorized: {"401", "403", "api_key", "authentication", "permission"},
			kindBadRequest:   {"400", "404", "invalid_request", "context_length", "not_found"},
		} {
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(string(c)), w) }) {
				return kind
			}
		}
	}
	return kindServer
}
