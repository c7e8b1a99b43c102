package ilinksim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// ErrClosed is returned by the waiting methods (WaitSent and its like) when
// the simulator is closed before what they wait for has happened.
var ErrClosed = errors.New("ilinksim: simulator closed")

// shutdownGrace is how long Close lets answers that are being written reach
// their clients before it cuts the connections.
const shutdownGrace = 2 * time.Second

// A Server is one simulated iLink installation: API, CDN and control API on
// one port. Make it with New or NewUnstarted; its methods may be called from
// any goroutine.
type Server struct {
	// URL is the API base, "http://127.0.0.1:port", with no slash at the end;
	// the control API is below URL + "/sim". It is "" before Start, unless
	// WithBaseURL gave it.
	URL string
	// CDNURL is the CDN base, URL + "/c2c".
	CDNURL string

	opts  options
	log   *slog.Logger
	clock *clock

	http     *http.Server
	handler  http.Handler
	serving  sync.WaitGroup // the goroutine that accepts connections
	handling sync.WaitGroup // requests being answered
	done     chan struct{}  // closed by Close

	mu      sync.Mutex
	closed  bool
	changed chan struct{} // closed and replaced at every change that somebody may wait for
	fresh   map[net.Conn]struct{}

	ids      idSource
	bots     []*bot
	byToken  map[string]*bot   // current tokens
	retired  map[string]string // earlier tokens, to the id of their bot
	messages map[uint64]quotable
	sent     []Sent
	repeats  []Sent
	thrown   []Sent
	ciphers  map[[16]byte][]byte // keys of contents, for ReusedCipher
	rejected []Rejected
	typing   []Typing
	notified []Notification
	logins   []*login
	faults   []*fault
	warnings map[string]int
	counts   counters
	uploads  map[string]*upload // by upload_param
	blobs    map[string]*blob   // by encrypt_query_param
	media    []*delivered       // media in accepted sends, served at /sim/media/{index+1}
	spool    spool

	faultSeq int
}

// counters count what has no list of its own; the toggles among them make the
// answers alternate between the forms the real server uses.
type counters struct {
	sendAnswers   int
	uploadAnswers int
	typingAnswers int
	throttled     int
	imagesIn      int
	mediaIn       int
	voicesIn      int
	quotesIn      int
	idForms       int

	dropped   int
	displaced int
	uploaded  int
	downloads int
}

// New starts a simulator on a free port of 127.0.0.1. Like httptest.NewServer
// it panics when it can't listen. The caller calls Close when done.
func New(opts ...Option) *Server {
	s := NewUnstarted(opts...)
	if err := s.Start("127.0.0.1:0"); err != nil {
		panic(fmt.Sprintf("ilinksim: can't listen: %v", err))
	}
	return s
}

// NewUnstarted makes a simulator that doesn't listen: call Start, or mount
// Handler in a server of your own (then say with WithBaseURL where that is).
func NewUnstarted(opts ...Option) *Server {
	o := defaultOptions()
	for _, opt := range opts {
		opt(&o)
	}
	o.complete()
	s := &Server{
		opts:     o,
		log:      o.logger,
		clock:    newClock(o.manualClock, o.start),
		done:     make(chan struct{}),
		changed:  make(chan struct{}),
		fresh:    map[net.Conn]struct{}{},
		byToken:  map[string]*bot{},
		retired:  map[string]string{},
		messages: map[uint64]quotable{},
		warnings: map[string]int{},
		uploads:  map[string]*upload{},
		blobs:    map[string]*blob{},
	}
	s.ids = newIDSource(time.Now())
	s.ids.big = s.has(BigIDs)
	s.setURL(o.baseURL)
	s.handler = s.track(s.routes())
	return s
}

func (s *Server) setURL(base string) {
	s.URL = base
	if base != "" {
		s.CDNURL = base + "/c2c"
	}
}

// Start listens on addr ("127.0.0.1:0" for a free port) and serves until
// Close. It sets URL and CDNURL unless WithBaseURL did. It may be called once;
// its error is that of net.Listen.
func (s *Server) Start(addr string) error {
	if s.http != nil {
		return errors.New("ilinksim: already started")
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if s.URL == "" {
		s.setURL("http://" + dialable(ln.Addr()))
	}
	s.http = &http.Server{
		Handler:           s.handler,
		ConnState:         s.connState,
		ReadHeaderTimeout: 30 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.serving.Go(func() {
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("ilinksim stopped serving", "error", err)
		}
	})
	s.log.Info("ilinksim listening", "url", s.URL)
	return nil
}

// dialable is the address a client on this machine can use: an unspecified
// host ("0.0.0.0", "::") becomes the loopback one.
func dialable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return a.String()
}

// Handler answers everything the simulator answers: /ilink/bot/, /c2c/ and
// /sim/. It is for embedding in another server, at the root of its paths.
func (s *Server) Handler() http.Handler { return s.handler }

// Close answers every held poll, stops listening, waits for all handlers and
// removes spooled files. It is safe to call more than once.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	if first {
		close(s.done)
	}
	// A connection that has sent no request yet would keep Shutdown waiting.
	for c := range s.fresh {
		_ = c.Close()
	}
	s.mu.Unlock()

	if s.http != nil && first {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownGrace)
		if err := s.http.Shutdown(ctx); err != nil {
			_ = s.http.Close()
		}
		cancel()
	}
	s.serving.Wait()
	s.handling.Wait()

	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.spool.remove(); err != nil {
		s.log.Warn("ilinksim left spooled files behind", "error", err)
	}
}

func (s *Server) connState(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state != http.StateNew {
		delete(s.fresh, c)
		return
	}
	if s.closed {
		_ = c.Close()
		return
	}
	s.fresh[c] = struct{}{}
}

// track counts the requests being answered, so that Close can wait for them
// in an embedding server too, and refuses those that come after Close.
func (s *Server) track(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			http.Error(w, "simulator closed", http.StatusServiceUnavailable)
			return
		}
		s.handling.Add(1)
		s.mu.Unlock()
		defer s.handling.Done()
		next.ServeHTTP(w, r)
	})
}

// touch wakes everybody who waits for a change. mu must be held.
func (s *Server) touch() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// waitChange lets go of mu, which must be held, until something changed, d has
// passed (d <= 0: no limit), ctx ended or the simulator was closed, and takes
// mu again. It returns nil for a change or the time, else why it gave up.
func (s *Server) waitChange(ctx context.Context, d time.Duration) error {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	var after <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-changed:
		return nil
	case <-after:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return ErrClosed
	}
}

// host is the simulator's own host:port, "" while it has no URL.
func (s *Server) host() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// warn records something that the real server tolerates but a client should
// not rely on; State shows it. mu must be held.
func (s *Server) warn(text string) {
	s.warnings[text]++
	s.log.Debug("ilinksim warning", "text", text)
}
