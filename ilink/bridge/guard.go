package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

const redacted = "[redacted]"

// minSecret is the length from which a secret is looked for in a text: a shorter
// one would blot out ordinary words.
const minSecret = 4

// scrub takes secrets out of a text that others wrote.
func scrub(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, redacted)
			text = strings.ReplaceAll(text, url.QueryEscape(s), redacted)
		}
	}
	return text
}

// scrubError is err itself where there is nothing to take out of it.
func scrubError(err error, secrets ...string) error {
	text := err.Error()
	if clean := scrub(text, secrets...); clean != text {
		return &cleanError{text: clean, err: err}
	}
	return err
}

// cleanError is an error without the secrets that were in it. errors.Is still
// works; the error itself can't be had from it.
type cleanError struct {
	text string
	err  error
}

func (e *cleanError) Error() string        { return e.text }
func (e *cleanError) GoString() string     { return e.text }
func (e *cleanError) Is(target error) bool { return errors.Is(e.err, target) }

// guard calls somebody else's function. A panic is logged and becomes an error;
// the secrets are taken out of both.
func guard(log *slog.Logger, what string, secrets func() []string, f func() error) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		text := scrub(fmt.Sprint(p), secrets()...)
		log.Error(what+" panicked", "panic", text, "stack", string(debug.Stack()))
		err = fmt.Errorf("bridge: %s panicked: %s", what, text)
	}()
	if err = f(); err != nil {
		err = scrubError(err, secrets()...)
	}
	return err
}

// goroutineID is the number of the calling goroutine, 0 if it can't be told. Go
// offers it only in the text of a stack trace. It answers one question alone:
// whether StopPoller is called from within the poller that it is to wait for,
// which its signature, with no context, leaves no other way to tell.
func goroutineID() uint64 {
	var buf [64]byte
	text := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(text, []byte(" "))
	id, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return id
}
