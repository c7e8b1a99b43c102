package llm

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// sifter makes progress of what a service sends: events, or an answer in one piece,
// whatever it calls them.
type sifter struct {
	kind string // the content type
	hide func(string) string

	begun  bool // there was a line
	events http.EventParser
	// pieces says that what comes is no stream of events: whole has it. In a stream,
	// whole has what belongs to none, as long as there is nothing else.
	pieces bool
	whole  strings.Builder

	answer answer
	told   bool // the outcome has been told
}

// sift is a [http.Sift].
func (s *sifter) sift(lines []string, end bool) []string {
	p, err := s.take(lines, end)
	if err != nil {
		he := &luabind.HostError{Kind: kindBadAnswer, Message: err.Error()}
		errors.As(err, &he)
		p.Failure = &luabind.HostError{Kind: he.Kind, Message: s.hide(he.Message)}
	}
	if p.Done || s.answer.finish != "" && !s.told && err == nil {
		s.told = true
		p.Outcome, p.Rest = s.answer.outcome(), s.answer.rest()
		if p.Done {
			p.Text, p.Rest = p.Text+p.Rest, ""
		}
	}
	if p.Text == "" && !p.Retract && p.Skipped == 0 && p.Outcome == nil && err == nil {
		return nil
	}
	return []string{string(encoded(p))}
}

func (s *sifter) take(lines []string, end bool) (p progress, err error) {
	if strings.Contains(s.kind, "text/html") {
		return p, badAnswer("the service answered with a web page: is the URL the one of its API, such as https://…/v1?")
	}
	var events []http.Event
	for _, line := range lines {
		if bare := strings.TrimPrefix(strings.TrimSpace(line), "\ufeff"); !s.begun && bare != "" {
			s.begun, s.pieces = true, strings.ContainsAny(bare[:1], "{[")
		}
		if !s.pieces {
			events = append(events, s.events.Line(line)...)
		}
		if s.pieces || !s.answer.begun && !isField(line) {
			s.whole.WriteString(line + "\n")
		}
	}
	if end && !s.pieces {
		events = append(events, s.events.End()...)
	}
	for _, e := range events {
		if p.Done, err = s.event(&p, e); p.Done || err != nil {
			return p, err
		}
	}
	if !end {
		return p, nil
	}
	if !s.answer.begun && s.whole.Len() > 0 {
		if err := s.inOne(&p); err != nil {
			return p, err
		}
	}
	switch {
	case s.answer.finish != "", s.pieces && s.answer.begun:
		p.Done = true
		return p, nil
	case s.answer.begun:
		p.Text += s.answer.rest()
		return p, &luabind.HostError{Kind: kindNetwork, Message: "the answer broke off in the middle"}
	case s.answer.skipped > 0:
		return p, errNoChunk
	}
	return p, badAnswer("the service sent no answer")
}

// isField reports whether a line belongs to a stream of events.
func isField(line string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(line, "\ufeff"), ":")
	return slices.Contains([]string{"", "data", "event", "id", "retry"}, strings.TrimSpace(name))
}

// event takes an event and reports whether it is the last one.
func (s *sifter) event(p *progress, e http.Event) (last bool, err error) {
	data := strings.TrimSpace(e.Data)
	switch {
	case data == "[DONE]":
		return true, nil
	case data == "":
		return false, nil
	}
	err = s.add(p, []byte(data))
	switch {
	case e.Name == "error" && (err == nil || err == errNoChunk):
		return false, &luabind.HostError{Kind: kindServer, Message: "the service broke off: " + errorText([]byte(data))}
	case err == errNoChunk: // the others may well be enough
		s.answer.skipped++
		p.Skipped++
		return false, nil
	}
	return false, err
}

// inOne takes an answer that came in one piece, or as one JSON text after the other.
func (s *sifter) inOne(p *progress) error {
	d := json.NewDecoder(strings.NewReader(strings.TrimPrefix(strings.TrimSpace(s.whole.String()), "\ufeff")))
	for d.More() {
		var one json.RawMessage
		if d.Decode(&one) != nil {
			if s.answer.begun {
				return nil
			}
			return errNoChunk
		}
		if err := s.add(p, one); err != nil {
			return err
		}
	}
	return nil
}

func (s *sifter) add(p *progress, data []byte) error {
	c, err := readChunk(data)
	if err != nil {
		return err
	}
	text, retract, err := s.answer.add(c)
	if retract {
		p.Text, p.Retract = "", true
	}
	p.Text += text
	return err
}

// answer is one of the model's, as far as it has come.
type answer struct {
	calls  callList
	finish string
	usage  usage

	begun   bool // there is something of it
	deltas  bool // it comes in pieces
	choice  *int // the index of the choice that it is
	skipped int

	joiner   joiner
	thinking thinking
	thoughts strings.Builder
	thought  bool
}

// maxThoughts is how much of what the model has thought is kept for the request that
// tells it what its tools have returned. Some services refuse one without.
const maxThoughts = 128 << 10

// add takes a chunk and returns the text that it adds.
func (a *answer) add(c chunk) (text string, retract bool, err error) {
	if c.Usage != (usage{}) {
		a.usage = c.Usage
	}
	for _, choice := range c.Choices {
		if a.choice == nil {
			a.choice = &choice.Index
		}
		if choice.Index != *a.choice {
			continue
		}
		if choice.Finish != "" && choice.Finish != "null" {
			a.finish, a.begun = choice.Finish.clean(), true
		}
		part := choice.Delta
		if !part.empty() {
			a.deltas = true
		} else if !a.deltas {
			part = choice.Message
		}
		shown, back := a.thinking.add(a.joiner.add(string(part.Content) + string(part.Refusal)))
		if back {
			text, retract = "", true
		}
		text += shown
		if part.Thought != "" || part.Reasoning != "" {
			a.thought = true
		}
		if a.thoughts.Len() <= maxThoughts {
			a.thoughts.WriteString(string(part.Thought))
		}
		for i, call := range part.ToolCalls {
			if err := a.calls.add(call, i); err != nil {
				return text, retract, err
			}
		}
		a.begun = a.begun || !part.empty()
	}
	return text, retract, nil
}

// rest is the text that is held back, which is shown if nothing more comes. It changes
// nothing.
func (a *answer) rest() string {
	j, t := a.joiner, a.thinking
	text, _ := t.add(j.end())
	return text + t.end()
}

func (a *answer) outcome() *outcome {
	o := &outcome{Calls: a.calls.all(), Finish: a.finish, Usage: a.usage, Thought: a.thought || a.thinking.thought}
	if len(o.Calls) > 0 && a.thoughts.Len() <= maxThoughts {
		o.Thoughts = raw(a.thoughts.String()).clean()
	}
	return o
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
