package luabind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"

	lua "github.com/yuin/gopher-lua"
)

// A handler can be run again: after a crash, after a reload that outlasted it, or
// because a dialogue waited so long that it was put away. For that its calls of
// the host are numbered and their results recorded. Run again with the records of
// [Event.Journal], it gets the same results without anything happening, until it
// has come to where it was, and goes on from there.

// Record is what one call of a handler's brought.
type Record struct {
	// Call is what was called, for people, such as `http.get("https://example.org/")`.
	Call string `json:"call"`
	// Digest is of the call with all arguments.
	Digest uint64 `json:"digest"`
	// Result is the result in JSON, null if the call failed.
	Result json.RawMessage `json:"result,omitempty"`
	// Failure is why it failed.
	Failure *HostError `json:"failure,omitempty"`
	// Await says that the handler waited for the user here, and Effect that the call
	// changed something at the host.
	Await  bool `json:"await,omitempty"`
	Effect bool `json:"effect,omitempty"`
}

// Step is one call on its way to the host, and what was recorded before it. A host
// that makes something durable saves the records with it, in one transaction, so
// that what was done and what is known of it can't differ; it finds the step with
// [StepOf].
type Step struct {
	// Number is the call's place among all of the handler's, from 0. It is -1 where there
	// were too many calls before to keep their records: then none is kept of it either.
	Number int
	// Effect is its place among those with an effect (see [Call]), from 0, -1 for
	// others. Unlike Number it is the same when the handler is run again without all
	// of its records, so that the host finds what it has done already.
	Effect int
	// Pending are the records up to this call that aren't saved yet; the first
	// belongs to number Number-len(Pending).
	Pending []Record

	call   Call
	passed *Record // in place of call, if it was made in another process
	saved  bool
	whole  bool
}

// Record makes the record of this call, with the result that it will have.
func (s *Step) Record(result any, err error) (Record, error) { return s.blank().with(result, err) }

// blank is the record of this call without its result.
func (s *Step) blank() Record {
	if s.passed != nil {
		return *s.passed
	}
	return s.call.blank()
}

// Saved tells that the pending records are saved, and with whole also the one of
// this call itself.
func (s *Step) Saved(whole bool) { s.saved, s.whole = true, whole }

type stepKey struct{}

// StepOf returns the step that a host's method is called for, nil if its caller
// keeps no journal: on_interrupt, say.
func StepOf(ctx context.Context) *Step {
	s, _ := ctx.Value(stepKey{}).(*Step)
	return s
}

// WithStep gives a host's method its step; [Do] does so, and whoever passes
// the calls on to another process.
func WithStep(ctx context.Context, s *Step) context.Context {
	return context.WithValue(ctx, stepKey{}, s)
}

// Call names a call for the journal.
type Call struct {
	// Name is the function as scripts know it, such as "http.get".
	Name string
	// Args are what makes it this call: a handler that makes another one in its
	// place can't be run again. They must be fit for JSON; the first, if it is a text,
	// is shown to people.
	Args []any
	// Effect says that it changes something that the host keeps.
	Effect bool
	// Await says that the user is waited for.
	Await bool
}

// journaled are a handler's records.
type journaled struct {
	before []Record // of the earlier run
	next   int      // the number of the next call
	// effects counts the calls with an effect.
	effects int
	// pending are the last ones before next, which aren't saved.
	pending []Record
	// bytes is how large their results are.
	bytes int
	// only says that there is nothing to be done beyond the records.
	only bool
	// lost says that there were too many to keep.
	lost bool
	// live is closed when the handler has come to where it was, nil if nobody waits.
	live chan struct{}
}

// A handler may make so many calls without one that is saved, whose results may
// have so many bytes: they are in memory until then.
const (
	maxPending      = 10_000
	maxPendingBytes = 16 << 20
)

// Do makes a call that must not be made twice when the handler is run again: f is
// called with the VM unlocked, as by [VM.Block], or, if the result is on record,
// not at all. Results must survive JSON. The error is for [VM.Fail].
func Do[T any](vm *VM, L *lua.LState, call Call, f func(ctx context.Context) (T, error)) (T, error) {
	return do(vm, L, call, func(s *Step) (result T, err error) {
		vm.Block(L, func(ctx context.Context) {
			if s != nil {
				ctx = WithStep(ctx, s)
			}
			result, err = f(ctx)
		})
		return result, err
	})
}

// Note is [Do] for what is quick and leaves no trace, such as looking at the clock:
// the VM stays locked.
func Note[T any](vm *VM, L *lua.LState, name string, f func() T) T {
	result, err := do(vm, L, Call{Name: name}, func(*Step) (T, error) { return f(), nil })
	if err != nil {
		L.RaiseError("%s: %v", name, err)
	}
	return result
}

func do[T any](vm *VM, L *lua.LState, call Call, f func(*Step) (T, error)) (result T, err error) {
	b := budgetOf(L)
	if b == nil || b.run.journal == nil {
		return f(nil)
	}
	r, j := b.run, b.run.journal
	vm.check(L)
	if j.replaying() {
		rec := j.before[j.next]
		if rec.Digest != call.digest() {
			r.stop(changedReason(j.next, rec.Call, call.String()))
			vm.check(L)
		}
		j.next++
		if rec.Effect {
			j.effects++
		}
		if rec.Failure != nil {
			return result, rec.Failure
		}
		if err := json.Unmarshal(rec.Result, &result); err != nil {
			return result, fmt.Errorf("read the record of %s: %w", call.Name, err)
		}
		return result, nil
	}
	if j.only {
		r.stop(&stopReason{kind: KindChanged, message: "its records end"})
		vm.check(L)
	}
	if j.live != nil {
		close(j.live)
		j.live = nil
	}
	s := &Step{Number: j.next, Effect: -1, Pending: j.pending, call: call}
	if j.lost {
		s.Number = -1
	}
	if call.Effect {
		s.Effect = j.effects
		j.effects++
	}
	result, err = f(s)
	if s.saved {
		j.pending, j.bytes = nil, 0
	}
	j.next++
	if s.saved && s.whole || j.lost {
		return result, err
	}
	if len(j.pending) >= maxPending {
		j.lost, j.pending = true, nil
		return result, err
	}
	noted := err
	if err != nil {
		kind, message := r.failureOf(err)
		noted = &HostError{Kind: kind, Message: message}
	}
	rec, bad := s.blank().with(result, noted)
	if bad != nil {
		return result, bad
	}
	if j.bytes += len(rec.Result); j.bytes > maxPendingBytes {
		j.lost, j.pending = true, nil
		return result, err
	}
	j.pending = append(j.pending, rec)
	return result, err
}

// succeed is [Do] for a call that returns true, or nil and an error.
func (vm *VM) succeed(L *lua.LState, call Call, f func(ctx context.Context) error) int {
	if _, err := Do(vm, L, call, func(ctx context.Context) (bool, error) { return true, f(ctx) }); err != nil {
		return vm.fail(L, err)
	}
	L.Push(lua.LTrue)
	return 1
}

// maxKept is how many calls a handler may have made that waits: run again, it makes
// all of them once more. That is some thousand questions.
const maxKept = 20_000

// complete raises an error in a handler that has made more calls than can be kept: run
// again, it wouldn't come to where it is.
func (vm *VM) complete(L *lua.LState, function string) {
	b := budgetOf(L)
	if b == nil || b.run.journal == nil {
		return
	}
	if b.run.journal.next >= maxKept {
		L.RaiseError("%s: the handler has made more than %d calls, which are too many to be run again, so it can't wait any more: "+
			"let it end, and go on with the next message and what kv keeps", function, maxKept)
	}
	if b.run.journal.lost {
		L.RaiseError("%s: the handler has made more than %d calls, or such with more than %s of results, and sent or kept nothing in between; "+
			"those are too many to be run again, so it can't wait or be gone back to: use kv.set or msg:reply now and then",
			function, maxPending, byteSize(maxPendingBytes))
	}
}

// replaying reports whether the next call is on record.
func (j *journaled) replaying() bool { return j != nil && j.next < len(j.before) }

// becomesLive is closed when the handler does things again, and not only finds them
// done; it is nil if it does so already.
func (j *journaled) becomesLive() <-chan struct{} {
	if !j.replaying() {
		return nil
	}
	if j.live == nil {
		j.live = make(chan struct{})
	}
	return j.live
}

// finished returns why the handler can't have ended here: more is on record.
func (j *journaled) finished() *stopReason {
	if !j.replaying() {
		return nil
	}
	return changedReason(j.next, j.before[j.next].Call, "the end of the handler")
}

// changedReason ends a handler that doesn't do again what it did.
func changedReason(number int, was, is string) *stopReason {
	return &stopReason{kind: KindChanged, message: fmt.Sprintf(
		"the dialogue can't go on where it was, as the script does something else now: its call %d was %s and is %s; "+
			"what leads to a question may depend only on the message and on what calls brought", number+1, was, is)}
}

func (c Call) digest() uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\n", c.Name)
	json.NewEncoder(h).Encode(c.Args) // what isn't fit for it is the same each time
	return h.Sum64()
}

// String writes the call for people: with the first argument, if that is a text.
func (c Call) String() string {
	if c.Await {
		return "the answer to " + c.Name
	}
	if len(c.Args) > 0 {
		if text, ok := c.Args[0].(string); ok && text != "" {
			return c.Name + "(" + quote(clipText(text, 60)) + ")"
		}
	}
	return c.Name + "()"
}

// blank is the record of the call without its result.
func (c Call) blank() Record {
	return Record{Call: c.String(), Digest: c.digest(), Await: c.Await, Effect: c.Effect}
}

// with returns the record with the call's result.
func (rec Record) with(result any, err error) (Record, error) {
	err = Explain(err)
	var he *HostError
	switch {
	case errors.As(err, &he):
		rec.Failure = he
		return rec, nil
	case err != nil:
		rec.Failure = &HostError{Kind: failureOther, Message: err.Error()}
		return rec, nil
	}
	text, err := json.Marshal(result)
	if err != nil {
		return rec, fmt.Errorf("record the result of %s: %w", rec.Call, err)
	}
	rec.Result = text
	return rec, nil
}
