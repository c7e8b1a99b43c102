package ilink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// loginServer gives out the QR codes q1, q2, … and answers status polls.
func loginServer(status func(c *call) (*http.Response, error)) *fakeServer {
	return &fakeServer{answer: func(c *call) (*http.Response, error) {
		if c.endpoint == "get_bot_qrcode" {
			return ok(fmt.Sprintf(`{"qrcode":"q%d","qrcode_img_content":"https://show/%d"}`, c.n+1, c.n+1))
		}
		return status(c)
	}}
}

// statuses answers the polls with these, and holds when there are no more.
func statuses(list ...string) func(c *call) (*http.Response, error) {
	return func(c *call) (*http.Response, error) {
		if c.n >= len(list) {
			return c.hang()
		}
		if strings.HasPrefix(list[c.n], "{") {
			return ok(list[c.n])
		}
		return ok(`{"status":"` + list[c.n] + `"}`)
	}
}

const confirmed = `{"ret":0,"status":"confirmed","bot_token":"tok","ilink_bot_id":"b@im.bot","baseurl":"https://dc2.test","ilink_user_id":"u@im.wechat"}`

func startLogin(t *testing.T, f *fakeServer, cfg LoginConfig) *Login {
	t.Helper()
	cfg.HTTPClient = &http.Client{Transport: f}
	l, err := NewLogin(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLoginRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(statuses("wait", "scaned", confirmed))
		var tokens []string
		for i := range 14 {
			tokens = append(tokens, fmt.Sprint("local-", i))
		}
		var seen []LoginStatus
		l := startLogin(t, f, LoginConfig{LocalTokens: tokens, RouteTag: "tag", OnStatus: func(s LoginStatus) { seen = append(seen, s) }})
		if l.QRCode != "q1" || l.URL != "https://show/1" {
			t.Errorf("%q %q", l.QRCode, l.URL)
		}
		start := time.Now()
		token, err := l.Wait(context.Background())
		if err != nil || *token != (Token{BotToken: "tok", BaseURL: "https://dc2.test", BotID: "b@im.bot", UserID: "u@im.wechat"}) {
			t.Errorf("%#v, %v", *token, err)
		}
		// A second between two polls.
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
		if !slices.Equal(seen, []LoginStatus{LoginWait, LoginScanned, LoginConfirmed}) {
			t.Errorf("states %q", seen)
		}
		qr := f.last("get_bot_qrcode")
		if qr.Method != "POST" || qr.URL.String() != "https://ilinkai.weixin.qq.com/ilink/bot/get_bot_qrcode?bot_type=3" {
			t.Errorf("%s %s", qr.Method, qr.URL)
		}
		if got := fmt.Sprint(qr.json(t)); got != "map[local_token_list:[local-0 local-1 local-2 local-3 local-4 local-5 local-6 local-7 local-8 local-9]]" {
			t.Errorf("body %s", got)
		}
		st := f.last("get_qrcode_status")
		if st.Method != "GET" || len(st.body) != 0 || st.URL.String() != "https://ilinkai.weixin.qq.com/ilink/bot/get_qrcode_status?qrcode=q1" {
			t.Errorf("%s %s", st.Method, st.URL)
		}
		for _, c := range []*call{qr, st} {
			if rawHeader(c.Header, "iLink-App-Id") != "bot" || rawHeader(c.Header, "iLink-App-ClientVersion") != "132105" ||
				rawHeader(c.Header, "SKRouteTag") != "tag" || rawHeader(c.Header, "Authorization") != "" {
				t.Errorf("%s: %v", c.endpoint, c.Header)
			}
		}
	})
}

func TestLoginWithoutLocalTokens(t *testing.T) {
	f := loginServer(nil)
	startLogin(t, f, LoginConfig{})
	equalJSON(t, "body", f.last("get_bot_qrcode").body, `{"local_token_list":[]}`)
}

func TestLoginNamesTheNewestTokens(t *testing.T) {
	f := loginServer(nil)
	var tokens []string
	for i := range 14 {
		tokens = append(tokens, fmt.Sprintf(" t%d\n", i), "", "t0")
	}
	startLogin(t, f, LoginConfig{LocalTokens: tokens})
	equalJSON(t, "body", f.last("get_bot_qrcode").body,
		`{"local_token_list":["t0","t1","t2","t3","t4","t5","t6","t7","t8","t9"]}`)
}

func TestLoginEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		answers []string
		want    error
	}{
		"expired":        {[]string{"expired"}, ErrQRCodeExpired},
		"blocked":        {[]string{"verify_code_blocked"}, ErrQRCodeExpired},
		"cancelled":      {[]string{"wait", "cancelled"}, ErrQRCodeCancelled},
		"bound":          {[]string{"binded_redirect"}, ErrAlreadyBound},
		"nobody to ask":  {[]string{"need_verifycode"}, ErrVerifyCodeNeeded},
		"API error":      {[]string{`{"ret":-14}`}, ErrSessionTimeout},
		"nothing":        {nil, ErrLoginTimeout},
		"unknown status": {[]string{"dancing", "{}"}, ErrLoginTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := startLogin(t, loginServer(statuses(tc.answers...)), LoginConfig{})
			start := time.Now()
			token, err := l.Wait(context.Background())
			if token != nil || !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, %v", name, token, err)
			}
			if errors.Is(tc.want, ErrLoginTimeout) && time.Since(start) != 8*time.Minute {
				t.Errorf("%s: after %v", name, time.Since(start))
			}
		})
	}
	for _, answer := range []string{
		`{"status":"confirmed","bot_token":"tok"}`, `{"status":"confirmed","ilink_bot_id":"b@im.bot"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			if token, err := startLogin(t, loginServer(statuses(answer)), LoginConfig{}).Wait(context.Background()); err == nil || token != nil {
				t.Errorf("%s: %v, %v", answer, token, err)
			}
		})
	}
}

func TestLoginContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := startLogin(t, loginServer(statuses()), LoginConfig{})
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := l.Wait(ctx); err != ErrLoginTimeout {
			t.Errorf("deadline: %v", err)
		}
		ctx, cancel = context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		if _, err := l.Wait(ctx); err != ErrLoginTimeout {
			t.Errorf("cancelled: %v", err)
		}
		// While pausing, too.
		l = startLogin(t, loginServer(func(*call) (*http.Response, error) { return ok(`{"status":"wait"}`) }), LoginConfig{})
		ctx, cancel = context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := l.Wait(ctx); err != ErrLoginTimeout || time.Since(start) != 2500*time.Millisecond {
			t.Errorf("pausing: %v after %v", err, time.Since(start))
		}
	})
}

func TestLoginConfirmedInTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		l := startLogin(t, loginServer(func(*call) (*http.Response, error) {
			cancel()
			return ok(confirmed)
		}), LoginConfig{})
		if token, err := l.Wait(ctx); err != nil || token.BotToken != "tok" {
			t.Errorf("%v, %v", token, err)
		}
	})
}

func TestLoginVerifyCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(func(c *call) (*http.Response, error) {
			switch c.URL.Query().Get("verify_code") {
			case "":
				if c.n == 0 {
					return ok(`{"status":"need_verifycode"}`)
				}
				return ok(confirmed)
			case "12 & 34":
				return ok(`{"status":"scaned"}`)
			}
			return ok(`{"status":"need_verifycode"}`)
		})
		var asked []bool
		l := startLogin(t, f, LoginConfig{VerifyCode: func(_ context.Context, wrong bool) (string, error) {
			asked = append(asked, wrong)
			return []string{"99", " 12 & 34\n"}[len(asked)-1], nil
		}})
		start := time.Now()
		token, err := l.Wait(context.Background())
		if err != nil || token.BotToken != "tok" {
			t.Errorf("%v, %v", token, err)
		}
		if !slices.Equal(asked, []bool{false, true}) {
			t.Errorf("asked %v", asked)
		}
		// The code goes out at once; only "scaned" pauses, and ends the code.
		if time.Since(start) != time.Second || f.last("get_qrcode_status").URL.Query().Has("verify_code") {
			t.Errorf("%v, %s", time.Since(start), f.last("get_qrcode_status").URL)
		}
	})
}

func TestLoginVerifyCodeGoesWithEveryPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(statuses("need_verifycode", "wait", "wait", confirmed))
		l := startLogin(t, f, LoginConfig{VerifyCode: func(context.Context, bool) (string, error) { return "77", nil }})
		if _, err := l.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, c := range f.calls[1:] {
			codes = append(codes, c.URL.Query().Get("verify_code"))
		}
		if !slices.Equal(codes, []string{"", "77", "77", "77"}) {
			t.Errorf("codes %q", codes)
		}
	})
}

func TestLoginVerifyCodeFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("no terminal")
		l := startLogin(t, loginServer(statuses("need_verifycode")), LoginConfig{
			VerifyCode: func(context.Context, bool) (string, error) { return "", broken },
		})
		if _, err := l.Wait(context.Background()); !errors.Is(err, broken) {
			t.Error(err)
		}
		// The context ends while the person is asked.
		l = startLogin(t, loginServer(statuses("need_verifycode")), LoginConfig{
			VerifyCode: func(ctx context.Context, _ bool) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		})
		start := time.Now()
		if _, err := l.Wait(context.Background()); err != ErrLoginTimeout || time.Since(start) != 8*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		// Somebody who never answers is not asked without a pause.
		asked := 0
		l = startLogin(t, loginServer(func(*call) (*http.Response, error) { return ok(`{"status":"need_verifycode"}`) }), LoginConfig{
			VerifyCode: func(context.Context, bool) (string, error) { asked++; return " ", nil },
		})
		if _, err := l.Wait(context.Background()); err != ErrLoginTimeout || asked > 490 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	})
}

func TestLoginRefresh(t *testing.T) {
	for _, status := range []string{"expired", "verify_code_blocked"} {
		synctest.Test(t, func(t *testing.T) {
			var shown []string
			f := loginServer(func(c *call) (*http.Response, error) {
				if c.URL.Query().Get("qrcode") == "q3" {
					return ok(confirmed)
				}
				return ok(`{"status":"` + status + `"}`)
			})
			var states []LoginStatus
			l := startLogin(t, f, LoginConfig{
				OnQRCode: func(l *Login) { shown = append(shown, l.QRCode+" "+l.URL) },
				OnStatus: func(s LoginStatus) { states = append(states, s) },
			})
			if _, err := l.Wait(context.Background()); err != nil {
				t.Errorf("%s: %v", status, err)
			}
			if !slices.Equal(shown, []string{"q2 https://show/2", "q3 https://show/3"}) {
				t.Errorf("%s: shown %q", status, shown)
			}
			if len(states) != 3 {
				t.Errorf("%s: states %q", status, states)
			}

			// Never a fourth.
			f = loginServer(func(*call) (*http.Response, error) { return ok(`{"status":"` + status + `"}`) })
			l = startLogin(t, f, LoginConfig{OnQRCode: func(*Login) {}})
			if _, err := l.Wait(context.Background()); err != ErrQRCodeExpired || f.count("get_bot_qrcode") != 3 {
				t.Errorf("%s: %v, %d QR codes", status, err, f.count("get_bot_qrcode"))
			}
		})
	}
}

// What expired and what was blocked count alike: three QR codes in all.
func TestLoginCountsAllQRCodes(t *testing.T) {
	for _, list := range [][]string{
		{"expired", "verify_code_blocked", "expired", confirmed},
		{"verify_code_blocked", "expired", "verify_code_blocked", confirmed},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := loginServer(statuses(list...))
			shown := 1
			l := startLogin(t, f, LoginConfig{OnQRCode: func(*Login) { shown++ }})
			if _, err := l.Wait(context.Background()); err != ErrQRCodeExpired || shown != 3 || f.count("get_bot_qrcode") != 3 {
				t.Errorf("%q: %v, %d QR codes shown of %d", list, err, shown, f.count("get_bot_qrcode"))
			}
		})
	}
}

func TestLoginRefreshDropsTheCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(statuses("need_verifycode", "verify_code_blocked", "need_verifycode", confirmed))
		var wrongs []bool
		l := startLogin(t, f, LoginConfig{
			OnQRCode: func(*Login) {},
			VerifyCode: func(_ context.Context, wrong bool) (string, error) {
				wrongs = append(wrongs, wrong)
				return "55", nil
			},
		})
		if _, err := l.Wait(context.Background()); err != nil || !slices.Equal(wrongs, []bool{false, false}) {
			t.Errorf("%v, %v", err, wrongs)
		}
	})
}

func TestLoginRefreshFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeServer{answer: func(c *call) (*http.Response, error) {
			switch {
			case c.endpoint == "get_qrcode_status":
				return ok(`{"status":"expired"}`)
			case c.n == 0:
				return ok(`{"qrcode":"q1"}`)
			}
			return respond(500, "")
		}}
		l := startLogin(t, f, LoginConfig{OnQRCode: func(*Login) { t.Error("shown") }})
		var te *TransportError
		if _, err := l.Wait(context.Background()); !errors.As(err, &te) || te.Op != "get_bot_qrcode" {
			t.Error(err)
		}
		// get_bot_qrcode has no time-out of its own: the login's ends it.
		f.answer = func(c *call) (*http.Response, error) {
			if c.endpoint == "get_qrcode_status" {
				return ok(`{"status":"expired"}`)
			}
			return c.hang()
		}
		start := time.Now()
		if _, err := l.Wait(context.Background()); err != ErrLoginTimeout || time.Since(start) != 8*time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestLoginRedirect(t *testing.T) {
	for base, want := range map[string]string{
		"":                   "https://dc2.weixin.qq.com/ilink/bot/get_qrcode_status?qrcode=q1",
		"http://127.0.0.1:9": "http://dc2.weixin.qq.com/ilink/bot/get_qrcode_status?qrcode=q1",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := loginServer(statuses(`{"status":"scaned_but_redirect","redirect_host":"dc2.weixin.qq.com"}`, "scaned",
				`{"status":"scaned_but_redirect"}`, confirmed))
			l := startLogin(t, f, LoginConfig{BaseURL: base})
			if _, err := l.Wait(context.Background()); err != nil {
				t.Fatal(err)
			}
			for _, c := range f.calls[2:] {
				if c.URL.String() != want {
					t.Errorf("polled %s, want %s", c.URL, want)
				}
			}
			if len(f.calls) != 5 {
				t.Errorf("%d calls", len(f.calls))
			}
		})
	}
}

func TestLoginTroubleMeansWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(func(c *call) (*http.Response, error) {
			switch c.n {
			case 0:
				return respond(524, "gateway")
			case 1:
				return nil, errors.New("connection reset")
			case 2:
				return ok("<html>busy</html>")
			case 3:
				return ok("")
			case 4: // held for too long
				return c.hang()
			}
			return ok(confirmed)
		})
		var states []LoginStatus
		l := startLogin(t, f, LoginConfig{OnStatus: func(s LoginStatus) { states = append(states, s) }})
		start := time.Now()
		if _, err := l.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 45*time.Second {
			t.Errorf("took %v", took)
		}
		if !slices.Equal(states, []LoginStatus{LoginWait, LoginConfirmed}) {
			t.Errorf("states %q", states)
		}
		// What the client did wrong doesn't get better by waiting.
		l = startLogin(t, loginServer(func(*call) (*http.Response, error) { return respond(403, "no") }), LoginConfig{})
		var te *TransportError
		if _, err := l.Wait(context.Background()); !errors.As(err, &te) || te.Status != 403 {
			t.Error(err)
		}
	})
}

func TestStartLoginFailures(t *testing.T) {
	for _, answer := range []string{`{}`, `{"ret":-1,"errmsg":"no"}`, `<html>`, ``} {
		f := &fakeServer{answer: func(*call) (*http.Response, error) { return ok(answer) }}
		if l, err := NewLogin(t.Context(), LoginConfig{HTTPClient: &http.Client{Transport: f}}); err == nil || l != nil {
			t.Errorf("%s: %v, %v", answer, l, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := StartLogin(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := NewLogin(t.Context(), LoginConfig{BaseURL: "http://[bad"}); err == nil {
		t.Error("a bad base is fine")
	}
}
