package luabind

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// SuppressedInfo tells a script that the server throws away what a user is sent.
type SuppressedInfo struct {
	User string
	// Since is when that was found; zero means now.
	Since time.Time
}

// OnSuppressed calls the script's on_suppressed, on this goroutine and within the
// limits of a handler. It does nothing if the script defines none.
func (s *Sandbox) OnSuppressed(ctx context.Context, info SuppressedInfo) error {
	_, err := s.callGlobal(ctx, suppressHook, nil, func(vm *VM) []lua.LValue {
		since := info.Since
		if since.IsZero() {
			since = vm.Now()
		}
		t := vm.main.CreateTable(0, 4)
		t.RawSetString("bot", lua.LString(vm.bot))
		t.RawSetString("user", lua.LString(info.User))
		t.RawSetString("since", lua.LNumber(float64(since.UnixMilli())/1000))
		t.RawSetString("message", lua.LString(Advice(StatusUnconfirmed, "")))
		return []lua.LValue{t}
	})
	return err
}
