package bridge

import (
	mathrand "math/rand/v2"
	"time"
)

const (
	// retryDelay follows a failed poll, backoffDelay the third in a row and those
	// after it (protocol §3).
	retryDelay     = 2 * time.Second
	backoffDelay   = 30 * time.Second
	failuresInARow = 3

	// After -14, and a second one at once, a poll is tried from sessionMin doubling
	// to sessionMax.
	sessionMin = 5 * time.Second
	sessionMax = 5 * time.Minute

	// So many -14 within so long, each after a poll that worked, mean that
	// somebody else polls too. A poll that was held for heldLong worked, even if
	// -14 was its end: a stale token is refused at once.
	conflictCount  = 3
	conflictWindow = 10 * time.Minute
	heldLong       = time.Second

	// Messages that are not taken are tried again from deliverMin doubling to
	// deliverMax.
	deliverMin = 2 * time.Second
	deliverMax = 30 * time.Second
)

// spread moves d by up to a fifth either way, so that many bots whose server
// went away don't all come back in the same moment.
func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*mathrand.Float64()))
}

// doubled is the pause after d.
func doubled(d, least, most time.Duration) time.Duration {
	return min(max(2*d, least), most)
}

func pollPause(failures int) time.Duration {
	if failures >= failuresInARow {
		return backoffDelay
	}
	return retryDelay
}

// sessionTrouble keeps count of -14 and says what to do about it.
type sessionTrouble struct {
	inRow         int           // since a poll worked
	answered      bool          // a poll was answered since the last -14
	recent        []time.Time   // -14 after a poll that worked, within conflictWindow
	conflictUntil time.Time     // unless it goes on
	backoff       time.Duration // the last pause, before it was spread
}

// lost takes note of a -14 that ended a poll after it was held for so long. The
// pause is 0 the first time, when the server is to be told of a start and polled
// at once.
func (s *sessionTrouble) lost(now time.Time, held time.Duration) (pause time.Duration) {
	worked := s.answered || held > heldLong
	s.answered = false
	if worked {
		kept := s.recent[:0]
		for _, t := range s.recent {
			if now.Sub(t) < conflictWindow {
				kept = append(kept, t)
			}
		}
		s.recent = append(kept, now)
		if len(s.recent) >= conflictCount || s.conflict(now) {
			s.conflictUntil = now.Add(conflictWindow)
		}
	}
	if worked && !s.conflict(now) {
		s.inRow, s.backoff = 0, 0
	}
	s.inRow++
	// In a conflict asking at once would only push the other one out again.
	if s.inRow == 1 && !s.conflict(now) {
		return 0
	}
	s.backoff = doubled(s.backoff, sessionMin, sessionMax)
	return s.backoff
}

// worked takes note of a poll that was answered.
func (s *sessionTrouble) worked(now time.Time) {
	s.answered, s.inRow = true, 0
	if !s.conflict(now) {
		s.backoff = 0
	}
}

func (s *sessionTrouble) conflict(now time.Time) bool { return now.Before(s.conflictUntil) }

// phase is the state of a bot that is refused, or of one that isn't.
func (s *sessionTrouble) phase(now time.Time) Phase {
	switch {
	case s.conflict(now):
		return PhaseConflict
	case s.inRow > 1:
		return PhaseSessionExpired
	}
	return PhaseRunning
}
