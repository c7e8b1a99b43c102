package runtime

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
)

// What happens to a handler that is run again when something else happens meanwhile.

// TestTooManyCallsToRecord: a handler whose calls are too many to be recorded is run
// again from what there is of its records, and changes nothing twice.
func TestTooManyCallsToRecord(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`
local tries = 0
function on_message(msg)
  tries = tries + 1
  msg:reply("begun")
  for i = 1, 11000 do os.time() end
  ilink.after(3600, remind)
  msg:reply("calls")
  if tries < 3 then error("not now") end
  msg:reply("try " .. tries)
end
function remind() end`)
		b.says("alice", "hi")
		time.Sleep(2 * time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: begun alice: calls alice: try 3]")
		wantEqual(t, "inbox", b.inbox(), "[]")
		timers, err := b.store.NextTimers(t.Context(), "bot", 10)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "timers", len(timers), 1)
	})
}

// TestTooManyCallsToWait: such a handler couldn't go on after a restart.
func TestTooManyCallsToWait(t *testing.T) {
	for _, call := range []string{`msg:ask("Name?")`, `ilink.after(60, function() msg:reply("later") end)`} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.script(`
function on_error(err, msg) msg:reply(err.message) end
function on_message(msg)
  for i = 1, 11000 do os.time() end
  local ok, err = ` + call + `
  if err then error(err.message) end
end`)
			b.says("alice", "hi")
			time.Sleep(2 * time.Minute)
			texts := b.server.texts()
			if len(texts) == 0 || !strings.Contains(texts[len(texts)-1], "10000 calls") {
				t.Errorf("%s: sent %q", call, texts)
			}
		})
	}
}

// TestRetryByHandDuringOnError: a message that is brought back while on_error still
// has it isn't forgotten.
func TestRetryByHandDuringOnError(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = 5 * time.Second
		b.script(`
local failed = false
function on_error(err, msg) msg:reply("sorry") end
function on_message(msg)
  if not failed then failed = true nothing.at.all() end
  msg:reply("done")
end`)
		b.says("alice", "hi")
		time.Sleep(time.Second)
		wantEqual(t, "inbox", b.inbox(), "[1 dead 1]")
		if err := b.store.Revive(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if err := b.bot.inbox.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: sorry alice: done]")
		wantEqual(t, "inbox", b.inbox(), "[]")
		wantEqual(t, "waiting", b.bot.status().Waiting, 0)
	})
}

// TestDropADialogue: a dialogue that is dropped by hand ends, whether its handler is
// in memory or not, and the user's next message begins anew.
func TestDropADialogue(t *testing.T) {
	for _, parked := range []bool{false, true} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.script(survey)
			b.says("alice", "hi")
			time.Sleep(time.Minute)
			if parked {
				b.script(survey)
				time.Sleep(2 * script.RetireTimeout)
			}
			if err := b.store.Drop(t.Context(), 1, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := b.bot.inbox.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			s := b.bot.status()
			wantEqual(t, "asking", s.Asking, 0)
			wantEqual(t, "waiting", s.Waiting, 0)
			b.says("alice", "hi again")
			time.Sleep(time.Minute)
			wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Name?]")
			wantEqual(t, "inbox", b.inbox(), "[2 waiting 0]")
			wantEqual(t, "failed", b.bot.status().Failed, 0)
		})
	}
}

// TestDropAHandler: a message dropped while its handler runs isn't brought back by
// that handler's failure.
func TestDropAHandler(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = time.Minute
		b.script(`function on_message(msg) msg:reply("begun") error("not now") end`)
		b.says("alice", "hi")
		if err := b.store.Drop(t.Context(), 1, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := b.bot.inbox.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		wantEqual(t, "inbox", b.inbox(), "[]")
		wantEqual(t, "waiting", b.bot.status().Waiting, 0)
	})
}

// TestInterruptOfADialoguePutAway: on_interrupt sees what comes for a dialogue that
// isn't in memory just as for one that is.
func TestInterruptOfADialoguePutAway(t *testing.T) {
	text := `
function on_interrupt(msg) return msg.text == "/cancel" end
function on_message(msg)
  local name, err = msg:ask("Name?")
  msg:reply(name and name.text or err.kind)
end`
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(text)
		b.says("alice", "hi")
		b.says("bob", "hi")
		time.Sleep(time.Minute)
		b.script(text + "\n-- a comment")
		time.Sleep(2 * script.RetireTimeout)
		b.says("alice", "/cancel")
		b.says("bob", "Ben")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? bob: Name? alice: interrupted bob: Ben]")
		wantEqual(t, "inbox", b.inbox(), "[]")
		wantEqual(t, "waiting", b.bot.status().Waiting, 0)
	})
}

// TestOnErrorAfterAChange: what on_error sends to somebody else than before isn't
// taken for what it sent then.
func TestOnErrorAfterAChange(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("carol")
		b.script(`
function on_error(err, msg) msg:reply("sorry") end
function on_message(msg) if msg.text == "fail" then nothing.at.all() end end`)
		b.says("alice", "fail")
		time.Sleep(time.Minute)
		b.script(`
function on_error(err, msg) ilink.send("carol", "it fails") end
function on_message(msg) if msg.text == "fail" then nothing.at.all() end end`)
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: sorry carol: it fails]")
	})
}

// TestInterruptedCalls: a call that an interrupt breaks off ends in a way by which
// luabind knows it.
func TestInterruptedCalls(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(luabind.ErrInterrupted)
		_, err := b.bot.host.Send(ctx, luabind.SendRequest{To: "alice", Parts: textParts([]string{"hello"})})
		var he *luabind.HostError
		if !errors.Is(err, context.Canceled) || errors.As(err, &he) {
			t.Errorf("a send ends with %#v", err)
		}
	})
}
