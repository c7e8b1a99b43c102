package luabind

import (
	"context"
	"encoding/json"
	"errors"
)

// What a sandbox and its host tell each other can be passed on to another process:
// all of it is plain data but for errors and steps, whose forms for the way are
// here.

// PassedError is an error in a form that can be passed on as JSON. What
// [errors.Is] and [errors.As] find of this package's errors, and of a context's,
// they find in what [PassedError.Err] returns too.
type PassedError struct {
	Message string        `json:"message"`
	Is      []string      `json:"is,omitempty"` // words of passedSentinels
	Host    *HostError    `json:"host,omitempty"`
	Script  *passedScript `json:"script,omitempty"`
}

// passedScript is a ScriptError with all that belongs to it.
type passedScript struct {
	*ScriptError
	Cause   *PassedError `json:"cause,omitempty"`
	Certain bool         `json:"certain,omitempty"`
}

// passedSentinels are the errors that are known by their identity.
func passedSentinels() map[string]error {
	return map[string]error{
		"closed": ErrClosed, "interrupted": ErrInterrupted, "canceled": context.Canceled, "deadline": context.DeadlineExceeded,
		"put_away": ErrPutAway,
	}
}

// PassError makes err fit to be passed on; nil stays nil.
func PassError(err error) *PassedError {
	if err == nil {
		return nil
	}
	p := &PassedError{Message: err.Error()}
	var se *ScriptError
	if errors.As(err, &se) {
		p.Script = &passedScript{ScriptError: se, Cause: PassError(se.cause), Certain: se.certain}
		return p
	}
	errors.As(Explain(err), &p.Host)
	for word, sentinel := range passedSentinels() {
		if errors.Is(err, sentinel) {
			p.Is = append(p.Is, word)
		}
	}
	return p
}

// Err makes the error that was passed on.
func (p *PassedError) Err() error {
	switch {
	case p == nil:
		return nil
	case p.Script != nil && p.Script.ScriptError != nil:
		se := *p.Script.ScriptError
		se.cause, se.certain = p.Script.Cause.Err(), p.Script.Certain
		return &se
	case p.Host != nil && p.Host.Message == p.Message:
		return p.Host
	}
	e := &arrivedError{message: p.Message}
	if p.Host != nil {
		e.are = append(e.are, p.Host)
	}
	for _, word := range p.Is {
		if sentinel := passedSentinels()[word]; sentinel != nil {
			e.are = append(e.are, sentinel)
		}
	}
	if len(e.are) == 1 && e.are[0].Error() == e.message {
		return e.are[0]
	}
	return e
}

// arrivedError is an error of another process.
type arrivedError struct {
	message string
	are     []error
}

// Error returns the text that it had there.
func (e *arrivedError) Error() string { return e.message }

// Unwrap returns what it is as well.
func (e *arrivedError) Unwrap() []error { return e.are }

// passedStep is a Step on its way.
type passedStep struct {
	Number  int      `json:"number"`
	Effect  int      `json:"effect"`
	Pending []Record `json:"pending,omitempty"`
	Blank   Record   `json:"blank"`
}

// MarshalJSON makes the step fit to be passed on. The host's answer comes back
// with what [Step.Outcome] says there, for [Step.Saved] here.
func (s *Step) MarshalJSON() ([]byte, error) {
	return json.Marshal(passedStep{Number: s.Number, Effect: s.Effect, Pending: s.Pending, Blank: s.blank()})
}

// UnmarshalJSON makes the step that was passed on.
func (s *Step) UnmarshalJSON(b []byte) error {
	var p passedStep
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*s = Step{Number: p.Number, Effect: p.Effect, Pending: p.Pending, passed: &p.Blank}
	return nil
}

// Outcome returns what [Step.Saved] was told, false before.
func (s *Step) Outcome() (saved, whole bool) { return s.saved, s.whole }
