package luabind

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestCoroutines(t *testing.T) {
	wantLines(t, handle(t, `
local co = coroutine.create(function(a, b)
  print("start", a, b)
  local c, d = coroutine.yield(a + b)
  print("again", c, d, select("#", coroutine.yield()))
  return "end", nil
end)
print(coroutine.status(co), coroutine.resume(co, 1, 2))
print(coroutine.status(co), select("#", coroutine.resume(co, 3)))
print(coroutine.resume(co, nil, nil))
print(coroutine.status(co), coroutine.resume(co))
local gen = coroutine.wrap(function(n) for i = 1, n do coroutine.yield(i, i * i) end end)
print(gen(2)) print(gen()) print(select("#", gen()))
print(pcall(gen))
for w in coroutine.wrap(function() for _, w in ipairs({ "x", "y" }) do coroutine.yield(w) end end) do print(w) end
print(coroutine.running(), coroutine.isyieldable())
local me
me = coroutine.create(function()
  print(coroutine.running() == me, coroutine.status(me), coroutine.isyieldable())
  local inner = coroutine.wrap(function() print(coroutine.status(me), coroutine.resume(me)) end)
  inner()
  pcall(function() print(coroutine.running() == me, coroutine.status(me), coroutine.isyieldable()) end)
  print(coroutine.resume(me))
end)
print(coroutine.resume(me))
print(coroutine.wrap(math.max)(3, 5), select("#", coroutine.resume(coroutine.create(print))))`),
		"INFO start\t1\t2", "INFO suspended\ttrue\t3",
		"INFO suspended\t1", "INFO again\t3\tnil\t2", "INFO true\tend\tnil", "INFO dead\tfalse\tcannot resume dead coroutine",
		"INFO 1\t1", "INFO 2\t4", "INFO 0", "INFO false\tscripts/bot.lua:15: cannot resume dead coroutine", "INFO x", "INFO y",
		"INFO nil\tfalse", "INFO true\trunning\ttrue", "INFO normal\tfalse\tcannot resume a coroutine that is running",
		"INFO true\trunning\tfalse", "INFO false\tcannot resume a coroutine that is running", "INFO true", "INFO ", "INFO 5\t1")
}

func TestCoroutineErrors(t *testing.T) {
	wantLines(t, handle(t, `
local co = coroutine.create(function() error("broken") end)
print(coroutine.resume(co))
print(coroutine.status(co), coroutine.resume(co))
print(coroutine.resume(coroutine.create(function() error({ 1 }) end)))
print(coroutine.resume(coroutine.create(function() local t; return t.x end)))
print(pcall(coroutine.wrap(function() error("w") end)))
print(pcall(coroutine.wrap(function() error() end)))
print(coroutine.resume(coroutine.create(function() local function f() return 1 + f() end return f() end)))
print(pcall(coroutine.yield, 1))
print(coroutine.resume(coroutine.create(function() pcall(coroutine.yield, 1) return pcall(coroutine.yield, 1) end)))
print(coroutine.resume(coroutine.create(function() local t = setmetatable({}, { __index = function() coroutine.yield() end }) return t.x end)))
print(coroutine.resume(coroutine.create(function() for i in function() return coroutine.yield(1) end do end end)))
print(coroutine.resume(coroutine.create(function() table.sort({ 2, 1 }, function() coroutine.yield(1) end) end)))
print(coroutine.resume(coroutine.create(function() return ("x"):gsub("x", function() coroutine.yield(1) end) end)))
print(pcall(coroutine.resume, 1))
print(pcall(coroutine.create, 1))`),
		"INFO false\tscripts/bot.lua:3: broken",
		"INFO dead\tfalse\tcannot resume dead coroutine",
		"INFO false\t{1}",
		"INFO false\tscripts/bot.lua:7: attempt to index a non-table object(nil) with key 'x'",
		"INFO false\tscripts/bot.lua:8: w",
		"INFO false\tnil",
		"INFO false\tstack overflow",
		"INFO false\tscripts/bot.lua:11: attempt to yield from outside a coroutine",
		"INFO true\tfalse\tscripts/bot.lua:12: attempt to yield across a pcall: a coroutine can't yield in a function that it calls with pcall or xpcall",
		"INFO false\tscripts/bot.lua:13: "+across, "INFO false\tscripts/bot.lua:14: "+across,
		"INFO false\tscripts/bot.lua:15: "+across, "INFO false\tscripts/bot.lua:16: "+across,
		"INFO false\tscripts/bot.lua:17: bad argument #1 (thread expected, got number)",
		"INFO false\tscripts/bot.lua:18: bad argument #1 (function expected, got number)")
}

const across = "attempt to yield across a metamethod, an iterator, or a function of the host such as table.sort"

// TestCoroutinesOfTheVM: coroutines outlive the handler that has made them, and
// count on the budget of the one that resumes them.
func TestCoroutinesOfTheVM(t *testing.T) {
	b := load(t, `
local counter = coroutine.wrap(function() local n = 0 while true do n = n + 1 coroutine.yield(n) end end)
local busy = coroutine.wrap(function() coroutine.yield() while true do end end)
busy()
function on_message(msg)
  if msg.text == "busy" then return pcall(busy) end
  print(counter(), counter())
end`, withLimits(small))
	b.says("x")
	e := b.fails("busy")
	wantText(t, e.Error(), "scripts/bot.lua:3: the handler ran more than 50000 instructions; a loop may not end, or [bot.sandbox] instructions must be raised")
	wantText(t, e.Traceback, "scripts/bot.lua:3 in a function\nscripts/bot.lua:6 in on_message")
	b.says("y")
	wantText(t, b.host.logged(), "INFO 1\t2\nINFO 3\t4")
}

// TestCoroutinesWithoutEnd ends the process with gopher-lua's own library.
func TestCoroutinesWithoutEnd(t *testing.T) {
	for _, body := range []string{
		`local a, b
a = coroutine.create(function() while true do coroutine.resume(b) end end)
b = coroutine.create(function() while true do coroutine.resume(a) end end)
coroutine.resume(a)`,
		"local function f() return coroutine.wrap(f)() end f()",
		"local function f() return coroutine.resume(coroutine.create(f)) end while true do f() end",
		"local function f() pcall(coroutine.wrap(f)) return f() end f()",
		"local function f() coroutine.wrap(pcall)(f) f() end f()",
		"local function f() return pcall(f) end while true do f() end",
		"local function f() xpcall(f, f) f() end while true do pcall(f) end",
		"local function g(n) if n > 0 then g(n - 1) else local t = setmetatable({}, { __index = function() return pcall(g, 300) end }) return t.x end end while true do g(300) end",
		"local t = {} while true do t[#t + 1] = coroutine.wrap(function() coroutine.yield() end) t[#t]() end",
	} {
		start := time.Now()
		b := load(t, "function on_message(msg)\n"+body+"\nend", withLimits(Limits{Instructions: 300_000}))
		e := asScriptError(t, b.OnMessage(context.Background(), textEvent("1", "x")))
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%s: %v", body, took)
		}
		t.Log(body, e.Error())
	}
}

// TestBlockInCoroutine: waiting in a coroutine lets others run, which can't resume
// it meanwhile.
func TestBlockInCoroutine(t *testing.T) {
	b := load(t, `
local shared
function on_message(msg)
  if msg.text == "other" then return print(coroutine.status(shared), coroutine.resume(shared)) end
  shared = coroutine.create(function(m)
    local r = assert(m:reply("a"))
    coroutine.yield(r.status)
    pcall(function() r = assert(m:reply("b")) end)
    for x in coroutine.wrap(function() coroutine.yield(assert(m:reply("c")).status) end) do r = x end
    return r
  end)
  print(coroutine.resume(shared, msg))
  print(coroutine.resume(shared))
end`)
	started, goOn := make(chan struct{}), make(chan struct{})
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		started <- struct{}{}
		<-goOn
		return SendResult{Status: StatusSent}, nil
	}
	done := make(chan error, 1)
	go func() { done <- b.OnMessage(context.Background(), textEvent("1", "x")) }()
	for range 3 {
		<-started
		if err := b.OnMessage(context.Background(), textEvent("2", "other")); err != nil {
			t.Error(err)
		}
		goOn <- struct{}{}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	refused := "INFO running\tfalse\tcannot resume a coroutine that another handler is running: make one for each message"
	wantLines(t, b.host.logged(), refused, "INFO true\tsent", refused, refused, "INFO true\tsent")
}

// TestManyHandlersWithCoroutines is for the race detector.
func TestManyHandlersWithCoroutines(t *testing.T) {
	b := load(t, `
local all = {}
function on_message(msg)
  local n = 0
  local co = coroutine.wrap(function()
    for i = 1, 3 do
      pcall(function() assert(msg:reply("x")) n = n + 1 end)
      coroutine.yield(i)
    end
  end)
  table.insert(all, co)
  assert(co() == 1 and co() == 2 and co() == 3 and n == 3)
end`)
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		time.Sleep(time.Millisecond)
		return SendResult{Status: StatusSent}, nil
	}
	const handlers = 50
	done := make(chan error, handlers)
	for i := range handlers {
		go func() { done <- b.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x")) }()
	}
	for range handlers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
