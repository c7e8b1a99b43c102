package faulttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// parts answers "parts" with 25 messages of one call, in the mode named behind
// it, and "push NAME" by a message to somebody else.
const parts = `
function on_message(msg)
  local mode = msg.text:match("^parts (%a+)$")
  local to = msg.text:match("^push (%a+)$")
  if mode then
    local list = {}
    for i = 1, 25 do list[i] = "part " .. i end
    list[1] = { text = list[1], mode = mode }
    local result, err = msg:reply(unpack(list))
    if not result then ilink.log.warn("refused: " .. err.kind) end
    if result then ilink.log.info("result: " .. result.status) end
  elseif to then
    ilink.send(to .. "@im.wechat", "pushed by " .. msg.from)
    msg:reply("done")
  else
    msg:reply("re: " .. msg.text)
  end
end`

// want are the parts from one number to another.
func want(from, to int) (all []string) {
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprint("part ", i))
	}
	return all
}

func (w *world) expect(user string, want ...string) {
	w.t.Helper()
	if got := w.texts(user, len(want)); !slices.Equal(got, want) {
		w.t.Errorf("%s got %q, want %q", user, got, want)
	}
}

// Of 25 parts ten come, and ten more with each message of the user's; what
// answers those comes behind, and others don't wait.
func TestQuotaDefers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: parts}))
	w.start()
	w.say("bot0", "alice", "parts defer")
	w.expect("alice", want(1, 10)...)
	w.idle("bob")
	w.say("bot0", "alice", "go on")
	w.expect("alice", want(11, 20)...)
	w.idle("bob")

	// What waits survives a restart.
	w.kill()
	w.start()
	w.idle("bob")
	w.say("bot0", "alice", "and on")
	w.expect("alice", append(want(21, 25), "re: go on", "re: and on")...)
	w.idle("bob")
	if n := w.logged("result: deferred"); n != 1 {
		t.Errorf("the script was told %d times that it has to wait", n)
	}
	w.noneRefused()
}

// Where a send must not wait nothing of it is sent.
func TestQuotaFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: parts}))
	w.start()
	w.say("bot0", "alice", "parts fail")
	w.until("the script is told", func() bool { return w.logged("refused: quota") > 0 })
	w.idle("bob")
	w.say("bot0", "alice", "hello")
	w.expect("alice", "re: hello")
	w.stop()
	if r := w.look(); r.outbox["queued"] > 0 {
		t.Errorf("outbox %v", r.outbox)
	}
	w.noneRefused()
}

// The last send of a window may say that there is more.
func TestQuotaNudges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: parts, config: "nudge_text = \"more\"\n"}))
	w.start()
	w.say("bot0", "alice", "parts nudge")
	w.expect("alice", append(want(1, 9), "more")...)
	w.idle("bob")
	w.say("bot0", "alice", "go on")
	w.expect("alice", append(want(10, 18), "more")...)
	w.idle("bob")
	w.say("bot0", "alice", "and on")
	w.expect("alice", append(want(19, 25), "re: go on", "re: and on")...)
	w.idle("bob")
	w.noneRefused()
}

// A push in the 25th hour waits until its user writes, and comes behind the
// answer.
func TestPushAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{script: parts}))
	w.start()
	w.say("bot0", "alice", "hello")
	w.expect("alice", "re: hello")
	w.sim.Advance(25 * time.Hour)
	w.say("bot0", "bob", "push alice")
	w.expect("", "done")
	w.idle("bob")
	w.kill()
	w.start()
	w.idle("bob")
	w.say("bot0", "alice", "good morning")
	got := w.texts("alice", 2)
	if got[0] != "pushed by bob@im.wechat" {
		got[0], got[1] = got[1], got[0]
	}
	if strings.Join(got, "|") != "pushed by bob@im.wechat|re: good morning" {
		t.Errorf("alice got %q", got)
	}
	w.noneRefused()
}
