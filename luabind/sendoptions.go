package luabind

import (
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Options of a send, which tables may have beside what they send.
const (
	optionMode     = "mode"
	optionLifetime = "lifetime"
	optionAs       = "as"
)

// longestLifetime bounds what scripts ask for, such as math.huge: no host keeps
// anything for longer, and time can still be added to it.
const longestLifetime = 10 * 365 * 24 * time.Hour

// sendOptions hold for a whole call; zero fields were not given.
type sendOptions struct {
	mode     string
	lifetime time.Duration
	as       string
}

func isSendOption(k lua.LValue) bool {
	return k == lua.LString(optionMode) || k == lua.LString(optionLifetime) || k == lua.LString(optionAs)
}

// addOptions reads a table's options and reports whether it has any. Several
// tables may give the same ones, and none may contradict another.
func (c *contents) addOptions(t *lua.LTable) (given bool) {
	L := c.L
	if v := t.RawGetString(optionMode); v != lua.LNil {
		given = true
		mode := sendMode(v)
		if mode == "" {
			L.RaiseError(`%s: mode must be "defer", "fail" or "nudge", got %s`, c.function, describe(v))
		}
		if other := c.options.mode; other != "" && other != mode {
			L.RaiseError("%s: mode is %q in one table and %q in another, and holds for the whole call", c.function, other, mode)
		}
		c.options.mode = mode
	}
	if v := t.RawGetString(optionAs); v != lua.LNil {
		given = true
		name, ok := v.(lua.LString)
		if !ok || name == "" {
			L.RaiseError("%s: as is the name of the bot that sends, got %s", c.function, describe(v))
		}
		if other := c.options.as; other != "" && other != string(name) {
			L.RaiseError("%s: as is %q in one table and %q in another, and holds for the whole call", c.function, other, name)
		}
		c.options.as = string(name)
	}
	if v := t.RawGetString(optionLifetime); v != lua.LNil {
		given = true
		seconds, ok := Span(v)
		if n, isNumber := v.(lua.LNumber); isNumber { // of any size
			seconds, ok = float64(n), n > 0
		}
		if !ok || seconds == 0 {
			L.RaiseError(`%s: lifetime must be a number of seconds above 0 or a text such as "10m", got %s`, c.function, describe(v))
		}
		lifetime := longestLifetime
		if seconds < longestLifetime.Seconds() {
			lifetime = max(time.Duration(seconds*float64(time.Second)), 1)
		}
		if other := c.options.lifetime; other != 0 && other != lifetime {
			L.RaiseError("%s: lifetime is %v in one table and %v in another, and holds for the whole call", c.function, other, lifetime)
		}
		c.options.lifetime = lifetime
	}
	return given
}

// sendMode returns the mode that v names, "" if it names none.
func sendMode(v lua.LValue) string {
	switch s, _ := v.(lua.LString); s {
	case ModeDefer, ModeFail, ModeNudge:
		return string(s)
	}
	return ""
}
