package ilinksim

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func (c *client) appHeaders(h http.Header) {
	h.Set("iLink-App-Id", "bot")
	h.Set("iLink-App-ClientVersion", "132105")
}

func (c *client) qrcode(body string) string {
	c.t.Helper()
	a := c.do("POST", c.bot.BaseURL+"/ilink/bot/get_bot_qrcode?bot_type=3", []byte(body), c.appHeaders)
	code := a.text("qrcode")
	if u, err := url.Parse(a.text("qrcode_img_content")); err != nil || code == "" || u.Query().Get("qrcode") != code {
		c.t.Fatalf("get_bot_qrcode: %v %s", a.err, a.body)
	}
	return code
}

func (c *client) status(code, verify string) answer {
	c.t.Helper()
	q := url.Values{"qrcode": {code}}
	if verify != "" {
		q.Set("verify_code", verify)
	}
	return c.do("GET", c.bot.BaseURL+"/ilink/bot/get_qrcode_status?"+q.Encode(), nil, c.appHeaders)
}

// logIn does an action to a new QR code and returns the status answer.
func logIn(t *testing.T, c *client, a LoginAction) answer {
	t.Helper()
	code := c.qrcode(`{}`)
	c.control("POST", "/sim/login/"+code, mustJSON(t, a), &struct{}{})
	return c.status(code, "")
}

func TestLoginStatuses(t *testing.T) {
	type step struct {
		action LoginAction // before the poll; none if Action is ""
		verify string
		want   string
	}
	do := func(action, want string) step { return step{action: LoginAction{Action: action}, want: want} }
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"held until time is up", []step{{want: "wait"}, {want: "wait"}}},
		{"scan, confirm", []step{do("scan", "scaned"), {want: "scaned"}, do("confirm", "confirmed"), {want: "confirmed"}}},
		{"cancel", []step{do("cancel", "cancelled"), {want: "cancelled"}}},
		{"expire", []step{do("expire", "expired")}},
		{"bound", []step{do("binded_redirect", "binded_redirect")}},
		{"redirect to itself", []step{do("redirect", "scaned_but_redirect"), {want: "scaned"}, do("confirm", "confirmed")}},
		{"right code", []step{do("need_verifycode", "need_verifycode"), {verify: "1234", want: "scaned"}}},
		{"wrong code", []step{do("need_verifycode", "need_verifycode"),
			{verify: "1", want: "need_verifycode"}, {verify: "1234", want: "scaned"}, do("confirm", "confirmed")}},
		{"blocked", []step{do("need_verifycode", "need_verifycode"), {verify: "1", want: "need_verifycode"},
			{verify: "2", want: "need_verifycode"}, {verify: "3", want: "verify_code_blocked"}, {verify: "1234", want: "verify_code_blocked"}}},
		{"code of one's own", []step{{action: LoginAction{Action: "need_verifycode", Code: "77"}, want: "need_verifycode"},
			{verify: "77", want: "scaned"}}},
		{"raw", []step{{action: LoginAction{Action: "raw", Status: "thinking"}, want: "thinking"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sim := newSim(t)
			c := newClient(t, Bot{BaseURL: sim.URL})
			code := c.qrcode(`{"local_token_list":[]}`)
			for i, st := range tt.steps {
				if st.action.Action != "" {
					if err := sim.LoginAction(code, st.action); err != nil {
						t.Fatal(err)
					}
				}
				if a := c.status(code, st.verify); a.text("status") != st.want {
					t.Fatalf("poll %d: got %v %s, want %s", i+1, a.err, a.body, st.want)
				}
			}
			if w := sim.State().Warnings; len(w) != 0 {
				t.Errorf("warnings: %+v", w)
			}
		})
	}
}

func TestConfirmedBotWorks(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	a := logIn(t, c, LoginAction{Action: "confirm", UserID: "me"})
	if !strings.HasSuffix(a.text("ilink_bot_id"), "@im.bot") || a.text("baseurl") != sim.URL || a.text("ilink_user_id") != "me@im.wechat" {
		t.Errorf("got %s", a.body)
	}
	c.bot.Token = a.text("bot_token")
	wantRet(t, "poll", c.poll(""), 0, "")
}

func TestConfirmWithoutBotID(t *testing.T) {
	sim := newSim(t)
	a := logIn(t, newClient(t, Bot{BaseURL: sim.URL}), LoginAction{Action: "confirm_without_bot_id"})
	if _, has := a.fields["ilink_bot_id"]; has || a.text("status") != "confirmed" || a.text("bot_token") == "" {
		t.Errorf("got %s", a.body)
	}
}

func TestBoundByLocalToken(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("b"))
	code := c.qrcode(`{"local_token_list":["other","` + c.bot.Token + `"]}`)
	if err := sim.LoginAction(code, LoginAction{Action: "confirm", BotID: "b"}); err != nil {
		t.Fatal(err)
	}
	if a := c.status(code, ""); a.text("status") != "binded_redirect" {
		t.Errorf("got %s", a.body)
	}
	wantRet(t, "old token", c.poll(""), 0, "")
	// A token that has expired is renewed instead.
	if err := sim.ExpireToken("b"); err != nil {
		t.Fatal(err)
	}
	code = c.qrcode(`{"local_token_list":["` + c.bot.Token + `"]}`)
	if err := sim.LoginAction(code, LoginAction{Action: "confirm", BotID: "b"}); err != nil {
		t.Fatal(err)
	}
	if a := c.status(code, ""); a.text("status") != "confirmed" || a.text("bot_token") == c.bot.Token {
		t.Errorf("got %s", a.body)
	}
}

func TestRedirectElsewhere(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	code := c.qrcode("")
	if err := sim.LoginAction(code, LoginAction{Action: "redirect", RedirectHost: "sz.example.com"}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // polling the old host leads nowhere
		if a := c.status(code, ""); a.text("status") != "scaned_but_redirect" || a.text("redirect_host") != "sz.example.com" {
			t.Errorf("got %s", a.body)
		}
	}
}

func TestQRCodeExpires(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	code := c.qrcode("")
	if got := sim.QRCodes(); !reflect.DeepEqual(got, []string{code}) {
		t.Errorf("pending: %v", got)
	}
	sim.Advance(5 * time.Minute)
	if a := c.status(code, ""); a.text("status") != "expired" {
		t.Errorf("got %s", a.body)
	}
	if got := sim.QRCodes(); len(got) != 0 {
		t.Errorf("pending: %v", got)
	}
	if err := sim.LoginAction(code, LoginAction{Action: "confirm"}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("confirm: %v", err)
	}
	if a := c.status("made-up", ""); a.text("status") != "expired" {
		t.Errorf("unknown code: %s", a.body)
	}
}

// A held status poll is answered by the action, not by the hold.
func TestHeldStatusPoll(t *testing.T) {
	sim := newSim(t, WithHold(time.Minute))
	c := newClient(t, Bot{BaseURL: sim.URL})
	done := make(chan answer)
	go func() { done <- c.status(c.qrcode(""), "") }()
	code, err := sim.WaitQRCode(c.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.LoginAction(code, LoginAction{Action: "scan"}); err != nil {
		t.Fatal(err)
	}
	if a := <-done; a.text("status") != "scaned" {
		t.Errorf("got %v %s", a.err, a.body)
	}
	// Nothing new to tell: held until the clock moves past the 5 minutes.
	go func() { done <- c.status(code, "") }()
	sim.Advance(6 * time.Minute)
	if a := <-done; a.text("status") != "expired" {
		t.Errorf("got %v %s", a.err, a.body)
	}
}

func TestAutoConfirm(t *testing.T) {
	sim := newSim(t, WithAutoConfirm("demo"))
	c := newClient(t, Bot{BaseURL: sim.URL})
	code := c.qrcode("")
	for _, want := range []string{"scaned", "confirmed"} {
		if a := c.status(code, ""); a.text("status") != want {
			t.Errorf("got %s, want %s", a.body, want)
		}
	}
	if st := sim.State(); len(st.Bots) != 1 || st.Bots[0].ID != "demo@im.bot" {
		t.Errorf("bots: %+v", st.Bots)
	}
}

func TestLoginActionErrors(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	code := c.qrcode("")
	for path, tt := range map[string]struct {
		body   string
		status int
	}{
		"/sim/login/" + code:        {`{"action":"dance"}`, 400},
		"/sim/login/" + code + "?1": {`{"action":"raw"}`, 400},
		"/sim/login/" + code + "?2": {`{"act":"scan"}`, 400},
		"/sim/login/unknown":        {`{"action":"scan"}`, 404},
	} {
		if a := c.control("POST", path, tt.body, nil); a.status != tt.status || a.text("error") == "" {
			t.Errorf("%s %s: %d %s", path, tt.body, a.status, a.body)
		}
	}
	var bot Bot
	c.control("POST", "/sim/login/"+code, `{"action":"confirm","bot_id":"x"}`, &bot)
	if bot.ID != "x@im.bot" || bot.Token == "" || bot.CDNURL != sim.CDNURL {
		t.Errorf("bot: %+v", bot)
	}
}
