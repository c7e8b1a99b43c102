package notify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWebhookIsGivenTheEvent(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != sampleJSON {
			t.Errorf("body %q, %v", body, err)
		}
		user, password, _ := r.BasicAuth()
		if r.Method != "POST" || r.RequestURI != "/hook?key=x" || r.Header.Get("Content-Type") != "application/json" || user != "me" || password != "pw" {
			t.Errorf("%s %s %v", r.Method, r.RequestURI, r.Header)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer srv.Close()
	address := strings.Replace(srv.URL, "://", "://me:pw@", 1) + "/hook?key=x"
	if log := tell(t, Config{Webhook: address}); log != "" {
		t.Errorf("log: %s", log)
	}
}

func TestWebhookFollowsNoRedirect(t *testing.T) {
	var calls atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		http.Redirect(w, r, "/elsewhere?key=s3cret", http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	log := tell(t, Config{Webhook: srv.URL + "/s3cret?key=s3cret"})
	if calls.Load() != 1 || !strings.Contains(log, "answered 307") || strings.Contains(log, "s3cret") {
		t.Errorf("%d calls, log: %s", calls.Load(), log)
	}
}

// answers is a server that gives one answer after the other: a status, or an
// error of the network. It isn't a real one, so that the clock can be moved.
type answers struct {
	list  []any
	at    []time.Duration // when each call came
	began time.Time
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(string(body), `{"bot":`) {
		return nil, fmt.Errorf("body %q, %v", body, err)
	}
	a.at = append(a.at, time.Since(a.began))
	answer := a.list[0]
	a.list = a.list[1:]
	switch v := answer.(type) {
	case int:
		return &http.Response{StatusCode: v, Body: http.NoBody}, nil
	case error:
		return nil, v
	}
	<-r.Context().Done() // it hangs
	return nil, r.Context().Err()
}

func TestWebhookTriesAgain(t *testing.T) {
	refused, hang := errors.New("connection refused"), any(nil)
	for name, c := range map[string]struct {
		list []any
		at   []time.Duration
		log  string // "" means that it was delivered
	}{
		"at once":              {[]any{200}, []time.Duration{0}, ""},
		"after a 5xx":          {[]any{503, 200}, []time.Duration{0, 2 * time.Second}, ""},
		"at the last try":      {[]any{refused, 500, 204}, []time.Duration{0, 2 * time.Second, 10 * time.Second}, ""},
		"never":                {[]any{502, 502, refused}, []time.Duration{0, 2 * time.Second, 10 * time.Second}, "connection refused (tried 3 times)"},
		"not after a 4xx":      {[]any{404}, []time.Duration{0}, "answered 404"},
		"after a hang":         {[]any{hang, 200}, []time.Duration{0, 12 * time.Second}, ""},
		"when all of it hangs": {[]any{hang, hang, hang}, []time.Duration{0, 12 * time.Second, 30 * time.Second}, "no answer within 10s (tried 3 times)"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, log := newLog()
				a := &answers{list: c.list, began: time.Now()}
				w := newWebhook("https://example.com/s3cret?key=s3cret", DefaultTimeout)
				w.transport = a
				n := start(log, []target{w})
				n.Notify(sample())
				closeNow(t, n)
				if fmt.Sprint(a.at) != fmt.Sprint(c.at) || len(a.list) != 0 {
					t.Errorf("calls at %v, want %v", a.at, c.at)
				}
				if text := out.String(); c.log == "" && text != "" || !strings.Contains(text, c.log) || strings.Contains(text, "s3cret") {
					t.Errorf("log %q, want %q", text, c.log)
				}
			})
		})
	}
}

func TestWebhookPauseEndsWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, log := newLog()
		a := &answers{list: []any{500}, began: time.Now()}
		w := newWebhook("https://example.com/", DefaultTimeout)
		w.transport = a
		n := start(log, []target{w})
		n.Notify(sample())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := n.Close(ctx); err == nil || time.Since(a.began) != time.Second {
			t.Errorf("after %v: %v", time.Since(a.began), err)
		}
	})
}

// The address stays out of the log whatever goes wrong: here nobody listens, and
// there something listens that sends back what it gets.
func TestWebhookAddressIsNotLogged(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			fmt.Fprintf(conn, "%s\r\n\r\n", line)
			conn.Close()
		}
	}()
	post := func(address string) error {
		_, err := newWebhook(address, DefaultTimeout).post(t.Context(), []byte("{}"))
		return err
	}
	address := "http://user:s3cret@" + l.Addr().String() + "/s3cret?key=s3cret"
	echoed := post(address)
	l.Close()
	<-done
	refused := post(address)
	for _, err := range []error{echoed, refused, post("http://%s3cret"), post("s3cret:x"), post("http:s3cret")} {
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v", err)
		}
	}
	w := newWebhook(address, DefaultTimeout)
	if got, want := w.attr().Value.String(), l.Addr().String(); got != want {
		t.Errorf("the log calls it %q, want %q", got, want)
	}
	var u *url.Error
	if errors.As(refused, &u) {
		t.Errorf("an error with the URL in it: %v", refused)
	}
}
