package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
)

// Kinds of errors, beside those of the module http.
const (
	kindUnauthorized = "unauthorized" // the key is missing or wrong
	kindRateLimited  = "rate_limited" // too much was asked, or the account is empty
	kindServer       = "server"       // the service has trouble
	kindBadRequest   = "bad_request"  // the service can't be asked like that
	kindBadAnswer    = "bad_answer"   // what came is no answer
	kindNetwork      = "network"      // it broke off
	kindTools        = "tools"        // the model does nothing but call tools
	kindEmpty        = "empty_text"   // there is nothing to ask
)

func badAnswer(what string) error { return &luabind.HostError{Kind: kindBadAnswer, Message: what} }

const (
	// maxTries is how often a service is asked that has trouble, at first after
	// retryPause, and then each time after four times as long.
	maxTries   = 3
	retryPause = time.Second
	// longestPause is how long a service may want us to wait: a user waits as well.
	longestPause = 20 * time.Second
	maxErrorBody = 64 << 10
)

// open asks, again where that may help, and returns an answer that is none of an
// error.
func (t *talk) open(ctx context.Context, body []byte) (*http.Stream, error) {
	pause := retryPause
	for try := 1; ; try++ {
		s, err := t.b.client.Open(ctx, t.request(body))
		if err == nil && s.OK() {
			return s, nil
		}
		again, wait := false, pause
		if err == nil {
			text := errorBody(s)
			if plain := withoutStreamOptions(body); s.Status < 500 && plain != nil && strings.Contains(text, "stream_options") {
				body = plain // an older service
				try--
				continue
			}
			again, wait, err = t.trouble(s.Head, text, pause)
		} else {
			var he *luabind.HostError
			again = errors.As(err, &he) && he.Kind == kindNetwork
		}
		if !again || try == maxTries {
			return nil, err
		}
		if err := t.b.wait(ctx, wait); err != nil {
			return nil, err
		}
		pause *= 4
	}
}

// errorBody reads what a service says about an error.
func errorBody(s *http.Stream) string {
	defer s.Close()
	var b strings.Builder
	for b.Len() < maxErrorBody {
		lines, err := s.Lines()
		if err != nil {
			break
		}
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	return b.String()
}

// withoutStreamOptions is a request without what older services don't know, nil if
// it doesn't have it.
func withoutStreamOptions(body []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil || fields["stream_options"] == nil {
		return nil
	}
	delete(fields, "stream_options")
	return encoded(fields)
}

// trouble makes an error of an answer, and says whether and after what time to ask
// again.
func (t *talk) trouble(h http.Head, body string, pause time.Duration) (again bool, wait time.Duration, err error) {
	said := t.hide(errorText([]byte(body)))
	if said != "" {
		said = ": " + said
	}
	fail := func(kind, what string) error {
		return &luabind.HostError{Kind: kind, Message: fmt.Sprintf("%s (status %d)%s", what, h.Status, said)}
	}
	wait = retryAfter(h.Header["retry-after"], pause)
	soon := wait <= longestPause
	switch {
	case h.Status == nethttp.StatusUnauthorized, h.Status == nethttp.StatusForbidden:
		if t.key == "" {
			return false, 0, fail(kindUnauthorized, "the service wants a key, as in key = env.OPENAI_API_KEY")
		}
		return false, 0, fail(kindUnauthorized, "the service doesn't take the key")
	case h.Status == nethttp.StatusTooManyRequests && strings.Contains(body, "insufficient_quota"):
		return false, 0, fail(kindRateLimited, "the account has nothing left")
	case h.Status == nethttp.StatusTooManyRequests && !soon:
		return false, 0, fail(kindRateLimited, fmt.Sprintf("the service wants to be asked again in %.0f seconds", wait.Seconds()))
	case h.Status == nethttp.StatusTooManyRequests:
		return true, wait, fail(kindRateLimited, "the service was asked too often")
	case h.Status >= 500:
		return soon && h.Status != nethttp.StatusNotImplemented, wait, fail(kindServer, "the service has trouble")
	}
	return false, 0, fail(kindBadRequest, "the service refuses the request")
}

// retryAfter reads the header of that name, in seconds or as a date; otherwise if
// there is none.
func retryAfter(header string, otherwise time.Duration) time.Duration {
	if header == "" {
		return otherwise
	}
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds >= 0 && seconds < 1e6 {
		return time.Duration(seconds * float64(time.Second))
	}
	if at, err := nethttp.ParseTime(header); err == nil {
		return max(0, time.Until(at))
	}
	return otherwise
}

// errorText is what a service says about an error, in whichever form; "" if that is
// nothing for people, such as a web page.
func errorText(body []byte) string {
	var text string
	var e struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &e) == nil {
		var inner struct {
			Message string `json:"message"`
		}
		switch {
		case json.Unmarshal(e.Error, &inner) == nil && inner.Message != "":
			text = inner.Message
		case json.Unmarshal(e.Error, &text) == nil && text != "":
		case e.Message != "":
			text = e.Message
		default:
			text = string(e.Detail)
		}
	} else if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		text = string(body)
	}
	return clip(strings.Join(strings.Fields(text), " "), 300)
}
