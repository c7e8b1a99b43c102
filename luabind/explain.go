package luabind

import (
	"context"
	"errors"

	"github.com/ilinkd/ilinkd/ilink"
)

// Explain makes of an error of a host's one that a script can look at: a [*HostError]
// that says in a word what kind of failure it is. Hosts need not call it; whatever they
// return is explained.
func Explain(err error) error {
	var he *HostError
	// An interrupt, which ends the context, is told by what is interrupted.
	if err == nil || errors.As(err, &he) || errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled) {
		return err
	}
	var te *ilink.TransportError
	var kind string
	switch {
	case errors.Is(err, ilink.ErrWindowClosed):
		kind = StatusWindowClosed
	case errors.Is(err, ilink.ErrThrottled):
		kind = StatusThrottled
	case errors.Is(err, ilink.ErrBadRequest):
		kind = StatusBadRequest
	case errors.Is(err, ilink.ErrSessionTimeout):
		kind = ReasonSessionExpired
	case errors.Is(err, ilink.ErrUnknownUser):
		kind = StatusUnknownUser
	case errors.Is(err, ilink.ErrNotWritten):
		kind = "not_written"
	case errors.Is(err, ilink.ErrMedia):
		kind = "bad_media"
	case errors.As(err, &te) && errors.Is(err, context.DeadlineExceeded):
		kind = failureCancelled
	case errors.As(err, &te):
		kind = ReasonNetwork
	default:
		return err
	}
	return &HostError{Kind: kind, Message: err.Error()}
}
