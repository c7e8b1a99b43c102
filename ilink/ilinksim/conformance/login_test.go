package conformance

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// loginTurn: the client has one fixed address for logins, which the driver
// maps to one simulator at a time.
var loginTurn sync.Mutex

// loginResult is what the client makes of a finished login.
type loginResult struct {
	Connected bool   `json:"connected"`
	Already   bool   `json:"alreadyConnected"`
	Token     string `json:"botToken"`
	BotID     string `json:"accountId"`
	BaseURL   string `json:"baseUrl"`
	UserID    string `json:"userId"`
	Message   string `json:"message"`
}

// startLogin begins a login and returns the QR code that the client shows and
// the outcome to come.
func (r *rig) startLogin() (qrcode string, outcome <-chan reply) {
	r.t.Helper()
	loginTurn.Lock()
	r.t.Cleanup(loginTurn.Unlock)
	var started struct {
		Content string `json:"qrcodeUrl"`
		Session string `json:"sessionKey"`
		Message string `json:"message"`
	}
	r.call("startLogin", map[string]any{"baseUrl": r.sim.URL}, &started)
	code, err := r.sim.WaitQRCode(testContext(r.t))
	if err != nil {
		r.t.Fatal(err)
	}
	if codes := r.sim.State().QRCodes; len(codes) != 1 || started.Content == "" || codes[0].Content != started.Content {
		r.t.Fatalf("the client shows %q (%s), the simulator has %+v", started.Content, started.Message, codes)
	}
	return code, r.c.start("waitForLogin", map[string]any{"sessionKey": started.Session, "timeoutMs": 20_000})
}

func (r *rig) phone(qrcode string, a ilinksim.LoginAction) {
	r.t.Helper()
	if err := r.sim.LoginAction(qrcode, a); err != nil {
		r.t.Fatalf("%s: %v", a.Action, err)
	}
}

// waitStatus waits until a QR code has that status.
func (r *rig) waitStatus(qrcode, status string) {
	r.t.Helper()
	waitFor(r.t, "QR code "+status, func() bool {
		for _, q := range r.sim.State().QRCodes {
			if q.QRCode == qrcode {
				return q.Status == status
			}
		}
		return false
	})
}

// testLogin: scanned, a wrong and a right pair code, another data centre,
// confirmed.
func testLogin(t *testing.T, c *client) {
	r := newRig(t, c)
	code, outcome := r.startLogin()
	for _, line := range []string{"0000", "4711"} {
		r.call("type", map[string]any{"line": line}, nil)
	}
	r.phone(code, ilinksim.LoginAction{Action: "need_verifycode", Code: "4711"})
	r.waitStatus(code, "scaned")
	r.phone(code, ilinksim.LoginAction{Action: "redirect"})
	r.waitStatus(code, "scaned")
	r.phone(code, ilinksim.LoginAction{Action: "confirm", BotID: "fresh", UserID: "alice"})
	var got loginResult
	if err := c.finish("waitForLogin", outcome, &got); err != nil {
		t.Fatal(err)
	}
	bot := r.sim.AddBot("fresh")
	got.Message = ""
	want := loginResult{
		Connected: true, Token: bot.Token, BotID: bot.ID, BaseURL: r.sim.URL, UserID: "alice@im.wechat",
	}
	if got != want {
		t.Errorf("logged in with %+v, want %+v", got, want)
	}
	var hosts []string
	r.call("loginHosts", nil, &hosts)
	if want := []string{"ilinkai.weixin.qq.com", strings.TrimPrefix(r.sim.URL, "http://")}; !slices.Equal(hosts, want) {
		t.Errorf("the client asked %q, want %q", hosts, want)
	}
	// The new token works.
	r.bot = bot
	if _, err := r.sim.Inject(ilinksim.In{Bot: "fresh", From: "alice", Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	if u := r.poll(); len(u.Msgs) != 1 || u.Msgs[0].To != bot.ID {
		t.Errorf("getUpdates after the login: %+v, want one message", u)
	}
}

// testLoginBound: a QR code that expires, then one of a bot that the client
// has already.
func testLoginBound(t *testing.T, c *client) {
	r := newRig(t, c)
	r.call("saveAccount", map[string]any{"id": "helper-im-bot", "token": r.bot.Token, "baseUrl": r.sim.URL}, nil)
	code, outcome := r.startLogin()
	r.phone(code, ilinksim.LoginAction{Action: "scan"})
	r.phone(code, ilinksim.LoginAction{Action: "expire"})
	fresh, err := r.sim.WaitQRCode(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	r.phone(fresh, ilinksim.LoginAction{Action: "confirm", BotID: r.bot.ID})
	var got loginResult
	if err := c.finish("waitForLogin", outcome, &got); err != nil {
		t.Fatal(err)
	}
	if got.Connected || !got.Already || got.Token != "" {
		t.Errorf("login of a bound bot: %+v, want it already connected and no token", got)
	}
	if st := r.sim.State(); len(st.QRCodes) != 2 || st.Bots[0].Logins != 1 {
		t.Errorf("%d QR codes and %d logins, want 2 and 1", len(st.QRCodes), st.Bots[0].Logins)
	}
}
