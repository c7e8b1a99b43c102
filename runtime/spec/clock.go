package spec

import (
	"context"
	"errors"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// clock makes the table clock: the time of the case's world.
func (f *file) clock(vm *luabind.VM) lua.LValue {
	return vm.Table("clock", map[string]lua.LGFunction{
		"now": func(L *lua.LState) int {
			L.Push(seconds(f.running(L, "clock.now").world.Now()))
			return 1
		},
		"advance": func(L *lua.LState) int {
			n, ok := luabind.Span(L.Get(1))
			if !ok || n > 1e9 {
				luabind.Mistake(L, `clock.advance needs a number of seconds or a text such as "10m", got %s`, luabind.Describe(L.Get(1)))
			}
			w := f.running(L, "clock.advance").world
			f.awake(L, "clock.advance")
			f.drive(L, func(ctx context.Context) error {
				return w.Advance(ctx, time.Duration(n*float64(time.Second)))
			})
			return 0
		},
		"set": func(L *lua.LState) int {
			w := f.running(L, "clock.set").world
			then := timeArg(L, w.Now())
			f.awake(L, "clock.set")
			f.drive(L, func(ctx context.Context) error { return w.Set(ctx, then) })
			return 0
		},
	}, nil)
}

// drive does something with a world that may take until its bots have done what
// they can; an error of it is raised.
func (f *file) drive(L *lua.LState, do func(ctx context.Context) error) {
	var err error
	f.vm.Block(L, func(ctx context.Context) { err = do(ctx) })
	var se *luabind.ScriptError
	switch {
	case errors.As(err, &se):
		L.RaiseError("the bot failed: %s", se.Detail())
	case errors.Is(err, world.ErrPast):
		L.RaiseError("clock.set: %v", err)
	case err != nil:
		L.RaiseError("%v", err)
	}
}

// seconds is a time as scripts have it.
func seconds(t time.Time) lua.LNumber { return lua.LNumber(float64(t.UnixMilli()) / 1000) }

// timeArg reads clock.set's time: seconds since 1970, "2026-01-05 17:30", or "17:30" for
// the next time that it is that late, in the zone that follows or the local one.
func timeArg(L *lua.LState, now time.Time) time.Time {
	zone := time.Local
	if v := L.Get(2); v != lua.LNil {
		name, ok := v.(lua.LString)
		var err error
		if zone, err = time.LoadLocation(string(name)); !ok || name == "" || err != nil {
			luabind.Mistake(L, `clock.set: a zone is a text such as "Asia/Shanghai" or "UTC", got %s`, luabind.Describe(v))
		}
	}
	now = now.In(zone)
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		if v >= 0 && v < 1e11 {
			return time.UnixMilli(int64(float64(v) * 1000))
		}
	case lua.LString:
		for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
			if t, err := time.ParseInLocation(layout, string(v), zone); err == nil {
				return t
			}
		}
		if t, err := time.Parse("15:04", string(v)); err == nil {
			then := time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), 0, 0, zone)
			if !then.After(now) {
				then = then.AddDate(0, 0, 1)
			}
			return then
		}
	}
	luabind.Mistake(L, `clock.set needs a time such as "17:30", "2026-01-05 17:30" or a number of seconds since 1970, got %s`, luabind.Describe(L.Get(1)))
	return time.Time{}
}
