package ilinksim

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func addFault(t *testing.T, s *Server, f Fault) int {
	t.Helper()
	id, err := s.AddFault(f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestFaultAnswers(t *testing.T) {
	for _, tt := range []struct {
		fault     Fault
		status    int    // 0: no answer
		body      string // exact; or the start, before …
		processed bool
	}{
		{Fault{Kind: FaultHTTP}, 500, "error 500\n", false},
		{Fault{Kind: FaultHTTP, Status: 524}, 524, "error 524\n", false},
		{Fault{Kind: FaultHTML}, 200, "<!DOCTYPE html>…", false},
		{Fault{Kind: FaultBadJSON}, 200, `{"ret":0,"msgs":[{"seq":`, false},
		{Fault{Kind: FaultCut}, 0, "", false},
		{Fault{Kind: FaultCutAfter}, 0, "", true},
		{Fault{Kind: FaultSession}, 200, `{"errcode":-14,"errmsg":"session timeout","ret":-14}`, false},
		{Fault{Kind: FaultRet}, 200, `{"ret":-2}`, false},
		{Fault{Kind: FaultRet, Ret: -12, Errmsg: "freq limit"}, 200, `{"errmsg":"freq limit","ret":-12}`, false},
		{Fault{Kind: FaultEmptyBody}, 200, "", true},
		{Fault{Kind: FaultSlow, Delay: time.Millisecond}, 200, `{"message_id":…`, true},
	} {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			sim := newSim(t)
			c := newClient(t, sim.AddBot(""))
			sim.Say("alice", "hi")
			tt.fault.Endpoint, tt.fault.Count = "sendmessage", 1
			addFault(t, sim, tt.fault)
			a := c.send("alice", textItem("x"), nil)
			if (a.err == nil) != (tt.status != 0) || a.status != tt.status {
				t.Errorf("err %v, status %d", a.err, a.status)
			}
			start, open := strings.CutSuffix(tt.body, "…")
			if open && !strings.HasPrefix(string(a.body), start) || !open && string(a.body) != tt.body {
				t.Errorf("body %s", a.body)
			}
			if sent := len(sim.Sent(0)) == 1; sent != tt.processed {
				t.Errorf("sent %v", sent)
			}
			r := sim.Rejected(0)
			if (len(r) == 0) != tt.processed || len(r) == 1 && (r[0].Reason != ReasonFault || r[0].Text != "x") {
				t.Errorf("rejected %+v", r)
			}
			wantRet(t, "the next one", c.send("alice", textItem("x"), nil), 0, "")
			if f := sim.Faults(); len(f) != 1 || f[0].Fired != 1 {
				t.Errorf("faults %+v", f)
			}
		})
	}
}

func TestFaultsOfGetUpdates(t *testing.T) {
	for _, tt := range []struct {
		kind FaultKind
		lost bool // the message doesn't come any more
	}{
		{FaultHTTP, false}, {FaultHTML, false}, {FaultBadJSON, false}, {FaultCut, false}, {FaultEmptyBody, false},
		{FaultCutAfter, true}, {FaultLose, true},
	} {
		t.Run(string(tt.kind), func(t *testing.T) {
			sim := newSim(t, WithHold(5*time.Millisecond))
			c := newClient(t, sim.AddBot(""))
			addFault(t, sim, Fault{Endpoint: "getupdates", Kind: tt.kind, Count: 1})
			if tt.kind == FaultLose { // isn't spent on an empty answer
				wantRet(t, "empty poll", c.poll(""), 0, "")
			}
			sim.Say("alice", "hi")
			if m := c.messages(c.poll("")); len(m) != 0 {
				t.Errorf("got %+v", m)
			}
			if got := c.texts(); (len(got) == 0) != tt.lost {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	sim := newSim(t, WithHold(5*time.Millisecond))
	c := newClient(t, sim.AddBot(""))
	addFault(t, sim, Fault{Endpoint: "getupdates", Kind: FaultDuplicate, Count: 2})
	late := addFault(t, sim, Fault{Endpoint: "getupdates", Kind: FaultDuplicate, After: 45 * time.Minute})
	for _, text := range []string{"a", "b", "c"} {
		sim.Say("alice", text)
	}
	first := c.messages(c.poll(""))
	again := c.messages(c.poll(""))
	if len(first) != 3 || len(again) != 2 || again[0].id() != first[0].id() || again[0].Token != first[0].Token ||
		string(again[0].ID) == string(first[0].ID) {
		t.Fatalf("first %+v\nagain %+v", first, again)
	}
	if got := c.texts(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	sim.Advance(45*time.Minute - time.Second)
	if got := c.texts(); len(got) != 0 {
		t.Errorf("too early: %q", got)
	}
	sim.Advance(time.Second)
	if got := c.texts(); !reflect.DeepEqual(got, []string{"c"}) {
		t.Errorf("late copies: %q", got)
	}
	if !sim.RemoveFault(late) || sim.RemoveFault(late) {
		t.Error("RemoveFault")
	}
}

// A late copy wakes a held poll when the running clock reaches it.
func TestLateCopyWakesHeldPoll(t *testing.T) {
	sim := New(WithHold(time.Minute))
	defer sim.Close()
	c := newClient(t, sim.AddBot(""))
	addFault(t, sim, Fault{Endpoint: "getupdates", Kind: FaultDuplicate, Count: 1, After: 30 * time.Millisecond})
	sim.Say("alice", "hi")
	for range 2 {
		if got := c.texts(); !reflect.DeepEqual(got, []string{"hi"}) {
			t.Fatalf("got %q", got)
		}
	}
}

// A poll being held feels a new fault at once.
func TestFaultDuringHold(t *testing.T) {
	sim := newSim(t, WithHold(time.Hour))
	c := newClient(t, sim.AddBot("b"))
	done := make(chan answer)
	go func() { done <- c.poll("") }()
	if err := sim.WaitPolling(c.ctx, "b"); err != nil {
		t.Fatal(err)
	}
	addFault(t, sim, Fault{Endpoint: "getupdates", Kind: FaultSession, Bot: "other"})
	addFault(t, sim, Fault{Endpoint: "sendmessage", Kind: FaultSession})
	addFault(t, sim, Fault{Endpoint: "*", Kind: FaultSession, Bot: "b", Count: 1})
	if a := <-done; a.ret() != -14 {
		t.Errorf("got %v %s", a.err, a.body)
	}
	got := []int{}
	for _, f := range sim.Faults() {
		got = append(got, f.Fired)
	}
	if !reflect.DeepEqual(got, []int{0, 0, 1}) {
		t.Errorf("fired %v", got)
	}
}

func TestFaultRateIsRepeatable(t *testing.T) {
	run := func(seed uint64) (hits string) {
		f := Fault{Endpoint: "sendmessage", Kind: FaultRet, Rate: 0.5, Seed: seed}
		sim := newSim(t)
		c := newClient(t, sim.AddBot(""))
		addFault(t, sim, f)
		for range 20 {
			if a := c.post("sendmessage", nil); a.text("errmsg") == "" {
				hits += "x"
			} else {
				hits += "."
			}
		}
		return hits
	}
	one, again, two := run(1), run(1), run(2)
	if one != again || one == two || !strings.Contains(one, "x") || !strings.Contains(one, ".") {
		t.Errorf("%s %s %s", one, again, two)
	}
}

func TestFaultsOfTheCDNAndTheLogin(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("b"))
	u := prepare([]byte("hello"), 3)
	body, _ := encrypt(u.key, u.plain)
	a := c.post("getuploadurl", u.request)
	addFault(t, sim, Fault{Endpoint: "*", Kind: FaultHTTP, Status: 503, Count: 1}) // not for the CDN
	addFault(t, sim, Fault{Endpoint: "cdn_upload", Kind: FaultHTTP, Status: 502, Count: 1, Bot: "b"})
	addFault(t, sim, Fault{Endpoint: "cdn_upload", Kind: FaultEmptyBody, Count: 1})
	key := u.request["filekey"].(string)
	if up := c.put(a, key, body); up.status != 502 {
		t.Errorf("got %d", up.status)
	}
	if up := c.put(a, key, body); up.status != 200 || up.header.Get("x-encrypted-param") != "" {
		t.Errorf("got %d %v", up.status, up.header)
	}
	if up := c.put(a, key, body); up.status != 200 || up.header.Get("x-encrypted-param") == "" {
		t.Errorf("got %d %v", up.status, up.header)
	}
	if got := c.do("GET", sim.URL+"/ilink/bot/get_bot_qrcode?bot_type=3", nil, c.appHeaders); got.status != 503 {
		t.Errorf("got %d", got.status)
	}
	code := c.qrcode("")
	addFault(t, sim, Fault{Endpoint: "get_qrcode_status", Kind: FaultHTTP, Status: 524, Count: 1})
	if got := c.status(code, ""); got.status != 524 {
		t.Errorf("got %d", got.status)
	}
	sim.ClearFaults()
	if len(sim.Faults()) != 0 {
		t.Error("faults left")
	}
}

func TestFaultsThatMakeNoSense(t *testing.T) {
	sim := newSim(t)
	for name, f := range map[string]Fault{
		"no endpoint":      {Kind: FaultCut},
		"unknown endpoint": {Endpoint: "sendmsg", Kind: FaultCut},
		"no kind":          {Endpoint: "*"},
		"unknown kind":     {Endpoint: "*", Kind: "fire"},
		"status 200":       {Endpoint: "*", Kind: FaultHTTP, Status: 200},
		"no delay":         {Endpoint: "*", Kind: FaultSlow},
		"ret on the CDN":   {Endpoint: "cdn_upload", Kind: FaultRet},
		"lose a send":      {Endpoint: "sendmessage", Kind: FaultLose},
		"duplicate all":    {Endpoint: "*", Kind: FaultDuplicate},
		"duplicate before": {Endpoint: "getupdates", Kind: FaultDuplicate, After: -1},
		"count below 0":    {Endpoint: "*", Kind: FaultCut, Count: -1},
		"rate above 1":     {Endpoint: "*", Kind: FaultCut, Rate: 1.5},
	} {
		if id, err := sim.AddFault(f); err == nil {
			t.Errorf("%s: id %d", name, id)
		}
	}
}
