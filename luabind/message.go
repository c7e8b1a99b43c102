package luabind

import (
	"context"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// messageBinding makes the tables that on_message gets: plain data, which pairs
// shows and scripts may copy, with methods through the metatable.
type messageBinding struct {
	methods *lua.LTable
	concat  *lua.LFunction
}

// inbound is a message that a script has, with what was made of it.
type inbound struct {
	*ilink.Message
	// media is the first item's that has any, nil if none has.
	media *media
}

// eventKey is where a message's metatable keeps the inbound one. Scripts can't get at
// the metatable, which is protected.
const eventKey = "event"

func newMessageBinding(vm *VM) messageBinding {
	concat := vm.main.NewFunction(func(L *lua.LState) int {
		raiseMistake(L, "a message can't be joined to a text: write .text behind it, as in answer.text")
		return 0
	})
	return messageBinding{concat: concat, methods: vm.functions(map[string]lua.LGFunction{
		"reply":    vm.messageReply,
		"typing":   vm.messageTyping,
		"ask":      vm.messageAsk,
		"choose":   vm.messageChoose,
		"confirm":  vm.messageConfirm,
		"download": vm.messageDownload,
	})}
}

// newMessage makes the table of a message.
func (vm *VM) newMessage(ev *Event) (*lua.LTable, *inbound) {
	L, m := vm.main, ev.Message
	in := &inbound{Message: m}
	t := L.CreateTable(0, 10)
	t.RawSetString("id", lua.LString(messageID(m)))
	t.RawSetString("from", lua.LString(m.From))
	t.RawSetString("to", lua.LString(m.To))
	t.RawSetString("text", lua.LString(messageText(m)))
	t.RawSetString("kind", lua.LString(messageKind(m).String()))
	t.RawSetString("time", lua.LNumber(vm.messageTime(m)))
	if m.IsGroup() {
		t.RawSetString("group", lua.LString(m.GroupID))
	}
	items := L.CreateTable(len(m.Items), 0)
	for i := range m.Items {
		item, h := vm.newItem(&m.Items[i])
		items.Append(item)
		if in.media == nil {
			in.media = h
		}
	}
	t.RawSetString("items", items)
	if ev.Quote != nil {
		t.RawSetString("quote", vm.newQuote(ev.Quote))
	}

	hidden := L.NewUserData()
	hidden.Value = in
	mt := L.CreateTable(0, 4)
	mt.RawSetString("__index", vm.messages.methods)
	mt.RawSetString("__concat", vm.messages.concat)
	mt.RawSetString("__metatable", lua.LString("message"))
	mt.RawSetString(eventKey, hidden)
	t.Metatable = mt
	return t, in
}

// newItem makes the table of one piece of a message, and its media if it has any.
func (vm *VM) newItem(it *ilink.Item) (*lua.LTable, *media) {
	t := vm.main.CreateTable(0, 6)
	t.RawSetString("kind", lua.LString(it.Type.String()))
	if text, ok := itemText(it); ok {
		t.RawSetString("text", lua.LString(text))
	}
	if d := itemDuration(it); d > 0 {
		t.RawSetString("duration", lua.LNumber(d))
	}
	if it.Media() == nil {
		return t, nil
	}
	h := newInbound(it)
	if h.name != "" {
		t.RawSetString("name", lua.LString(h.name))
	}
	if h.size > 0 {
		t.RawSetString("size", lua.LNumber(h.size))
	}
	t.RawSetString("media", vm.newMedia(h))
	return t, h
}

func (vm *VM) newQuote(q *Quote) *lua.LTable {
	t := vm.main.CreateTable(0, 4)
	if q.ID != "" {
		t.RawSetString("id", lua.LString(q.ID))
	}
	text, kind := q.Text, ilink.ItemTypeText
	if q.Item != nil {
		kind = q.Item.Type
		if own, ok := itemText(q.Item); ok && text == "" {
			text = own
		}
		if q.Item.Media() != nil {
			t.RawSetString("media", vm.newMedia(newInbound(q.Item)))
		}
	}
	t.RawSetString("text", lua.LString(text))
	t.RawSetString("kind", lua.LString(kind.String()))
	return t
}

// messageID is the message's id in decimal, or, where the server gave none, what
// tells it from others.
func messageID(m *ilink.Message) string {
	switch {
	case m.ID != "":
		return m.ID
	case m.MessageID != 0:
		// The wire's number is unsigned.
		return strconv.FormatUint(uint64(m.MessageID), 10)
	}
	return m.Key()
}

// messageText is all that was written or, according to the server, said.
func messageText(m *ilink.Message) string {
	var b strings.Builder
	for i := range m.Items {
		text, _ := itemText(&m.Items[i])
		b.WriteString(text)
	}
	return b.String()
}

// itemText is an item's text, or a voice message's transcript.
func itemText(it *ilink.Item) (string, bool) {
	switch {
	case it.Type == ilink.ItemTypeText && it.Text != nil:
		return it.Text.Text, true
	case it.Type == ilink.ItemTypeVoice && it.Voice != nil && it.Voice.RecognText != "":
		return it.Voice.RecognText, true
	}
	return "", false
}

// messageKind is the kind of the first item that isn't a text: a picture with a
// caption is a picture.
func messageKind(m *ilink.Message) ilink.ItemType {
	for i := range m.Items {
		if kind := m.Items[i].Type; kind != ilink.ItemTypeText {
			return kind
		}
	}
	return ilink.ItemTypeText
}

// messageTime is when the message was written, in seconds since 1970; where the
// server doesn't say, it is now.
func (vm *VM) messageTime(m *ilink.Message) float64 {
	ms := m.CreateTimeMs
	if ms == 0 {
		ms = m.UpdateTimeMs
	}
	if ms == 0 {
		ms = vm.Now().UnixMilli()
	}
	return float64(ms) / 1000
}

// itemDuration is how long a recording plays, in seconds.
func itemDuration(it *ilink.Item) float64 {
	switch {
	case it.Type == ilink.ItemTypeVoice && it.Voice != nil:
		return float64(it.Voice.PlaytimeMs) / 1000
	case it.Type == ilink.ItemTypeVideo && it.Video != nil:
		return float64(it.Video.PlayLengthMs) / 1000
	}
	return 0
}

// behind returns the message behind a table that newMessage made, nil for others.
func behind(t *lua.LTable) *inbound {
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return nil
	}
	// A script's own metatable may have such a field, of another type.
	hidden, ok := mt.RawGetString(eventKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	in, _ := hidden.Value.(*inbound)
	return in
}

// inboundOf returns the message behind a message table, nil if there is none. A copy made by the script has
// lost its own and is found by its id, as long as the message is being handled.
func (vm *VM) inboundOf(t *lua.LTable) *inbound {
	if in := behind(t); in != nil {
		return in
	}
	if id, ok := t.RawGetString("id").(lua.LString); ok {
		return vm.inFlight[string(id)]
	}
	return nil
}

// self returns the message that a method was called on.
func (vm *VM) self(L *lua.LState, method string) *inbound {
	if t, ok := L.Get(1).(*lua.LTable); ok {
		if in := vm.inboundOf(t); in != nil {
			return in
		}
	}
	L.RaiseError("%s was called on a %s instead of a message: write msg:%s(…), with a colon", method, L.Get(1).Type(), method)
	return nil
}

func (vm *VM) messageReply(L *lua.LState) int {
	in := vm.self(L, "reply")
	return vm.send(L, "reply", in.From, in.Message, 2)
}

func (vm *VM) messageTyping(L *lua.LState) int {
	in := vm.self(L, "typing")
	if f, ok := L.Get(2).(*lua.LFunction); ok {
		return vm.typingWhile(L, in.From, f)
	}
	return vm.typing(L, "msg:typing", in.From, 2)
}

func (vm *VM) messageDownload(L *lua.LState) int {
	return vm.download(L, "msg:download", vm.self(L, "download").media, 2)
}

// chargePerTyping is a request's price in instructions, so that one handler makes
// ten thousand at the most.
const chargePerTyping = 1000

// typing shows or hides "typing…"; whether is the argument at index n.
func (vm *VM) typing(L *lua.LState, function, to string, n int) int {
	on := true
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
	case lua.LBool:
		on = bool(v)
	default:
		L.RaiseError("%s takes true, false or, as in msg:typing(function() … end), what is done meanwhile; got a %s", function, v.Type())
	}
	vm.handling(L, function)
	vm.Charge(L, chargePerTyping)
	return vm.succeed(L, Call{Name: function, Args: []any{to, on}}, func(ctx context.Context) error { return vm.host.Typing(ctx, to, on) })
}
