package ilink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestClassify(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, tc := range map[string]struct {
		err  error
		want FailureKind
	}{
		"no such host":      {dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), FailureDNS},
		"dns timeout":       {dial(&net.DNSError{Err: "i/o timeout", Name: "x", IsTimeout: true}), FailureDNS},
		"refused":           {dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), FailureTCP},
		"unreachable":       {dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), FailureTCP},
		"dial timeout":      {dial(os.ErrDeadlineExceeded), FailureTCP},
		"reset":             {&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, FailureTCP},
		"bare reset":        {syscall.ECONNRESET, FailureTCP},
		"broken pipe":       {syscall.EPIPE, FailureTCP},
		"eof":               {io.EOF, FailureTCP},
		"short body":        {io.ErrUnexpectedEOF, FailureTCP},
		"closed":            {net.ErrClosed, FailureTCP},
		"unknown authority": {x509.UnknownAuthorityError{}, FailureTLS},
		"verification":      {&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}}, FailureTLS},
		"record header":     {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, FailureTLS},
		"http, not https":   {http.ErrSchemeMismatch, FailureTLS},
		"alert":             {&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}, FailureTLS},
		"tls timeout":       {errors.New("net/http: TLS handshake timeout"), FailureTLS},
		"deadline":          {context.DeadlineExceeded, FailureTimeout},
		"read timeout":      {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, FailureTimeout},
		"cancelled":         {context.Canceled, FailureCanceled},
		"anything":          {errors.New("anything"), FailureUnknown},
	} {
		wrapped := &url.Error{Op: "Post", URL: "https://h/p?q=1", Err: tc.err}
		te := newNetError("op", wrapped, newRedactor())
		if te.Kind != tc.want {
			t.Errorf("%s: %s, want %s", name, te.Kind, tc.want)
		}
		if !te.Temporary() {
			t.Errorf("%s: not temporary", name)
		}
		for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
			if errors.Is(tc.err, known) != errors.Is(te, known) {
				t.Errorf("%s: errors.Is(%v) is %v", name, known, errors.Is(te, known))
			}
		}
	}
}

// The same with real connections.
func TestRealFailures(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = discardLog()
	secure.StartTLS()
	defer secure.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, tc := range map[string]struct {
		url  string
		want FailureKind
	}{
		"refused": {gone.URL, FailureTCP},
		"cut":     {plain.URL, FailureTCP},
		"tls":     {secure.URL, FailureTLS},
		"scheme":  {strings.Replace(plain.URL, "http:", "https:", 1), FailureTLS},
		"dns":     {"http://no-such-host.invalid", FailureDNS},
	} {
		tr := &http.Transport{}
		c := NewClient(Token{BaseURL: tc.url}, WithHTTPClient(&http.Client{Transport: tr}))
		err := c.NotifyStart(t.Context())
		var te *TransportError
		if !errors.As(err, &te) || te.Kind != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		tr.CloseIdleConnections()
	}
}

func TestTimeoutsOfCalls(t *testing.T) {
	for op, tc := range map[string]struct {
		want time.Duration
		call func(c *Client) error
	}{
		"sendmessage": {15 * time.Second, func(c *Client) error {
			return c.Send(context.Background(), &OutboundMessage{To: "u", Items: []Item{TextMessage("x")}})
		}},
		"getuploadurl": {15 * time.Second, func(c *Client) error {
			_, err := c.UploadMedia(context.Background(), nil, nil)
			return err
		}},
		"recallmessage": {15 * time.Second, func(c *Client) error { return c.RecallMessage(context.Background(), 1) }},
		"notifystart":   {10 * time.Second, func(c *Client) error { return c.NotifyStart(context.Background()) }},
		"notifystop":    {10 * time.Second, func(c *Client) error { return c.NotifyStop(context.Background()) }},
		"getconfig":     {10 * time.Second, func(c *Client) error { return c.SendTyping(context.Background(), "u", true) }},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newFake((*call).hang)
			start := time.Now()
			err := tc.call(c)
			var te *TransportError
			if !errors.As(err, &te) || te.Kind != FailureTimeout || te.Op != op || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %#v", op, err)
			}
			if took := time.Since(start); took != tc.want {
				t.Errorf("%s took %v, want %v", op, took, tc.want)
			}
		})
	}
}

func TestCancelledCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newFake((*call).hang)
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(3*time.Second, cancel)
		err := c.NotifyStart(ctx)
		var te *TransportError
		if !errors.As(err, &te) || te.Kind != FailureCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("%#v", err)
		}
	})
}

func TestTransportErrorText(t *testing.T) {
	for want, err := range map[string]*TransportError{
		"ilink: getupdates: http status 524: gateway": {Op: "getupdates", Kind: FailureHTTP, Status: 524, Detail: "gateway"},
		"ilink: getupdates: dns":                      {Op: "getupdates", Kind: FailureDNS},
	} {
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if err.Unwrap() != nil {
			t.Errorf("%q unwraps to %v", want, err.Unwrap())
		}
	}
}
