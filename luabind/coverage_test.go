package luabind

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func withCoverage(c *Coverage) option { return func(cfg *Config) { cfg.Coverage = c } }

// TestCoverage: lines on which statements begin are counted, whatever surrounds
// them, and a script does the same with and without.
func TestCoverage(t *testing.T) {
	const script = `local function double(n)
  return n * 2
end
local t = {
  f = function()
    return "f"
  end,
}
function on_message(msg)
  for i = 1, 3 do
    if i == 2 then goto continue end
    print(double(i) .. t.f())
    ::continue::
  end
  if msg.text == "no" then
    print("no")
  elseif msg.text == "hello" then
    print("hello")
  else
    print("else")
  end
  repeat local done = true until done
end
`
	var c Coverage
	counted, plain := load(t, script, withCoverage(&c)), load(t, script)
	counted.says("hello")
	plain.says("hello")
	wantText(t, counted.host.logged(), plain.host.logged())

	var got []string
	for _, l := range c.Lines() {
		if l.File != "scripts/bot.lua" {
			t.Fatalf("lines of %s were counted", l.File)
		}
		got = append(got, fmt.Sprintf("%d:%d", l.Line, l.Runs))
	}
	wantText(t, strings.Join(got, " "), "1:1 2:2 4:1 6:2 9:1 10:1 11:4 12:2 15:1 16:0 17:1 18:1 20:0 22:2")
}

// TestCoverageKeepsErrors: positions in errors are the same with counting.
func TestCoverageKeepsErrors(t *testing.T) {
	const script = "function on_message(msg)\n  local n = 1\n  n = n + {}\nend\n"
	var c Coverage
	counted := load(t, script, withCoverage(&c)).fails("x")
	wantText(t, counted.Detail(), load(t, script).fails("x").Detail())
}

// TestCoverageOfSeveral: sandboxes of the same file count together.
func TestCoverageOfSeveral(t *testing.T) {
	var c Coverage
	for range 2 {
		load(t, "function on_message(msg)\n  msg:reply(1)\nend", withCoverage(&c)).OnMessage(context.Background(), textEvent("1", "x"))
	}
	if l := c.Lines(); len(l) != 2 || l[1].Runs != 2 {
		t.Errorf("got %v", l)
	}
}
