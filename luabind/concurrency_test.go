package luabind

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// TestInterleavedHandlers lets 800 handlers of one VM wait in every place where
// a Lua call may be, while the others run.
func TestInterleavedHandlers(t *testing.T) {
	const handlers = 800
	b := load(t, `
total = 0
local function wait(msg, n)
  local id = msg.id
  local r = assert(msg:reply(n))
  assert(msg.id == id)
  return tonumber(r.id)
end

local ways = {
  -- in a pcall, also with an error afterwards
  function(msg)
    local ok, n = pcall(wait, msg, 1)
    assert(ok and n == 2)
    local ok, e = pcall(function() wait(msg, 5) error("after " .. msg.id, 0) end)
    assert(not ok and e == "after " .. msg.id, e)
    return n
  end,
  -- in metamethods
  function(msg)
    local t = setmetatable({}, {
      __index = function(t, k) return wait(msg, k) end,
      __add = function(a, b) return wait(msg, b) end,
      __tostring = function() return tostring(wait(msg, 6)) end,
      __call = function(self, n) return wait(msg, n) end,
      __lt = function() return wait(msg, 0) == 1 end,
    })
    assert(t[20] == 21 and t + 30 == 31 and tostring(t) == "7" and t(8) == 9 and t < t)
    return 2
  end,
  -- in an iterator
  function(msg)
    local sum = 0
    for n in function(_, last) if (last or 0) < 3 then return wait(msg, last or 0) end end do sum = sum + n end
    assert(sum == 6, sum)
    return 2
  end,
  -- in gsub's callback
  function(msg)
    local s = ("a1b2c3"):gsub("%d", function(d) return tostring(wait(msg, tonumber(d))) end)
    assert(s == "a2b3c4", s)
    return 2
  end,
  -- in a comparator
  function(msg)
    local t = { 3, 1, 2 }
    table.sort(t, function(a, b) return wait(msg, a) < wait(msg, b) end)
    assert(table.concat(t, ",") == "1,2,3")
    return 2
  end,
  -- deep down, with closures and upvalues
  function(msg)
    local n = 0
    local function down(depth)
      if depth == 0 then n = n + wait(msg, 1) return n end
      local r = down(depth - 1)
      return r
    end
    assert(down(50) == 2 and n == 2)
    return n
  end,
}

function on_message(msg)
  local n = ways[tonumber(msg.id) % #ways + 1](msg)
  total = total + n -- no other handler comes in between
  msg:reply("done " .. msg.id)
end`)

	var most, now atomic.Int64
	b.host.send = func(ctx context.Context, req SendRequest) (SendResult, error) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		var n int
		fmt.Sscan(req.Parts[0].Text, &n)
		time.Sleep(time.Duration(200+100*(n%5)) * time.Microsecond) // for different lengths
		return SendResult{Status: StatusSent, MessageIDs: []string{fmt.Sprint(n + 1)}}, nil
	}
	var wg sync.WaitGroup
	for i := range handlers {
		wg.Go(func() {
			ev := textEvent(fmt.Sprint(i), "x")
			if err := b.OnMessage(context.Background(), ev); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()
	if total := b.vm.main.G.Global.RawGetString("total"); total != lua.LNumber(2*handlers) {
		t.Errorf("total is %v", total)
	}
	if most.Load() < 10 {
		t.Errorf("only %d handlers waited at a time", most.Load())
	}
}

// TestNoPreemption: between host calls a handler is alone.
func TestNoPreemption(t *testing.T) {
	b := load(t, `
n = 0
function on_message(msg)
  for i = 1, 1000 do local before = n; n = before + 1 end
end`)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if err := b.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()
	if n := b.vm.main.G.Global.RawGetString("n"); n != lua.LNumber(50_000) {
		t.Errorf("n is %v", n)
	}
}
