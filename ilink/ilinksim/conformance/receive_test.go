package conformance

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func testReceive(t *testing.T, c *client) {
	r := newRig(t, c, shortHold())
	texts := []string{
		"ping",
		"你好，世界",
		"👋🏽 👨‍👩‍👧 🇨🇳 é",
		`says "message_id": 12345678901234567890, \ and <b>&amp;</b>`,
		"two\nlines\tand \u2028 a separator",
	}
	above53, above63 := 0, 0
	for _, text := range texts {
		m := r.say("alice", text)
		it := m.item(t)
		if it.Type != 1 || it.Text.Text != text {
			t.Errorf("type %d text %q, want 1 %q", it.Type, it.Text.Text, text)
		}
		if it.MsgID != m.ID {
			t.Errorf("msg_id %s of message %s", it.MsgID, m.ID)
		}
		id, err := strconv.ParseUint(m.ID, 10, 64)
		if err != nil {
			t.Error(err)
		}
		if id > 1<<53 {
			above53++
		}
		if id >= 1<<63 {
			above63++
		}
	}
	if above53 != len(texts) || above63 == 0 {
		t.Errorf("%d of %d ids above 2^53, want all; %d above int64, want some", above53, len(texts), above63)
	}

	// A batch comes in order, a quote with the exact id of what it quotes.
	first := r.sim.Say("alice", "one")
	r.sim.Say("bob", "two")
	if _, err := r.sim.Inject(ilinksim.In{From: "alice", Text: "three", Quote: first}); err != nil {
		t.Fatal(err)
	}
	before := r.cursor
	u := r.poll()
	var got []string
	for _, m := range u.Msgs {
		got = append(got, m.From+" "+m.item(t).Text.Text)
	}
	if want := []string{"alice@im.wechat one", "bob@im.wechat two", "alice@im.wechat three"}; !slices.Equal(got, want) {
		t.Fatalf("batch %q, want %q", got, want)
	}
	if ref := u.Msgs[2].item(t).Ref.ID; ref != first {
		t.Errorf("svr_id %s, want %s", ref, first)
	}
	if r.cursor == before || r.cursor == "" {
		t.Errorf("cursor %q after a batch, %q before it", r.cursor, before)
	}
	if u.Timeout <= 200 {
		t.Errorf("longpolling_timeout_ms %d, want more than the hold", u.Timeout)
	}

	// Old cursors bring nothing back, and an empty answer keeps the new one.
	now := r.cursor
	for _, cursor := range []string{before, "", now} {
		r.cursor = cursor
		if u := r.poll(); len(u.Msgs) != 0 || u.Ret != 0 || u.ErrCode != 0 {
			t.Errorf("poll with cursor %q: %+v, want nothing", cursor, u)
		}
		if r.cursor != cursor && r.cursor != now {
			t.Errorf("cursor %q after an empty answer, want %q or %q", r.cursor, cursor, now)
		}
	}
}

func testHold(t *testing.T, c *client) {
	r := newRig(t, c) // holds 35 s, as the real server

	// A message ends a held poll at once.
	held := c.start("getUpdates", r.params(map[string]any{"get_updates_buf": ""}))
	if err := r.sim.WaitPolling(testContext(t), ""); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	id := r.sim.Say("alice", "wake up")
	var u update
	if err := c.finish("getUpdates", held, &u); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("a held poll answered %v after the message", took)
	}
	if len(u.Msgs) != 1 || u.Msgs[0].ID != id {
		t.Fatalf("held poll: %+v, want message %s", u, id)
	}
	r.cursor = u.Cursor

	// The client giving up is an empty answer with its own cursor, and takes
	// no message along.
	var gaveUp update
	r.call("getUpdates", r.params(map[string]any{"get_updates_buf": r.cursor, "timeoutMs": 100}), &gaveUp)
	if gaveUp.Ret != 0 || len(gaveUp.Msgs) != 0 || gaveUp.Cursor != r.cursor {
		t.Errorf("after a time-out: %+v, want nothing and cursor %q", gaveUp, r.cursor)
	}
	waitFor(t, "end of a poll whose client has hung up", func() bool { return !r.sim.State().Bots[0].Polling })
	r.say("alice", "still there?")
}

func testTwoPollers(t *testing.T, c *client) {
	r := newRig(t, c)
	first := c.start("getUpdates", r.params(nil))
	if err := r.sim.WaitPolling(testContext(t), ""); err != nil {
		t.Fatal(err)
	}
	second := c.start("getUpdates", r.params(nil))
	var u update
	if err := c.finish("getUpdates", first, &u); err != nil {
		t.Fatal(err)
	}
	if u.Ret != -14 && u.ErrCode != -14 {
		t.Errorf("the first of two pollers gets %+v, want -14", u)
	}
	id := r.sim.Say("alice", "for the second")
	if err := c.finish("getUpdates", second, &u); err != nil {
		t.Fatal(err)
	}
	if len(u.Msgs) != 1 || u.Msgs[0].ID != id {
		t.Errorf("the second poller gets %+v, want message %s", u, id)
	}
}

func testSession(t *testing.T, c *client) {
	r := newRig(t, c, shortHold())
	r.say("alice", "hello")
	if err := r.sim.ExpireToken(r.bot.ID); err != nil {
		t.Fatal(err)
	}
	if u := r.poll(); u.Ret != -14 && u.ErrCode != -14 {
		t.Errorf("getUpdates with a stale token: %+v, want -14", u)
	}
	var config struct {
		Ret     int    `json:"ret"`
		ErrCode int    `json:"errcode"`
		Ticket  string `json:"typing_ticket"`
	}
	r.call("getConfig", r.params(map[string]any{"ilinkUserId": "alice@im.wechat"}), &config)
	if config.Ret != -14 && config.ErrCode != -14 || config.Ticket != "" {
		t.Errorf("getConfig with a stale token: %+v, want -14", config)
	}
}

func testNotify(t *testing.T, c *client) {
	r := newRig(t, c)
	want := []string{"start", "stop", "start"}
	for _, kind := range want {
		var got struct {
			Ret *int `json:"ret"`
		}
		r.call("notify"+map[string]string{"start": "Start", "stop": "Stop"}[kind], r.params(nil), &got)
		if got.Ret == nil || *got.Ret != 0 {
			t.Errorf("notify %s: ret %v, want 0", kind, got.Ret)
		}
	}
	var kinds []string
	for _, n := range r.sim.Notifications(0) {
		if n.Bot != r.bot.ID {
			t.Errorf("notification for bot %q, want %q", n.Bot, r.bot.ID)
		}
		kinds = append(kinds, n.Kind)
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("recorded %q, want %q", kinds, want)
	}
}
