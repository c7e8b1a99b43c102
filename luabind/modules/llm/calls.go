package llm

import (
	"encoding/json"
	"fmt"
	"strings"
)

// toolCall is the model's wish to have a tool called.
type toolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
	// Extra is what some services want to have again, such as signatures.
	Extra json.RawMessage `json:"extra_content,omitempty"`
}

// maxToolCalls is how many tools one answer may call.
const maxToolCalls = 32

// callList are the tools that an answer calls, as far as they have come.
type callList struct {
	list []*call
	// known reports whether there is a tool of a name.
	known func(string) bool
}

// call is one of them.
type call struct {
	id, name  string
	index     int
	arguments strings.Builder
	json      balance
	extra     json.RawMessage
}

// add takes what the at-th entry of a chunk's list tells. An id says which call it
// belongs to, and without one the index; where the service leaves that out too, each
// chunk has a list of its own.
func (c *callList) add(p callPart, at int) error {
	id, name, text := p.ID.clean(), p.Function.Name.clean(), string(p.Function.Arguments.text)
	have := c.find(p, at)
	if have != nil && id != "" && have.id == id && (name == "" || name == have.name) && have.json.closed && have.arguments.String() == text {
		return nil // some repeat at the end what they have sent
	}
	if have == nil || c.another(have, p) {
		if len(c.list) == maxToolCalls {
			return badAnswer(fmt.Sprintf("the model calls more than %d tools at once", maxToolCalls))
		}
		if p.Index != nil {
			at = *p.Index
		}
		have = &call{index: at}
		c.list = append(c.list, have)
	}
	if have.id == "" {
		have.id = id
	}
	have.name = c.joined(have.name, name)
	have.arguments.WriteString(text)
	have.json.add(text)
	if len(p.Extra) > 0 && string(p.Extra) != "null" {
		have.extra = p.Extra
	}
	return nil
}

// find returns the call that an entry belongs to, unless it is a new one: nil if it
// must be.
func (c *callList) find(p callPart, at int) *call {
	id, named := p.ID.clean(), p.Function.Name != ""
	if p.Index != nil {
		at = *p.Index
	}
	last := func(is func(*call) bool) *call {
		for i := len(c.list) - 1; i >= 0; i-- {
			if is(c.list[i]) {
				return c.list[i]
			}
		}
		return nil
	}
	there := last(func(k *call) bool { return k.index == at })
	if id == "" {
		if p.Index == nil && !named && at == 0 {
			return last(func(*call) bool { return true })
		}
		return there
	}
	if both := last(func(k *call) bool { return k.id == id && k.index == at }); both != nil {
		return both
	}
	if same := last(func(k *call) bool { return k.id == id }); same != nil && (p.Index == nil || !named) {
		return same
	}
	// A call's id may come later than its name, and be another one in each piece.
	if there != nil && (there.id == "" || !named) {
		return there
	}
	return nil
}

// another reports whether an entry begins a new call though it has the place of one
// that there is.
func (c *callList) another(have *call, p callPart) bool {
	name := p.Function.Name.clean()
	switch {
	case name != "" && name != have.name && c.known(name) && c.known(have.name):
		return true
	case strings.TrimSpace(string(p.Function.Arguments.text)) == "":
		return false
	case p.Function.Arguments.whole:
		return have.arguments.Len() > 0
	}
	return name != "" && have.json.closed
}

// joined is a call's name with what comes of it: nothing, all of it once more, or a
// piece of it.
func (c *callList) joined(have, more string) string {
	switch {
	case have == "" || more == "":
		return have + more
	case c.known(have):
		if more != have && !c.known(more) && c.known(have+more) {
			return have + more
		}
		return have
	case c.known(have + more):
		return have + more
	case more == have || c.known(more):
		return more
	}
	return have + more
}

// all returns the calls as they have been found.
func (c *callList) all() (list []toolCall) {
	for _, k := range c.list {
		t := toolCall{ID: k.id, Type: "function", Extra: k.extra}
		t.Function.Name, t.Function.Arguments = k.name, raw(k.arguments.String()).clean()
		list = append(list, t)
	}
	return list
}

// balance counts the brackets of a JSON text that comes in pieces.
type balance struct {
	depth         int
	text, escaped bool // within a string, and behind a backslash in it
	closed        bool // the first bracket that opened is closed
}

func (b *balance) add(piece string) {
	for i := 0; i < len(piece) && !b.closed; i++ {
		switch c := piece[i]; {
		case b.escaped:
			b.escaped = false
		case b.text && c == '\\':
			b.escaped = true
		case c == '"':
			b.text = !b.text
		case b.text:
		case c == '{' || c == '[':
			b.depth++
		case c == '}' || c == ']':
			b.depth--
			b.closed = b.depth <= 0
		}
	}
}

// ids makes up ids of calls that have none, or one of an earlier call.
type ids struct {
	used map[string]bool
	n    int
}

// settle completes an answer's calls. The same answers get the same ids.
func (t *talk) settle(list []toolCall, known *ids) {
	if known.used == nil {
		known.used = make(map[string]bool)
	}
	for i := range list {
		c := &list[i]
		for c.ID == "" || known.used[c.ID] {
			known.n++
			c.ID = fmt.Sprintf("call%05d", known.n) // some services want nine letters and digits
		}
		known.used[c.ID] = true
		if plain := strings.TrimPrefix(c.Function.Name, "functions."); !t.hasTool(c.Function.Name) && t.hasTool(plain) {
			c.Function.Name = plain // the models' own way to write it
		}
		c.Function.Arguments = plainArguments(c.Function.Arguments)
	}
}

// plainArguments takes out what some models and services do to a JSON object: leave it
// out, write null, or write it as a string's text.
func plainArguments(text string) string {
	text = strings.TrimSpace(text)
	var inner string
	if strings.HasPrefix(text, `"`) && json.Unmarshal([]byte(text), &inner) == nil {
		text = strings.TrimSpace(inner)
	}
	if text == "" || text == "null" {
		return "{}"
	}
	return text
}

// inHistory returns calls as they may be in the next request: services refuse, or
// fail at, names and arguments that no call may have, which models write nevertheless.
func inHistory(list []toolCall) []toolCall {
	var kept []toolCall
	for _, c := range list {
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(c.Function.Arguments), &object) != nil || object == nil {
			c.Function.Arguments = "{}"
		}
		name := strings.Map(func(r rune) rune {
			if strings.ContainsRune(nameCharacters, r) {
				return r
			}
			return '_'
		}, c.Function.Name)
		if c.Function.Name = name[:min(len(name), maxName)]; name == "" {
			c.Function.Name = "_"
		}
		kept = append(kept, c)
	}
	return kept
}
