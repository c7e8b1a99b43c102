package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	webhookTries = 3
	// webhookBackoff is the pause before the second try; each further one is
	// webhookFactor times as long.
	webhookBackoff = 2 * time.Second
	webhookFactor  = 4
	// maxAnswer is how much of an answer is read, to end the exchange in an
	// orderly way. Nothing in it matters.
	maxAnswer = 64 << 10
)

// webhook posts each event to a URL.
type webhook struct {
	url     *url.URL // nil if it is none
	timeout time.Duration
	// transport rather than a client: that would follow redirects, which carry
	// the event, and perhaps a secret, to where nobody wanted it; and its errors
	// quote the URL.
	transport http.RoundTripper
}

func newWebhook(address string, timeout time.Duration) *webhook {
	var u *url.URL
	if webhookProblem(address) == "" {
		u, _ = url.Parse(address) // just found to be one
	}
	return &webhook{u, timeout, &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			proxy, err := http.ProxyFromEnvironment(r)
			if err != nil { // quotes a URL that may have a password in it
				return nil, errors.New("HTTP_PROXY or HTTPS_PROXY in the environment is not a URL")
			}
			return proxy, nil
		},
		// Events are rare: a connection kept for the next one would be dead by then.
		DisableKeepAlives: true,
	}}
}

// attr tells no more than the host: the path may be a secret as well.
func (w *webhook) attr() slog.Attr {
	if w.url == nil {
		return slog.String("webhook", "")
	}
	return slog.String("webhook", w.url.Host)
}

func (w *webhook) deliver(ctx context.Context, ev Event) error {
	body, err := ev.body()
	if err != nil {
		return err
	}
	pause := webhookBackoff
	for try := 1; ; try++ {
		again, err := w.post(ctx, body)
		if err == nil || !again || ctx.Err() != nil {
			return err
		}
		if try == webhookTries {
			return fmt.Errorf("%w (tried %d times)", err, try)
		}
		if !wait(ctx, pause) {
			return err
		}
		pause *= webhookFactor
	}
}

// post makes one try; again tells whether another one may help.
func (w *webhook) post(ctx context.Context, body []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	if w.url == nil {
		return false, errors.New("not a URL")
	}
	req := (&http.Request{
		Method: http.MethodPost, URL: w.url, Host: w.url.Host,
		Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"ilinkd"}},
		Body:   io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}).WithContext(ctx)
	if user := w.url.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	resp, err := w.transport.RoundTrip(req)
	if err != nil {
		return true, w.explain(err)
	}
	defer resp.Body.Close()                                          // nothing in it matters
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // the status is what counts

	switch code := resp.StatusCode; {
	case code < 300:
		return false, nil
	case code < 400:
		return false, fmt.Errorf("answered %d: redirects aren't followed, set the address that it leads to", code)
	case code < 500:
		return false, fmt.Errorf("answered %d: see whether the address is right and still valid", code)
	default:
		return true, fmt.Errorf("answered %d", code)
	}
}

// explain makes an error fit for the log. What net/http says of an answer that
// isn't HTTP quotes it, and such an answer may be an echo of the request.
func (w *webhook) explain(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v", w.timeout)
	}
	text := err.Error()
	for _, secret := range []string{w.url.RequestURI(), w.url.RawQuery} {
		if len(secret) > 1 && strings.Contains(text, secret) {
			return errors.New("what came back isn't HTTP")
		}
	}
	return err
}

// wait returns false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
