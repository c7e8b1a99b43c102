package luabind

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"
)

// small are limits that tests reach quickly. Computing time isn't among them: with the
// race detector, on a machine that others use, it would come first.
var small = Limits{Instructions: 50_000, CPU: time.Minute, Wall: time.Minute}

func TestInstructionLimit(t *testing.T) {
	for _, body := range []string{
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"pcall(function() while true do end end) return 1",
		"for i = 1, 1e9 do pcall(error, 'x') end",
		"local function f() return pcall(f) end while true do f() end",
		"while true do xpcall(function() while true do end end, function(e) while true do end end) end",
		"local t = setmetatable({}, { __index = function(t, k) while true do end end }) return t.x",
		"table.sort({ 3, 2, 1 }, function() while true do end end)",
		"(('x'):rep(10)):gsub('x', function() while true do end end)",
		"for k in function() while true do end end do end",
		"while true do pcall(table.sort, { 3, 2, 1 }, function() while true do end end) end",
		"local function f() return f() end while true do pcall(f) end",
		"print(setmetatable({}, { __tostring = function() while true do end end }))",
		"repeat local ok = pcall(string.rep, 'x', -1) until not ok",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend", withLimits(small))
		e := b.fails("x")
		if e.Kind != KindLimit || e.Limit != LimitInstructions || e.Line != 2 {
			t.Errorf("%s: got %s %q %v", body, e.Kind, e.Limit, e)
		}
		wantText(t, e.Error(), "scripts/bot.lua:2: the handler ran more than 50000 instructions; a loop may not end, or [bot.sandbox] instructions must be raised")
	}
}

// TestLimitLeavesTheBotAlone: what one message did is no matter of the next's.
func TestLimitLeavesTheBotAlone(t *testing.T) {
	b := load(t, `function on_message(msg)
  if msg.text == "bad" then while true do end end
  msg:reply("fine")
end`, withLimits(small))
	for range 3 {
		b.fails("bad")
		b.says("good")
	}
	if n := b.Running(); n != 0 {
		t.Errorf("%d running", n)
	}
}

// TestExactInstructions: the limit is a count, the same each time.
func TestExactInstructions(t *testing.T) {
	script := "function on_message(msg) for i = 1, 1000 do end end"
	var need int64
	for n := int64(900); ; n++ {
		b := load(t, script, withLimits(Limits{Instructions: n}))
		if b.OnMessage(context.Background(), textEvent("1", "x")) == nil {
			need = n
			break
		}
	}
	if need < 1000 || need > 1010 {
		t.Errorf("a loop of 1000 needs %d instructions", need)
	}
}

func TestLoadLimits(t *testing.T) {
	_, err := tryLoad(t, "while true do end", withLimits(small))
	wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua:1: loading ran more than 50000 instructions; a loop may not end, or [bot.sandbox] instructions must be raised")
	_, err = tryLoad(t, "while true do end", withLimits(Limits{Instructions: 1 << 50, LoadWall: 20 * time.Millisecond}))
	e := asScriptError(t, err)
	wantText(t, e.Limit+" "+e.Error(), "wall time scripts/bot.lua:1: loading took longer than 20ms (wall time, waiting included); [bot.sandbox] load_wall raises the limit")

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	writeFiles(t, dir, "bot.lua", "while true do end")
	_, err = Load(ctx, Config{Script: dir + "/bot.lua", Host: &fakeHost{}})
	if e := asScriptError(t, err); e.Kind != KindKilled || !errors.Is(err, context.Canceled) {
		t.Errorf("%s %v", e.Kind, e)
	}
}

// waiting makes the host's Send wait for the end of its context.
func waiting(b *bot) (started chan struct{}) {
	started = make(chan struct{}, 1000)
	b.host.send = func(ctx context.Context, _ SendRequest) (SendResult, error) {
		started <- struct{}{}
		<-ctx.Done()
		return SendResult{}, context.Cause(ctx)
	}
	return started
}

func TestWallLimit(t *testing.T) {
	for _, body := range []string{
		"msg:reply('x')",
		"while true do pcall(function() msg:reply('x') end) end",
		"while true do end",
		"pcall(msg.reply, msg, 'x')",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend",
			withLimits(Limits{Instructions: 1 << 50, Wall: 20 * time.Millisecond}))
		waiting(b)
		e := b.fails("x")
		if e.Kind != KindLimit || e.Limit != LimitWall {
			t.Errorf("%s: %s %s", body, e.Kind, e.Limit)
		}
		wantText(t, e.Error(), "scripts/bot.lua:2: the handler took longer than 20ms (wall time, waiting included); [bot.sandbox] wall raises the limit")
	}
}

func TestCallersContext(t *testing.T) {
	b := load(t, "function on_message(msg)\n  msg:reply('x')\nend")
	started := waiting(b)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-started
		cancel()
	}()
	err := b.OnMessage(ctx, textEvent("1", "x"))
	e := asScriptError(t, err)
	wantText(t, e.Kind+" "+e.Error(), "killed scripts/bot.lua:2: the handler was stopped: the host is stopping")
	if !errors.Is(err, context.Canceled) {
		t.Error("the context's error isn't in it")
	}
}

func TestClose(t *testing.T) {
	b := load(t, "function on_message(msg)\n  while true do pcall(msg.reply, msg, 'x') end\nend")
	started := waiting(b)
	done := make(chan error, 3)
	for i := range 3 {
		go func() { done <- b.OnMessage(context.Background(), textEvent(fmt.Sprint(i), "x")) }()
	}
	for range 3 {
		<-started
	}
	if n := b.Running(); n != 3 {
		t.Errorf("%d running", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := b.Close(ctx); err == nil || err.Error() != "luabind: 3 handlers had to be stopped: context deadline exceeded" {
		t.Errorf("Close: %v", err)
	}
	if n := b.Running(); n != 0 {
		t.Errorf("%d running", n)
	}
	for range 3 {
		e := asScriptError(t, <-done)
		wantText(t, e.Kind+" "+e.Error(), "killed scripts/bot.lua:2: the handler was stopped: the script is being closed")
	}
	if err := b.OnMessage(context.Background(), textEvent("1", "x")); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := b.Close(context.Background()); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// TestCloseWaits: handlers that end in time aren't stopped.
func TestCloseWaits(t *testing.T) {
	b := load(t, "function on_message(msg) assert(msg:reply('x')) print('done') end")
	started, goOn := make(chan struct{}), make(chan struct{})
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		close(started)
		<-goOn
		return SendResult{Status: StatusSent}, nil
	}
	handled, closed := make(chan error), make(chan error)
	go func() { handled <- b.OnMessage(context.Background(), textEvent("1", "x")) }()
	<-started
	go func() { closed <- b.Close(context.Background()) }()
	<-b.closing
	select {
	case <-closed:
		t.Error("Close didn't wait")
	default:
	}
	close(goOn)
	if err := <-handled; err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	wantText(t, b.host.logged(), "INFO done")
}

func TestHandlersLimit(t *testing.T) {
	b := load(t, "function on_message(msg) msg:reply('x') end", withLimits(Limits{Handlers: 1}))
	started, goOn := make(chan struct{}), make(chan struct{})
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		started <- struct{}{}
		<-goOn
		return SendResult{Status: StatusSent}, nil
	}
	done := make(chan error, 2)
	go func() { done <- b.OnMessage(context.Background(), textEvent("1", "x")) }()
	<-started
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.OnMessage(ctx, textEvent("2", "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a second one: %v", err)
	}
	go func() { done <- b.OnMessage(context.Background(), textEvent("3", "x")) }()
	close(goOn)
	<-started
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestMemoryOfOneOperation: single calls can't take what the host has.
func TestMemoryOfOneOperation(t *testing.T) {
	for _, body := range []string{
		"local t = {} t[67108863] = 1",
		"local t = {} for i = 1, 9 do table.insert(t, 60000000 + i, 1) end",
		"pcall(string.rep, 'x', 1e9)",
		"pcall(string.rep, 'xxxxxxxx', 1e18)",
		"local t = {} for i = 1, 100 do t[i] = ('x'):rep(1e6) end pcall(table.concat, t)",
		"pcall(unpack, {}, 1, 1e15)",
		"local function f() return f() end pcall(f)",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b := load(t, "function on_message(msg)\n"+body+"\nend", withLimits(Limits{CPU: time.Minute, Memory: 1 << 40}))
		b.says("x")
		runtime.ReadMemStats(&after)
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 160 {
			t.Errorf("%s took %d MB", body, mb)
		}
	}
}

func TestManyItemsConcat(t *testing.T) {
	wantLines(t, handle(t, `
local t = {}
for i = 1, 50000 do t[i] = i end
print(#table.concat(t, ","))
print(table.concat({ 1, 2, 3 }, "-", 2), table.concat({}, "x"), table.concat({ 1, 2, 3 }, "", 2, 2), table.concat({ 1 }, "", 2))
print(pcall(table.concat, { 1, {}, 3 }))`),
		"INFO 288893", "INFO 2-3\t\t2\t", "INFO false\tscripts/bot.lua:7: table.concat: item 2 is a table; only strings and numbers can be joined")
}

func TestDefaultLimits(t *testing.T) {
	if got := (Limits{Wall: time.Second}).OrDefaults(); got.Wall != time.Second || got.Instructions != DefaultLimits().Instructions ||
		got.Handlers != 256 || got.SourceBytes != 256<<10 || got.LoadWall != 5*time.Second {
		t.Errorf("%+v", got)
	}
}
