package ilink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// everyCall makes each API call once, with answers that are successes.
func everyCall(t *testing.T, opts ...Option) *fakeServer {
	t.Helper()
	c, f := newFake(func(c *call) (*http.Response, error) {
		switch c.endpoint {
		case "getconfig":
			return ok(`{"ret":0,"typing_ticket":"ticket-1"}`)
		case "getuploadurl":
			return ok(`{"upload_param":"up"}`)
		case "upload":
			resp, err := ok("")
			resp.Header.Set("x-encrypted-param", "enc")
			return resp, err
		}
		return ok(`{"ret":0}`)
	}, opts...)
	ctx := t.Context()
	_, err1 := c.GetUpdates(ctx, "", 0)
	_, err2 := c.SendMessage(ctx, &OutboundMessage{To: "u", Items: []Item{TextMessage("x")}})
	_, err3 := c.UploadMedia(ctx, []byte("data"), &UploadOptions{ToUserID: "u"})
	if err := errors.Join(err1, err2, err3, c.SendTyping(ctx, "u", true), c.RecallMessage(ctx, 5),
		c.NotifyStart(ctx), c.NotifyStop(ctx)); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestHeadersOfEveryCall(t *testing.T) {
	f := everyCall(t, WithRouteTag("tag-7"), WithBotAgent("MyBot/2 (x)"))
	var uins, seen []string
	for _, c := range f.calls {
		if c.endpoint == "upload" {
			if c.Header.Get("Authorization") != "" || c.Method != http.MethodPost {
				t.Errorf("upload: %s with %v", c.Method, c.Header)
			}
			continue
		}
		seen = append(seen, c.URL.Path)
		if c.Method != http.MethodPost || c.URL.Host != "api.test" || c.URL.RawQuery != "" {
			t.Errorf("%s %s", c.Method, c.URL)
		}
		// As Tencent's client spells them, and once each.
		for name, want := range map[string]string{
			"iLink-App-Id": "bot", "iLink-App-ClientVersion": "132105", "Content-Type": "application/json",
			"AuthorizationType": "ilink_bot_token", "Authorization": "Bearer bot-token-1", "SKRouteTag": "tag-7",
		} {
			if got := c.Header[name]; !slices.Equal(got, []string{want}) {
				t.Errorf("%s: header %s is %q", c.endpoint, name, got)
			}
		}
		uin := rawHeader(c.Header, "X-WECHAT-UIN")
		uins = append(uins, uin)
		digits, err := base64.StdEncoding.DecodeString(uin)
		if _, err2 := strconv.ParseUint(string(digits), 10, 32); err != nil || err2 != nil {
			t.Errorf("%s: X-WECHAT-UIN %q: %v %v", c.endpoint, uin, err, err2)
		}
		base := fmt.Sprint(c.json(t)["base_info"])
		if base != "map[bot_agent:MyBot/2 (x) channel_version:2.4.9]" {
			t.Errorf("%s: base_info %s", c.endpoint, base)
		}
	}
	slices.Sort(seen)
	if want := []string{
		"/ilink/bot/getconfig", "/ilink/bot/getupdates", "/ilink/bot/getuploadurl", "/ilink/bot/msg/notifystart",
		"/ilink/bot/msg/notifystop", "/ilink/bot/recallmessage", "/ilink/bot/sendmessage", "/ilink/bot/sendtyping",
	}; !slices.Equal(seen, want) {
		t.Errorf("paths %q", seen)
	}
	slices.Sort(uins)
	if len(slices.Compact(uins)) < 7 {
		t.Errorf("X-WECHAT-UIN is not fresh each time: %q", uins)
	}
}

func TestHeadersLeftOut(t *testing.T) {
	f := &fakeServer{answer: func(*call) (*http.Response, error) { return ok(`{}`) }}
	c := NewClient(Token{BotToken: "  "}, WithHTTPClient(&http.Client{Transport: f}))
	if err := c.NotifyStart(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := f.last("notifystart").Header
	if rawHeader(h, "Authorization")+rawHeader(h, "SKRouteTag") != "" {
		t.Errorf("headers %v", h)
	}
	if got := f.last("notifystart").json(t)["base_info"].(map[string]any)["bot_agent"]; got != "ilinkd/1" {
		t.Errorf("bot_agent %v", got)
	}
}

func TestBaseURL(t *testing.T) {
	for name, tc := range map[string]struct {
		token any
		opt   string
		want  string
	}{
		"default":              {Token{}, "", "https://ilinkai.weixin.qq.com/ilink/bot/msg/notifystart"},
		"option":               {Token{}, "http://h:1/", "http://h:1/ilink/bot/msg/notifystart"},
		"option with a path":   {Token{}, "http://h:1/p", "http://h:1/p/ilink/bot/msg/notifystart"},
		"token":                {Token{BaseURL: "http://t//"}, "", "http://t/ilink/bot/msg/notifystart"},
		"token before option":  {Token{BaseURL: "http://t"}, "http://h", "http://t/ilink/bot/msg/notifystart"},
		"a pointer to a token": {&Token{BaseURL: "http://t"}, "http://h", "http://t/ilink/bot/msg/notifystart"},
		"nil":                  {(*Token)(nil), "http://h", "http://h/ilink/bot/msg/notifystart"},
	} {
		f := &fakeServer{answer: func(*call) (*http.Response, error) { return ok(`{}`) }}
		opts := []Option{WithHTTPClient(&http.Client{Transport: f})}
		if tc.opt != "" {
			opts = append(opts, WithBaseURL(tc.opt))
		}
		var c *Client
		switch token := tc.token.(type) {
		case Token:
			c = NewClient(token, opts...)
		case *Token:
			c = NewClient(token, opts...)
		}
		if err := c.NotifyStart(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := f.last("notifystart").URL.String(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func TestNilOptionsAreDefaults(t *testing.T) {
	c := NewClient(Token{}, WithHTTPClient(nil), WithLogger(nil), WithCursorStore(nil))
	if c.http == nil || c.logger == nil || c.cursor == nil {
		t.Errorf("%#v %#v %#v", c.http, c.logger, c.cursor)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	big := strings.Repeat("x", maxAPIBody+1)
	for name, tc := range map[string]struct {
		status    int
		body      string
		kind      FailureKind
		temporary bool
	}{
		"empty":       {200, "", FailureNotJSON, true},
		"blank":       {200, " \n", FailureNotJSON, true},
		"html":        {200, "<html><body>bad gateway</body></html>", FailureNotJSON, true},
		"half":        {200, `{"ret":0,"msgs":[{"seq":`, FailureNotJSON, true},
		"wrong shape": {200, `[1]`, FailureNotJSON, true},
		"too large":   {200, big, FailureNotJSON, true},
		"500":         {500, "oops", FailureHTTP, true},
		"524":         {524, "", FailureHTTP, true},
		"429":         {429, "", FailureHTTP, true},
		"408":         {408, "", FailureHTTP, true},
		"404":         {404, "nothing here", FailureHTTP, false},
		"204":         {204, "", FailureHTTP, true},
		"302":         {302, "", FailureHTTP, true},
	} {
		c, _ := newFake(func(*call) (*http.Response, error) { return respond(tc.status, tc.body) })
		_, err := c.GetUpdates(t.Context(), "", 0)
		var te *TransportError
		if !errors.As(err, &te) || te.Kind != tc.kind || te.Status != tc.status || te.Temporary() != tc.temporary || te.Op != "getupdates" {
			t.Errorf("%s: %#v", name, err)
			continue
		}
		if len(err.Error()) > 400 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
		if tc.kind == FailureHTTP && !strings.Contains(err.Error(), strconv.Itoa(tc.status)) {
			t.Errorf("%s: no status in %q", name, err)
		}
	}
}

// trackedBody tells whether it was closed.
type trackedBody struct {
	io.Reader
	closed bool
}

func (b *trackedBody) Close() error { b.closed = true; return nil }

func TestBodiesAreClosed(t *testing.T) {
	for name, body := range map[string]string{"fine": `{"ret":0}`, "bad": `{`, "error": `{"ret":-1}`} {
		for _, status := range []int{200, 500} {
			tracked := &trackedBody{Reader: strings.NewReader(body)}
			c, _ := newFake(func(*call) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: tracked}, nil
			})
			err := c.NotifyStart(t.Context())
			if !tracked.closed {
				t.Errorf("%s, %d: the body is open (%v)", name, status, err)
			}
		}
	}
}

func TestBadURLsAreErrors(t *testing.T) {
	c := NewClient(Token{BotToken: "secret-token", BaseURL: "http://[bad\x7f?token=hidden-query"})
	err := c.NotifyStart(t.Context())
	if err == nil || strings.Contains(err.Error(), "hidden-query") {
		t.Errorf("%v", err)
	}
}

func TestBrokenBody(t *testing.T) {
	c, _ := newFake(func(*call) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(
			bytes.NewReader([]byte(`{"ret"`)), errorReader{io.ErrUnexpectedEOF}))}, nil
	})
	var te *TransportError
	if err := c.NotifyStart(t.Context()); !errors.As(err, &te) || te.Kind != FailureTCP {
		t.Errorf("%#v", err)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestClientAndTokenDontShowSecrets(t *testing.T) {
	token := Token{BotToken: "s3cr3t-token", BotID: "b@im.bot"}
	c := NewClient(token)
	l := &Login{QRCode: "s3cr3t-qr", cfg: LoginConfig{LocalTokens: []string{"s3cr3t-local"}}}
	for _, v := range []any{token, &token, c, l, []Token{token}, struct{ T Token }{token}} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(format, v); strings.Contains(s, "s3cr3t") {
				t.Errorf("%s of %T: %s", format, v, s)
			}
		}
	}
	var log logBuffer
	log.logger().Info("x", "token", token, "ptr", &token, "client", c, "login", l)
	if strings.Contains(log.String(), "s3cr3t") || !strings.Contains(log.String(), "b@im.bot") {
		t.Error(log.String())
	}
}
