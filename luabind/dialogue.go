package luabind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// ErrPutAway is what [Dialogues.Await] returns to end a handler that waits, so that
// it takes no memory: it is run again, with its journal, when there is an answer.
// The error of [Sandbox.OnMessage] then wraps it.
var ErrPutAway = errors.New("luabind: the dialogue was put away, and goes on when there is an answer")

const (
	// defaultAskTimeout is as long as the user's message allows an answer (protocol
	// §4).
	defaultAskTimeout = 24 * time.Hour
	// defaultRetries is how often a question is put again.
	defaultRetries = 2
)

// Kinds of errors of dialogues, beside failureTimeout.
const (
	failureNoMatch   = "no_match"
	failureCancelled = "cancelled"
)

// question is what msg:ask and its like were called with.
type question struct {
	function string
	in       *inbound
	timeout  time.Duration
	retries  int
	// again is said when an answer doesn't do, nil to put the question again.
	again lua.LValue
	// cancel are the answers that end the dialogue, as plainAnswer makes them.
	cancel []string
	// accept returns what the script gets for an answer, none if it doesn't do.
	accept func(L *lua.LState, answer *lua.LTable, text string) []lua.LValue
}

// newQuestion reads the options at argument n, which may have further ones.
func (vm *VM) newQuestion(L *lua.LState, method string, n int, more ...string) (*question, *lua.LTable) {
	q := &question{function: "msg:" + method, in: vm.self(L, method), timeout: defaultAskTimeout, retries: defaultRetries}
	options := Options(L, n, q.function, append([]string{"timeout", "retries", "again", "cancel"}, more...)...)
	q.timeout = time.Duration(Seconds(L, options, q.function, "timeout", q.timeout.Seconds()) * float64(time.Second))
	if v := options.RawGetString("retries"); v != lua.LNil {
		r, ok := v.(lua.LNumber)
		if !ok || r < 0 || r != lua.LNumber(int(r)) {
			raiseMistake(L, "%s: retries is a number of times, got %s", q.function, describe(v))
		}
		q.retries = int(r)
	}
	q.again = options.RawGetString("again")
	q.cancel = cancelWords(L, q.function, options.RawGetString("cancel"))
	b := budgetOf(L)
	if b == nil || b.run.journal == nil || b.run.event == nil || b.run.loading {
		raiseMistake(L, "%s works in handlers of messages only, such as on_message: here nobody's answer can be waited for", q.function)
	}
	vm.complete(L, q.function)
	if m := b.run.event.Message; m.From != q.in.From || m.GroupID != q.in.Message.GroupID {
		raiseMistake(L, "%s: the message that is being handled is from another conversation, where the answer won't be", q.function)
	}
	return q, options
}

// cancelWords reads the option cancel: a text, or a list of texts.
func cancelWords(L *lua.LState, function string, v lua.LValue) (words []string) {
	add := func(v lua.LValue) {
		s, ok := v.(lua.LString)
		if !ok || plainAnswer(string(s)) == "" {
			raiseMistake(L, `%s: cancel is a word such as "/cancel", or a list of words, got %s`, function, describe(v))
		}
		words = append(words, plainAnswer(string(s)))
	}
	switch v := v.(type) {
	case *lua.LNilType:
	case *lua.LTable:
		for i := 1; i <= v.Len(); i++ {
			add(v.RawGetInt(i))
		}
	default:
		add(v)
	}
	return words
}

// put sends a question and returns what accept made of the answer, or nil and an
// error.
func (vm *VM) put(L *lua.LState, q *question, prompt lua.LValue) int {
	said := prompt
	for try := 0; ; try++ {
		if said != lua.LNil {
			if failure := vm.say(L, q, said); failure != nil {
				L.Push(lua.LNil)
				L.Push(failure)
				return 2
			}
		}
		answer, err := vm.await(L, q)
		if err != nil {
			return vm.fail(L, err)
		}
		ev := &Event{Message: answer.Message, Quote: answer.Quote}
		table, _ := vm.newMessage(ev)
		text := messageText(answer.Message)
		if slices.Contains(q.cancel, plainAnswer(text)) {
			return vm.fail(L, &HostError{Kind: failureCancelled, Message: "the user wrote " + quote(text)})
		}
		if results := q.accept(L, table, text); results != nil {
			for _, v := range results {
				L.Push(v)
			}
			return len(results)
		}
		if try == q.retries {
			return vm.fail(L, &HostError{Kind: failureNoMatch, Message: fmt.Sprintf("no answer of %d would do", try+1)})
		}
		if said = prompt; q.again != lua.LNil {
			said = q.again
		}
	}
}

// say sends a part of a dialogue, and returns the error if that failed.
func (vm *VM) say(L *lua.LState, q *question, content lua.LValue) lua.LValue {
	top := L.GetTop()
	L.Push(content)
	n := vm.send(L, q.function, q.in.From, q.in.Message, top+1)
	failure := L.Get(-1)
	L.SetTop(top)
	if n == 2 {
		return failure
	}
	return nil
}

// await waits for the next message of the conversation.
func (vm *VM) await(L *lua.LState, q *question) (*Answer, error) {
	// What was begun before a restart ends when it would have ended without.
	deadline := Note(vm, L, "deadline", func() time.Time { return vm.Now().Add(q.timeout) })
	answer, err := vm.Await(L, q.function, AwaitRequest{Deadline: deadline})
	if err == nil && (answer == nil || answer.Message == nil) {
		err = errors.New("the host gave no answer")
	}
	return answer, err
}

// Await is [Dialogues.Await] for a [Module] that waits, such as time.sleep: the
// handler's wall time stands still meanwhile, and another handler may run in its
// place.
func (vm *VM) Await(L *lua.LState, function string, req AwaitRequest) (*Answer, error) {
	vm.handling(L, function)
	b := budgetOf(L)
	if b.run.journal == nil {
		raiseMistake(L, "%s works in handlers of messages and timers only", function)
	}
	vm.complete(L, function)
	return Do(vm, L, Call{Name: function, Await: true}, func(ctx context.Context) (*Answer, error) {
		if b.run.untold() {
			return nil, ErrInterrupted
		}
		resume := b.run.suspend()
		defer resume()
		answer, err := vm.host.Await(ctx, req)
		if errors.Is(err, ErrPutAway) {
			b.run.stop(&stopReason{kind: KindKilled, cause: ErrPutAway, message: "the dialogue was put away, and goes on when there is an answer"})
		}
		return answer, err
	})
}

// messageAsk puts a question and returns the answer, a message.
func (vm *VM) messageAsk(L *lua.LState) int {
	q, options := vm.newQuestion(L, "ask", 3, "match")
	match := options.RawGetString("match")
	switch match := match.(type) {
	case *lua.LNilType, *lua.LFunction:
	case lua.LString:
		// Not when the user has answered.
		if err := lstring.Compile(string(match), true).Err(); err != nil {
			raiseMistake(L, "msg:ask: the pattern %s: %v", quote(clipText(string(match), 40)), err)
		}
	default:
		raiseMistake(L, `msg:ask: match is a pattern such as "^%%d+$" or a function, got %s`, describe(match))
	}
	q.accept = func(L *lua.LState, answer *lua.LTable, text string) []lua.LValue {
		var found []lua.LValue
		switch match := match.(type) {
		case lua.LString:
			if found = callAll(L, vm.matcher, lua.LString(text), match); len(found) == 0 || lua.LVIsFalse(found[0]) {
				// ５ is a number for who types it.
				found = callAll(L, vm.matcher, lua.LString(matchText(text)), match)
			}
		case *lua.LFunction:
			found = callAll(L, match, answer)
		default:
			return []lua.LValue{answer}
		}
		if len(found) == 0 || lua.LVIsFalse(found[0]) {
			return nil
		}
		return append([]lua.LValue{answer}, found...)
	}
	return vm.put(L, q, L.Get(2))
}

// messageChoose lets the user choose from a list, and returns the text chosen and its
// place.
func (vm *VM) messageChoose(L *lua.LState) int {
	q, _ := vm.newQuestion(L, "choose", 4)
	list, ok := L.Get(3).(*lua.LTable)
	var choices []string
	if ok {
		for i := 1; i <= list.Len(); i++ {
			v := list.RawGetInt(i)
			if !isText(v) {
				raiseMistake(L, "msg:choose: choice %d must be a text, got %s", i, describe(v))
			}
			choices = append(choices, sendableText(v))
		}
	}
	if len(choices) == 0 {
		got := describe(L.Get(3))
		if ok {
			got = "a table without any"
		}
		raiseMistake(L, `msg:choose needs a list of texts second, as in msg:choose("Which?", { "tea", "coffee" }), got %s`, got)
	}
	var b strings.Builder
	if v := L.Get(2); v != lua.LNil {
		if !isText(v) {
			raiseMistake(L, "msg:choose needs the question as a text first, got %s", describe(v))
		}
		b.WriteString(sendableText(v) + "\n")
	}
	for i, c := range choices {
		fmt.Fprintf(&b, "%d. %s\n", i+1, c)
	}
	q.accept = func(_ *lua.LState, _ *lua.LTable, text string) []lua.LValue {
		if i := chosen(choices, text); i >= 0 {
			return []lua.LValue{list.RawGetInt(i + 1), lua.LNumber(i + 1)}
		}
		return nil
	}
	return vm.put(L, q, lua.LString(strings.TrimSuffix(b.String(), "\n")))
}

// messageConfirm asks for yes or no.
func (vm *VM) messageConfirm(L *lua.LState) int {
	q, _ := vm.newQuestion(L, "confirm", 3)
	q.accept = func(_ *lua.LState, _ *lua.LTable, text string) []lua.LValue {
		if yes, known := agrees(text); known {
			return []lua.LValue{lua.LBool(yes)}
		}
		return nil
	}
	return vm.put(L, q, L.Get(2))
}

// typingEvery is how often the indicator is shown again, before the phone takes it
// away (protocol §5).
const typingEvery = 5 * time.Second

// typingWhile shows "typing…" while a function runs, and returns what that
// returned.
func (vm *VM) typingWhile(L *lua.LState, to string, f *lua.LFunction) int {
	vm.handling(L, "msg:typing")
	r := budgetOf(L).run
	ctx, cancel := context.WithCancel(r.context())
	stopped := make(chan struct{})
	live := r.journal.becomesLive()
	r.background.Go(func() {
		defer close(stopped)
		if live != nil {
			select {
			case <-live:
			case <-ctx.Done():
				return
			}
		}
		vm.keepTyping(ctx, to)
	})
	n, problem := func() (int, lua.LValue) {
		defer cancel() // also when the run ends
		return vm.protected(L, f, nil)
	}()
	if problem != nil {
		L.Error(problem, 0)
	}
	// The indicator is gone before the script goes on: what it sends next comes after.
	vm.Block(L, func(ctx context.Context) {
		select {
		case <-stopped:
		case <-ctx.Done():
		}
	})
	return n
}

// keepTyping shows the indicator until ctx ends, and takes it away. That it can't be
// shown is no reason to fail.
func (vm *VM) keepTyping(ctx context.Context, to string) {
	tick := time.NewTicker(typingEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		_ = vm.host.Typing(ctx, to, true)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), typingEvery)
	defer cancel()
	_ = vm.host.Typing(end, to, false)
}
