package ilink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// FailureKind sorts failures below the API: those in which no answer of the
// server's was understood.
type FailureKind string

const (
	FailureDNS      FailureKind = "dns"      // the host's name was not resolved
	FailureTCP      FailureKind = "tcp"      // no connection, or it broke
	FailureTLS      FailureKind = "tls"      // no secure connection
	FailureProxy    FailureKind = "proxy"    // the proxy on the way refused, or can't be reached
	FailureTimeout  FailureKind = "timeout"  // no answer in time
	FailureHTTP     FailureKind = "http"     // a status other than 200
	FailureNotJSON  FailureKind = "not_json" // the body isn't the JSON expected
	FailureCanceled FailureKind = "canceled" // our own context was cancelled
	FailureUnknown  FailureKind = "unknown"
)

// TransportError is a call that got no answer of the API's. It carries no
// secrets: URLs are cut to scheme, host and path.
type TransportError struct {
	// Op is the API call, such as "getupdates".
	Op string
	// Kind sorts the failure, for logs and metrics.
	Kind FailureKind
	// Status is the HTTP status for FailureHTTP and FailureNotJSON, else 0.
	Status int
	// Detail is what else is known, with secrets taken out.
	Detail string

	cause error
	// unsent says that not even the request's head was written.
	unsent bool
}

// Error says what was called and what went wrong.
func (e *TransportError) Error() string {
	msg := fmt.Sprintf("ilink: %s: %s", e.Op, e.Kind)
	if e.Kind == FailureHTTP {
		msg += fmt.Sprintf(" status %d", e.Status)
	}
	if e.Detail != "" {
		msg += ": " + e.Detail
	}
	return msg
}

// Unwrap returns context.Canceled or context.DeadlineExceeded where one of them
// ended the call, else nil: other causes may carry secrets in their text.
func (e *TransportError) Unwrap() error { return e.cause }

// Temporary reports whether the same call may well succeed later. A 4xx status
// is the one failure here that is final.
func (e *TransportError) Temporary() bool {
	return e.Kind != FailureHTTP || e.Status < 400 || e.Status >= 500 || e.Status == 408 || e.Status == 429
}

// MayHaveArrived reports whether the server may have carried out the call all the
// same: the request was written, and what came back doesn't say that it was
// refused. After a send that means that the message may have been sent.
func (e *TransportError) MayHaveArrived() bool {
	switch e.Kind {
	case FailureProxy:
		return false // it stands before the server
	case FailureHTTP:
		return e.Status >= 500 || e.Status < 400
	}
	return !e.unsent
}

// withoutURL returns what is inside the *url.Error of net/http, which names the full URL,
// query and all.
func withoutURL(err error) error {
	var ue *url.Error
	for errors.As(err, &ue) && ue.Err != nil {
		err = ue.Err
	}
	return err
}

// newNetError classifies an error of net/http.
func newNetError(op string, err error, red *redactor) *TransportError {
	e := &TransportError{Op: op, Kind: classify(err), Detail: red.text(withoutURL(err).Error())}
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			e.cause = known
			break
		}
	}
	return e
}

// newRequestError is newNetError for a request that client made.
func newRequestError(op string, client *http.Client, req *http.Request, err error, red *redactor) *TransportError {
	e := newNetError(op, err, red)
	if trouble := proxyTrouble(client, req, err); trouble != "" {
		e.Kind, e.Detail = FailureProxy, red.text(trouble)
	}
	return e
}

func classify(err error) FailureKind {
	var (
		dnsErr     *net.DNSError
		recordErr  tls.RecordHeaderError
		verifyErr  *tls.CertificateVerificationError
		unknownCA  x509.UnknownAuthorityError
		hostErr    x509.HostnameError
		invalidErr x509.CertificateInvalidError
		opErr      *net.OpError
		netErr     net.Error
	)
	switch {
	case errors.Is(err, context.Canceled):
		return FailureCanceled
	case errors.As(err, &dnsErr):
		return FailureDNS
	case errors.As(err, &recordErr), errors.As(err, &verifyErr), errors.As(err, &unknownCA),
		errors.As(err, &hostErr), errors.As(err, &invalidErr), errors.Is(err, http.ErrSchemeMismatch):
		return FailureTLS
	case errors.As(err, &opErr) && (opErr.Op == "remote error" || opErr.Op == "local error"):
		// This is how crypto/tls reports an alert.
		return FailureTLS
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		// net/http has no name for it.
		return FailureTLS
	case errors.As(err, &opErr) && opErr.Op == "dial":
		// A host that can't be reached is no server that is slow to answer, also
		// where it shows as a time-out: a poll must not take it for "no news".
		return FailureTCP
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &netErr) && netErr.Timeout():
		return FailureTimeout
	case errors.As(err, &opErr), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, net.ErrClosed), isEOF(err):
		return FailureTCP
	}
	return FailureUnknown
}
