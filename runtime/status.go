package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/metrics"
)

// Status is a bot's state at one moment. Counts are since the start.
type Status struct {
	Bot        string `json:"bot"`
	State      string `json:"state"`              // one of the State constants
	Generation int    `json:"generation"`         // of the script in use, 0 if none could be loaded
	Forwards   bool   `json:"forwards,omitempty"` // to another process, instead of a script
	// Isolated says that the script has a process of its own, and Deaths how often
	// that died.
	Isolated bool `json:"isolated,omitempty"`
	Deaths   int  `json:"deaths,omitempty"`
	// Error is what is wrong with the connection, ScriptError why the script as
	// it is now could not be loaded.
	Error       string `json:"error,omitempty"`
	ScriptError string `json:"script_error,omitempty"`

	Received   int `json:"received"`   // messages, without repeats, and runs of timers
	Messages   int `json:"messages"`   // of those received: what users wrote since the start
	Duplicates int `json:"duplicates"` // repeats, left out
	Handled    int `json:"handled"`
	Failed     int `json:"failed"`   // kept as dead
	Failures   int `json:"failures"` // tries of handlers that ended with an error
	Retried    int `json:"retried"`
	Waiting    int `json:"waiting"`  // received and not yet through
	Handlers   int `json:"handlers"` // that run now
	Asking     int `json:"asking"`   // of those waiting: handlers that wait for the user's answer
	Sleeping   int `json:"sleeping"` // of those waiting: handlers that sleep
	Sent       int `json:"sent"`     // accepted by the server
	Rejected   int `json:"rejected"` // requests that the server refused
	Deferred   int `json:"deferred"` // of those queued: waiting for the user to write
	Queued     int `json:"queued"`   // to be sent, or waiting for the user to write
	Uncertain  int `json:"uncertain"`
	// Unconfirmed counts sends that the server accepted and threw away, and
	// Suppressed the users to whom it does that now.
	Unconfirmed     int `json:"unconfirmed"`
	SuppressedUsers int `json:"suppressed_users"`
	Expired         int `json:"expired"` // waited too long to be sent

	// Suspended is why no handler is started, "" unless the script hit its limits
	// again and again, and SuspendedUntil when it is tried again.
	Suspended      string    `json:"suspended,omitempty"`
	SuspendedUntil time.Time `json:"suspended_until,omitzero"`

	// Oldest is when the message was received that has waited longest, zero without one.
	Oldest time.Time `json:"oldest,omitzero"`

	// Reloads counts the scripts that were loaded, the first included, and ReloadErrors those
	// that could not be.
	Reloads      int `json:"reloads"`
	ReloadErrors int `json:"reload_errors"`

	// Held is how many conversations' messages are held, as the script hits its limits with
	// them again and again.
	Held int `json:"held,omitempty"`

	// SessionExpired is when the server stopped knowing the token.
	SessionExpired time.Time `json:"session_expired,omitzero"`
	// ThrottledUntil is when sending goes on.
	ThrottledUntil time.Time `json:"throttled_until,omitzero"`
}

// States of a bot.
const (
	StateStarting       = "starting"
	StateRunning        = "running"
	StateNoToken        = account.StateLoggedOut // log in
	StateSessionExpired = "session_expired"      // the server knows the token no more: log in again
	StateConflict       = "conflict"             // a second program polls with the same token
	StateUnreachable    = "unreachable"          // the server can't be reached
	StateSuspended      = "suspended"            // the script hits its limits again and again: mend it
	StateStopped        = "stopped"
)

// Status returns the state of each bot, in the configuration's order.
func (r *Runtime) Status() []Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := []Status{}
	for _, name := range r.order {
		if b := r.bots[name]; b != nil {
			all = append(all, b.status())
		}
	}
	return all
}

func (b *bot) status() Status {
	s := b.stats.snapshot().shown()
	in := b.inbox.Counts()
	s.Received, s.Messages, s.Duplicates, s.Handled = in.Received, in.Messages, in.Duplicates, in.Handled
	s.Failures, s.Handlers, s.Oldest = in.Failures, in.Running, in.Oldest
	s.Failed, s.Retried, s.Asking, s.Sleeping, s.Waiting = in.Failed, in.Retried, in.Asking, in.Sleeping, in.Waiting()
	// A handler's sends are in the outbox before it counts as handled: so that nothing
	// is seen in neither, the outbox is looked at after the inbox.
	out := b.outbox.Counts()
	s.Sent, s.Uncertain, s.Unconfirmed, s.Expired = out.Sent, out.Uncertain, out.Unconfirmed, out.Expired
	s.Rejected, s.Deferred = out.Rejected, out.Deferred
	s.Queued, s.SuppressedUsers, s.ThrottledUntil = out.Queued, out.Suppressed, out.ThrottledUntil
	if b.breaker != nil {
		s.Held = b.breaker.Held()
	}
	s.SessionExpired, s.Forwards = b.account.Expired(), b.cfg.Forward.URL != ""
	return s
}

// shown has the state that is shown: a suspended bot goes on polling.
func (s Status) shown() Status {
	if s.State == StateRunning && s.Suspended != "" {
		s.State = StateSuspended
	}
	return s
}

// WaitStatus blocks until ok says so of a bot's status, or ctx ends. ok is called
// at each change, and must be quick.
func (r *Runtime) WaitStatus(ctx context.Context, bot string, ok func(Status) bool) error {
	b, err := r.waitBot(ctx, bot)
	if err != nil {
		return err
	}
	return b.stats.wait(ctx, func() bool { return ok(b.status()) })
}

// waitBot finds a bot, once the runtime runs.
func (r *Runtime) waitBot(ctx context.Context, name string) (*bot, error) {
	select {
	case <-r.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	b := r.bot(name)
	if b == nil {
		return nil, fmt.Errorf("there is no bot %q", name)
	}
	return b, nil
}

// Running reports whether the bot does what it is there for: it is connected, and
// has a script or forwards.
func (s Status) Running() bool {
	return s.State == StateRunning && (s.Generation > 0 || s.Forwards)
}

// StorePath is where a runtime with that data folder has its store.
func StorePath(data string) string { return filepath.Join(data, storeName) }

// SocketPath is where a runtime with that data folder answers status requests of
// commands on the same machine.
func SocketPath(data string) string { return filepath.Join(data, "ilinkd.sock") }

// servers answer status requests.
type servers struct {
	log   *slog.Logger
	http  []*http.Server
	group sync.WaitGroup
}

// listen answers GET /healthz and GET /metrics, at the address of the
// configuration if there is one, and at a socket in the data folder.
func (r *Runtime) listen() (*servers, error) {
	s := &servers{log: r.cfg.Logger}
	if r.cfg.Listen != "" {
		l, err := net.Listen("tcp", r.cfg.Listen)
		if err != nil {
			return nil, fmt.Errorf("listen for status requests: %w", err)
		}
		s.serve(l, r.statusHandler())
		r.cfg.Logger.Info("listening", "addr", l.Addr().String())
	}
	path := SocketPath(r.cfg.Data)
	os.Remove(path) // a dead process's: the store's lock is ours
	if l, err := net.Listen("unix", path); err != nil {
		r.cfg.Logger.Warn("no socket for \"ilinkd status\"", "err", err)
	} else {
		s.serve(l, r.statusHandler())
	}
	return s, nil
}

func (s *servers) serve(l net.Listener, h http.Handler) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.http = append(s.http, server)
	s.group.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("status requests are no longer answered", "err", err)
		}
	})
}

func (s *servers) close() {
	for _, server := range s.http {
		server.Close()
	}
	s.group.Wait()
}

// statusHandler answers GET /healthz, 200 while each bot runs and the store takes
// messages, else 503, with the
// status of each as JSON; and GET /metrics.
func (r *Runtime) statusHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		bots := r.Status()
		code := http.StatusOK
		for _, s := range bots {
			if !s.Running() {
				code = http.StatusServiceUnavailable
			}
		}
		answer := map[string]any{"bots": bots}
		if trouble := r.StoreTrouble(); trouble != "" {
			answer["store"], code = trouble, http.StatusServiceUnavailable
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(answer)
	})
	mux.Handle("GET /metrics", metrics.Handler(r.snapshot))
	return mux
}

// snapshot is the status as metrics.
func (r *Runtime) snapshot() metrics.Snapshot {
	var m metrics.Snapshot
	now := time.Now()
	r.mu.Lock()
	st := r.store
	r.mu.Unlock()
	for _, s := range r.Status() {
		b := metrics.Bot{
			Name: s.Bot, State: s.State, Generation: s.Generation,
			Received: int64(s.Received), Duplicates: int64(s.Duplicates), Handled: int64(s.Handled), Failed: int64(s.Failures),
			Retried: int64(s.Retried), Waiting: int64(s.Waiting), Running: s.Handlers, HeldUsers: int64(s.Held),
			Sent: int64(s.Sent), Queued: int64(s.Queued), Deferred: int64(s.Deferred), Rejected: int64(s.Rejected), Uncertain: int64(s.Uncertain),
			Expired: int64(s.Expired), Unconfirmed: int64(s.Unconfirmed), Suppressed: int64(s.SuppressedUsers),
			Reloads: int64(s.Reloads), ReloadErrors: int64(s.ReloadErrors), Deaths: int64(s.Deaths), ThrottledFor: max(0, s.ThrottledUntil.Sub(now)),
		}
		if !s.Oldest.IsZero() {
			b.OldestWaiting = now.Sub(s.Oldest)
		}
		if st != nil {
			dead, held, err := st.Kept(context.Background(), s.Bot)
			if err != nil {
				r.cfg.Logger.Warn("count what is kept, for the metrics", "bot", s.Bot, "err", err)
			}
			b.Dead, b.Held = int64(dead), int64(held)
		}
		m.Bots = append(m.Bots, b)
	}
	if st != nil {
		counts := st.Stats()
		m.StoreCommits, m.StoreUpdates = counts.Commits, counts.Updates
	}
	return m
}
