package luabind

import (
	"context"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// SessionInfo tells a script that the bot's session has ended.
type SessionInfo struct {
	// Since is when the session was found to have ended; zero means now.
	Since time.Time
	// Message says what happened and what to do about it.
	Message string
}

// OnSessionExpired calls the script's on_session_expired, on this goroutine and
// within the limits of a handler. It does nothing if the script defines none.
func (s *Sandbox) OnSessionExpired(ctx context.Context, info SessionInfo) error {
	_, err := s.callGlobal(ctx, sessionHook, nil, func(vm *VM) []lua.LValue {
		since := info.Since
		if since.IsZero() {
			since = vm.Now()
		}
		t := vm.main.CreateTable(0, 3)
		t.RawSetString("bot", lua.LString(vm.bot))
		t.RawSetString("since", lua.LNumber(float64(since.UnixMilli())/1000))
		t.RawSetString("message", lua.LString(strings.ToValidUTF8(info.Message, "\uFFFD")))
		return []lua.LValue{t}
	})
	return err
}
