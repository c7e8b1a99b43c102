package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Runtime runs bots. Make one with [New] and run it with [Runtime.Run].
type Runtime struct {
	cfg  Config
	bots []*bot
}

// New checks the configuration and returns a runtime for it. It starts nothing;
// errors are [*ConfigError]s.
func New(cfg Config) (*Runtime, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Runtime{cfg: cfg}
	for i := range cfg.Bots {
		r.bots = append(r.bots, newBot(&r.cfg, cfg.Bots[i]))
	}
	return r, nil
}

// Run runs all bots until ctx ends, and then lets running handlers come to their
// end for a while. A bot's own trouble (no token, a broken script, an expired
// session) is logged, shown in its status and doesn't end the others; the error
// is for what concerns all: the data folder, the address to listen on.
func (r *Runtime) Run(ctx context.Context) error {
	if err := os.MkdirAll(r.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	var server *http.Server
	if r.cfg.Listen != "" {
		l, err := net.Listen("tcp", r.cfg.Listen)
		if err != nil {
			return fmt.Errorf("listen for status requests: %w", err)
		}
		server = &http.Server{Handler: r.statusHandler(), ReadHeaderTimeout: 10 * time.Second}
		go func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				r.cfg.Logger.Error("status requests are no longer answered", "err", err)
			}
		}()
		r.cfg.Logger.Info("listening", "addr", l.Addr().String())
	}
	var running sync.WaitGroup
	for _, b := range r.bots {
		running.Go(func() { b.run(ctx) })
	}
	<-ctx.Done()
	running.Wait()
	if server != nil {
		return server.Close()
	}
	return nil
}

// Status is a bot's state at one moment.
type Status struct {
	Bot        string `json:"bot"`
	State      string `json:"state"`      // one of the State constants
	Generation int    `json:"generation"` // of the script in use, 0 if none could be loaded
	// Error is what is wrong with the connection, ScriptError why the script as
	// it is now could not be loaded.
	Error       string `json:"error,omitempty"`
	ScriptError string `json:"script_error,omitempty"`
	// Received, Handled and Failed count messages since the start; Waiting are
	// those received and not yet through.
	Received int `json:"received"`
	Handled  int `json:"handled"`
	Failed   int `json:"failed"`
	Waiting  int `json:"waiting"`
	// Sent counts messages that the server accepted.
	Sent int `json:"sent"`
}

// States of a bot.
const (
	StateStarting       = "starting"
	StateRunning        = "running"
	StateNoToken        = "logged_out"      // log in
	StateSessionExpired = "session_expired" // the server knows the token no more: log in again
	StateStopped        = "stopped"
)

// Status returns the state of each bot, in the configuration's order.
func (r *Runtime) Status() []Status {
	all := make([]Status, len(r.bots))
	for i, b := range r.bots {
		all[i] = b.stats.snapshot()
	}
	return all
}

// WaitStatus blocks until ok says so of a bot's status, or ctx ends. ok is called
// at each change, and must be quick.
func (r *Runtime) WaitStatus(ctx context.Context, bot string, ok func(Status) bool) error {
	for _, b := range r.bots {
		if b.cfg.Name == bot {
			return b.stats.wait(ctx, ok)
		}
	}
	return fmt.Errorf("there is no bot %q", bot)
}

// statusHandler answers GET /healthz: 200 while each bot runs, else 503, with
// the status of each as JSON.
func (r *Runtime) statusHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		bots := r.Status()
		code := http.StatusOK
		for _, s := range bots {
			if s.State != StateRunning || s.Generation == 0 {
				code = http.StatusServiceUnavailable
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		json.NewEncoder(w).Encode(map[string]any{"bots": bots})
	})
	return mux
}
