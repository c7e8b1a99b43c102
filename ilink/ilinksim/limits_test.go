package ilinksim

import (
	"testing"
	"time"
)

func TestUserMustSpeakFirst(t *testing.T) {
	sim := newSim(t, WithLimits(Limits{Disabled: true}))
	c := newClient(t, sim.AddBot(""))
	wantRet(t, "send", c.send("alice", textItem("x"), nil), -2, "unknown error")
	if r := sim.Rejected(0); len(r) != 1 || r[0].Reason != ReasonWindow || r[0].Text != "x" || r[0].To != "alice@im.wechat" {
		t.Errorf("rejected: %+v", r)
	}
}

func TestQuotaPerInboundMessage(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	for range 2 {
		sim.Say("alice", "hi")
		sim.Say("bob", "hi") // has a quota of his own
		for range 10 {
			wantRet(t, "send", c.send("alice", textItem("x"), nil), 0, "")
		}
		wantRet(t, "11th", c.send("alice", textItem("x"), nil), -2, "")
		if _, has := c.send("alice", textItem("x"), nil).fields["errmsg"]; has {
			t.Error("errmsg is there")
		}
		wantRet(t, "to bob", c.send("bob", textItem("x"), nil), 0, "")
	}
	w := sim.State().Windows[0]
	if w.User != "alice@im.wechat" || !w.Open || w.Used != 10 || w.Left != 0 || w.ExpiresMS == 0 {
		t.Errorf("window: %+v", w)
	}
	if r := sim.Rejected(0); len(r) != 4 || r[0].Reason != ReasonQuota {
		t.Errorf("rejected: %+v", r)
	}
}

func TestWindowOf24Hours(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	sim.Advance(24*time.Hour - time.Millisecond)
	wantRet(t, "in time", c.send("alice", textItem("x"), nil), 0, "")
	sim.Advance(time.Millisecond)
	wantRet(t, "too late", c.send("alice", textItem("x"), nil), -2, "prepare failed")
	if r := sim.Rejected(0); len(r) != 1 || r[0].Reason != ReasonWindow {
		t.Errorf("rejected: %+v", r)
	}
	if sim.State().Windows[0].Open {
		t.Error("the window is said to be open")
	}
	sim.Say("alice", "hi again")
	wantRet(t, "open again", c.send("alice", textItem("x"), nil), 0, "")
}

func TestBurstThrottle(t *testing.T) {
	sim := newSim(t, WithLimits(Limits{PerInbound: -1}))
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	send := func(what string, ret int, errmsg string) {
		t.Helper()
		wantRet(t, what, c.send("alice", textItem("x"), nil), ret, errmsg)
	}
	for range 3 {
		send("burst", 0, "")
	}
	sim.Advance(time.Second)
	for range 3 {
		send("a second later", 0, "")
	}
	sim.Advance(999 * time.Millisecond)
	send("4th", -2, "rate limited")
	sim.Advance(29 * time.Second)
	send("during the penalty", -2, "freq limit") // now 60 s from here
	sim.Advance(59 * time.Second)
	send("during the doubled penalty", -2, "prepare failed") // 120 s
	if st := sim.State(); st.Counts.Throttled != 3 || st.Bots[0].ThrottledUntilMS != sim.Now().Add(2*time.Minute).UnixMilli() {
		t.Errorf("state: %+v %+v", st.Counts, st.Bots)
	}
	sim.Advance(2 * time.Minute)
	for range 3 {
		send("afterwards", 0, "")
	}
	send("tripped again, from the start", -2, "rate limited")
	if st := sim.State(); st.Bots[0].ThrottledUntilMS != sim.Now().Add(30*time.Second).UnixMilli() {
		t.Errorf("state: %+v", st.Bots)
	}
	for range 10 {
		c.send("alice", textItem("x"), nil)
	}
	if st := sim.State(); st.Bots[0].ThrottledUntilMS != sim.Now().Add(10*time.Minute).UnixMilli() {
		t.Errorf("more than the longest penalty: %+v", st.Bots)
	}
	for _, r := range sim.Rejected(0) {
		if r.Reason != ReasonThrottled {
			t.Errorf("rejected: %+v", r)
		}
	}
}

// Malformed sends don't count, and one bot's throttle isn't another's.
func TestThrottleIsPerBot(t *testing.T) {
	sim := newSim(t, WithLimits(Limits{}))
	a, b := newClient(t, sim.AddBot("a")), newClient(t, sim.AddBot("b"))
	for _, bot := range []string{"a", "b"} {
		if _, err := sim.Inject(In{Bot: bot, From: "alice", Text: "hi"}); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		wantRet(t, "malformed", a.send("", textItem("x"), nil), -2, "to_user_id required")
	}
	for range 3 {
		wantRet(t, "a", a.send("alice", textItem("x"), nil), 0, "")
	}
	wantRet(t, "a's 4th", a.send("alice", textItem("x"), nil), -2, "rate limited")
	wantRet(t, "b", b.send("alice", textItem("x"), nil), 0, "")
}

func TestLimitsOff(t *testing.T) {
	sim := newSim(t, WithLimits(Limits{Disabled: true}))
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	sim.Advance(25 * time.Hour)
	for range 12 {
		wantRet(t, "send", c.send("alice", textItem("x"), nil), 0, "")
	}
	if w := sim.State().Windows[0]; w.Left != -1 || !w.Open || w.ExpiresMS != 0 {
		t.Errorf("window: %+v", w)
	}
}

func TestClock(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	manual := newSim(t, WithManualClock(start))
	manual.Advance(25 * time.Hour)
	manual.Advance(-time.Hour)
	if got := manual.Now(); !got.Equal(start.Add(25 * time.Hour)) {
		t.Errorf("manual clock: %v", got)
	}
	running := New(WithStart(start))
	defer running.Close()
	if d := running.Now().Sub(start); d < 0 || d > time.Minute {
		t.Errorf("running clock is %v from its start", d)
	}
	running.Advance(time.Hour)
	if d := running.Now().Sub(start); d < time.Hour || d > time.Hour+time.Minute {
		t.Errorf("running clock is %v from its start", d)
	}
}

func TestTyping(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("helper"))
	sim.Say("alice", "hi")
	token := c.messages(c.poll(""))[0].Token
	config := func(user, token string) answer {
		return c.post("getconfig", map[string]any{"ilink_user_id": user, "context_token": token})
	}
	typing := func(user, ticket string, status any) answer {
		return c.post("sendtyping", map[string]any{"ilink_user_id": user, "typing_ticket": ticket, "status": status})
	}
	const alice = "alice@im.wechat"
	a := config(alice, token)
	wantRet(t, "getconfig", a, 0, "")
	ticket := a.text("typing_ticket")
	if ticket == "" || config(alice, "").text("typing_ticket") != ticket {
		t.Error("the ticket isn't the same for a day")
	}
	wantRet(t, "who has never written", config("bob@im.wechat", ""), -4, "")
	wantRet(t, "in another case", config("Alice@im.wechat", ""), -3, "")
	sim.Say("bob", "hi")
	bobs := config("bob@im.wechat", "").text("typing_ticket")
	wantRet(t, "wrong context", config(alice, "xyz"), -2, "unknown error")
	wantRet(t, "no user", config("", ""), -2, "ilink_user_id required")

	wantRet(t, "typing", typing(alice, ticket, 1), 0, "")
	wantRet(t, "typing by default", typing(alice, ticket, nil), 0, "")
	wantRet(t, "cancel", typing(alice, ticket, 2), 0, "")
	wantRet(t, "status 3", typing(alice, ticket, 3), -2, "invalid arguments")
	wantRet(t, "bob's ticket", typing(alice, bobs, 1), -2, "invalid arguments")
	wantRet(t, "no ticket", typing(alice, "", 1), -2, "typing_ticket required")
	wantRet(t, "no user", typing("", ticket, 1), -2, "ilink_user_id required")
	sim.Advance(24 * time.Hour)
	wantRet(t, "old ticket", typing(alice, ticket, 1), -2, "invalid arguments")
	if config(alice, "").text("typing_ticket") == ticket {
		t.Error("the ticket is older than a day")
	}
	got := sim.Typing(0)
	if len(got) != 3 || got[0].Status != TypingOn || got[1].Status != TypingOn || got[2].Status != TypingOff ||
		got[0].To != alice || got[0].Bot != "helper@im.bot" || len(sim.Typing(2)) != 1 {
		t.Errorf("typing: %+v", got)
	}
}

func TestNotify(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("helper"))
	wantRet(t, "start", c.post("msg/notifystart", nil), 0, "")
	wantRet(t, "stop", c.post("msg/notifystop", nil), 0, "")
	got := sim.Notifications(0)
	if len(got) != 2 || got[0].Kind != "start" || got[1].Kind != "stop" || got[0].Bot != "helper@im.bot" {
		t.Errorf("notifications: %+v", got)
	}
	if b := sim.State().Bots[0]; b.Starts != 1 || b.Stops != 1 {
		t.Errorf("bot: %+v", b)
	}
}
