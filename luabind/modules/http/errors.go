package http

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
)

// Kinds of errors. What an interrupt breaks off has luabind's kind "interrupted".
const (
	kindBadURL     = "bad_url"     // it is no URL of http or https
	kindBadRequest = "bad_request" // it can't be asked like that
	kindRefused    = "refused"     // the operator doesn't allow it
	kindTimeout    = "timeout"     // it took too long
	kindNetwork    = "network"     // the host can't be reached, or broke the answer off
	kindTooLarge   = "too_large"   // the answer has too many bytes
)

var errTimeout = errors.New("the time is over")

// failed says why a request has failed, without what may be secret of it.
func (s *Stream) failed(err error) error {
	var he *luabind.HostError
	switch {
	case errors.As(err, &he):
		return he
	case s.caller.Err() != nil:
		return context.Cause(s.caller)
	case context.Cause(s.ctx) == errTimeout:
		return &luabind.HostError{Kind: kindTimeout, Message: fmt.Sprintf(
			"%s: nothing came within %g seconds (timeout allows more)", s.what, s.silence.Seconds())}
	}
	return &luabind.HostError{Kind: kindNetwork, Message: s.what + ": " + reason(err)}
}

// reason is what an error of net/http says, without URLs.
func reason(err error) string {
	for {
		var ue *url.Error
		if !errors.As(err, &ue) {
			break
		}
		err = ue.Err
	}
	var dns *net.DNSError
	text := err.Error()
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host"
	case strings.Contains(text, "Location"), strings.Contains(text, "://"):
		return "it redirects to what is no URL"
	case strings.HasSuffix(text, "EOF"):
		return "the connection was closed before the answer had come"
	case strings.HasPrefix(text, "net/http: server response headers exceeded"):
		return fmt.Sprintf("the headers of the answer are larger than %d KiB", maxHeaderBytes>>10)
	}
	return strings.TrimPrefix(text, "net/http: ")
}
