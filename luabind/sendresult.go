package luabind

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// Modes of a send: what becomes of messages that can't be sent at once.
const (
	ModeDefer = "defer" // they wait, and are sent as soon as they may be
	ModeFail  = "fail"  // the send fails
	ModeNudge = "nudge" // they wait, and the last message that may be sent tells the user so
)

// Send statuses. Each says what became of a send; all but StatusSent,
// StatusDeferred and StatusUnconfirmed are failures. [Advice] says what to do about each.
const (
	StatusSent         = "sent"          // accepted by the server
	StatusDeferred     = "deferred"      // kept, and sent as soon as it may be
	StatusWindowClosed = "window_closed" // the user wrote too long ago
	StatusQuota        = "quota"         // the window has no messages left
	StatusThrottled    = "throttled"     // the bot sends too fast
	StatusBadRequest   = "bad_request"   // the server refused the content
	StatusExpired      = "expired"       // it waited longer than its life time
	StatusUncertain    = "uncertain"     // the server's answer was lost, and it isn't sent again
	StatusUnconfirmed  = "unconfirmed"   // the server accepted it and, most likely, threw it away
	StatusUnknownUser  = "unknown_user"  // the server knows no user of that id
)

// Reasons why a send was deferred.
const (
	ReasonWindowClosed   = "window_closed"
	ReasonQuota          = "quota"
	ReasonThrottled      = "throttled"
	ReasonSessionExpired = "session_expired" // the bot isn't logged in
	ReasonNetwork        = "network"         // the server can't be reached
	ReasonQueue          = "queue"           // earlier messages to the user wait
	ReasonSuppressed     = "suppressed"      // the server throws away what the user is sent
)

// SendResult tells what became of a send.
type SendResult struct {
	// Status is one of the Status constants.
	Status string
	// Reason says why it was deferred: one of the Reason constants.
	Reason string
	// MessageIDs are the server's ids of the messages sent, in order.
	MessageIDs []string
	// Uncertain says that an answer of the server's was lost: something may have
	// arrived twice.
	Uncertain bool
	// Parts is how many messages it makes, and Sent how many of them the server has
	// accepted so far.
	Parts, Sent int
}

// String says what became of the send, such as "deferred (quota): 10 of 25
// messages sent, the rest follows when the user writes again".
func (r SendResult) String() string {
	text := r.Status
	switch {
	case r.Status == StatusDeferred:
		if r.Reason != "" {
			text += " (" + r.Reason + ")"
		}
		text += ": "
		switch {
		case r.Sent > 0:
			text += fmt.Sprintf("%d of %d messages sent, the rest follows ", r.Sent, r.Parts)
		case r.Parts > 1:
			text += fmt.Sprintf("%d messages follow ", r.Parts)
		default:
			text += "it follows "
		}
		text += follows(r.Reason)
	case r.Status != StatusSent:
		if advice := Advice(r.Status, r.Reason); advice != "" {
			text += ": " + advice
		}
	case r.Parts > 1:
		text += fmt.Sprintf(": %d messages", r.Parts)
	}
	if r.Uncertain && r.Status != StatusUncertain {
		text += "; an answer of the server's was lost, so that something may have arrived twice"
	}
	return text
}

// Advice says in a sentence what a status means and what to do about it, for
// scripts and logs; "" where nothing needs to be said. reason is of a deferred
// send.
func Advice(status, reason string) string {
	switch status {
	case StatusDeferred:
		return "it is kept and needs no sending again: it follows " + follows(reason)
	case StatusWindowClosed:
		return `the user wrote too long ago: wait for the next message, or send with mode = "defer"`
	case StatusQuota:
		return `the user's last message allows no more messages: wait for the next one, send fewer, or with mode = "defer"`
	case StatusThrottled:
		return `the bot sends faster than the server allows: send later, or with mode = "defer"`
	case StatusBadRequest:
		return "the server refuses the content and would do so again: check the text and the file"
	case StatusExpired:
		return "it waited longer than its life time: send it anew if it still matters, or with a longer lifetime"
	case StatusUnconfirmed:
		return "the server took it without giving it an id, which says that it is not delivered, or much later: don't send it again; " +
			"messages to the user wait until they write, and reach them in another way if it matters"
	case ReasonSuppressed:
		return `the server doesn't deliver to the user, though it accepts: wait until they write, and send with mode = "defer"`
	case StatusUnknownUser:
		return "the server knows no user of that id: ids are case-sensitive, so keep msg.from as it is"
	case StatusUncertain:
		return "the server's answer was lost: it may have arrived, and is not sent again by itself"
	}
	return ""
}

// follows says when a deferred send is sent.
func follows(reason string) string {
	switch reason {
	case ReasonWindowClosed, ReasonQuota:
		return "when the user writes again"
	case ReasonSuppressed:
		return "when the user has written and the server delivers to them again"
	case ReasonThrottled:
		return "when the server takes messages again"
	case ReasonSessionExpired:
		return "when the bot is logged in again"
	case ReasonNetwork:
		return "when the server can be reached again"
	case ReasonQueue:
		return "after the messages that wait before it"
	}
	return "as soon as it may be sent"
}

// complete fills in what a host may leave out; parts are the request's.
func (r SendResult) complete(parts int) SendResult {
	if r.Status == "" {
		r.Status = StatusSent
	}
	r.Sent = max(r.Sent, len(r.MessageIDs))
	if r.Parts == 0 {
		r.Parts = max(parts, r.Sent)
	}
	if r.Status == StatusSent {
		r.Sent = r.Parts
	}
	return r
}

// failed reports whether not all was sent or will be.
func (r SendResult) failed() bool {
	return r.Status != StatusSent && r.Status != StatusDeferred && r.Status != StatusUnconfirmed
}

// resultBinding makes the tables that tell of sends: plain data, which prints as
// a sentence.
type resultBinding struct{ metatable *lua.LTable }

func newResultBinding(vm *VM) resultBinding {
	mt := vm.functions(map[string]lua.LGFunction{
		"__tostring": func(L *lua.LState) int {
			t := L.CheckTable(1)
			L.Push(lua.LString(SendResult{
				Status:    lua.LVAsString(t.RawGetString("status")),
				Reason:    lua.LVAsString(t.RawGetString("reason")),
				Uncertain: lua.LVAsBool(t.RawGetString("uncertain")),
				Parts:     int(lua.LVAsNumber(t.RawGetString("parts"))),
				Sent:      int(lua.LVAsNumber(t.RawGetString("sent"))),
			}.String()))
			return 1
		},
	})
	mt.RawSetString("__metatable", lua.LString("result"))
	return resultBinding{metatable: mt}
}

// sendResult makes the table that tells of a send.
func (vm *VM) sendResult(L *lua.LState, r SendResult) *lua.LTable {
	t := L.CreateTable(0, 8)
	t.RawSetString("status", lua.LString(r.Status))
	if len(r.MessageIDs) > 0 {
		t.RawSetString("id", lua.LString(r.MessageIDs[0]))
	}
	t.RawSetString("ids", stringList(L, r.MessageIDs))
	t.RawSetString("parts", lua.LNumber(r.Parts))
	t.RawSetString("sent", lua.LNumber(r.Sent))
	t.RawSetString("uncertain", lua.LBool(r.Uncertain))
	if r.Reason != "" {
		t.RawSetString("reason", lua.LString(r.Reason))
	}
	if advice := Advice(r.Status, r.Reason); advice != "" {
		t.RawSetString("advice", lua.LString(advice))
	}
	t.Metatable = vm.results.metatable
	return t
}

func stringList(L *lua.LState, list []string) *lua.LTable {
	t := L.CreateTable(len(list), 0)
	for _, s := range list {
		t.Append(lua.LString(s))
	}
	return t
}
