package bridge

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// statusTimeout is how long one status poll may take: the server holds it for
	// up to 35 s.
	statusTimeout = 40 * time.Second
	// gatewayPause follows a gateway's error, which comes at once: a caller that
	// polls in a loop must not ask without end.
	gatewayPause = time.Second
	// maxRedirects is how many data centres one status poll tries.
	maxRedirects = 3
	// maxStatusBody bounds what is read of an answer.
	maxStatusBody = 1 << 20

	// appID and clientVersion are the headers that all calls have (protocol §1),
	// with the values that package ilink sends.
	appID         = "bot"
	clientVersion = "132105"
)

// StatusResult is the state of a login. Package ilink names further states than
// those below ([ilink.LoginStatus]), which callers may take for "wait".
type StatusResult struct {
	Status  string `json:"status"`                  // "wait", "scaned", "confirmed", "expired"
	Token   string `json:"bot_token,omitempty"`     // with "confirmed"; a secret
	BotID   string `json:"ilink_bot_id,omitempty"`  // with "confirmed"
	BaseURL string `json:"baseurl,omitempty"`       // the API base for this bot
	UserID  string `json:"ilink_user_id,omitempty"` // who scanned
}

// String leaves the token out.
func (r StatusResult) String() string { return fmt.Sprintf("login of %q: %s", r.BotID, r.Status) }

// GoString is String: %#v must not show the token either.
func (r StatusResult) GoString() string { return r.String() }

// LogValue keeps the token out of structured logs.
func (r StatusResult) LogValue() slog.Value { return slog.StringValue(r.String()) }

// StartLogin asks iLink for a QR code. Show the session's QRCodeURL as a QR code
// and poll with its QRCode ([PollLoginStatus]).
func StartLogin(ctx context.Context, apiBaseURL string) (*Session, error) {
	l, err := ilink.NewLogin(ctx, ilink.LoginConfig{BaseURL: orDefaultBase(apiBaseURL)})
	if err != nil {
		return nil, err
	}
	return &Session{QRCode: l.QRCode, QRCodeURL: l.URL, StartedAt: time.Now()}, nil
}

// PollLoginStatus asks once how a login stands. The server holds the call for up
// to about 35 seconds; a time-out, that of ctx's deadline too, and a gateway's
// error are the status "wait". A login that moves to another data centre is followed there, within the call.
//
// For logins with a pair code (status "need_verifycode") see [ilink.NewLogin].
func PollLoginStatus(ctx context.Context, apiBaseURL, qrcode string) (*StatusResult, error) {
	poll := statusPoll{base: orDefaultBase(apiBaseURL), qrcode: qrcode}
	polling, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	for redirects := 0; ; redirects++ {
		st, err := poll.once(polling)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return &StatusResult{Status: string(ilink.LoginWait)}, nil
		}
		if err != nil && ctx.Err() != nil {
			return nil, fmt.Errorf("bridge: get_qrcode_status: %w", ctx.Err())
		}
		var te *ilink.TransportError
		if errors.As(err, &te) && meansWait(te) {
			if te.Kind != ilink.FailureTimeout && errors.Is(sleep(ctx, gatewayPause), context.Canceled) {
				return nil, fmt.Errorf("bridge: get_qrcode_status: %w", ctx.Err())
			}
			return &StatusResult{Status: string(ilink.LoginWait)}, nil
		}
		if err != nil {
			return nil, err
		}
		if st.Status != string(ilink.LoginRedirect) || st.RedirectHost == "" || redirects == maxRedirects {
			return &st.StatusResult, nil
		}
		poll.redirect(st.RedirectHost)
	}
}

// meansWait reports whether the server may be holding the login all the same. A
// 4xx, and a host that can't be reached at all, say otherwise.
func meansWait(te *ilink.TransportError) bool {
	switch te.Kind {
	case ilink.FailureTimeout, ilink.FailureNotJSON, ilink.FailureTCP:
		return true
	case ilink.FailureHTTP:
		return te.Temporary()
	}
	return false
}

type statusPoll struct {
	base   string
	qrcode string
}

type loginState struct {
	StatusResult
	RedirectHost string `json:"redirect_host"`
	Ret          int    `json:"ret"`
	ErrCode      int    `json:"errcode"`
	ErrMsg       string `json:"errmsg"`
}

// once makes the call. Package ilink has it only as a part of a whole login,
// which asks until the end and shows no single answer.
func (p *statusPoll) once(ctx context.Context) (*loginState, error) {
	const op = "get_qrcode_status"
	fail := func(kind ilink.FailureKind, status int, detail string) error {
		return &ilink.TransportError{Op: op, Kind: kind, Status: status, Detail: detail}
	}
	u := strings.TrimRight(p.base, "/") + "/ilink/bot/get_qrcode_status?" + url.Values{"qrcode": {p.qrcode}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, fail(ilink.FailureUnknown, 0, "the base URL is not a URL")
	}
	// Not Header.Set: these names go out in the case that Tencent's client has.
	req.Header["iLink-App-Id"] = []string{appID}
	req.Header["iLink-App-ClientVersion"] = []string{clientVersion}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fail(failureKind(err), 0, "")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fail(ilink.FailureHTTP, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxStatusBody))
	if err != nil {
		return nil, fail(failureKind(err), 0, "")
	}
	st := new(loginState)
	// What the answer has is not named: it may be the token, or repeat the QR code.
	if json.Unmarshal(bytes.TrimSpace(raw), st) != nil {
		return nil, fail(ilink.FailureNotJSON, resp.StatusCode, fmt.Sprintf("%d bytes", len(raw)))
	}
	if st.Ret != 0 || st.ErrCode != 0 {
		ret := st.Ret
		if ret == 0 {
			ret = st.ErrCode
		}
		return nil, &ilink.APIError{Op: op, Ret: ret, ErrCode: st.ErrCode, ErrMsg: scrub(st.ErrMsg, p.qrcode, st.Token)}
	}
	if st.Status == "" {
		return nil, fail(ilink.FailureNotJSON, resp.StatusCode, "the answer has no status")
	}
	if st.Status == string(ilink.LoginConfirmed) && (st.BotID == "" || st.Token == "") {
		return nil, errors.New("bridge: get_qrcode_status: confirmed without a bot id or a token")
	}
	return st, nil
}

// redirect polls another data centre. A base without TLS is a test server's, and
// so is where it redirects to.
func (p *statusPoll) redirect(host string) {
	scheme := "https"
	if base, err := url.Parse(p.base); err == nil && base.Scheme == "http" {
		scheme = "http"
	}
	p.base = scheme + "://" + strings.TrimRight(host, "/")
}

// failureKind sorts an error of net/http. Its text is left out: it names the URL,
// and so the QR code.
func failureKind(err error) ilink.FailureKind {
	var (
		dnsErr    *net.DNSError
		verifyErr *tls.CertificateVerificationError
		recordErr tls.RecordHeaderError
		opErr     *net.OpError
		netErr    net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return ilink.FailureCanceled
	case errors.As(err, &dnsErr):
		return ilink.FailureDNS
	case errors.As(err, &verifyErr), errors.As(err, &recordErr), errors.Is(err, http.ErrSchemeMismatch):
		return ilink.FailureTLS
	case errors.As(err, &opErr) && opErr.Op == "dial":
		return ilink.FailureUnknown // not reached, which is no reason to wait
	case errors.As(err, &netErr) && netErr.Timeout():
		return ilink.FailureTimeout
	case errors.As(err, &opErr), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET):
		return ilink.FailureTCP
	}
	return ilink.FailureUnknown
}
