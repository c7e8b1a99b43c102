package conformance

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// receipt is what the client's sending functions return.
type receipt struct {
	ClientID string `json:"messageId"`
	ServerID string `json:"serverMessageId"`
}

func testSend(t *testing.T, c *client) {
	r := newRig(t, c, unlimited())
	token := r.say("alice", "hello").Token
	texts := []string{"pong", "你好，世界", "👋🏽 👨‍👩‍👧 🇨🇳", "**bold** `code` <b>&\n\n- list", "\"quoted\" \\ \u2028"}
	for i, text := range texts {
		var got receipt
		r.call("sendText", map[string]any{"to": "alice@im.wechat", "text": text, "opts": r.opts(token)}, &got)
		sent := r.sim.Sent(i)
		if len(sent) != 1 {
			t.Fatalf("%d sends recorded past %d, want 1", len(sent), i)
		}
		m := sent[0]
		if m.Text != text || m.Bot != r.bot.ID || m.To != "alice@im.wechat" || m.ContextToken != token || !m.Shown || m.Cut || m.Repeat {
			t.Errorf("recorded %+v, want %q to alice with token %q", m, text, token)
		}
		if got.ServerID != m.MessageID || got.ClientID != m.ClientID {
			t.Errorf("the client has ids %+v, the simulator %s and %s", got, m.MessageID, m.ClientID)
		}
	}

	// Without a context token, and with a run id.
	opts := r.opts(token)
	delete(opts, "contextToken")
	opts["runId"] = "run-1"
	r.call("sendText", map[string]any{"to": "alice@im.wechat", "text": "no token", "opts": opts}, nil)
	if m := r.sim.Sent(len(texts)); len(m) != 1 || m[0].ContextToken != "" || m[0].RunID != "run-1" {
		t.Errorf("recorded %+v, want one send with run id and no token", m)
	}
	r.noneRejected()

	// The client can't know that one item a request is all there may be.
	r.wantError("sendMessage", r.params(map[string]any{"body": map[string]any{"msg": map[string]any{
		"to_user_id": "alice@im.wechat", "client_id": "two", "message_type": 2, "message_state": 2,
		"context_token": token,
		"item_list": []any{
			map[string]any{"type": 1, "text_item": map[string]any{"text": "one"}},
			map[string]any{"type": 1, "text_item": map[string]any{"text": "two"}},
		},
	}}}), "ret=-2 errmsg=invalid arguments")
	// What it sends for an empty text has no items.
	r.wantError("sendText", map[string]any{"to": "alice@im.wechat", "text": "", "opts": r.opts(token)}, "ret=-2")
	wantReasons(t, r.sim, ilinksim.ReasonBadRequest, ilinksim.ReasonBadRequest)
}

func testSendLimits(t *testing.T, c *client) {
	r := newRig(t, c, ilinksim.WithManualClock(time.Time{}))
	send := func(to, token string) map[string]any {
		r.sim.Advance(time.Second) // no burst
		return map[string]any{"to": to + "@im.wechat", "text": "hi", "opts": r.opts(token)}
	}
	r.wantError("sendText", send("bob", ""), "ret=-2 errmsg=unknown error")
	token := r.say("alice", "hello").Token
	r.wantError("sendText", send("alice", "made up"), "ret=-2 errmsg=unknown error")
	for range 10 {
		r.call("sendText", send("alice", token), nil)
	}
	r.wantError("sendText", send("alice", token), "ret=-2 errmsg=(none)")

	token = r.say("alice", "more").Token
	r.call("sendText", send("alice", token), nil)
	r.sim.Advance(24 * time.Hour)
	r.wantError("sendText", send("alice", token), "ret=-2 errmsg=prepare failed")
	token = r.say("alice", "back again").Token
	r.call("sendText", send("alice", token), nil)

	if n := len(r.sim.Sent(0)); n != 12 {
		t.Errorf("%d sends accepted, want 12", n)
	}
	wantReasons(t, r.sim, ilinksim.ReasonWindow, ilinksim.ReasonToken, ilinksim.ReasonQuota, ilinksim.ReasonWindow)
}

func testBurstThrottle(t *testing.T, c *client) {
	r := newRig(t, c, ilinksim.WithManualClock(time.Time{}))
	token := r.say("alice", "hello").Token
	send := map[string]any{"to": "alice@im.wechat", "text": "hi", "opts": r.opts(token)}
	for range 3 {
		r.call("sendText", send, nil)
	}
	r.wantError("sendText", send, "ret=-2 errmsg=rate limited")
	r.wantError("sendText", send, "ret=-2 errmsg=freq limit")
	r.sim.Advance(10 * time.Minute)
	r.call("sendText", send, nil)
	wantReasons(t, r.sim, ilinksim.ReasonThrottled, ilinksim.ReasonThrottled)
}

func wantReasons(t *testing.T, sim *ilinksim.Server, want ...ilinksim.Reason) {
	t.Helper()
	var got []ilinksim.Reason
	for _, m := range sim.Rejected(0) {
		got = append(got, m.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused for %q, want %q", got, want)
	}
}

func testTyping(t *testing.T, c *client) {
	r := newRig(t, c)
	token := r.say("alice", "hello").Token
	var config struct {
		Ret    int    `json:"ret"`
		Ticket string `json:"typing_ticket"`
	}
	tickets := map[string]bool{}
	for _, contextToken := range []any{token, nil} {
		r.call("getConfig", r.params(map[string]any{
			"ilinkUserId": "alice@im.wechat", "contextToken": contextToken,
		}), &config)
		tickets[config.Ticket] = true
	}
	if config.Ret != 0 || len(tickets) != 1 || config.Ticket == "" {
		t.Fatalf("getConfig: %+v, tickets %v; want ret 0 and the same ticket twice", config, tickets)
	}
	want := []int{ilinksim.TypingOn, ilinksim.TypingOn, ilinksim.TypingOff}
	for _, status := range want {
		r.call("sendTyping", r.params(map[string]any{"body": map[string]any{
			"ilink_user_id": "alice@im.wechat", "typing_ticket": config.Ticket, "status": status,
		}}), nil)
	}
	var got []int
	for _, m := range r.sim.Typing(0) {
		if m.Bot != r.bot.ID || m.To != "alice@im.wechat" {
			t.Errorf("typing recorded from %q to %q", m.Bot, m.To)
		}
		got = append(got, m.Status)
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

func testFaults(t *testing.T, c *client) {
	r := newRig(t, c, unlimited(), shortHold())
	token := r.say("alice", "hello").Token
	send := map[string]any{"to": "alice@im.wechat", "text": "hi", "opts": r.opts(token)}
	for _, f := range []struct {
		fault ilinksim.Fault
		err   string
	}{
		{ilinksim.Fault{Kind: ilinksim.FaultHTTP}, "sendMessage 500"},
		{ilinksim.Fault{Kind: ilinksim.FaultHTTP, Status: 524}, "sendMessage 524"},
		{ilinksim.Fault{Kind: ilinksim.FaultHTML}, "JSON"},
		{ilinksim.Fault{Kind: ilinksim.FaultBadJSON}, "JSON"},
		{ilinksim.Fault{Kind: ilinksim.FaultCut}, "fetch failed"},
		{ilinksim.Fault{Kind: ilinksim.FaultRet, Ret: -2, Errmsg: "freq limit"}, "ret=-2 errmsg=freq limit"},
		{ilinksim.Fault{Kind: ilinksim.FaultSession}, "ret=-14 errmsg=session timeout"},
	} {
		f.fault.Endpoint, f.fault.Count = "sendmessage", 1
		r.fault(f.fault)
		r.wantError("sendText", send, f.err)
	}
	if n := len(r.sim.Sent(0)); n != 0 {
		t.Errorf("%d sends got through, want none", n)
	}
	r.call("sendText", send, nil)

	// Messages outlive what happens to the polls before them.
	id := r.sim.Say("alice", "patience")
	for _, f := range []ilinksim.FaultKind{ilinksim.FaultHTTP, ilinksim.FaultCut, ilinksim.FaultSession} {
		r.fault(ilinksim.Fault{Endpoint: "getupdates", Kind: f, Count: 1})
		var u update
		if err := c.call("getUpdates", r.params(nil), &u); err == nil && u.Ret == 0 && u.ErrCode == 0 {
			t.Errorf("getUpdates with fault %s: %+v, want an error", f, u)
		}
	}
	// Twice, the second time in another answer.
	r.fault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultDuplicate, Count: 1})
	for n := range 2 {
		if u := r.poll(); len(u.Msgs) != 1 || u.Msgs[0].ID != id {
			raw, _ := json.Marshal(u)
			t.Errorf("delivery %d: %s, want message %s", n+1, raw, id)
		}
	}
}

func (r *rig) fault(f ilinksim.Fault) {
	r.t.Helper()
	if _, err := r.sim.AddFault(f); err != nil {
		r.t.Fatal(err)
	}
}
