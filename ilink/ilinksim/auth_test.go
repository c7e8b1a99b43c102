package ilinksim

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHeadersAndTokens(t *testing.T) {
	set := func(name, value string) func(http.Header) {
		return func(h http.Header) {
			h.Set(name, value)
			if value == "" {
				h.Del(name)
			}
		}
	}
	const (
		bare    = `{"ret":-14}`
		noCode  = `{"errmsg":"session timeout","ret":-14}`
		noRet   = `{"errcode":-14,"errmsg":"session timeout"}`
		allOfIt = `{"errcode":-14,"errmsg":"session timeout","ret":-14}`
	)
	for _, tt := range []struct {
		name string
		edit func(http.Header)
		want string
	}{
		{"no app id", set("iLink-App-Id", ""), bare},
		{"wrong app id", set("iLink-App-Id", "web"), bare},
		{"no version", set("iLink-App-ClientVersion", ""), bare},
		{"version not a number", set("iLink-App-ClientVersion", "2.4.9"), bare},
		{"version above uint32", set("iLink-App-ClientVersion", "4294967296"), bare},
		{"no content type", set("Content-Type", ""), noCode},
		{"wrong content type", set("Content-Type", "text/plain"), noCode},
		{"no authorization type", set("AuthorizationType", ""), noCode},
		{"no uin", set("X-WECHAT-UIN", ""), noCode},
		{"uin not base64", set("X-WECHAT-UIN", "123"), noCode},
		{"uin no number", set("X-WECHAT-UIN", "aGVsbG8="), noCode},
		{"no authorization", set("Authorization", ""), noCode},
		{"unknown token", set("Authorization", "Bearer nobody"), noRet},
		{"content type with charset", set("Content-Type", "application/json; charset=utf-8"), ""},
		{"all right", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sim := newSim(t)
			c := newClient(t, sim.AddBot(""))
			c.edit = tt.edit
			for _, endpoint := range []string{"getupdates", "sendmessage", "getconfig", "msg/notifystart"} {
				a := c.post(endpoint, nil)
				if tt.want == "" {
					if a.ret() == -14 {
						t.Errorf("%s: %s", endpoint, a.body)
					}
					continue
				}
				if a.status != 200 || string(a.body) != tt.want {
					t.Errorf("%s: got %d %s, want %s", endpoint, a.status, a.body, tt.want)
				}
			}
			if tt.want != "" {
				r := sim.Rejected(0)
				if len(r) != 1 || r[0].Ret != -14 || r[0].Reason != ReasonSession || r[0].Detail == "" {
					t.Errorf("rejected: %+v", r)
				}
			}
		})
	}
	t.Run("replaced token", func(t *testing.T) {
		sim := newSim(t)
		c := newClient(t, sim.AddBot("b"))
		logIn(t, c, LoginAction{Action: "confirm", BotID: "b"})
		if a := c.poll(""); string(a.body) != allOfIt {
			t.Errorf("got %s", a.body)
		}
		c.bot = sim.AddBot("b")
		wantRet(t, "new token", c.poll(""), 0, "")
	})
	t.Run("stale token", func(t *testing.T) {
		sim := newSim(t)
		c := newClient(t, sim.AddBot("b"))
		sim.Advance(30*24*time.Hour - time.Second)
		wantRet(t, "in time", c.poll(""), 0, "")
		sim.Advance(time.Second)
		if a := c.poll(""); string(a.body) != noRet {
			t.Errorf("got %s", a.body)
		}
		if sim.State().Bots[0].SessionOK {
			t.Error("state says the session is fine")
		}
	})
	t.Run("token that lives for ever", func(t *testing.T) {
		sim := newSim(t, WithTokenLife(-1))
		c := newClient(t, sim.AddBot("b"))
		sim.Advance(1000 * 24 * time.Hour)
		wantRet(t, "poll", c.poll(""), 0, "")
		if err := sim.ExpireToken("b"); err != nil {
			t.Fatal(err)
		}
		wantRet(t, "expired poll", c.poll(""), -14, "session timeout")
		if err := sim.ExpireToken("nobody"); err == nil {
			t.Error("no error for an unknown bot")
		}
	})
}

func TestBaseInfo(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	for body, want := range map[string]string{
		`{}`:                      "base_info required",
		`{"base_info":{}}`:        "base_info required",
		`not json`:                "invalid arguments",
		`[]`:                      "invalid arguments",
		``:                        "invalid arguments",
		`{"base_info":"2.4.9"}`:   "invalid arguments",
		`{"base_info":{"x":"y"}}`: "base_info required",
	} {
		wantRet(t, body, c.do("POST", c.bot.BaseURL+"/ilink/bot/getupdates", []byte(body), c.headers), -2, want)
	}
}

func TestBodyLimit(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	big := []byte(`{"x":"` + strings.Repeat("x", maxAPIBody) + `"}`)
	a := c.do("POST", c.bot.BaseURL+"/ilink/bot/getupdates", big, c.headers)
	if a.err == nil && a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", a.status)
	}
}

func TestLoginCallsTolerateMissingHeaders(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, Bot{BaseURL: sim.URL})
	a := c.do("GET", sim.URL+"/ilink/bot/get_bot_qrcode?bot_type=3", nil, func(http.Header) {})
	if a.text("qrcode") == "" {
		t.Fatalf("got %s", a.body)
	}
	if w := sim.State().Warnings; len(w) != 1 || !strings.Contains(w[0].Text, "iLink-App-Id") {
		t.Errorf("warnings: %+v", w)
	}
}
