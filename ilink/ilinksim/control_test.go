package ilinksim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestControlMessagesAndSent(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	var bot, same Bot
	c.control("POST", "/sim/bots", `{"id":"helper"}`, &bot)
	c.control("POST", "/sim/bots", `{"id":"helper@im.bot"}`, &same)
	if bot.ID != "helper@im.bot" || bot != same || bot.BaseURL != sim.URL || bot.CDNURL != sim.CDNURL || bot.Token == "" {
		t.Fatalf("got %+v and %+v", bot, same)
	}
	c.bot = bot
	var said struct {
		ID string `json:"message_id"`
	}
	c.control("POST", "/sim/messages", `{"from":"alice","text":"你好 😀"}`, &said)
	m := c.messages(c.poll(""))
	if len(m) != 1 || m[0].id() != said.ID || m[0].text() != "你好 😀" {
		t.Fatalf("got %+v", m)
	}
	c.control("POST", "/sim/messages", `{"bot":"helper","from":"alice","image":{"name":"a.png","base64":"`+
		base64.StdEncoding.EncodeToString([]byte("png"))+`"},"quote":`+said.ID+`}`, &said)
	c.control("POST", "/sim/messages", `{"from":"alice","items":[{"type":1,"text_item":{"text":"raw"}}],"quote":"`+said.ID+`"}`, &said)
	if m := c.messages(c.poll("")); len(m) != 2 || m[0].Items[0]["ref_msg"] == nil || m[1].text() != "raw" {
		t.Errorf("got %+v", m)
	}

	var list struct {
		Sent []Sent `json:"sent"`
	}
	a := c.control("GET", "/sim/sent", "", &list)
	if string(a.body) != "{\"sent\":[]}\n" {
		t.Errorf("got %s", a.body)
	}
	done := make(chan answer)
	go func() { done <- c.control("GET", "/sim/sent?bot=helper&to=alice&after=0&wait_ms=60000", "", nil) }()
	wantRet(t, "send", c.send("alice", textItem("pong <b>"), nil), 0, "")
	if a := <-done; !strings.Contains(string(a.body), `"text":"pong <b>"`) || !strings.Contains(string(a.body), `"shown":true`) {
		t.Errorf("got %s", a.body)
	}
	for query, n := range map[string]int{
		"": 1, "?to=alice@im.wechat": 1, "?to=bob": 0, "?bot=other": 0, "?after=1": 0, "?after=1&wait_ms=1": 0,
	} {
		list.Sent = nil
		c.control("GET", "/sim/sent"+query, "", &list)
		if len(list.Sent) != n {
			t.Errorf("%q: %+v", query, list.Sent)
		}
	}
	c.send("bob", textItem("x"), nil)
	var rejected struct {
		Rejected []Rejected `json:"rejected"`
	}
	c.control("GET", "/sim/rejected?after=0", "", &rejected)
	if r := rejected.Rejected; len(r) != 1 || r[0].Reason != "window_closed" || r[0].Errmsg != "unknown error" || r[0].Ret != -2 {
		t.Errorf("got %+v", r)
	}
	if a := c.control("GET", "/sim/typing", "", nil); string(a.body) != "{\"typing\":[]}\n" {
		t.Errorf("got %s", a.body)
	}
}

func TestControlFaultsClockState(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("b"))
	var added struct {
		ID int `json:"id"`
	}
	c.control("POST", "/sim/faults", `{"endpoint":"getupdates","kind":"duplicate","after":"45m","count":2,"bot":"b"}`, &added)
	c.control("POST", "/sim/faults", `{"endpoint":"*","kind":"slow","delay_ms":1,"rate":1,"seed":3}`, &added)
	if added.ID != 2 {
		t.Errorf("id %d", added.ID)
	}
	c.poll("")
	a := c.control("GET", "/sim/faults", "", nil)
	want := `{"faults":[{"id":1,"endpoint":"getupdates","kind":"duplicate","bot":"b@im.bot","count":2,"after":"45m0s","fired":0},` +
		`{"id":2,"endpoint":"*","kind":"slow","rate":1,"seed":3,"delay_ms":1,"fired":1}]}`
	if strings.TrimSpace(string(a.body)) != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
	c.control("DELETE", "/sim/faults?id=1", "", &struct{}{})
	if f := sim.Faults(); len(f) != 1 || f[0].ID != 2 {
		t.Errorf("faults %+v", f)
	}
	if a := c.control("DELETE", "/sim/faults?id=1", "", nil); a.status != 404 {
		t.Errorf("got %d", a.status)
	}
	c.control("DELETE", "/sim/faults", "", &struct{}{})

	var clock struct {
		Now   time.Time `json:"now"`
		NowMS int64     `json:"now_ms"`
	}
	before := sim.Now()
	c.control("POST", "/sim/clock", `{"advance":"25h"}`, &clock)
	if want := before.Add(25 * time.Hour); !clock.Now.Equal(want) || clock.NowMS != want.UnixMilli() || !sim.Now().Equal(want) {
		t.Errorf("got %+v", clock)
	}
	c.control("GET", "/sim/clock", "", &clock)

	c.control("POST", "/sim/bots/b/expire", "", &struct{}{})
	var st State
	c.control("GET", "/sim/state", "", &st)
	if len(st.Bots) != 1 || st.Bots[0].SessionOK || st.URL != sim.URL || st.NowMS != sim.Now().UnixMilli() {
		t.Errorf("got %+v", st)
	}
}

func TestControlErrors(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	for i, tt := range []struct {
		call, body string
		status     int
		says       string
	}{
		{"POST /sim/messages", `{"from":"alice","text":"x"}`, 400, "POST /sim/bots"},
		{"POST /sim/bots", `{"name":"x"}`, 400, "unknown field"},
		{"POST /sim/bots", `{"id":"a"} {}`, 400, "more than one"},
		{"POST /sim/bots", `{"id":"a"}`, 200, ""},
		{"POST /sim/messages", `{"text":"x"}`, 400, "from"},
		{"POST /sim/messages", `{"from":"a"}`, 400, "empty"},
		{"POST /sim/messages", `{"from":"a","image":{"name":"x"}}`, 400, "base64"},
		{"POST /sim/messages", `{"from":"a","image":{"base64":"%"}}`, 400, "base64"},
		{"POST /sim/messages", `{"from":"a","text":"x","quote":"x"}`, 400, "quote"},
		{"POST /sim/messages", `{"from":"a","text":"x","bot":"z"}`, 400, "no bot"},
		{"POST /sim/messages", `{"from":"a","txt":"x"}`, 400, "unknown field"},
		{"POST /sim/messages", ``, 400, "from"},
		{"POST /sim/bots", `{"id":"b"}`, 200, ""},
		{"POST /sim/messages", `{"from":"a","text":"x"}`, 400, "say which"},
		{"GET /sim/sent?after=x", ``, 400, "after"},
		{"GET /sim/sent?wait_ms=-1", ``, 400, "wait_ms"},
		{"GET /sim/sent?user=a", ``, 400, "user"},
		{"GET /sim/rejected?to=a", ``, 400, "to"},
		{"POST /sim/clock", `{"advance":"1 day"}`, 400, "25h"},
		{"POST /sim/clock", `{"advance":"-1h"}`, 400, "above 0"},
		{"POST /sim/clock", ``, 400, "advance"},
		{"POST /sim/faults", `{"endpoint":"*","kind":"slow","delay_ms":-1}`, 400, "delay_ms"},
		{"POST /sim/faults", `{"endpoint":"*","kind":"slow","id":5,"delay_ms":1}`, 400, "id"},
		{"POST /sim/faults", `{"endpoint":"getupdates","kind":"duplicate","after":"soon"}`, 400, "after"},
		{"POST /sim/faults", `{"endpoint":"x","kind":"cut"}`, 400, "sendmessage"},
		{"POST /sim/bots/nobody/expire", ``, 404, "nobody"},
		{"GET /sim/media/1", ``, 404, "/sim/sent"},
		{"GET /sim/media/x", ``, 404, "/sim/sent"},
		{"GET /sim/nothing", ``, 404, "/sim/nothing"},
		{"PUT /sim/faults", ``, 404, "PUT"},
	} {
		method, path, _ := strings.Cut(tt.call, " ")
		a := c.control(method, path, tt.body, nil)
		if a.status != tt.status || (tt.status != 200) != (a.text("error") != "") || !strings.Contains(a.text("error"), tt.says) {
			t.Errorf("%d %s %s: %d %s", i, tt.call, tt.body, a.status, a.body)
		}
	}
}

// Embedded in another server, on the address of that one.
func TestHandler(t *testing.T) {
	mux := http.NewServeMux()
	host := httptest.NewServer(mux)
	defer host.Close()
	sim := NewUnstarted(WithBaseURL(host.URL+"/"), WithHold(testHold))
	mux.Handle("/", sim.Handler())
	c := newClient(t, sim.AddBot("b"))
	if c.bot.BaseURL != host.URL || c.bot.CDNURL != host.URL+"/c2c" {
		t.Errorf("bot %+v", c.bot)
	}
	sim.Say("alice", "hi")
	if got := c.texts(); len(got) != 1 {
		t.Errorf("got %q", got)
	}
	sim.Close()
	sim.Close()
	if a := c.poll(""); a.status != http.StatusServiceUnavailable {
		t.Errorf("after Close: %v %d", a.err, a.status)
	}
}

func TestStart(t *testing.T) {
	sim := NewUnstarted()
	defer sim.Close()
	if err := sim.Start("0.0.0.0:0"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(sim.URL, "http://127.0.0.1:") || sim.CDNURL != sim.URL+"/c2c" {
		t.Errorf("URL %s, CDN %s", sim.URL, sim.CDNURL)
	}
	if err := sim.Start("127.0.0.1:0"); err == nil {
		t.Error("started twice")
	}
	other := NewUnstarted()
	defer other.Close()
	if err := other.Start(strings.TrimPrefix(sim.URL, "http://")); err == nil {
		t.Error("two simulators on one port")
	}
}

// Close doesn't wait for a client that never asks anything.
func TestCloseWithIdleConnections(t *testing.T) {
	sim := New()
	c := newClient(t, sim.AddBot(""))
	if a := c.control("GET", "/sim/state", "", nil); a.status != 200 {
		t.Fatal(a.status)
	}
	start := time.Now()
	sim.Close()
	if d := time.Since(start); d > shutdownGrace {
		t.Errorf("Close took %v", d)
	}
}

func TestManyAtOnce(t *testing.T) {
	sim := New(WithHold(time.Second), WithLimits(Limits{Disabled: true}))
	defer sim.Close()
	const bots, messages = 4, 25
	errs := make(chan error, bots)
	for i := range bots {
		c := newClient(t, sim.AddBot(fmt.Sprintf("bot%d", i)))
		go func() {
			for got := 0; got < messages; {
				a := c.poll("")
				for _, m := range c.messages(a) {
					got++
					if a := c.send(m.From, textItem(m.text()), map[string]any{"context_token": m.Token}); a.ret() != 0 {
						errs <- fmt.Errorf("send: %v %s", a.err, a.body)
						return
					}
				}
			}
			errs <- nil
		}()
	}
	for n := range messages {
		for i := range bots {
			if _, err := sim.Inject(In{Bot: fmt.Sprintf("bot%d", i), From: "alice", Text: fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
			sim.State()
		}
	}
	for range bots {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(sim.Sent(0)); n != bots*messages {
		t.Errorf("%d sent", n)
	}
}
