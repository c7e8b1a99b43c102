package runtime

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
)

const survey = `
local seen = 0
function on_message(msg)
  seen = seen + 1
  local id = os.time()
  local name = msg:ask("Name?")
  local age, years = msg:ask("Age?", { match = "^%d+$", timeout = 3600 })
  if not age then return msg:reply("Gave up: " .. years.kind) end
  local colour = msg:choose("Colour?", { "red", "blue" })
  msg:reply(name.text .. ", " .. years .. ", " .. colour)
end`

// TestDialogueSurvivesRestart: the third question is answered to another process
// than the one that put it, and each question is put once.
func TestDialogueSurvivesRestart(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(survey)
		b.says("alice", "hi")
		time.Sleep(time.Minute)
		for _, answer := range []string{"Anna", "30"} {
			b.stop()
			b.start()
			b.script(survey)
			time.Sleep(time.Minute)
			b.says("alice", answer)
			time.Sleep(time.Minute)
		}
		b.stop()
		b.start()
		b.says("alice", "blue") // is there before the handler is
		b.script(survey)
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Age? alice: Colour?\n1. red\n2. blue alice: Anna, 30, blue]")
		wantEqual(t, "inbox", b.inbox(), "[]")
		wantEqual(t, "asking", b.bot.status().Asking, 0)
	})
}

// TestDialogueAfterChange: a dialogue goes on with the version of the script that it
// began with; after a restart it can't if that has gone another way since.
func TestDialogueAfterChange(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(survey)
		b.says("alice", "hi")
		b.says("bob", "hi")
		time.Sleep(time.Minute)
		changed := strings.Replace(survey, "Age?", "How old?", 1)
		b.script(changed)
		b.says("alice", "Anna")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? bob: Name? alice: Age?]")
		b.stop()
		b.start()
		b.script(changed)
		b.says("bob", "Ben")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? bob: Name? alice: Age? bob: How old?]")
		dead, err := b.store.Unhandled(t.Context(), "bot")
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range dead {
			if in.User == "alice" && (in.State != "dead" || !strings.Contains(in.Error, `was msg:ask("Age?") and is msg:ask("How old?")`)) {
				t.Errorf("alice's message is %s: %s", in.State, in.Error)
			}
		}
		// The next message begins anew.
		b.says("alice", "hi")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", len(b.server.texts()), 5)
	})
}

// TestDialogueOutlivesGeneration: when the old generation's time is over, the
// dialogue goes on with the new one.
func TestDialogueOutlivesGeneration(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(survey)
		b.says("alice", "hi")
		time.Sleep(time.Minute)
		b.script(survey + "\n-- a comment")
		time.Sleep(2 * script.RetireTimeout)
		wantEqual(t, "asking", b.bot.status().Asking, 1)
		b.says("alice", "Anna")
		b.says("alice", "30")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Age? alice: Colour?\n1. red\n2. blue]")
		wantEqual(t, "retried", b.bot.status().Retried, 0)
	})
}

// TestDialogueTimeout: the time for an answer goes on while the program is down.
func TestDialogueTimeout(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(survey)
		b.says("alice", "hi")
		time.Sleep(time.Second)
		b.says("alice", "Anna")
		time.Sleep(40 * time.Minute)
		b.stop()
		b.start()
		b.script(survey)
		time.Sleep(19 * time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Age?]")
		time.Sleep(2 * time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Age? alice: Gave up: timeout]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// TestFailureInDialogue: after an error the handler goes on behind the last answer.
func TestFailureInDialogue(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`
local failed = false
function on_message(msg)
  local name = msg:ask("Name?")
  msg:reply("Hello, " .. name.text)
  if not failed then failed = true error("not now") end
  local age = msg:ask("Age?")
  msg:reply(age.text)
end`)
		b.says("alice", "hi")
		time.Sleep(time.Minute)
		b.says("alice", "Anna")
		time.Sleep(time.Minute)
		b.says("alice", "30")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Hello, Anna alice: Age? alice: 30]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// TestInterruptInDialogue: on_interrupt sees what comes while an answer is waited
// for, and what it doesn't want is the answer.
func TestInterruptInDialogue(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`
function on_interrupt(msg) return msg.text == "/cancel" end
function on_message(msg)
  local name, err = msg:ask("Name?")
  msg:reply(name and name.text or err.kind)
end`)
		b.says("alice", "hi")
		b.says("bob", "hi")
		time.Sleep(time.Minute)
		b.says("alice", "/cancel")
		b.says("bob", "Ben")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? bob: Name? alice: interrupted bob: Ben]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// TestSecondInterrupt: a handler is interrupted once; a further message that would do so
// is no less a message, and answers what the handler asks after all.
func TestSecondInterrupt(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.script(`
function on_interrupt(msg) return msg.text == "stop" end
function on_message(msg)
  local name, err = msg:ask("Name?")
  local sure = msg:ask("Stop?")
  msg:reply(err.kind .. " " .. sure.text)
end`)
		b.says("alice", "hi")
		time.Sleep(time.Minute)
		b.says("alice", "stop")
		time.Sleep(time.Minute)
		b.says("alice", "stop")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: Name? alice: Stop? alice: interrupted stop]")
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}

// TestManyDialogues: those beyond the limit wait without a handler, and go on all the
// same.
func TestManyDialogues(t *testing.T) {
	if testing.Short() {
		t.Skip("many users")
	}
	inBubble(t, func(c *Config) { quick(c); c.Bots[0].Parallel = 4 }, func(t *testing.T, b *bench) {
		b.script(`function on_message(msg) msg:reply(msg:ask().text .. msg:ask().text) end`)
		const users = inbox.MaxLiveDialogues + 50
		for round := range 3 {
			for i := range users {
				b.says(fmt.Sprint("user", i), fmt.Sprint(round))
			}
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		wantEqual(t, "answers", len(b.server.texts()), users)
		for _, text := range b.server.texts() {
			if !strings.HasSuffix(text, ": 12") {
				t.Fatalf("an answer is %q", text)
			}
		}
		wantEqual(t, "inbox", b.inbox(), "[]")
	})
}
