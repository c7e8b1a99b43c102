package luabind

import (
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

type laterTest struct {
	opened int
	err    error
}

func (*laterTest) Name() string { return "toys" }

func (m *laterTest) Open(vm *VM) (lua.LValue, error) {
	m.opened++
	return vm.Table("toys", map[string]lua.LGFunction{
		"spin": func(L *lua.LState) int { L.Push(lua.LString("spun")); return 1 },
	}, nil), m.err
}

// TestLater: a module is opened when it is first used, and is the same value before and
// after.
func TestLater(t *testing.T) {
	m := new(laterTest)
	bot := load(t, `local before = toys
function on_message(msg)
  if msg.text == "use" then
    assert(toys.spin() == "spun" and before == toys and require("toys") == toys and getmetatable(toys) == "toys")
    before.x = 1
  end
end`, withModules(Later(m)))
	if err := bot.OnMessage(t.Context(), textEvent("1", "leave")); err != nil || m.opened != 0 {
		t.Errorf("%v, opened %d times", err, m.opened)
	}
	if err := bot.OnMessage(t.Context(), textEvent("2", "use")); err == nil || !strings.Contains(err.Error(), "toys.x can't be assigned") {
		t.Error(err)
	}
	if m.opened != 1 {
		t.Errorf("opened %d times", m.opened)
	}

	m = &laterTest{err: errors.New("no battery")}
	bot = load(t, `function on_message(msg) toys.spin() end`, withModules(Later(m)))
	if err := bot.OnMessage(t.Context(), textEvent("1", "x")); err == nil || !strings.Contains(err.Error(), `the module "toys" can't be opened: no battery`) {
		t.Error(err)
	}
}
