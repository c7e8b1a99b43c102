package spec

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// botHandle is what load_bot returns. Each case has a bot of its own for it, which
// is loaded when it is first needed.
type botHandle struct {
	f   *file
	cfg world.Config
	env map[string]*string
}

// loadBot names the bot to be tested: a script's path from the spec's folder, or
// the script that the spec is named for.
func (f *file) loadBot(L *lua.LState) int {
	name := strings.TrimSuffix(filepath.Base(f.name), Suffix) + ".lua"
	switch v := L.Get(1).(type) {
	case *lua.LNilType:
	case lua.LString:
		name = string(v)
	default:
		luabind.Mistake(L, `load_bot needs a script's path from the spec's folder, such as "survey.lua", or nothing, got %s`, luabind.Describe(v))
	}
	h := &botHandle{f: f, cfg: world.Config{Script: f.path(name), Load: f.opts.Load, Modules: f.opts.Modules, Coverage: f.opts.Coverage}, env: map[string]*string{}}
	if _, err := os.Stat(h.cfg.Script); errors.Is(err, os.ErrNotExist) {
		luabind.Mistake(L, "load_bot: there is no script %s", filepath.ToSlash(h.cfg.Script))
	}
	o := luabind.Options(L, 2, "load_bot", "name", "env", "files", "per_inbound", "when_full")
	h.cfg.Name = cmp.Or(textOption(L, o, "load_bot", "name"), strings.TrimSuffix(filepath.Base(name), ".lua"))
	h.cfg.Limits.WhenFull = textOption(L, o, "load_bot", "when_full")
	if v, ok := o.RawGetString("per_inbound").(lua.LNumber); ok {
		h.cfg.Limits.PerInbound = int(v)
	}
	if v, ok := o.RawGetString("env").(*lua.LTable); ok {
		v.ForEach(func(k, v lua.LValue) {
			value := v.String()
			if h.env[k.String()] = &value; v == lua.LFalse {
				h.env[k.String()] = nil
			}
		})
	}
	if v, ok := o.RawGetString("files").(*lua.LTable); ok {
		h.cfg.Write = []string{}
		for i := 1; i <= v.Len(); i++ {
			h.cfg.Write = append(h.cfg.Write, v.RawGetInt(i).String())
		}
	}
	f.handles = append(f.handles, h)
	L.Push(h.object())
	return 1
}

// textOption returns an option that is a text, "" if it isn't set.
func textOption(L *lua.LState, o *lua.LTable, function, name string) string {
	switch v := o.RawGetString(name).(type) {
	case *lua.LNilType:
		return ""
	case lua.LString:
		return string(v)
	default:
		luabind.Mistake(L, "%s: %s is a text, got %s", function, name, luabind.Describe(v))
		return ""
	}
}

// bot returns the case's bot, loaded if need be.
func (h *botHandle) bot(L *lua.LState, function string) *world.Bot {
	now := h.f.running(L, function)
	if now.bots[h] == nil {
		var b *world.Bot
		cfg := h.cfg
		cfg.Options = modules.Options{Env: h.env, HTTP: anywhere, Transport: transport{h.f, now}, Pause: now.world.Sleep}
		h.f.drive(L, func(ctx context.Context) (err error) {
			b, err = now.world.Add(ctx, cfg)
			return err
		})
		now.bots[h] = b
		now.loaded = append(now.loaded, b)
	}
	return now.bots[h]
}

// awake loads the spec's bot, if there is but one, before time passes: it may have
// schedules.
func (f *file) awake(L *lua.LState, function string) {
	if len(f.handles) == 1 {
		f.handles[0].bot(L, function)
	}
}

// object makes the bot's table.
func (h *botHandle) object() lua.LValue {
	methods := map[string]lua.LGFunction{
		"user":           h.user,
		"log":            h.log,
		"errors":         h.errors,
		"reload":         h.driving("bot:reload", (*world.Bot).Reload),
		"restart":        h.driving("bot:restart", (*world.Bot).Restart),
		"expire_session": h.driving("bot:expire_session", (*world.Bot).ExpireSession),
		"fault":          h.fault,
		"read":           h.read,
		"replay":         h.replay,
		"write":          h.write,
	}
	return h.f.vm.Table("bot", colon("bot", methods), map[string]lua.LValue{"kv": h.kv("bot.kv", "")})
}

// colon takes the object off the arguments of methods, which must be called with a
// colon.
func colon(object string, methods map[string]lua.LGFunction) map[string]lua.LGFunction {
	checked := make(map[string]lua.LGFunction, len(methods))
	for name, f := range methods {
		checked[name] = func(L *lua.LState) int {
			if self, ok := L.Get(1).(*lua.LTable); !ok || L.GetMetaField(self, "__metatable") != lua.LString(object) {
				luabind.Mistake(L, "write %s:%s(…), with a colon", object, name)
			}
			L.Remove(1)
			return f(L)
		}
	}
	return checked
}

// driving makes a method of something that a bot does.
func (h *botHandle) driving(name string, do func(*world.Bot, context.Context) error) lua.LGFunction {
	return func(L *lua.LState) int {
		b := h.bot(L, name)
		h.f.drive(L, func(ctx context.Context) error { return do(b, ctx) })
		return 0
	}
}

// log returns the lines that the bot has logged.
func (h *botHandle) log(L *lua.LState) int {
	list := L.NewTable()
	for _, e := range h.bot(L, "bot:log").Log() {
		list.Append(h.f.textTable(L, e.Text, map[string]lua.LValue{
			"level": lua.LString(strings.ToLower(e.Level.String())), "time": seconds(e.At),
		}))
	}
	L.Push(list)
	return 1
}

// errors returns the errors of handlers, and so says that they were expected.
func (h *botHandle) errors(L *lua.LState) int {
	list := L.NewTable()
	for _, err := range h.bot(L, "bot:errors").TakeErrors() {
		fields := map[string]lua.LValue{}
		text := err.Error()
		var se *luabind.ScriptError
		if errors.As(err, &se) {
			text = se.Message
			fields["kind"], fields["file"], fields["line"] = lua.LString(se.Kind), lua.LString(se.File), lua.LNumber(se.Line)
		}
		list.Append(h.f.textTable(L, text, fields))
	}
	L.Push(list)
	return 1
}

// fault has sends fail.
func (h *botHandle) fault(L *lua.LState) int {
	b := h.bot(L, "bot:fault")
	o := luabind.Options(L, 1, "bot:fault", "send", "times", "to")
	var f *world.Fault
	if kind := textOption(L, o, "bot:fault", "send"); kind != "" {
		f = &world.Fault{Kind: kind, To: textOption(L, o, "bot:fault", "to")}
	}
	if n, ok := o.RawGetString("times").(lua.LNumber); ok && f != nil {
		f.Times = int(n)
	}
	if err := b.SetFault(f); err != nil {
		luabind.Mistake(L, "bot:fault: %v", err)
	}
	return 0
}

// read returns a file of the bot's folder, nil if there is none.
func (h *botHandle) read(L *lua.LState) int {
	data, err := h.bot(L, "bot:read").Get(luabind.Text(L, 1, "bot:read", "a file's path below the bot's folder"))
	var he *luabind.HostError
	if errors.As(err, &he) && he.Kind == "not_found" {
		L.Push(lua.LNil)
		return 1
	} else if err != nil {
		L.RaiseError("bot:read: %v", err)
	}
	L.Push(lua.LString(data))
	return 1
}

// write makes a file in the bot's folder.
func (h *botHandle) write(L *lua.LState) int {
	b := h.bot(L, "bot:write")
	name := luabind.Text(L, 1, "bot:write", "a file's path below the bot's folder")
	if err := b.Put(name, []byte(luabind.Text(L, 2, "bot:write", "the file's text after its path"))); err != nil {
		L.RaiseError("bot:write: %v", err)
	}
	return 0
}

// maxValue is how large a kept value may be.
const maxValue = 8 << 20

// kv makes the table of what a bot keeps, or of what it keeps about a user.
func (h *botHandle) kv(name, user string) lua.LValue {
	do := func(L *lua.LState, function string, req luabind.KVRequest) luabind.KVResult {
		req.User = user
		r, err := h.bot(L, function).KV(req)
		if err != nil {
			L.RaiseError("%s: %v", function, err)
		}
		return r
	}
	key := func(L *lua.LState, function string) string { return luabind.Text(L, 1, function, "a key") }
	functions := map[string]lua.LGFunction{
		"get": func(L *lua.LState) int {
			r := do(L, name+".get", luabind.KVRequest{Op: luabind.KVGet, Key: key(L, name+".get")})
			if !r.Found {
				L.Push(lua.LNil)
				return 1
			}
			v, err := luabind.Unpack(L, r.Value)
			if err != nil {
				L.RaiseError("%s.get: %v", name, err)
			}
			L.Push(v)
			return 1
		},
		"set": func(L *lua.LState) int {
			packed, err := luabind.Pack(L.Get(2), maxValue)
			if err != nil {
				luabind.Mistake(L, "%s.set: %v", name, err)
			}
			if L.Get(2) == lua.LNil {
				packed = nil
			}
			do(L, name+".set", luabind.KVRequest{Op: luabind.KVSet, Key: key(L, name+".set"), Value: packed})
			return 0
		},
		"keys": func(L *lua.LState) int {
			list := L.NewTable()
			for _, k := range do(L, name+".keys", luabind.KVRequest{Op: luabind.KVList, Key: L.OptString(1, "")}).Keys {
				list.Append(lua.LString(k))
			}
			L.Push(list)
			return 1
		},
	}
	if user != "" { // as with kv.user(id) in a bot, they are methods
		functions = colon(name, functions)
	}
	return h.f.vm.Table(name, functions, nil)
}
