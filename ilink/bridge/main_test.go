package bridge

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	// The single calls use net/http's shared transport; its idle connections are
	// no leak.
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// newSim starts a simulator whose clock and limits are in nobody's way.
func newSim(t *testing.T, opts ...ilinksim.Option) *ilinksim.Server {
	t.Helper()
	sim := ilinksim.New(append([]ilinksim.Option{
		ilinksim.WithHold(5 * time.Second), ilinksim.WithLimits(ilinksim.Limits{Disabled: true}),
	}, opts...)...)
	t.Cleanup(sim.Close)
	return sim
}

// closeBridge closes a bridge at the end of a test, before its simulator.
func closeBridge(t *testing.T, b *Bridge) *Bridge {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := b.Close(ctx); err != nil {
			t.Errorf("close the bridge: %v", err)
		}
	})
	return b
}

func bindingOf(bot ilinksim.Bot, sandboxID string) BridgeBinding {
	return BridgeBinding{SandboxID: sandboxID, BotID: bot.ID, BotToken: bot.Token, ILinkBaseURL: bot.BaseURL}
}

// eventually waits for something that other goroutines do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func waitPolling(t *testing.T, sim *ilinksim.Server, bot string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := sim.WaitPolling(ctx, bot); err != nil {
		t.Fatal(err)
	}
}

func say(t *testing.T, sim *ilinksim.Server, bot, from, text string) string {
	t.Helper()
	id, err := sim.Inject(ilinksim.In{Bot: bot, From: from, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// memDB is a BridgeDB that remembers in which order it was called.
type memDB struct {
	mu     sync.Mutex
	fail   map[string]error // by method
	calls  []string
	bufs   map[bindingKey]string
	tokens map[string]string
}

func newMemDB() *memDB {
	return &memDB{fail: map[string]error{}, bufs: map[bindingKey]string{}, tokens: map[string]string{}}
}

func (d *memDB) UpdateGetUpdatesBuf(sandboxID, botID, buf string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, "cursor")
	if err := d.fail["cursor"]; err != nil {
		return err
	}
	d.bufs[bindingKey{sandboxID, botID}] = buf
	return nil
}

func (d *memDB) UpsertContextToken(sandboxID, botID, userID, contextToken string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, "token "+userID)
	if err := d.fail["token"]; err != nil {
		return err
	}
	d.tokens[sandboxID+" "+botID+" "+userID] = contextToken
	return nil
}

func (d *memDB) GetContextToken(sandboxID, botID, userID string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tokens[sandboxID+" "+botID+" "+userID], nil
}

func (d *memDB) setFail(method string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail[method] = err
}

func (d *memDB) log(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, what)
}

func (d *memDB) history() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.calls...)
}

func (d *memDB) cursor(sandboxID, botID string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.bufs[bindingKey{sandboxID, botID}]
}

// inbox is a Deliver that keeps texts, by sandbox.
type inbox struct {
	mu    sync.Mutex
	texts map[string][]string
	err   error
	tries int
	metas []PollMeta
}

func (in *inbox) deliver(_ context.Context, binding BridgeBinding, u *ilink.Updates, meta PollMeta) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.tries++
	in.metas = append(in.metas, meta)
	if in.err != nil {
		return in.err
	}
	if in.texts == nil {
		in.texts = map[string][]string{}
	}
	for _, m := range u.Messages {
		in.texts[binding.SandboxID] = append(in.texts[binding.SandboxID], m.Text())
	}
	return nil
}

func (in *inbox) setErr(err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.err = err
}

func (in *inbox) tried() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.tries
}

func (in *inbox) of(sandboxID string) []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	return append([]string(nil), in.texts[sandboxID]...)
}

// states records OnState.
type states struct {
	mu  sync.Mutex
	all []State
}

func (s *states) add(st State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, st)
}

func (s *states) list() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]State(nil), s.all...)
}

// phases are the phases in order, repeats left out.
func (s *states) phases() []Phase {
	var phases []Phase
	for _, st := range s.list() {
		if len(phases) == 0 || phases[len(phases)-1] != st.Phase {
			phases = append(phases, st.Phase)
		}
	}
	return phases
}

func (s *states) last() State {
	all := s.list()
	if len(all) == 0 {
		return State{}
	}
	return all[len(all)-1]
}

// call is one request as a fake server got it.
type call struct {
	*http.Request
	endpoint string
	body     string
	n        int // how many calls of this endpoint came before
	at       time.Time
}

// hang is what a fake server answers that never answers.
func (c *call) hang() (*http.Response, error) {
	<-c.Context().Done()
	return nil, c.Context().Err()
}

// held is the answer of a server that has no news for d.
func (c *call) held(d time.Duration, body string) (*http.Response, error) {
	select {
	case <-time.After(d):
		return answer(200, body)
	case <-c.Context().Done():
		return nil, c.Context().Err()
	}
}

// fake is an http.RoundTripper in memory, so that it works with synctest's time.
type fake struct {
	answer func(c *call) (*http.Response, error)

	mu    sync.Mutex
	calls []*call
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	c := &call{Request: r, endpoint: path.Base(r.URL.Path), at: time.Now()}
	if r.Body != nil {
		raw, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
		c.body = string(raw)
	}
	f.mu.Lock()
	for _, before := range f.calls {
		if before.endpoint == c.endpoint {
			c.n++
		}
	}
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	return f.answer(c)
}

func (f *fake) of(endpoint string) []*call {
	f.mu.Lock()
	defer f.mu.Unlock()
	var calls []*call
	for _, c := range f.calls {
		if c.endpoint == endpoint {
			calls = append(calls, c)
		}
	}
	return calls
}

func (f *fake) client() *http.Client { return &http.Client{Transport: f} }

func answer(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1,
	}, nil
}

const (
	refused  = `{"ret":-14}`
	nothing  = `{"ret":0,"get_updates_buf":""}`
	testBase = "https://api.test"
)

// target is a forward target.
type target struct {
	*httptest.Server

	mu       sync.Mutex
	status   map[string]int // by path, 200 if it isn't there
	requests []received
}

type received struct {
	path   string
	header http.Header
	body   string
	status int
}

func newTarget(t *testing.T) *target {
	t.Helper()
	tg := &target{status: map[string]int{}}
	tg.Server = httptest.NewServer(tg)
	t.Cleanup(tg.Close)
	return tg
}

func (tg *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	tg.mu.Lock()
	status := tg.status[r.URL.Path]
	if status == 0 {
		status = http.StatusOK
	}
	tg.requests = append(tg.requests, received{r.Method + " " + r.URL.Path, r.Header.Clone(), string(body), status})
	tg.mu.Unlock()
	if status/100 == 3 {
		w.Header().Set("Location", "/elsewhere")
	}
	w.WriteHeader(status)
}

func (tg *target) address() string { return strings.TrimPrefix(tg.URL, "http://") }

func (tg *target) answers(path string, status int) {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	tg.status[path] = status
}

func (tg *target) got(path string) []received {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	var got []received
	for _, r := range tg.requests {
		if path == "" || strings.HasSuffix(r.path, path) {
			got = append(got, r)
		}
	}
	return got
}

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
