package luabind

import (
	"context"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// ilinkModule is the module ilink: what a bot can do beyond answering.
type ilinkModule struct{}

// Name returns "ilink".
func (ilinkModule) Name() string { return "ilink" }

// Open makes the module's table.
func (ilinkModule) Open(vm *VM) (lua.LValue, error) {
	t := vm.functions(map[string]lua.LGFunction{
		"send":     vm.ilinkSend,
		"reply":    vm.ilinkReply,
		"typing":   vm.ilinkTyping,
		"download": vm.ilinkDownload,
		"upload":   vm.ilinkUpload,
		"recall":   vm.ilinkRecall,

		"cancelled": vm.ilinkCancelled,

		"command": vm.ilinkCommand,
		"hears":   vm.ilinkHears,
		"use":     vm.ilinkUse,

		"every": vm.ilinkEvery,
		"at":    vm.ilinkAt,
		"after": vm.ilinkAfter,
		"timer": vm.ilinkTimer,
	})
	bot := vm.State().CreateTable(0, 1)
	bot.RawSetString("name", lua.LString(vm.Bot()))
	t.RawSetString("bot", vm.locked("ilink.bot", bot))
	t.RawSetString("log", vm.logTable())
	t.RawSetString("state", vm.state)
	t.RawSetString("version", lua.LString(version()))
	return vm.locked("ilink", t), nil
}

// version is the version of this Go module in the running program.
func version() string {
	const self = "github.com/ilinkd/ilinkd"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == self && m.Version != "" {
			return m.Version
		}
	}
	return "unknown"
}

func (vm *VM) ilinkSend(L *lua.LState) int {
	to, ok := L.Get(1).(lua.LString)
	if !ok || to == "" {
		hint := ""
		if L.Get(1).Type() == lua.LTTable {
			hint = "; to answer a message, use ilink.reply(msg, …)"
		}
		L.RaiseError(`send needs the receiver's id first, such as msg.from, got %s%s`, describe(L.Get(1)), hint)
	}
	return vm.send(L, "send", string(to), nil, 2)
}

// ilinkReply answers a message, or, if only its data are left, sends to its
// sender.
func (vm *VM) ilinkReply(L *lua.LState) int {
	to, message := vm.sender(L, "reply")
	return vm.send(L, "reply", to, message, 2)
}

// sender returns who wrote the message that is the first argument, and the
// message itself where it can still be found.
func (vm *VM) sender(L *lua.LState, function string) (string, *ilink.Message) {
	if t, ok := L.Get(1).(*lua.LTable); ok {
		if in := vm.inboundOf(t); in != nil {
			return in.From, in.Message
		}
		if from, ok := t.RawGetString("from").(lua.LString); ok && from != "" {
			return string(from), nil
		}
		L.RaiseError("%s needs a message first; this table is none (it has no field from)", function)
	}
	L.RaiseError("%s needs a message first, got %s", function, describe(L.Get(1)))
	return "", nil
}

func (vm *VM) ilinkTyping(L *lua.LState) int {
	to, ok := L.Get(1).(lua.LString)
	if !ok {
		from, _ := vm.sender(L, "typing")
		to = lua.LString(from)
	}
	if to == "" {
		L.RaiseError("typing needs a user's id or a message first, got an empty text")
	}
	return vm.typing(L, "ilink.typing", string(to), 2)
}

// ilinkDownload takes media, an item that has some, or a message.
func (vm *VM) ilinkDownload(L *lua.LState) int {
	const function = "ilink.download"
	if m, ok := toMedia(L.Get(1)); ok {
		return vm.download(L, function, m, 2)
	}
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		L.RaiseError("download needs a message, one of its items or media first, got %s", describe(L.Get(1)))
	}
	if m, ok := toMedia(t.RawGetString("media")); ok {
		return vm.download(L, function, m, 2)
	}
	if in := vm.inboundOf(t); in != nil {
		return vm.download(L, function, in.media, 2)
	}
	return vm.download(L, function, nil, 2)
}

// ilinkUpload puts a file on the CDN.
func (vm *VM) ilinkUpload(L *lua.LState) int {
	var source media
	path := ""
	handle, isMedia := toMedia(L.Get(1))
	if isMedia {
		source = *handle
	} else if s, ok := L.Get(1).(lua.LString); ok && s != "" {
		path = string(s)
	} else {
		L.RaiseError("upload needs a file's path below the bot's folder, or media, first, got %s", describe(L.Get(1)))
	}
	to, kind := vm.uploadOptions(L)
	vm.handling(L, "ilink.upload")
	if to == "" {
		L.RaiseError(`upload needs the receiver here, as in { to = "…" }: no message is being handled`)
	}

	budgetOf(L).countSend()
	type upload struct {
		File  *File
		Kind  ilink.ItemType
		Media *ilink.CDNMedia
	}
	call := Call{Name: "ilink.upload", Args: []any{path, source.name, to, kind}}
	done, err := Do(vm, L, call, func(ctx context.Context) (u upload, err error) {
		if path != "" {
			u.File, err = vm.host.OpenFile(ctx, path)
		} else {
			u.File, err = vm.fetched(ctx, &source)
		}
		if err != nil {
			return u, err
		}
		switch {
		case kind != 0:
			u.Kind = kind
		case isMedia:
			u.Kind = source.sendKind()
		default:
			u.Kind = kindOf(u.File)
		}
		u.Media, err = vm.host.Upload(ctx, to, u.Kind, u.File)
		return u, err
	})
	if isMedia && done.File != nil {
		handle.setFile(done.File)
	}
	if err != nil {
		return vm.fail(L, err)
	}
	result := newFile(done.File, done.Kind)
	result.uploaded = done.Media
	L.Push(vm.newMedia(result))
	return 1
}

// uploadOptions reads upload's second argument; without it the file is for the
// user whose message is being handled.
func (vm *VM) uploadOptions(L *lua.LState) (to string, kind ilink.ItemType) {
	if ev := vm.event(L); ev != nil {
		to = ev.Message.From
	}
	v := L.Get(2)
	if v == lua.LNil {
		return to, 0
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		L.RaiseError(`upload takes options such as { to = msg.from, kind = "image" } second, got %s`, describe(v))
	}
	t.ForEach(func(k, v lua.LValue) {
		s, isString := v.(lua.LString)
		switch key := k.String(); {
		case key == "to" && isString && s != "":
			to = string(s)
		case key == "to":
			L.RaiseError("upload: to must be a user's id, got %s", describe(v))
		case key == "kind" && s == "image":
			kind = ilink.ItemTypeImage
		case key == "kind" && s == "video":
			kind = ilink.ItemTypeVideo
		case key == "kind" && s == "file":
			kind = ilink.ItemTypeFile
		case key == "kind":
			L.RaiseError(`upload: kind must be "image", "video" or "file", got %s`, describe(v))
		default:
			L.RaiseError("upload doesn't know the option %s (it knows to and kind)", quote(clipText(key, 40)))
		}
	})
	return to, kind
}

func (vm *VM) ilinkRecall(L *lua.LState) int {
	id, ok := L.Get(1).(lua.LString)
	if !ok || id == "" {
		hint := ""
		switch L.Get(1).Type() {
		case lua.LTTable:
			hint = "; a result's id is in its field id"
		case lua.LTNumber:
			hint = "; ids are strings, as numbers would lose digits"
		}
		L.RaiseError("recall needs the id of a message that the bot sent, got %s%s", describe(L.Get(1)), hint)
	}
	vm.handling(L, "ilink.recall")
	budgetOf(L).countSend()
	return vm.succeed(L, Call{Name: "ilink.recall", Args: []any{string(id)}}, func(ctx context.Context) error { return vm.host.Recall(ctx, string(id)) })
}
