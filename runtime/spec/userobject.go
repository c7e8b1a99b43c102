package spec

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// userHandle is somebody who writes to a bot, in each case anew.
type userHandle struct {
	h  *botHandle
	id string
}

// user returns a user of the bot's.
func (h *botHandle) user(L *lua.LState) int {
	u := &userHandle{h, luabind.Text(L, 1, "bot:user", `a user's id, such as "alice"`)}
	methods := map[string]lua.LGFunction{
		"says": u.says, "hears": u.hears, "hears_nothing": u.hearsNothing, "heard": u.heard,
		"sees_typing": u.seesTyping, "window": u.window, "waiting": u.waiting,
	}
	L.Push(h.f.vm.Table("user", colon("user", methods), map[string]lua.LValue{
		"id": lua.LString(u.id), "kv": h.kv("user.kv", u.id),
	}))
	return 1
}

func (u *userHandle) user(L *lua.LState, function string) *world.User {
	return u.h.bot(L, function).User(u.id)
}

// says has the user write.
func (u *userHandle) says(L *lua.LState) int {
	user := u.user(L, "user:says")
	said := u.said(L)
	u.h.f.drive(L, func(ctx context.Context) error { return user.Says(ctx, said) })
	return 0
}

// said reads what a user says.
func (u *userHandle) said(L *lua.LState) (s world.Said) {
	switch v := L.Get(1).(type) {
	case lua.LString, lua.LNumber:
		s.Text = v.String()
		return s
	case *lua.LTable:
	default:
		luabind.Mistake(L, `user:says needs a text, or a table such as { image = "cat.png" }, got %s`, luabind.Describe(v))
	}
	t := luabind.Options(L, 1, "user:says", "text", "image", "voice", "video", "file", "quote")
	s.Text = textOption(L, t, "user:says", "text")
	s.Image, s.Video, s.File = u.file(L, t, "image"), u.file(L, t, "video"), u.file(L, t, "file")
	switch v := t.RawGetString("voice").(type) {
	case *lua.LNilType:
	case lua.LString:
		s.Voice = &world.Voice{Text: string(v), Duration: 2 * time.Second}
	default:
		luabind.Mistake(L, "user:says: voice is what was said, as a text, got %s", luabind.Describe(v))
	}
	switch v := t.RawGetString("quote").(type) {
	case *lua.LNilType:
	case lua.LString:
		s.Quote = &luabind.Quote{Text: string(v)}
	case *lua.LTable:
		text, _ := textOf(v)
		s.Quote = &luabind.Quote{Text: text}
		if id, ok := v.RawGetString("id").(lua.LString); ok {
			s.Quote.ID = string(id)
		}
	default:
		luabind.Mistake(L, "user:says: quote is a text, or a message that the user has heard, got %s", luabind.Describe(v))
	}
	if q := s.Quote; q != nil {
		item := ilink.TextMessage(q.Text)
		q.Item = &item
	}
	return s
}

// file reads a file that is said: its path from the spec's folder, or its name and
// bytes.
func (u *userHandle) file(L *lua.LState, t *lua.LTable, kind string) *world.File {
	switch v := t.RawGetString(kind).(type) {
	case *lua.LNilType:
		return nil
	case lua.LString:
		f, err := world.ReadFile(u.h.f.path(string(v)))
		if err != nil {
			luabind.Mistake(L, "user:says: %s: %v", kind, err)
		}
		return f
	case *lua.LTable:
		name, ok := v.RawGetString("name").(lua.LString)
		data, ok2 := v.RawGetString("data").(lua.LString)
		if ok && ok2 {
			return &world.File{Name: string(name), Data: []byte(data)}
		}
	}
	luabind.Mistake(L, `user:says: %s is a file's path from the spec's folder, or { name = "cat.png", data = "…" }`, kind)
	return nil
}

// hears returns the next message that the user got.
func (u *userHandle) hears(L *lua.LState) int {
	user := u.user(L, "user:hears")
	m, ok := user.Hears()
	if !ok {
		L.RaiseError("%s hears nothing%s", u.id, u.before(user))
	}
	L.Push(u.h.f.heardTable(L, m))
	return 1
}

// before says what a user heard, for errors.
func (u *userHandle) before(user *world.User) string {
	const most = 5
	all, _ := user.Heard()
	var b strings.Builder
	if n := user.Waiting(); n > 0 {
		fmt.Fprintf(&b, "; until the window has room, this many messages wait: %d", n)
	}
	if u.h.f.now.world.Sleeping() > 0 {
		b.WriteString("; a handler waits for time to pass: clock.advance(60)")
	} else if at, ok := u.h.f.now.world.NextTimer(); ok {
		fmt.Fprintf(&b, "; a timer is due at %s: clock.advance(%.0f)", at.Local().Format("15:04:05"), math.Ceil(at.Sub(u.h.f.now.world.Now()).Seconds()))
	}
	if len(all) == 0 {
		return b.String() + ", and has heard nothing before"
	}
	b.WriteString("; before, it was")
	for _, m := range all[max(0, len(all)-most):] {
		b.WriteString("\n  " + indentMore(quoted(heardText(m))))
	}
	return b.String()
}

// hearsNothing fails if there is a message that hears hasn't returned.
func (u *userHandle) hearsNothing(L *lua.LState) int {
	user := u.user(L, "user:hears_nothing")
	if m, ok := user.Hears(); ok {
		L.RaiseError("%s hears a message, and should hear nothing\n  %s", u.id, indentMore(quoted(heardText(m))))
	}
	return 0
}

// heard returns all messages that the user got.
func (u *userHandle) heard(L *lua.LState) int {
	all, _ := u.user(L, "user:heard").Heard()
	list := L.NewTable()
	for _, m := range all {
		list.Append(u.h.f.heardTable(L, m))
	}
	L.Push(list)
	return 1
}

func (u *userHandle) seesTyping(L *lua.LState) int {
	L.Push(lua.LBool(u.user(L, "user:sees_typing").Typing()))
	return 1
}

func (u *userHandle) waiting(L *lua.LState) int {
	L.Push(lua.LNumber(u.user(L, "user:waiting").Waiting()))
	return 1
}

// window changes what the user's last message still allows.
func (u *userHandle) window(L *lua.LState) int {
	user := u.user(L, "user:window")
	o := luabind.Options(L, 1, "user:window", "open", "used")
	open, used := true, 0
	switch v := o.RawGetString("open").(type) {
	case *lua.LNilType:
	case lua.LBool:
		open = bool(v)
	default:
		luabind.Mistake(L, "user:window: open is true or false, got %s", luabind.Describe(v))
	}
	switch v := o.RawGetString("used").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		used = int(v)
	default:
		luabind.Mistake(L, "user:window: used is a number of messages, got %s", luabind.Describe(v))
	}
	user.SetWindow(open, used)
	return 0
}

// textMark is the field of a metatable by which tables are known that count as
// their text in matchers. Scripts can't get at the metatable.
const textMark = "text"

// textTable makes a table with a text and other fields, which prints as the text.
func (f *file) textTable(L *lua.LState, text string, fields map[string]lua.LValue) *lua.LTable {
	t := L.NewTable()
	for name, v := range fields {
		t.RawSetString(name, v)
	}
	t.RawSetString("text", lua.LString(text))
	mt := L.NewTable()
	mt.RawSetString("__metatable", lua.LString("message"))
	mt.RawSetString(textMark, lua.LString(text))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(text))
		return 1
	}))
	t.Metatable = mt
	return t
}

// heardTable makes the table of a message that a user got.
func (f *file) heardTable(L *lua.LState, m world.Heard) *lua.LTable {
	fields := map[string]lua.LValue{
		"id": lua.LString(m.ID), "kind": lua.LString(m.Kind.String()), "time": seconds(m.At), "recalled": lua.LBool(m.Recalled),
	}
	if m.Kind != ilink.ItemTypeText {
		fields["name"], fields["data"] = lua.LString(m.Name), lua.LString(m.Data)
	}
	t := f.textTable(L, heardText(m), fields)
	t.RawSetString("text", lua.LString(m.Text))
	return t
}

// heardText is what a message says; of a file, its kind and name.
func heardText(m world.Heard) string {
	if m.Kind == ilink.ItemTypeText {
		return m.Text
	}
	return "[" + strings.TrimSpace(m.Kind.String()+" "+m.Name) + "]"
}

// textOf returns a value's text: that of a text, or of a message.
func textOf(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case *lua.LTable:
		if mt, ok := v.Metatable.(*lua.LTable); ok {
			s, ok := mt.RawGetString(textMark).(lua.LString)
			return string(s), ok
		}
	}
	return "", false
}
