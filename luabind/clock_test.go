package luabind

import (
	"context"
	"strings"
	"testing"
	"time"
)

func TestCPULimit(t *testing.T) {
	limits := withLimits(Limits{Instructions: 1 << 50, CPU: 30 * time.Millisecond})
	for _, body := range []string{
		"while true do end",
		"while true do pcall(function() while true do end end) end",
		"while true do pcall(msg.typing, msg) end",
		"coroutine.wrap(function() while true do end end)()",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend", limits)
		start := time.Now()
		e := b.fails("x")
		if e.Kind != KindLimit || e.Limit != LimitCPU || e.Certain() {
			t.Errorf("%s: %s %s", body, e.Kind, e.Limit)
		}
		used, err := time.ParseDuration(e.Used)
		if took := time.Since(start); err != nil || used < 30*time.Millisecond || used > took+time.Millisecond {
			t.Errorf("%s: used %s in %v", body, e.Used, took)
		}
		wantText(t, e.Error(), "scripts/bot.lua:2: the handler computed for more than 30ms (waiting not included); a loop may not end, or [bot.sandbox] cpu must be raised")
		if !strings.Contains(e.Detail(), "(it used "+e.Used+")") {
			t.Error(e.Detail())
		}
	}
}

// TestWaitingIsFree: neither waiting for the host nor for another handler counts.
func TestWaitingIsFree(t *testing.T) {
	b := load(t, `function on_message(msg)
  for i = 1, 4 do pcall(msg.reply, msg, "x") coroutine.wrap(function() assert(msg:reply("x")) end)() end
end`, withLimits(Limits{CPU: 40 * time.Millisecond}))
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		time.Sleep(15 * time.Millisecond)
		return SendResult{Status: StatusSent}, nil
	}
	done := make(chan error, 3)
	for range 3 {
		go func() { done <- b.OnMessage(context.Background(), textEvent("1", "x")) }()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestSendsLimit(t *testing.T) {
	b := load(t, "function on_message(msg)\n  while true do pcall(msg.reply, msg, 'x') end\nend", withLimits(Limits{Sends: 5}))
	e := b.fails("x")
	if e.Kind != KindLimit || e.Limit != LimitSends || !e.Certain() || len(b.host.sent) != 5 {
		t.Errorf("%s %s, %d sent", e.Kind, e.Limit, len(b.host.sent))
	}
	wantText(t, e.Error(), "scripts/bot.lua:2: the handler sent more than 5 times; a loop may not end, or [bot.sandbox] sends must be raised")
}

// TestBusyMachine: a handler that was kept from computing isn't stopped for the time
// that others took.
func TestBusyMachine(t *testing.T) {
	b := load(t, "function on_message() end")
	r := b.vm.newRun(context.Background(), nil)
	defer r.release()
	r.clock.limit = time.Hour
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()
	r.resume()
	r.outOfTime() // as its timer would, when that comes too early
	if r.stopped.Load() != nil {
		t.Fatal("it is stopped, and the process hasn't computed for an hour")
	}
	r.clock.until.Store(int64(processTime() - 1))
	r.outOfTime()
	if why := r.stopped.Load(); why == nil || why.limit != LimitCPU {
		t.Errorf("it isn't stopped: %v", why)
	}
	r.pause()
}
