package llm

import (
	"encoding/json"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// completion is one answer of the model's, as its handler sees it.
type completion struct {
	text strings.Builder
	outcome
}

// outcome is what an answer has beside its text.
type outcome struct {
	Calls  []toolCall `json:"calls,omitempty"`
	Finish string     `json:"finish,omitempty"`
	Usage  usage      `json:"usage,omitzero"`
	// Thoughts are what the model has thought before it called tools, and Thought says
	// that it has thought anything.
	Thoughts string `json:"thoughts,omitempty"`
	Thought  bool   `json:"thought,omitempty"`
}

// progress is what a handler sees of an answer, and what is recorded of it: some
// more text, and at the end what else there is. What services send is a hundred
// times that.
type progress struct {
	Text string `json:"text,omitempty"`
	// Retract says that what came before Text wasn't meant for the user.
	Retract bool `json:"retract,omitempty"`
	// Skipped is how many lines made no sense.
	Skipped int  `json:"skipped,omitempty"`
	Done    bool `json:"done,omitempty"`
	// Outcome is there once the model has ended its answer. With Rest the answer is
	// whole even if the connection breaks before Done.
	Outcome *outcome           `json:"outcome,omitempty"`
	Rest    string             `json:"rest,omitempty"`
	Failure *luabind.HostError `json:"failure,omitempty"`
}

// read reads an answer, and shows it as it comes.
func (t *talk) read(L *lua.LState, r *http.Reading, c *completion) error {
	begin := t.text.Len()
	show := func(text string) error {
		c.text.WriteString(text)
		t.text.WriteString(text)
		if t.show == nil || text == "" {
			return nil
		}
		return t.show(L, text)
	}
	rest, skipped := "", 0
	whole := func() error {
		if skipped > 0 {
			t.warn(L, fmt.Sprintf("lines of the answer that are no JSON were skipped: %d", skipped))
		}
		return nil
	}
	for {
		line, err := r.Line(t.b.vm, L)
		if err != nil {
			if c.Finish == "" {
				return err
			}
			// Only what comes behind an answer is missing.
			if err := show(rest); err != nil {
				return err
			}
			return whole()
		}
		var p progress
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			return fmt.Errorf("read the record of an answer: %w", err)
		}
		skipped += p.Skipped
		if p.Retract {
			before := t.text.String()[:begin]
			t.text.Reset()
			t.text.WriteString(before)
			c.text.Reset()
			if t.retract != nil {
				t.retract()
			}
		}
		if err := show(p.Text); err != nil {
			return err
		}
		if p.Outcome != nil {
			c.outcome, rest = *p.Outcome, p.Rest
		}
		if p.Failure != nil {
			return p.Failure
		}
		if p.Done {
			return whole()
		}
	}
}
