package luabind

import (
	"context"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// keeper is a module with a function that keeps a function of the script's.
type keeper struct{ kept *lua.LFunction }

func (*keeper) Name() string { return "keep" }

func (k *keeper) Open(vm *VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		k.kept = L.CheckFunction(1)
		return 0
	}), nil
}

// TestRun: what a module has kept can be called later, in a file that is no bot.
func TestRun(t *testing.T) {
	k := new(keeper)
	b := load(t, "keep(function(n)\n  if n > 1 then error('too many') end\n  return n + 1\nend)", withModules(k),
		func(c *Config) { c.NoBot = true })
	var got lua.LValue
	call := func(n lua.LNumber) error {
		return b.Run(context.Background(), "the kept function", func(L *lua.LState) { got = CallFunction(L, k.kept, n) })
	}
	if err := call(1); err != nil || got != lua.LNumber(2) {
		t.Errorf("got %v, %v", got, err)
	}
	if e := asScriptError(t, call(2)); e.Line != 2 || e.Message != "too many" {
		t.Errorf("got %v", e)
	}
}

// TestNow: scripts see the time that the configuration says.
func TestNow(t *testing.T) {
	at := time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC)
	b := load(t, "function on_message(msg)\n  print(os.time(), os.date('!%F %T'), msg.time)\nend", func(c *Config) {
		c.Now = func() time.Time { return at }
	})
	ev := textEvent("1", "x")
	ev.Message.CreateTimeMs = 0
	if err := b.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	wantText(t, b.host.logged(), "INFO 1709251198\t2024-02-29 23:59:58\t1709251198")
}
