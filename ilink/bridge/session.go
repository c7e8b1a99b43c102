package bridge

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// sessionLife is how long a session is shown as in progress. Its QR code lives
	// about two minutes (protocol §2), the person's confirmation may take longer.
	sessionLife = 10 * time.Minute
	// sessionKept is when one that nobody has taken is forgotten.
	sessionKept = 24 * time.Hour
)

// Session is a QR login in progress for one sandbox.
type Session struct {
	QRCode    string // what to poll with; a secret
	QRCodeURL string // what to show as a QR code; a secret
	StartedAt time.Time
}

// String leaves the secrets out: whoever has the QR code gets the bot's token.
func (s Session) String() string { return "login started at " + s.StartedAt.Format(time.RFC3339) }

// GoString is String: %#v must not show them either.
func (s Session) GoString() string { return s.String() }

// LogValue keeps the secrets out of structured logs.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.String()) }

// SetSession keeps a login for a sandbox, in place of an earlier one. It is in
// progress until ten minutes after its StartedAt (now, if that is zero). A nil
// session clears it.
func SetSession(sandboxID string, s *Session) { sessions.set(sandboxID, s) }

// GetSession returns the login in progress for a sandbox, nil if there is none
// or it began more than ten minutes ago.
func GetSession(sandboxID string) *Session { return sessions.get(sandboxID, false) }

// TakeSession returns and removes the login in one step, so that of two that see
// it confirmed only one goes on; nil if there is none. It may be of any age: a login
// that the server confirmed is good, however late. One that nobody takes is
// forgotten after a day.
func TakeSession(sandboxID string) *Session { return sessions.get(sandboxID, true) }

// ClearSession forgets the login of a sandbox, if there is one.
func ClearSession(sandboxID string) { sessions.set(sandboxID, nil) }

// sessions is the only state of this package outside of a Bridge: the four
// functions above have nothing else to keep it in.
var sessions = sessionStore{entries: map[string]sessionEntry{}}

type sessionStore struct {
	mu      sync.Mutex
	entries map[string]sessionEntry
}

type sessionEntry struct {
	session *Session
	started time.Time
}

func (st *sessionStore) set(sandboxID string, s *Session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := time.Now()
	// Logins that nobody finished must not pile up.
	for id, e := range st.entries {
		if now.Sub(e.started) >= sessionKept {
			delete(st.entries, id)
		}
	}
	if s == nil {
		delete(st.entries, sandboxID)
		return
	}
	started := s.StartedAt
	if started.IsZero() {
		started = now
	}
	st.entries[sandboxID] = sessionEntry{session: s, started: started}
}

func (st *sessionStore) get(sandboxID string, take bool) *Session {
	st.mu.Lock()
	defer st.mu.Unlock()
	e, ok := st.entries[sandboxID]
	if take {
		delete(st.entries, sandboxID)
		return e.session
	}
	if !ok || time.Since(e.started) >= sessionLife {
		return nil
	}
	return e.session
}
