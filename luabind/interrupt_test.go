package luabind

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

func TestCancelled(t *testing.T) {
	b := load(t, `
assert(ilink.cancelled() == false)
function on_message(msg)
  local later = ilink.cancelled()
  if later and later ~= true then
    print(later.text, later.id, later == ilink.cancelled())
    assert(later:reply("to the later one"))
  else
    print(later)
  end
end
function on_session_expired() print(ilink.cancelled()) end`)
	waiting := textEvent("2", "stop").Message
	yes, no := func() bool { return true }, func() bool { return false }
	for _, ev := range []*Event{
		{},
		{Waiting: func() *ilink.Message { return nil }, Interrupted: no},
		{Waiting: func() *ilink.Message { return nil }, Interrupted: yes},
		{Interrupted: yes},
		{Waiting: func() *ilink.Message { return waiting }, Interrupted: yes},
	} {
		ev.Message = textEvent("1", "x").Message
		if err := b.OnMessage(context.Background(), ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.OnSessionExpired(context.Background(), SessionInfo{}); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(),
		"INFO false", "INFO false", "INFO true", "INFO true", "INFO stop\t2\ttrue", "INFO false")
	if re := b.host.sent[0].InReplyTo; re != waiting {
		t.Errorf("answered %v", re)
	}
}

func TestOnInterrupt(t *testing.T) {
	b := load(t, `
function on_message(msg) end
function on_interrupt(msg)
  if msg.text == "error" then error("broken") end
  if msg.text == "loop" then while true do end end
  assert(msg:reply("heard " .. msg.text))
  local copy = { id = msg.id, from = msg.from }
  ilink.reply(copy, "again")
  if msg.text == "stop" then return true end
  if msg.text == "odd" then return "a true value", 2 end
  if msg.text == "false" then return false end
end`, withLimits(small))
	if !b.HasInterrupt() {
		t.Error("on_interrupt isn't found")
	}
	for text, want := range map[string]bool{"stop": true, "odd": true, "false": false, "go on": false} {
		stop, err := b.OnInterrupt(context.Background(), textEvent("2", text))
		if stop != want || err != nil {
			t.Errorf("%s: %v %v", text, stop, err)
		}
	}
	for _, r := range b.host.sent {
		if r.InReplyTo == nil || r.InReplyTo.ID != "2" {
			t.Errorf("%+v", r)
		}
	}
	stop, err := b.OnInterrupt(context.Background(), textEvent("2", "error"))
	if e := asScriptError(t, err); stop || e.Error() != "scripts/bot.lua:4: broken" || e.Traceback != "scripts/bot.lua:4 in on_interrupt" {
		t.Error(stop, e.Detail())
	}
	_, err = b.OnInterrupt(context.Background(), textEvent("2", "loop"))
	if e := asScriptError(t, err); e.Limit != LimitInstructions {
		t.Error(e)
	}
	if _, err := b.OnInterrupt(context.Background(), nil); err == nil {
		t.Error("no event, and no error")
	}
	if n := b.Running(); n != 0 {
		t.Errorf("%d running", n)
	}
}

func TestHooksThatAreNone(t *testing.T) {
	b := load(t, "function on_message(msg) on_interrupt = msg.text == 'add' and function() return true end or nil end")
	if stop, err := b.OnInterrupt(context.Background(), textEvent("1", "x")); b.HasInterrupt() || stop || err != nil {
		t.Error(stop, err)
	}
	if err := b.OnSessionExpired(context.Background(), SessionInfo{}); err != nil {
		t.Error(err)
	}
	b.says("add")
	if stop, err := b.OnInterrupt(context.Background(), textEvent("1", "x")); !b.HasInterrupt() || !stop || err != nil {
		t.Error(stop, err)
	}
	b.says("remove")
	if b.HasInterrupt() {
		t.Error("it is gone")
	}
	_, err := tryLoad(t, "function on_message() end\non_interrupt = {}")
	wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua: on_interrupt is a table and must be a function: function on_interrupt(msg) … end")
	_, err = tryLoad(t, "function on_message() end\non_session_expired = 1")
	wantText(t, asScriptError(t, err).Error(), "scripts/bot.lua: on_session_expired is a number and must be a function: function on_session_expired(info) … end")
}

// TestOnInterruptNeedsNoPlace: it is there to end the handlers that take them.
func TestOnInterruptNeedsNoPlace(t *testing.T) {
	b := load(t, `
function on_message(msg) msg:reply("x") end
function on_interrupt(msg) return true end`, withLimits(Limits{Handlers: 1}))
	started := waiting(b)
	ctx, interrupt := context.WithCancelCause(context.Background())
	done := make(chan error)
	go func() { done <- b.OnMessage(ctx, textEvent("1", "x")) }()
	<-started
	if stop, err := b.OnInterrupt(context.Background(), textEvent("2", "stop")); !stop || err != nil {
		t.Error(stop, err)
	}
	interrupt(ErrInterrupted)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := b.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := b.OnInterrupt(context.Background(), textEvent("2", "stop")); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// interrupted runs a handler and interrupts it in the first send, which is
// broken off; later ones work. It returns what OnMessage did.
func interrupted(t *testing.T, b *bot, broken error) error {
	t.Helper()
	ctx, interrupt := context.WithCancelCause(context.Background())
	first := true
	b.host.send = func(ctx context.Context, req SendRequest) (SendResult, error) {
		if first {
			first = false
			interrupt(ErrInterrupted)
			<-ctx.Done()
			if broken != nil {
				return SendResult{}, broken
			}
			return SendResult{}, context.Cause(ctx)
		}
		if err := ctx.Err(); err != nil {
			return SendResult{}, err
		}
		b.host.mu.Lock()
		defer b.host.mu.Unlock()
		b.host.sent = append(b.host.sent, req)
		return SendResult{Status: StatusSent}, nil
	}
	return b.OnMessage(ctx, textEvent("1", "x"))
}

func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		broken error
		want   string
	}{
		{nil, "interrupted\tthe call was broken off, as the handler was interrupted"},
		{context.Canceled, "interrupted\tthe call was broken off, as the handler was interrupted"},
		{fmt.Errorf("post: %w", context.Canceled), "interrupted\tthe call was broken off, as the handler was interrupted"},
		{errors.New("broken"), "failed\tbroken"},
		{&HostError{Kind: StatusQuota, Message: "no more"}, "quota\tno more"},
	} {
		b := load(t, `
function on_message(msg)
  print(ilink.cancelled())
  local r, err = msg:reply("broken off")
  print(r, err.kind, err, ilink.cancelled())
  assert(msg:typing(false))
  assert(msg:reply("stopped"))
  print("returns")
end`)
		if err := interrupted(t, b, c.broken); err != nil {
			t.Error(err)
		}
		wantLines(t, b.host.logged(), "INFO false", "INFO nil\t"+c.want+"\ttrue", "INFO returns")
		if len(b.host.sent) != 1 || b.host.sent[0].Parts[0].Text != "stopped" {
			t.Errorf("sent %+v", b.host.sent)
		}
	}
}

// TestFailsAfterInterrupt: a script that didn't expect it may fail, and the host
// can tell.
func TestFailsAfterInterrupt(t *testing.T) {
	for _, body := range []string{`assert(msg:reply("x"))`, `msg:reply("x") local t = nil; return t.x`} {
		b := load(t, "function on_message(msg)\n"+body+"\nend")
		err := interrupted(t, b, nil)
		if e := asScriptError(t, err); e.Kind != KindRuntime || !errors.Is(err, ErrInterrupted) || e.Certain() {
			t.Errorf("%s: %s %v", body, e.Kind, err)
		}
	}
}

func TestInterruptBeforeTheHandler(t *testing.T) {
	b := load(t, "function on_message(msg) print('began') end")
	ctx, interrupt := context.WithCancelCause(context.Background())
	interrupt(ErrInterrupted)
	for range 20 {
		if err := b.OnMessage(ctx, textEvent("1", "x")); !errors.Is(err, ErrInterrupted) {
			t.Fatal(err)
		}
	}
	wantText(t, b.host.logged(), "")
}

// TestInterruptedIsBounded: what was interrupted ends all the same.
func TestInterruptedIsBounded(t *testing.T) {
	script := `function on_message(msg) msg:reply("1") while true do msg:reply("2") end end`
	start := func(l Limits) (*bot, chan struct{}, chan error) {
		b := load(t, script, withLimits(l))
		started, done := waiting(b), make(chan error, 1)
		ctx, interrupt := context.WithCancelCause(context.Background())
		go func() { done <- b.OnMessage(ctx, textEvent("1", "x")) }()
		<-started
		interrupt(ErrInterrupted)
		<-started // the second one waits, and isn't broken off
		return b, started, done
	}
	_, _, done := start(Limits{Wall: 50 * time.Millisecond})
	if e := asScriptError(t, <-done); e.Limit != LimitWall {
		t.Error(e)
	}
	b, _, done := start(Limits{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Close(ctx); err == nil {
		t.Error("nothing had to be stopped")
	}
	if e := asScriptError(t, <-done); e.Kind != KindKilled {
		t.Error(e)
	}
}

// TestInterruptLoop: a handler that only computes asks, and others run meanwhile.
func TestInterruptLoop(t *testing.T) {
	b := load(t, `function on_message(msg) repeat until ilink.cancelled() end`)
	ctx, interrupt := context.WithCancelCause(context.Background())
	go func() {
		time.Sleep(5 * time.Millisecond)
		interrupt(ErrInterrupted)
	}()
	if err := b.OnMessage(ctx, textEvent("1", "x")); err != nil {
		t.Error(err)
	}
}

// TestInterruptsAtAnyTime: whenever it comes, the handler returns or never began.
func TestInterruptsAtAnyTime(t *testing.T) {
	b := load(t, `
function on_message(msg)
  for i = 1, 20 do
    local r, err = msg:reply("x")
    if err then assert(err.kind == "interrupted", err) end
  end
  assert(msg:reply("end"))
end`)
	b.host.send = func(ctx context.Context, _ SendRequest) (SendResult, error) {
		select {
		case <-ctx.Done():
			return SendResult{}, context.Cause(ctx)
		case <-time.After(50 * time.Microsecond):
			return SendResult{Status: StatusSent}, nil
		}
	}
	var wg sync.WaitGroup
	for i := range 100 {
		ctx, interrupt := context.WithCancelCause(context.Background())
		wg.Go(func() {
			if err := b.OnMessage(ctx, textEvent(fmt.Sprint(i), "x")); err != nil && !errors.Is(err, ErrInterrupted) {
				t.Error(err)
			}
		})
		wg.Go(func() {
			time.Sleep(time.Duration(i*20) * time.Microsecond)
			interrupt(ErrInterrupted)
		})
	}
	wg.Wait()
}

// TestInterruptThatNoCallTold: a send that is made later instead doesn't fail, so the
// question after it does, and only that one.
func TestInterruptThatNoCallTold(t *testing.T) {
	b := load(t, `
function on_message(msg)
  print(msg:reply("slow").status)
  local answer, err = msg:ask("first?")
  print(answer, err.kind)
  print(msg:ask("really?").text)
end`)
	ctx, cancel := context.WithCancelCause(t.Context())
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		cancel(ErrInterrupted)
		return SendResult{Status: StatusDeferred}, nil
	}
	b.host.await = answers("yes")
	if err := b.OnMessage(ctx, textEvent("1", "go")); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(), "INFO deferred", "INFO nil\tinterrupted", "INFO yes")
}
