package luabind

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestWeight compares the estimate with what Go says was taken, and with what
// estimating takes: it comes on top when the memory is full.
func TestWeight(t *testing.T) {
	if testing.Short() {
		t.Skip("collects garbage again and again")
	}
	for _, c := range []struct{ name, code string }{
		{"tables", "for i = 1, 5e4 do keep[i] = {} end"},
		{"lists", "for i = 1, 1e4 do keep[i] = { 1, 2, 3 } end"},
		{"appended lists", "for i = 1, 1e4 do local t = {} t[1] = i keep[i] = t end"},
		{"records", "for i = 1, 1e4 do keep[i] = { name = i, other = i } end"},
		{"records made later", "for i = 1, 1e4 do local t = {} t.name = i keep[i] = t end"},
		{"large records", "for i = 1, 100 do local t = {} for j = 1, 400 do t['k' .. j] = true end keep[i] = t end"},
		{"numbers", "for i = 1, 5e4 do keep[i] = i + 0.5 end"},
		{"scattered numbers", "for i = 1, 3e5 do local x = i + 0.5 if i % 32 == 0 then keep[#keep + 1] = x end end"},
		{"string keys", "for i = 1, 3e4 do keep['key' .. i] = true end"},
		{"deleted keys", "for i = 1, 3e4 do keep['key' .. i] = true keep['key' .. i] = nil end"},
		{"number keys", "for i = 1, 3e4 do keep[i + 0.5] = true end"},
		{"table keys", "for i = 1, 1e4 do keep[{}] = true end"},
		{"strings", "for i = 1, 1000 do keep[i] = ('x'):rep(5000) .. i end"},
		{"short strings", "for i = 1, 3e4 do keep[i] = 'text ' .. i end"},
		{"one string", "local s = ('x'):rep(1e6) for i = 1, 1e4 do keep[i] = s end"},
		{"parts of a string", "for i = 1, 10 do local s = ('x'):rep(1e6) .. i while #s > 1000 do s = s:sub(#s / 4) end keep[i] = s end"},
		{"closures", "for i = 1, 2e4 do keep[i] = function() return i end end"},
		{"coroutines", "for i = 1, 500 do keep[i] = coroutine.create(function() end) end"},
		{"started coroutines", "for i = 1, 500 do local co = coroutine.wrap(function() local s = ('x'):rep(1e4) .. i coroutine.yield() return s end) co() keep[i] = co end"},
		{"deep coroutines", "for i = 1, 50 do local co = coroutine.wrap(function() local function d(n) if n == 0 then coroutine.yield() else d(n - 1) end return 1 end d(150) end) co() keep[i] = co end"},
		{"iterators", "for i = 1, 10 do keep[i] = (('x'):rep(1e6) .. i):gmatch('.') end"},
		{"nested tables", "local t = keep for i = 1, 1e4 do t[1] = {} t = t[1] end"},
		{"huge index", "keep[1000000] = 1"},
	} {
		b := load(t, "keep = {}\nfunction on_message(msg)\n"+c.code+"\nend",
			withLimits(Limits{CPU: time.Minute, Instructions: 1 << 50, Memory: 1 << 40}))
		before, weight := heapInUse(), weightOf(b)
		if err := b.OnMessage(context.Background(), textEvent("1", "x")); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		held, allocated := heapInUse()-before, heapAllocated()
		weighed := weightOf(b) - weight
		if took := heapAllocated() - allocated; took > held/4+64<<10 {
			t.Errorf("%s: to weigh %d bytes took %d", c.name, held, took)
		}
		if ratio := float64(weighed) / float64(held); ratio < 0.6 || ratio > 1.8 {
			t.Errorf("%s: %d bytes are held, and %d estimated: %.2f times as much", c.name, held, weighed, ratio)
		} else if testing.Verbose() {
			t.Logf("%s: %.2f times %d", c.name, ratio, held)
		}
		runtime.KeepAlive(b)
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what the first one found dead in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func heapAllocated() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.TotalAlloc)
}

func weightOf(b *bot) int64 {
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()
	return b.vm.weigh(1 << 62)
}

// memoryLimits leave time for what tests hold.
var memoryLimits = Limits{CPU: time.Minute, Instructions: 1 << 50, Memory: 8 << 20}

func TestMemoryLimit(t *testing.T) {
	for _, c := range []struct{ name, code string }{
		{"tables", "local t = {} while true do t[#t + 1] = {} end"},
		{"nested tables", "local t = {} while true do t = { t } end"},
		{"globals", "for i = 1, 1e9 do _G['g' .. i] = i end"},
		{"deleted keys", "local t = {} for i = 1, 1e9 do t['k' .. i] = i t['k' .. i] = nil end"},
		{"strings", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end"},
		{"parts of strings", "local t = {} for i = 1, 1e9 do t[i] = (('x'):rep(1e5) .. i):sub(10) end"},
		{"closures", "local t = {} while true do t[#t + 1] = function() return t end end"},
		{"upvalues", "local all = {} local function keep() local t = {} all = { all, function() return t end } end while true do keep() end"},
		{"coroutines", "local t = {} while true do t[#t + 1] = coroutine.create(print) end"},
		{"wrapped coroutines", "local t = {} while true do local co = coroutine.wrap(function(s) coroutine.yield() return s end) co(('x'):rep(1e4)) t[#t + 1] = co end"},
		{"in a coroutine", "coroutine.wrap(function() local t = {} while true do t[#t + 1] = {} end end)()"},
		{"in pcalls", "while true do pcall(function() local t = {} while true do t[#t + 1] = { t } end end) end"},
		{"in a sort", "local t = {} table.sort({ 3, 2, 1, 4 }, function() while true do t[#t + 1] = {} end end)"},
		{"nested sorts", "local big = {} for i = 1, 5e4 do big[i] = i end local function f() table.sort(big, f) end f()"},
		{"nested gsubs", "local s, n = ('x'):rep(5e5), 0 local function f() n = n + 1 if n % 2 == 0 then return (s:gsub('x', f)) end return 'y' end s:gsub('x', f)"},
		{"nested formats", "local s = ('x'):rep(5e5) local t = setmetatable({}, { __tostring = function(t) return ('%s%s'):format(s, t) end }) print(t)"},
		{"iterators", "local t = {} for i = 1, 1e9 do t[i] = (('x'):rep(1e5) .. i):gmatch('.') end"},
		{"arguments", "local function f(...) return f(('x'):rep(1e5) .. select('#', ...), ...) end f()"},
		{"scattered numbers", "local t = {} for i = 1, 1e9 do local x = i + 0.5 if i % 32 == 0 then t[#t + 1] = x end end"},
		{"error values", "local t = {} while true do t[#t + 1] = select(2, pcall(error, ('x'):rep(1e4) .. #t)) end"},
	} {
		b := load(t, "function on_message(msg)\n"+c.code+"\nend", withLimits(memoryLimits))
		e := b.fails("x")
		if e.Kind != KindLimit || e.Limit != LimitMemory || e.Line != 2 || !strings.HasSuffix(e.Used, " MiB") {
			t.Errorf("%s: %s %q, line %d, used %q: %v", c.name, e.Kind, e.Limit, e.Line, e.Used, e)
			continue
		}
		wantText(t, e.Error(), "scripts/bot.lua:2: the handler made the script hold more than 8 MiB of memory; [bot.sandbox] memory raises the limit")
	}
}

// TestMemoryBetweenHandlers: what a script keeps is found however slowly it grows,
// and however short its handlers are.
func TestMemoryBetweenHandlers(t *testing.T) {
	b := load(t, `local all = {}
function on_message(msg)
  for i = 1, 100 do all[#all + 1] = { tostring(i) } end
end`, withLimits(memoryLimits))
	for i := range 10_000 {
		err := b.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x"))
		if b.OverLimit() {
			if weight := weightOf(b); weight > 9<<20 {
				t.Errorf("found with %d bytes", weight)
			}
			e := b.fails("x")
			if e.Kind != KindLimit || e.Limit != LimitMemory {
				t.Errorf("%s %s", e.Kind, e.Limit)
			}
			wantText(t, e.Error(), "scripts/bot.lua: the script holds more than 8 MiB of memory in its variables; [bot.sandbox] memory raises the limit")
			return
		}
		if err != nil {
			asScriptError(t, err) // it may have been found while it ran
		}
	}
	t.Error("it wasn't found")
}

func TestMemoryOfLoading(t *testing.T) {
	_, err := tryLoad(t, "all = {} for i = 1, 2e5 do all[i] = { i } end function on_message() end", withLimits(memoryLimits))
	if e := asScriptError(t, err); e.Kind != KindLimit || e.Limit != LimitMemory {
		t.Errorf("%s %s: %v", e.Kind, e.Limit, e)
	}
}

// TestMemoryIsTheGuiltysOwn: a script that shares the watchdog with one that takes
// all it gets, and allocates much itself without keeping it, isn't stopped.
func TestMemoryIsTheGuiltysOwn(t *testing.T) {
	var w Watchdog
	shared := func(c *Config) { c.Watchdog = &w }
	guilty := load(t, "function on_message(msg) local t = {} while true do t[#t + 1] = { t } end end", withLimits(memoryLimits), shared)
	innocent := load(t, `local kept = {} for i = 1, 1e4 do kept[i] = {} end
function on_message(msg)
  for i = 1, 2e4 do local s = ("x"):rep(100) .. i end
  msg:reply(tostring(#kept))
end`, withLimits(memoryLimits), shared)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 5 {
			err := guilty.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x"))
			if e := asScriptError(t, err); e.Limit != LimitMemory {
				t.Errorf("%s: %v", e.Limit, e)
			}
		}
	}()
	for i := 0; ; i++ {
		if err := innocent.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x")); err != nil {
			t.Fatal(err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

// TestMemoryOfThoseThatWait: what handlers hold that wait counts.
func TestMemoryOfThoseThatWait(t *testing.T) {
	b := load(t, "function on_message(msg) local t = {} for i = 1, 1e4 do t[i] = {} end msg:reply('x') return t end", withLimits(memoryLimits))
	started := waiting(b)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const handlers = 20 // of about 2 MiB
	done := make(chan error, handlers)
	for i := range handlers {
		go func() { done <- b.OnMessage(ctx, textEvent(fmt.Sprint(i), "x")) }()
	}
	for {
		select {
		case <-started:
			continue
		case err := <-done:
			if e := asScriptError(t, err); e.Limit != LimitMemory {
				t.Errorf("%s: %v", e.Limit, e)
			}
		}
		break
	}
	cancel()
	for range handlers - 1 {
		<-done
	}
}
