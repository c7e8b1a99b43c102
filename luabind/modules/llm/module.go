package llm

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	"github.com/ilinkd/ilinkd/luabind/modules/internal/vmjson"
)

// Module is the module llm.
type Module struct {
	web *http.Module
	// wait waits between two tries.
	wait func(ctx context.Context, d time.Duration) error
}

// New makes the module. It asks through the client of web, and waits with pause
// between two tries; nil means in real time.
func New(web *http.Module, pause func(ctx context.Context, d time.Duration) error) *Module {
	if pause == nil {
		pause = wait
	}
	return &Module{web: web, wait: pause}
}

// wait returns after d, or with the reason why ctx has ended.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Name returns "llm".
func (*Module) Name() string { return "llm" }

// Open makes the module's table.
func (m *Module) Open(vm *luabind.VM) (lua.LValue, error) {
	client, err := m.web.Client()
	if err != nil {
		return nil, err
	}
	json, err := vmjson.Of(vm)
	if err != nil {
		return nil, err
	}
	b := &binding{vm: vm, client: client, json: json, wait: m.wait, pcall: vm.State().G.Global.RawGetString("pcall")}
	return vm.Table("llm", map[string]lua.LGFunction{"chat": b.chat, "reply": b.reply, "forget": b.forget}, nil), nil
}

// binding is the module in one VM.
type binding struct {
	vm     *luabind.VM
	client *http.Client
	json   vmjson.JSON
	wait   func(ctx context.Context, d time.Duration) error
	// pcall is the script's, whose functions it calls safely.
	pcall lua.LValue
}

// chat asks and returns the answer.
func (b *binding) chat(L *lua.LState) int {
	const function = "llm.chat"
	if L.Get(1).Type() != lua.LTTable {
		luabind.Mistake(L, `%s needs a table, as in { url = "https://…/v1", model = "…", prompt = "…" }, got %s`, function, luabind.Describe(L.Get(1)))
	}
	o := reading{b: b, L: L, function: function}
	t := o.options(1, "prompt", "messages", "on_text", "conversation")
	t.user = o.user("conversation", t.table.RawGetString("conversation"))
	if t.remember > 0 && t.user == "" {
		o.mistake("remember needs the conversation as well, as in { remember = 20, conversation = msg }")
	}
	if f := t.table.RawGetString("on_text"); f != lua.LNil {
		callback, ok := f.(*lua.LFunction)
		if !ok {
			o.mistake("on_text is a function that gets each piece of the answer, got %s", luabind.Describe(f))
		}
		t.show = func(L *lua.LState, text string) error {
			luabind.CallFunction(L, callback, lua.LString(text))
			return nil
		}
	}
	prompt := t.table.RawGetString("prompt")
	if prompt != lua.LNil {
		t.prompt = o.text("prompt", prompt)
	}
	t.before = o.messages(t.table.RawGetString("messages"))
	if prompt == lua.LNil && (t.remember > 0 || len(t.before) == 0) {
		o.mistake(`it needs a prompt, as in { prompt = msg.text }, or messages without remember`)
	}
	b.vm.InHandler(L, function)
	if prompt != lua.LNil && t.prompt == "" {
		return b.vm.Fail(L, emptyPrompt())
	}
	if err := t.run(L); err != nil {
		return t.fail(L, err)
	}
	L.Push(t.answer(L))
	return 1
}

// reply asks about a message and answers it with what the model says, as it says it.
func (b *binding) reply(L *lua.LState) int {
	const function = "llm.reply"
	msg, ok := L.Get(1).(*lua.LTable)
	if !ok {
		luabind.Mistake(L, "%s needs the message first, as in llm.reply(msg, { … }), got %s", function, luabind.Describe(L.Get(1)))
	}
	send, ok := L.GetField(msg, "reply").(*lua.LFunction)
	typing, _ := L.GetField(msg, "typing").(*lua.LFunction)
	if !ok || typing == nil {
		luabind.Mistake(L, "%s needs the message that on_message got, and this table is none", function)
	}
	o := reading{b: b, L: L, function: function}
	t := o.options(2, "prompt")
	t.user, t.asked = o.user("the message", msg), msg
	prompt := t.table.RawGetString("prompt")
	if prompt == lua.LNil {
		prompt = msg.RawGetString("text")
	}
	t.prompt = o.text("prompt", prompt)
	b.vm.InHandler(L, function)
	if t.prompt == "" {
		return b.vm.Fail(L, emptyPrompt())
	}
	c := newCutter()
	results := L.CreateTable(0, 0)
	var unsent error
	say := func(L *lua.LState, ready []outgoing) error {
		for _, m := range ready {
			if unsent == nil {
				unsent = sendOne(L, send, msg, m, results)
			}
		}
		return unsent
	}
	t.show = func(L *lua.LState, text string) error {
		b.vm.Charge(L, 10*len(text)) // it is looked at several times
		return say(L, c.add(text))
	}
	t.retract = c.drop
	t.pause = func(L *lua.LState, over bool) error {
		if over {
			return say(L, c.end())
		}
		return say(L, c.pause())
	}
	var err error
	luabind.CallFunction(L, typing, msg, L.NewFunction(func(L *lua.LState) int {
		err = t.run(L)
		return 0
	}))
	if err != nil {
		return t.fail(L, err)
	}
	answer := t.answer(L)
	answer.RawSetString("results", results)
	L.Push(answer)
	return 1
}

func emptyPrompt() error {
	return &luabind.HostError{Kind: kindEmpty, Message: "the message has no text that a model could be asked about"}
}

// sendOne sends a message as the script would, and keeps the result.
func sendOne(L *lua.LState, send *lua.LFunction, msg *lua.LTable, m outgoing, results *lua.LTable) error {
	var content lua.LValue = lua.LString(m.text)
	if m.last {
		// It may be more than the window has room for.
		t := L.CreateTable(0, 2)
		t.RawSetString("text", content)
		t.RawSetString("mode", lua.LString(luabind.ModeNudge))
		content = t
	}
	L.Push(send)
	L.Push(msg)
	L.Push(content)
	L.Call(2, 2)
	result, failure := L.Get(-2), L.Get(-1)
	L.Pop(2)
	if f, ok := failure.(*lua.LTable); ok {
		return &luabind.HostError{Kind: lua.LVAsString(f.RawGetString("kind")), Message: "the answer can't be sent: " + lua.LVAsString(f.RawGetString("message"))}
	}
	results.Append(result)
	return nil
}

// forget forgets what was said with a user.
func (b *binding) forget(L *lua.LState) int {
	const function = "llm.forget"
	o := reading{b: b, L: L, function: function}
	user := o.user("what it needs", L.Get(1))
	if user == "" {
		luabind.Mistake(L, "%s needs a message or a user's id", function)
	}
	b.vm.InHandler(L, function)
	if err := b.saveHistory(L, user, nil); err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(lua.LTrue)
	return 1
}
