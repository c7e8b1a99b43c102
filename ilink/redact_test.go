package ilink

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// Every secret has this in it.
const core = "s3cr3t"

// secret is a secret with characters that are written otherwise in a URL, in
// JSON and in HTML.
func secret(name string) string { return core + "/" + name + `+<&>"=` + core }

// leaks tells where in err, or in what it wraps, a secret shows.
func leaks(err error, secrets ...string) string {
	seen := ""
	var walk func(err error)
	walk = func(err error) {
		if err == nil {
			return
		}
		for _, format := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
			text := fmt.Sprintf(format, err)
			for _, s := range append(secrets, core) {
				if s != "" && strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
					seen += fmt.Sprintf("%s of %T: %s\n", format, err, text)
				}
			}
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	return seen
}

// echo is all that a request has, as a server may repeat it.
func echo(c *call) string {
	query, _ := url.QueryUnescape(c.URL.RawQuery)
	quoted, _ := json.Marshal(string(c.body))
	return strings.Join([]string{
		string(c.body), string(quoted), html.EscapeString(string(c.body)), c.URL.String(), query, url.QueryEscape(c.URL.String()),
		"Authorization: " + c.Header.Get("Authorization"), c.Header.Get("Authorization"),
	}, "\n ")
}

// The ways in which a call fails, each as hostile to secrets as can be.
func failureKinds() map[string]func(c *call) (*http.Response, error) {
	status := func(code int, body func(c *call) string) func(c *call) (*http.Response, error) {
		return func(c *call) (*http.Response, error) {
			resp, err := respond(code, body(c))
			resp.Header.Set("x-error-message", strings.NewReplacer("\n", " ").Replace(echo(c)))
			return resp, err
		}
	}
	apiError := func(ret int) func(c *call) string {
		return func(c *call) string {
			b, _ := json.Marshal(map[string]any{"ret": ret, "errmsg": "bad request " + echo(c)})
			return string(b)
		}
	}
	fails := func(err error) func(c *call) (*http.Response, error) {
		return func(*call) (*http.Response, error) { return nil, err }
	}
	return map[string]func(c *call) (*http.Response, error){
		"dns":     fails(&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.test", IsNotFound: true}}),
		"tcp":     fails(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"reset":   fails(syscall.ECONNRESET),
		"tls":     fails(x509.UnknownAuthorityError{}),
		"timeout": (*call).hang,
		"strange": func(c *call) (*http.Response, error) {
			return nil, fmt.Errorf("malformed response %q: %w", echo(c), &url.Error{Op: "Get", URL: c.URL.String(), Err: io.EOF})
		},
		"http 500":      status(500, echo),
		"http 400":      status(400, echo),
		"html":          status(200, func(c *call) string { return "<html><title>oops</title>" + html.EscapeString(echo(c)) }),
		"not json":      status(200, func(c *call) string { return `{"ret":0,"echo":` + echo(c) }),
		"wrong shape":   status(200, func(c *call) string { return `[` + string(c.body) + `]` }),
		"-2":            status(200, apiError(-2)),
		"-14":           status(200, apiError(-14)),
		"unknown code":  status(200, apiError(-77)),
		"errcode alone": status(200, func(c *call) string { return strings.Replace(apiError(-3)(c), `"ret"`, `"errcode"`, 1) }),
		"broken body": func(c *call) (*http.Response, error) {
			resp, err := ok("")
			resp.Body = io.NopCloser(errorReader{errors.New("malformed chunk " + echo(c))})
			return resp, err
		},
		"redirects": func(c *call) (*http.Response, error) {
			resp, err := respond(307, "")
			resp.Header.Set("Location", "%zz"+c.URL.String())
			return resp, err
		},
	}
}

func TestNoErrorOrLogShowsASecret(t *testing.T) {
	botToken := core + "-bot-" + core
	media := func() *CDNMedia {
		return &CDNMedia{
			EncryptQueryParam: secret("param"), AESKey: secret("aeskey"),
			FullURL: "https://user:" + core + "@cdn.test/d?sign=" + url.QueryEscape(secret("sign")) + "#" + core,
		}
	}
	hexKey := "00112233445566778899aabbccddeeff"
	calls := map[string]func(c *Client) error{
		"getupdates": func(c *Client) error { _, err := c.GetUpdates(context.Background(), "cursor", 0); return err },
		"listen": func(c *Client) error {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			return c.Listen(ctx, func(context.Context, *Updates) error { return nil })
		},
		"serve": func(c *Client) error {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			return c.ListenAndServe(ctx, HandlerFunc(func(context.Context, *Message) error { return nil }))
		},
		"send text": func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", ContextToken: secret("ctx"), Items: []Item{TextMessage("x")}})
		},
		"send several": func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", ContextToken: secret("ctx"), Items: []Item{
				{Type: ItemTypeImage, Image: &ImageItem{Media: media(), ThumbMedia: media(), AESKey: core + hexKey, URL: "https://x?" + core}},
				{Type: ItemTypeFile, File: &FileItem{Media: media()}},
			}})
		},
		"send file": func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", Items: []Item{{Type: ItemTypeFile, File: &FileItem{Media: media()}}}})
		},
		"send video": func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", Items: []Item{{Type: ItemTypeVideo, Video: &VideoItem{Media: media(), ThumbMedia: media()}}}})
		},
		"send voice, quoting": func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", Items: []Item{{Type: ItemTypeVoice, Voice: &VoiceItem{Media: media()},
				RefMsg: &RefMessage{Item: &Item{Type: ItemTypeFile, File: &FileItem{Media: media()}}}}}})
		},
		"getconfig":  func(c *Client) error { return c.Typing(context.Background(), "u", secret("ctx"), true) },
		"recall":     func(c *Client) error { return c.Recall(context.Background(), "5") },
		"start":      func(c *Client) error { return c.NotifyStart(context.Background()) },
		"stop":       func(c *Client) error { return c.NotifyStop(context.Background()) },
		"upload url": func(c *Client) error { _, err := c.UploadMedia(context.Background(), []byte("x"), nil); return err },
		"download": func(c *Client) error {
			m := media()
			m.AESKey = ""
			_, err := readDownload(c, m)
			return err
		},
		"download by param": func(c *Client) error {
			_, err := readDownload(c, &CDNMedia{EncryptQueryParam: secret("param"), AESKey: sixteen})
			return err
		},
		"bad key": func(c *Client) error { _, err := readDownload(c, media()); return err },
		"qr code": func(c *Client) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, err := NewLogin(ctx, LoginConfig{HTTPClient: c.http, LocalTokens: []string{secret("local"), core + "-2"}})
			return err
		},
		"login": func(c *Client) error {
			f := c.http.Transport.(*fakeServer)
			fails := f.answer
			f.answer = func(c *call) (*http.Response, error) {
				if c.endpoint == "get_bot_qrcode" {
					b, _ := json.Marshal(map[string]any{"qrcode": secret("qr"), "qrcode_img_content": "https://show?" + secret("qr")})
					return ok(string(b))
				}
				if c.n == 0 {
					return ok(`{"status":"need_verifycode"}`)
				}
				return fails(c)
			}
			l, err := NewLogin(context.Background(), LoginConfig{
				HTTPClient: c.http, LocalTokens: []string{secret("local")},
				VerifyCode: func(context.Context, bool) (string, error) { return core + "-42", nil },
			})
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_, err = l.Wait(ctx)
			return err
		},
		// Two steps, of which the second fails.
		"sendtyping": func(c *Client) error {
			first(c, "getconfig", `{"typing_ticket":`+quote(secret("ticket"))+`}`)
			return c.SendTyping(context.Background(), "u", true)
		},
		"upload": func(c *Client) error {
			first(c, "getuploadurl", `{"upload_param":`+quote(secret("up"))+`}`)
			_, err := c.UploadMedia(context.Background(), []byte("x"), nil)
			return err
		},
		"upload by url": func(c *Client) error {
			first(c, "getuploadurl", `{"upload_full_url":"https://cdn.test/u?sign=`+url.QueryEscape(secret("sign"))+`"}`)
			_, err := c.UploadMedia(context.Background(), []byte("x"), nil)
			return err
		},
	}
	failures := 0
	for kind, fail := range failureKinds() {
		for name, call := range calls {
			synctest.Test(t, func(t *testing.T) {
				var logText, logJSON logBuffer
				debug := &slog.HandlerOptions{Level: slog.LevelDebug}
				c, f := newFake(fail, WithLogger(slog.New(slog.NewMultiHandler(
					slog.NewTextHandler(&logText, debug), slog.NewJSONHandler(&logJSON, debug)))))
				c.token.BotToken = botToken
				c.red = newRedactor(botToken)
				err := call(c)
				if err != nil {
					failures++
				}
				// The key of an upload is made up: the request tells it.
				var keys []string
				if up := f.last("getuploadurl"); up != nil {
					keys = append(keys, fmt.Sprint(up.json(t)["aeskey"]))
				}
				if found := leaks(err, keys...); found != "" {
					t.Errorf("%s, %s: %s", name, kind, found)
				}
				for _, s := range append(keys, core) {
					if strings.Contains(logText.String(), s) || strings.Contains(logJSON.String(), s) {
						t.Errorf("%s, %s: log %s", name, kind, logText.String())
					}
				}
			})
		}
	}
	if want := len(calls) * len(failureKinds()) / 2; failures < want {
		t.Errorf("only %d calls failed", failures)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// first lets one endpoint succeed before the rest fails.
func first(c *Client, endpoint, answer string) {
	f := c.http.Transport.(*fakeServer)
	fails := f.answer
	f.answer = func(c *call) (*http.Response, error) {
		if c.endpoint == endpoint {
			return ok(answer)
		}
		return fails(c)
	}
}

func readDownload(c *Client, m *CDNMedia) ([]byte, error) {
	r, err := c.Download(context.Background(), m)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func TestRedactor(t *testing.T) {
	red := newRedactor("token-1", "token-1-longer", "abc", " spaced ", "")
	for in, want := range map[string]string{
		"":                                         "",
		"nothing to hide":                          "nothing to hide",
		"x token-1 y":                              "x [redacted] y",
		"x token-1-longer y":                       "x [redacted] y",
		"abc is too short":                         "abc is too short",
		"spaced":                                   "[redacted]",
		"a\n b\t\tc":                               "a b c",
		`{"context_token":"x"}`:                    `{"context_token":[redacted]}`,
		`{"context_token" : "a\"b"}`:               `{"context_token" : [redacted]}`,
		`{\"context_token\":\"x\",\"a\":1}`:        `{\"context_token\":[redacted],\"a\":1}`,
		`{"context_token":"cut of`:                 `{"context_token":[redacted]`,
		`{"local_token_list":["a","b"],"c":1}`:     `{"local_token_list":[redacted],"c":1}`,
		`{"local_token_list":["a","b`:              `{"local_token_list":[redacted]`,
		"a?qrcode=x&b=1":                           "a?qrcode=[redacted]&b=1",
		"Authorization: Bearer xyz end":            "Authorization: [redacted] end",
		"a bearer xyz end":                         "a bearer [redacted] end",
		"aeskey=x aes_key=y AESKEY: z":             "aeskey=[redacted] aes_key=[redacted] AESKEY: [redacted]",
		"https://h/p?q=1#f end":                    "https://h/p?[redacted] end",
		"https://h/p end":                          "https://h/p end",
		"https://u:p@h/p end":                      "https://[redacted]@h/p end",
		"context_token required":                   "context_token required",
		"your_context_tokens: fine":                "your_context_tokens: fine",
		strings.Repeat("界", 100):                   strings.Repeat("界", 66) + "…",
		strings.Repeat(" ", 5000) + "token-1":      "",
		strings.Repeat("token-1 ", 250) + "token-": strings.Repeat("[redacted] ", 18) + "[r…",
	} {
		if got := red.text(in); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
	if got := red.text("bad \xff bytes"); !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
	more := red.and("another-one")
	if got := more.text("another-one token-1"); got != "[redacted] [redacted]" {
		t.Errorf("%q", got)
	}
	if got := red.text("another-one"); got != "another-one" {
		t.Errorf("and changed its receiver: %q", got)
	}
}
