package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

type resolver func(sandboxID string) string

func (r resolver) GetPodIP(sandboxID string) string { return r(sandboxID) }

func forwardBinding(bot ilinksim.Bot, tg *target) BridgeBinding {
	binding := bindingOf(bot, "s")
	binding.PodIP, binding.BridgeSecret = tg.address(), "bridge-secret"
	return binding
}

// The requests are those of seed B's bridge, to the letter.
func TestForward(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	sim := newSim(t, ilinksim.WithManualClock(start))
	bot := sim.AddBot("b")
	tg := newTarget(t)
	db := newMemDB()
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Logger: quiet()}))
	id1 := sim.Say("alice", "hello")
	sim.Advance(1500 * time.Millisecond)
	id2 := sim.Say("alice", "你好")
	id3 := sim.Say("bob", "hi")
	b.StartPoller(forwardBinding(bot, tg))
	eventually(t, "three messages", func() bool { return len(tg.got("/message")) == 3 })
	want := []string{
		`POST /metadata {"chat_jid":"alice@im.wechat","timestamp":"2026-03-04T05:06:07.089Z","name":"alice@im.wechat","is_group":false}`,
		`POST /message {"id":"weixin-` + id1 + `","chat_jid":"alice@im.wechat","sender":"alice@im.wechat",` +
			`"sender_name":"alice@im.wechat","content":"hello","timestamp":"2026-03-04T05:06:07.089Z"}`,
		`POST /message {"id":"weixin-` + id2 + `","chat_jid":"alice@im.wechat","sender":"alice@im.wechat",` +
			`"sender_name":"alice@im.wechat","content":"你好","timestamp":"2026-03-04T05:06:08.589Z"}`,
		`POST /metadata {"chat_jid":"bob@im.wechat","timestamp":"2026-03-04T05:06:08.589Z","name":"bob@im.wechat","is_group":false}`,
		`POST /message {"id":"weixin-` + id3 + `","chat_jid":"bob@im.wechat","sender":"bob@im.wechat",` +
			`"sender_name":"bob@im.wechat","content":"hi","timestamp":"2026-03-04T05:06:08.589Z"}`,
	}
	got := tg.got("")
	for i, w := range want {
		if i >= len(got) || got[i].path+" "+got[i].body != w {
			t.Errorf("request %d:\n got %+v\nwant %s", i, got, w)
			break
		}
		if h := got[i].header; h.Get("Authorization") != "Bearer bridge-secret" || h.Get("Content-Type") != "application/json" {
			t.Errorf("request %d: headers %v", i, h)
		}
	}
	eventually(t, "the cursor", func() bool { return db.cursor("s", bot.ID) != "" })
	if token, _ := db.GetContextToken("s", bot.ID, "bob@im.wechat"); token == "" {
		t.Error("no context token")
	}
}

// The target goes away in the middle of a batch and comes back: nothing is lost,
// nothing comes twice, and the cursor waits for the end of it.
func TestForwardTargetComesBack(t *testing.T) {
	t.Parallel()
	sim := newSim(t)
	bot := sim.AddBot("b")
	tg, st, db := newTarget(t), &states{}, newMemDB()
	var up atomic.Bool
	up.Store(true)
	var taken atomic.Int32
	b := closeBridge(t, NewBridgeWith(db, resolver(func(string) string {
		// Gone once two messages are taken.
		if !up.Load() || taken.Add(1) > 2 && up.CompareAndSwap(true, false) {
			return "127.0.0.1:1"
		}
		return tg.address()
	}), Options{OnState: st.add, Logger: quiet()}))
	for i := range 5 {
		sim.Say("a", fmt.Sprint(i))
	}
	binding := forwardBinding(bot, tg)
	binding.PodIP = ""
	b.StartPoller(binding)
	eventually(t, "the failure is told", func() bool { return st.last().Err != nil })
	if n := len(tg.got("/message")); n != 2 {
		t.Fatalf("%d messages before the target went", n)
	}
	if c := db.cursor("s", bot.ID); c != "" {
		t.Fatalf("the cursor has moved: %q", c)
	}
	up.Store(true)
	taken.Store(-100)
	eventually(t, "the rest", func() bool { return len(tg.got("/message")) == 5 })
	eventually(t, "the cursor", func() bool { return db.cursor("s", bot.ID) != "" })
	for i, r := range tg.got("/message") {
		if !strings.Contains(r.body, fmt.Sprintf(`"content":"%d"`, i)) {
			t.Errorf("message %d is %s", i, r.body)
		}
	}
	if n := len(tg.got("/metadata")); n != 1 {
		t.Errorf("metadata %d times", n)
	}
	if s := st.last(); s.Err != nil || s.Phase != PhaseRunning {
		t.Errorf("%+v", s)
	}
}

// What can't be handed over waits for the next poller, through a stop.
func TestForwardAcrossStop(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	tg, db := newTarget(t), newMemDB()
	tg.answers("/message", 503)
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Logger: quiet()}))
	sim.Say("a", "1")
	b.StartPoller(forwardBinding(bot, tg))
	eventually(t, "a try", func() bool { return len(tg.got("/message")) == 1 })
	b.StopPoller("s", bot.ID)
	if n := len(tg.got("/message")); n != 2 {
		t.Errorf("%d tries, the last one comes with the stop", n)
	}
	if db.cursor("s", bot.ID) != "" {
		t.Error("the cursor has moved")
	}
	tg.answers("/message", 204)
	b.StartPoller(forwardBinding(bot, tg))
	eventually(t, "the cursor", func() bool { return db.cursor("s", bot.ID) != "" })
	if got := tg.got("/message"); len(got) != 3 || got[0].body != got[2].body {
		t.Errorf("%+v", got)
	}
}

// The server delivers twice, at once and an hour later, also around a restart of
// the poller; the old context token doesn't come back either.
func TestForwardDuplicates(t *testing.T) {
	sim := newSim(t, ilinksim.WithManualClock(time.Time{}))
	bot := sim.AddBot("b")
	tg, db := newTarget(t), newMemDB()
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Logger: quiet()}))
	for _, after := range []time.Duration{0, 45 * time.Minute} {
		if _, err := sim.AddFault(ilinksim.Fault{
			Endpoint: "getupdates", Kind: ilinksim.FaultDuplicate, After: after, Count: 1,
		}); err != nil {
			t.Fatal(err)
		}
	}
	delivered := func(n int) func() bool { return func() bool { return sim.State().Bots[0].Delivered == n } }
	sim.Say("a", "1")
	b.StartPoller(forwardBinding(bot, tg))
	eventually(t, "now", delivered(2))
	sim.Say("a", "2")
	eventually(t, "the second", delivered(3))
	waitPolling(t, sim, bot.ID)
	newest, _ := db.GetContextToken("s", bot.ID, "a@im.wechat")
	b.StopPoller("s", bot.ID)
	sim.Advance(46 * time.Minute)
	b.StartPoller(forwardBinding(bot, tg))
	eventually(t, "later", delivered(4))
	sim.Say("b", "3")
	eventually(t, "the third", func() bool { return len(tg.got("/message")) >= 3 })
	if got := tg.got("/message"); len(got) != 3 {
		t.Errorf("%d messages: %+v", len(got), got)
	}
	if token, _ := db.GetContextToken("s", bot.ID, "a@im.wechat"); token == "" || token != newest {
		t.Error("a duplicate's context token replaced the newest one")
	}
}

// A failing metadata call is tried again with the chat's next message and keeps
// none back.
func TestForwardMetadataFails(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	tg := newTarget(t)
	tg.answers("/metadata", 500)
	b := closeBridge(t, NewBridgeWith(nil, nil, Options{Logger: quiet()}))
	b.StartPoller(forwardBinding(bot, tg))
	sim.Say("a", "1")
	eventually(t, "1", func() bool { return len(tg.got("/message")) == 1 })
	tg.answers("/metadata", 201)
	for i := range 2 {
		sim.Say("a", "more")
		eventually(t, "more", func() bool { return len(tg.got("/message")) == i+2 })
	}
	if n := len(tg.got("/metadata")); n != 2 {
		t.Errorf("metadata %d times, want 2", n)
	}
}

// A redirect isn't followed: the secret is for one place.
func TestForwardRedirect(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	tg, st := newTarget(t), &states{}
	tg.answers("/message", 307)
	b := closeBridge(t, NewBridgeWith(nil, nil, Options{OnState: st.add, Logger: quiet()}))
	b.StartPoller(forwardBinding(bot, tg))
	sim.Say("a", "1")
	eventually(t, "the failure is told", func() bool { return st.last().Err != nil })
	if err := st.last().Err.Error(); err != "bridge: forward: /message: the answer is 307 Temporary Redirect" {
		t.Error(err)
	}
	if n := len(tg.got("/elsewhere")); n != 0 {
		t.Errorf("followed %d times", n)
	}
}

// Which bindings are forwarded, and where to.
func TestRoute(t *testing.T) {
	deliver := func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error { return nil }
	here := resolver(func(string) string { return "10.0.0.9" })
	unknown := resolver(func(string) string { return "" })
	for name, tc := range map[string]struct {
		binding  BridgeBinding
		resolver SandboxResolver
		opts     Options
		want     string // "" for Deliver, "!" for no address
	}{
		"ours":              {BridgeBinding{}, nil, Options{Deliver: deliver}, ""},
		"no secret":         {BridgeBinding{PodIP: "10.0.0.1"}, here, Options{Deliver: deliver}, ""},
		"no address source": {BridgeBinding{BridgeSecret: "s"}, nil, Options{Deliver: deliver}, ""},
		"pod":               {BridgeBinding{PodIP: "10.0.0.1", BridgeSecret: "s"}, nil, Options{Deliver: deliver}, "http://10.0.0.1:3002/message"},
		"port":              {BridgeBinding{PodIP: "10.0.0.1:81", BridgeSecret: "s"}, nil, Options{}, "http://10.0.0.1:81/message"},
		"ipv6":              {BridgeBinding{PodIP: "fd00::1", BridgeSecret: "s"}, nil, Options{}, "http://[fd00::1]:3002/message"},
		"ipv6 in brackets":  {BridgeBinding{PodIP: "[fd00::1]", BridgeSecret: "s"}, nil, Options{}, "http://[fd00::1]:3002/message"},
		"ipv6 with port":    {BridgeBinding{PodIP: "[fd00::1]:5", BridgeSecret: "s"}, nil, Options{}, "http://[fd00::1]:5/message"},
		"resolver first":    {BridgeBinding{PodIP: "10.0.0.1", BridgeSecret: "s"}, here, Options{Deliver: deliver}, "http://10.0.0.9:3002/message"},
		"resolver unknown":  {BridgeBinding{PodIP: "10.0.0.1", BridgeSecret: "s"}, unknown, Options{}, "http://10.0.0.1:3002/message"},
		"no secret, seed":   {BridgeBinding{PodIP: "10.0.0.1"}, nil, Options{}, "http://10.0.0.1:3002/message"},
		"nowhere now":       {BridgeBinding{BridgeSecret: "s"}, unknown, Options{Deliver: deliver}, "!"},
		"no host":           {BridgeBinding{PodIP: "evil/x", BridgeSecret: "s"}, nil, Options{}, "!"},
		"user":              {BridgeBinding{PodIP: "a@evil", BridgeSecret: "s"}, nil, Options{}, "!"},
		"url": {BridgeBinding{PodIP: "10.0.0.1"}, here, Options{
			Deliver: deliver, ForwardURL: func(BridgeBinding) string { return "https://h.test/hook/" },
		}, "https://h.test/hook/message"},
		"no url": {BridgeBinding{}, nil, Options{
			Deliver: deliver, ForwardURL: func(BridgeBinding) string { return "" },
		}, ""},
		"bad url": {BridgeBinding{}, nil, Options{ForwardURL: func(BridgeBinding) string { return "ftp://h" }}, "!"},
	} {
		tc.opts.Logger = quiet()
		p := newPoller(NewBridgeWith(nil, tc.resolver, tc.opts), bindingKey{"s", "b"}, tc.binding, newMemory(), nil)
		p.cancel()
		got := ""
		if p.forwards() {
			if u, err := p.target(); err != nil {
				got = "!"
			} else {
				got = u.JoinPath("message").String()
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestContent(t *testing.T) {
	for in, want := range map[string]string{
		`[{"type":1,"text_item":{"text":"hi"}}]`:                                                    "hi",
		`[{"type":2,"image_item":{}}]`:                                                              "[image]",
		`[{"type":3,"voice_item":{"text":"said"}}]`:                                                 "said",
		`[{"type":3,"voice_item":{}}]`:                                                              "[voice]",
		`[{"type":4,"file_item":{"file_name":"report.pdf"}}]`:                                       "[file report.pdf]",
		`[{"type":4,"file_item":{"file_name":"a\nb"}}]`:                                             "[file ab]",
		`[{"type":4,"file_item":{}}]`:                                                               "[file]",
		`[{"type":5,"video_item":{}}]`:                                                              "[video]",
		`[{"type":99}]`:                                                                             "[unknown]",
		`[{"type":2,"image_item":{}},{"type":4,"file_item":{"file_name":"x"}}]`:                     "[image] [file x]",
		`[{"type":1,"text_item":{"text":"hi"}},{"type":2,"image_item":{}}]`:                         "hi",
		`[{"type":1,"text_item":{"text":"hi"}},{"type":3,"voice_item":{"text":"said"}}]`:            "hi\nsaid",
		`[{"type":1,"text_item":{"text":" "}},{"type":2}]`:                                          "[image]",
		`[{"type":1,"text_item":{"text":" "}}]`:                                                     " ",
		`[{"type":1,"text_item":{"text":"one "}},{"type":1,"text_item":{"text":"two"}},{"type":2}]`: "one two",
	} {
		var m ilink.Message
		if err := json.Unmarshal([]byte(`{"item_list":`+in+`}`), &m); err != nil {
			t.Fatal(err)
		}
		if got := content(&m); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestForwardIDAndTime(t *testing.T) {
	one, two := &ilink.Message{ClientID: "c1"}, &ilink.Message{ClientID: "c2"}
	if forwardID(one) != forwardID(&ilink.Message{ClientID: "c1", Seq: 4}) || forwardID(one) == forwardID(two) {
		t.Error("ids without a message id")
	}
	if id := forwardID(one); len(id) != len("weixin-")+32 {
		t.Error(id)
	}
	if id := forwardID(&ilink.Message{ID: "18446744073709551615", ClientID: "c"}); id != "weixin-18446744073709551615" {
		t.Error(id)
	}
	received := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	if at := timestamp(&ilink.Message{}, received); at != "2026-01-02T02:04:05.000Z" {
		t.Error(at)
	}
}

// Groups, a bot's own messages, messages without items, malformed ones.
func TestForwardOddMessages(t *testing.T) {
	f := &fake{answer: func(c *call) (*http.Response, error) {
		switch {
		case c.endpoint == "getupdates" && c.n == 0:
			return answer(200, `{"get_updates_buf":"c1","msgs":["bad",
				{"message_id":1,"from_user_id":"u","message_type":2,"item_list":[{"type":1,"text_item":{"text":"mine"}}]},
				{"message_id":2,"from_user_id":"u","message_type":1},
				{"message_id":3,"from_user_id":"u","group_id":"g","context_token":"t","item_list":[{"type":1,"text_item":{"text":"all"}}]}]}`)
		case c.endpoint == "getupdates":
			return c.hang()
		}
		return answer(200, `{}`)
	}}
	db := newMemDB()
	b := closeBridge(t, NewBridgeWith(db, nil, Options{HTTPClient: f.client(), ForwardTransport: f, Logger: quiet()}))
	b.StartPoller(BridgeBinding{SandboxID: "s", BotID: "b", BotToken: "t", ILinkBaseURL: testBase, PodIP: "pod", BridgeSecret: "x"})
	eventually(t, "the cursor", func() bool { return db.cursor("s", "b") == "c1" })
	meta, msgs := f.of("metadata"), f.of("message")
	if len(meta) != 1 || !strings.Contains(meta[0].body, `"chat_jid":"g"`) || !strings.Contains(meta[0].body, `"is_group":true`) {
		t.Errorf("%+v", meta)
	}
	if len(msgs) != 1 || !strings.Contains(msgs[0].body, `"chat_jid":"g","sender":"u"`) || msgs[0].URL.Host != "pod:3002" {
		t.Errorf("%+v", msgs)
	}
}

// A BridgeDB that fails keeps messages back, and a cursor that was not saved is
// saved later.
func TestFailingDB(t *testing.T) {
	t.Parallel()
	sim := newSim(t, ilinksim.WithHold(20*time.Millisecond))
	bot := sim.AddBot("b")
	db, in, st := newMemDB(), &inbox{}, &states{}
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()}))
	full := errors.New("disk full")
	db.setFail("token", full)
	db.setFail("cursor", full)
	sim.Say("a", "1")
	b.StartPoller(bindingOf(bot, "s"))
	eventually(t, "the failure is told", func() bool { return errors.Is(st.last().Err, full) })
	if in.tried() != 0 {
		t.Error("delivered before the context token was stored")
	}
	db.setFail("token", nil)
	eventually(t, "the message", func() bool { return len(in.of("s")) == 1 })
	time.Sleep(50 * time.Millisecond)
	db.setFail("cursor", nil)
	eventually(t, "the cursor", func() bool { return db.cursor("s", bot.ID) != "" })
}
