package bridge

import (
	"log/slog"
	"sync"
	"time"
)

// sessionLife is how long a session can be used: as long as its QR code lives
// (protocol §2).
const sessionLife = 5 * time.Minute

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

// SetSession keeps a login for a sandbox, in place of an earlier one, until five
// minutes after its StartedAt (now, if that is zero). A nil session clears it.
func SetSession(sandboxID string, s *Session) { sessions.set(sandboxID, s) }

// GetSession returns the login in progress for a sandbox, nil if there is none
// or it has expired.
func GetSession(sandboxID string) *Session { return sessions.get(sandboxID, false) }

// TakeSession returns and removes the login in one step, so that of two that see
// it confirmed only one goes on; nil if there is none.
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
	expires time.Time
}

func (st *sessionStore) set(sandboxID string, s *Session) {
	st.mu.Lock()
	defer st.mu.Unlock()
	now := time.Now()
	// Logins that nobody finished must not pile up.
	for id, e := range st.entries {
		if !now.Before(e.expires) {
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
	st.entries[sandboxID] = sessionEntry{session: s, expires: started.Add(sessionLife)}
}

func (st *sessionStore) get(sandboxID string, take bool) *Session {
	st.mu.Lock()
	defer st.mu.Unlock()
	e, ok := st.entries[sandboxID]
	expired := ok && !time.Now().Before(e.expires)
	if take || expired {
		delete(st.entries, sandboxID)
	}
	if expired {
		return nil
	}
	return e.session
}
