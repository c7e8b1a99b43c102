package runtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// inbox returns the messages that are waiting or dead, as "id state attempts".
func (b *bench) inbox() (all []string) {
	b.t.Helper()
	synctest.Wait()
	messages, err := b.store.Unhandled(b.t.Context(), "bot")
	if err != nil {
		b.t.Fatal(err)
	}
	for _, in := range messages {
		all = append(all, fmt.Sprintf("%d %s %d", in.ID, in.State, in.Attempts))
	}
	return all
}

const echo = `function on_message(msg) msg:reply(msg.text) end`

func TestConversationsAreHandledInOrderAndSideBySide(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(echo)
		b.says("alice", "a1", "a2", "a3")
		b.says("bob", "b1", "b2")
		time.Sleep(time.Minute)
		texts := b.server.texts()
		of := func(user string) []string {
			return slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return !strings.HasPrefix(s, user) })
		}
		wantEqual(t, "alice", of("alice"), "[alice: a1 alice: a2 alice: a3]")
		wantEqual(t, "bob", of("bob"), "[bob: b1 bob: b2]")
		if slices.Index(texts, "bob: b1") > slices.Index(texts, "alice: a2") {
			t.Errorf("a conversation waited for another: %v", texts)
		}
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

func TestNoMoreConversationsAtOnceThanAllowed(t *testing.T) {
	inBubble(t, func(c *Config) { quick(c); c.Bots[0].Parallel = 2; c.Limits.ParallelSends = 8 }, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(echo)
		for i := range 4 {
			b.says(fmt.Sprint("user", i), "hello")
		}
		time.Sleep(1500 * time.Millisecond)
		wantEqual(t, "answers of the first two", len(b.server.requests()), 2)
		time.Sleep(2 * time.Second)
		wantEqual(t, "answers", len(b.server.requests()), 4)
	})
}

// endless lets a script be busy by sending to bob, each message for a second.
func endless(c *Config) { quick(c); c.Limits.PerInbound = -1 }

// A handler that fails is tried again after 10, 20 and 30 s, and keeps the later
// messages of its conversation waiting; then the message is dead.
func TestRetriesAndDeath(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		begun := time.Now()
		b.script(`
local tries = 0
function on_message(msg)
  if msg.text == "fail" then
    tries = tries + 1
    ilink.send("carol", "try " .. tries)
    msg:reply("before")
    error("not now")
  end
  msg:reply(msg.text)
end`)
		b.opens("carol")
		b.says("alice", "fail", "next")
		b.says("bob", "hello")
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{0, "[2 waiting 1 3 waiting 0]"}, {11, "[2 waiting 2 3 waiting 0]"}, {31, "[2 waiting 3 3 waiting 0]"}, {61, "[2 dead 4]"}} {
			time.Sleep(time.Until(begun.Add(c.after*time.Second + 2*time.Second)))
			// The first message in the store is carol's, whom nobody answers.
			got := slices.DeleteFunc(b.inbox(), func(s string) bool { return strings.HasPrefix(s, "1 ") })
			wantEqual(t, fmt.Sprint("inbox after ", c.after), got, c.want)
		}
		// What it had sent is not sent again, though it would be another text now.
		texts := b.server.texts()
		slices.Sort(texts)
		wantEqual(t, "sent", texts, "[alice: before alice: next bob: hello carol: try 1]")
		dead, err := b.store.Unhandled(t.Context(), "bot")
		if err != nil {
			t.Fatal(err)
		}
		if d := dead[1]; !strings.Contains(d.Error, "not now") || !strings.Contains(d.Traceback, "bot.lua") {
			t.Errorf("the dead message says %q and %q", d.Error, d.Traceback)
		}
		wantEqual(t, "failed", b.bot.status().Failed, 1)
	})
}

// The number of retries is the same for what an earlier process left.
func TestRetriesAfterARestart(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.says("alice", "fail")
		b.stop()
		b.start()
		b.script(`function on_message(msg) error("not now") end`)
		time.Sleep(50 * time.Second)
		wantEqual(t, "inbox", b.inbox(), "[1 waiting 3]")
		time.Sleep(20 * time.Second)
		wantEqual(t, "inbox", b.inbox(), "[1 dead 4]")
	})
}

// A message at which the script is sure to fail waits for another script, which
// then gets the messages in their order.
func TestCertainFailuresWaitForAReload(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`function on_message(msg) nothing.at.all() end`)
		b.says("alice", "1", "2")
		wantEqual(t, "inbox", b.inbox(), "[1 dead 1 2 dead 1]")
		time.Sleep(time.Hour)
		b.script(echo)
		time.Sleep(time.Second)
		wantEqual(t, "sent", b.server.texts(), "[alice: 1 alice: 2]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// Revived messages go before younger ones that wait.
func TestRevivedMessagesKeepTheirPlace(t *testing.T) {
	inBubble(t, endless, func(t *testing.T, b *bench) {
		b.script(`
function on_message(msg)
  if msg.text == "1" then nothing.at.all() end
  while true do ilink.send("bob", "tick") end
end`)
		b.server.takes = time.Second
		b.says("alice", "1", "2", "3")
		time.Sleep(time.Second)
		// 2 is being handled, on the old script; 3 and then 1 wait behind it.
		b.script(echo)
		wantEqual(t, "order", b.bot.inbox.Queue("alice"), "[2 1 3]")
	})
}

// The script is changed while a handler is about to fail for the script's sake:
// its message is not forgotten.
func TestReloadDuringAFailure(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(`function on_message(msg) msg:reply("wait") nothing.at.all() end`)
		b.says("alice", "hello")
		b.script(`function on_message(msg) msg:reply("wait") msg:reply("fine") end`)
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: wait alice: fine]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// on_interrupt sees what comes while a handler runs; its answers are its own, also
// where the message is then handled as any other.
func TestInterrupt(t *testing.T) {
	inBubble(t, func(c *Config) { quick(c); c.Limits.ParallelSends = 8 }, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(`
function on_message(msg)
  if msg.text == "work" then
    for i = 1, 5 do
      msg:reply("step " .. i)
      if ilink.cancelled() then return msg:reply("stopped") end
    end
  end
  if msg.text == "count" then
    for i = 1, 3 do msg:reply(i) end
  end
  msg:reply("handled " .. msg.text)
end
function on_interrupt(msg)
  if msg.text == "stop" then return true end
  msg:reply("seen " .. msg.text)
end`)
		b.says("alice", "work")
		time.Sleep(500 * time.Millisecond)
		b.says("alice", "stop")
		time.Sleep(time.Minute)
		b.says("bob", "count")
		time.Sleep(500 * time.Millisecond)
		b.says("bob", "hello")
		time.Sleep(time.Minute)
		texts := b.server.texts()
		wantEqual(t, "sent", texts, "[alice: step 1 alice: stopped bob: 1 bob: seen hello bob: 2 bob: 3 bob: handled count bob: handled hello]")
		wantEqual(t, "inbox", b.inbox(), "[]")
		wantEqual(t, "handled", b.bot.status().Handled, 4)
	})
}

// A message is not handled while on_interrupt still has it, which may have dealt
// with it.
func TestAMessageWaitsForItsInterrupt(t *testing.T) {
	inBubble(t, func(c *Config) { quick(c); c.Limits.ParallelSends = 8 }, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(`
function on_message(msg) msg:reply("handled " .. msg.text) end
function on_interrupt(msg)
  msg:reply("one moment")
  ilink.send("bob", "busy")
  return true
end`)
		b.opens("bob")
		b.says("alice", "work")
		b.says("alice", "stop")
		time.Sleep(time.Minute)
		texts := b.server.texts()
		slices.Sort(texts)
		wantEqual(t, "sent", texts, "[alice: handled work alice: one moment bob: busy]")
	})
}

// A handler that doesn't end is ended at the stop, and its message handled again,
// as no failure, at the next start.
func TestStopEndsHandlers(t *testing.T) {
	inBubble(t, endless, func(t *testing.T, b *bench) {
		b.script(`function on_message(msg) msg:reply("begun") while true do ilink.send("bob", "x") end end`)
		b.server.takes = 100 * time.Millisecond
		b.says("alice", "hello")
		time.Sleep(time.Second)
		begun := time.Now()
		b.stop()
		if d := time.Since(begun); d > 2*time.Second {
			t.Errorf("the stop took %v", d)
		}
		b.start()
		wantEqual(t, "inbox", b.inbox(), "[1 waiting 0]")
		b.script(`function on_message(msg) msg:reply("begun") msg:reply("and ended") end`)
		time.Sleep(time.Minute)
		texts := slices.DeleteFunc(b.server.texts(), func(s string) bool { return strings.HasPrefix(s, "bob") })
		wantEqual(t, "sent", texts, "[alice: begun alice: and ended]")
	})
}

// Nor does a store that takes nothing keep the bot from stopping.
func TestStopWithAStoreThatRefuses(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(echo)
		err := b.store.Update(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec(`CREATE TRIGGER refuse BEFORE UPDATE ON inbox BEGIN SELECT RAISE(ABORT, 'no room'); END`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		b.says("alice", "hello")
		time.Sleep(10 * time.Second)
		b.stop()
		b.start()
		wantEqual(t, "inbox", b.inbox(), "[1 waiting 0]")
		b.script(echo)
		time.Sleep(10 * time.Second)
		wantEqual(t, "sent", b.server.texts(), "[alice: hello]")
		if err := b.store.Update(t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec(`DROP TRIGGER refuse`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// A message that was interrupted before its handler began counts as handled.
func TestCancelledShowsTheNextMessage(t *testing.T) {
	inBubble(t, endless, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.script(`
function on_message(msg)
  if msg.text ~= "work" then return msg:reply("handled " .. msg.text) end
  while true do
    ilink.send("bob", "busy")
    local next = ilink.cancelled()
    if next then return msg:reply("stopped by " .. next.text) end
  end
end`)
		b.opens("bob")
		b.says("alice", "work")
		time.Sleep(time.Second)
		b.says("alice", "hello")
		time.Sleep(time.Minute)
		texts := slices.DeleteFunc(b.server.texts(), func(s string) bool { return strings.HasPrefix(s, "bob") })
		wantEqual(t, "sent", texts, "[alice: stopped by hello alice: handled hello]")
	})
}

// TestLifecycle: on_start for each version of the script, on_stop at its end,
// on_error when a handler has failed for good.
func TestLifecycle(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		script := `
function on_start(info) ilink.send("alice", "VERSION start " .. info.reason) end
function on_stop(info) ilink.send("alice", "VERSION stop " .. info.reason) end
function on_error(err, msg) msg:reply("sorry: " .. err .. err.line) end
function on_message(msg) if msg.text == "fail" then error("oops") end end`
		b.opens("alice")
		b.script(strings.ReplaceAll(script, "VERSION", "1"))
		time.Sleep(time.Minute)
		b.script(strings.ReplaceAll(script, "VERSION", "2"))
		time.Sleep(time.Minute)
		b.says("alice", "fail")
		time.Sleep(2 * time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: 1 start start alice: 1 stop reload alice: 2 start reload alice: sorry: oops5]")
		b.stop()
		texts := b.server.texts()
		wantEqual(t, "sent last", texts[len(texts)-1], "alice: 2 stop stop")
	})
}
