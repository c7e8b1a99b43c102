package account

import (
	"time"

	"github.com/ilinkd/ilinkd/ilink/bridge"
)

// Polled takes the poller's state over.
func (a *Account) Polled(s bridge.State) {
	if s.Phase == bridge.PhaseStopped {
		if s.Err != nil {
			a.opts.Logger.Error("polling ended", "err", s.Err)
		}
		return
	}
	expired := s.Phase == bridge.PhaseSessionExpired || s.Phase == bridge.PhaseConflict
	a.mu.Lock()
	first := expired && a.since.IsZero()
	switch {
	case first:
		a.since = time.Now()
	case !expired:
		a.since = time.Time{}
	}
	since := a.since
	a.mu.Unlock()
	a.setState(string(s.Phase), s.Err)
	switch s.Phase {
	case bridge.PhaseRunning:
		a.opts.OnPoll(true)
	case bridge.PhaseUnreachable:
		a.opts.OnPoll(false)
	}
	if first {
		a.opts.Logger.Error("session expired: log in again with \"ilinkd login --bot "+a.opts.Name+"\"", "state", s.Phase, "err", s.Err)
		a.opts.OnExpired(since)
	}
}

// State is the account's, as OnState was told last; "" before.
func (a *Account) State() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func (a *Account) setState(state string, err error) {
	a.mu.Lock()
	a.state = state
	a.mu.Unlock()
	a.opts.OnState(state, err)
}

// Expired is when the server stopped knowing the token, zero while it knows it.
func (a *Account) Expired() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.since
}

// InSession reports whether the server knows the token, as far as polls tell.
func (a *Account) InSession() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.since.IsZero() && a.state == string(bridge.PhaseRunning)
}
