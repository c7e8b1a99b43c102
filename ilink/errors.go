package ilink

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinel errors. Test for them with errors.Is.
var (
	// ErrQRCodeExpired is returned by [Login.Wait] when the QR code expired and
	// no fresh one could be shown.
	ErrQRCodeExpired = errors.New("ilink: QR code expired")

	// ErrQRCodeCancelled is returned by [Login.Wait] when the user declined on
	// the phone.
	ErrQRCodeCancelled = errors.New("ilink: QR code scan cancelled")

	// ErrLoginTimeout is returned by [Login.Wait], as it is and not wrapped, when
	// its context ended before the user confirmed.
	ErrLoginTimeout = errors.New("ilink: timed out waiting for QR code confirmation")

	// ErrAlreadyBound is returned by [Login.Wait] when the account is bound to
	// this machine already (status binded_redirect). The token at hand stays
	// good: it is a success that brings no new token.
	ErrAlreadyBound = errors.New("ilink: this bot is already bound here, keep using its token")

	// ErrVerifyCodeNeeded is returned by [Login.Wait] when the phone shows a pair
	// code and nobody was set to ask for it ([LoginConfig].VerifyCode).
	ErrVerifyCodeNeeded = errors.New("ilink: the phone shows a pair code that must be entered")

	// ErrSessionTimeout says that the server knows the token no more (-14): it is
	// stale, the bot was bound elsewhere, or a second poller took over.
	ErrSessionTimeout = errors.New("ilink: session timeout (re-login required)")

	// ErrWindowClosed says that the user's last message allows no further one:
	// all its answers are used up, or it is older than 24 hours. The next message
	// of the user opens the window again. The server doesn't say which it was.
	ErrWindowClosed = errors.New("ilink: window closed or quota used up (wait for the user to write)")

	// ErrThrottled says that the bot sent too fast. Trying on makes the penalty
	// longer: wait at least 30 seconds.
	ErrThrottled = errors.New("ilink: throttled (wait before trying again)")

	// ErrBadRequest says that the server will never accept this message.
	ErrBadRequest = errors.New("ilink: bad request (sending it again will not help)")

	// ErrUnknownUser says that the server knows no user of that id (-3). Ids are
	// case-sensitive.
	ErrUnknownUser = errors.New("ilink: the server knows no user of that id (ids are case-sensitive: use them as they came)")

	// ErrNotWritten says that the user has not written to the bot yet (-4).
	ErrNotWritten = errors.New("ilink: the user has not written to the bot yet (wait for their first message)")

	// ErrMedia wraps what is wrong with media: a key of the wrong length,
	// ciphertext that isn't whole blocks, bad padding, a file over the limit.
	ErrMedia = errors.New("ilink: bad media")
)

// Return codes with a known meaning (protocol §3 and §4).
const (
	retRefused        = -2
	retUnknownUser    = -3
	retNotWritten     = -4
	retRateLimited    = -12
	retSessionTimeout = -14
)

// APIError is an answer of the server that reports a failure.
type APIError struct {
	// Ret is the error code returned by the server; if the answer has only an
	// errcode, that.
	Ret int
	// Op is the API call, such as "sendmessage".
	Op string
	// ErrCode is the answer's errcode, 0 if it has none.
	ErrCode int
	// ErrMsg is the answer's errmsg, with secrets taken out.
	ErrMsg string

	// known is the case, as the whole errmsg told it.
	known error
}

// Error says what was called, what the server answered and which case it is.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ilink: %s: ret=%d", e.Op, e.Ret)
	if e.ErrCode != 0 && e.ErrCode != e.Ret {
		fmt.Fprintf(&b, " errcode=%d", e.ErrCode)
	}
	if e.ErrMsg != "" {
		fmt.Fprintf(&b, " errmsg=%q", e.ErrMsg)
	}
	if kind := e.kind(); kind != nil {
		b.WriteString(": ")
		b.WriteString(strings.TrimPrefix(kind.Error(), "ilink: "))
	}
	return b.String()
}

// Is reports whether target is the sentinel for this answer's case, so that
// errors.Is(err, ErrThrottled) and the like work.
func (e *APIError) Is(target error) bool {
	return target != nil && target == e.kind()
}

// kind sorts the answer into one of the sentinels, nil for an unknown code.
// -2 is overloaded: only its text tells the cases apart (protocol §4).
func (e *APIError) kind() error {
	switch {
	case e.known != nil:
		return e.known
	case e.Ret == retSessionTimeout || e.ErrCode == retSessionTimeout:
		return ErrSessionTimeout
	case e.Ret == retRateLimited:
		return ErrThrottled
	case e.Ret == retUnknownUser:
		return ErrUnknownUser
	case e.Ret == retNotWritten:
		return ErrNotWritten
	case e.Ret != retRefused:
		return nil
	}
	text := strings.ToLower(e.ErrMsg)
	switch {
	case strings.Contains(text, "rate limit"), strings.Contains(text, "freq"):
		return ErrThrottled
	case strings.Contains(text, "required"), strings.Contains(text, "invalid"):
		return ErrBadRequest
	}
	// "prepare failed", "unknown error" and no text at all.
	if strings.HasPrefix(e.Op, "send") {
		return ErrWindowClosed
	}
	return nil
}

// status is the part that all answers have in common. Both codes are used for
// errors and either may be missing (protocol §1).
type status struct {
	Ret     int    `json:"ret"`
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

func (s status) err(op string, red *redactor) error {
	if s.Ret == 0 && s.ErrCode == 0 {
		return nil
	}
	ret := s.Ret
	if ret == 0 {
		ret = s.ErrCode
	}
	e := &APIError{Ret: ret, Op: op, ErrCode: s.ErrCode, ErrMsg: s.ErrMsg}
	e.known = e.kind()
	e.ErrMsg = red.text(s.ErrMsg)
	return e
}
