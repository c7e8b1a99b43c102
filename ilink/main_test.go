package ilink

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		if err := goleak.Find(); err != nil && code == 0 {
			os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
		os.Exit(code)
	}))
}

// call is one request as the fake server got it.
type call struct {
	*http.Request
	endpoint string // last part of the path
	body     []byte
	n        int // how many calls of this endpoint came before
}

// json decodes the request's body.
func (c *call) json(t *testing.T) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(c.body))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%s: body %q: %v", c.endpoint, c.body, err)
	}
	return m
}

// hang is what a fake server answers that never answers.
func (c *call) hang() (*http.Response, error) {
	<-c.Context().Done()
	return nil, c.Context().Err()
}

// fakeServer is an http.RoundTripper in memory: no connection, no goroutine, so
// that it works with synctest's time.
type fakeServer struct {
	answer func(c *call) (*http.Response, error)

	mu    sync.Mutex
	calls []*call
}

func (f *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	c := &call{Request: r, endpoint: path.Base(r.URL.Path)}
	if r.Body != nil {
		var err error
		c.body, err = io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	f.mu.Lock()
	for _, before := range f.calls {
		if before.endpoint == c.endpoint {
			c.n++
		}
	}
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return f.answer(c)
}

func (f *fakeServer) count(endpoint string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, c := range f.calls {
		if c.endpoint == endpoint {
			n++
		}
	}
	return n
}

func (f *fakeServer) last(endpoint string) *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.calls) - 1; i >= 0; i-- {
		if f.calls[i].endpoint == endpoint {
			return f.calls[i]
		}
	}
	return nil
}

func respond(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1,
	}, nil
}

func ok(body string) (*http.Response, error) { return respond(http.StatusOK, body) }

// newFake returns a client whose server is answer.
func newFake(answer func(c *call) (*http.Response, error), opts ...Option) (*Client, *fakeServer) {
	f := &fakeServer{answer: answer}
	all := append([]Option{
		WithHTTPClient(&http.Client{Transport: f}), WithLogger(slog.New(slog.DiscardHandler)),
	}, opts...)
	return NewClient(Token{BotToken: "bot-token-1", BaseURL: "https://api.test"}, all...), f
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

// equalJSON compares two JSON texts by their content.
func equalJSON(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %q: %v", what, got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: the test's own JSON: %v", what, err)
	}
	gb, _ := json.Marshal(g)
	wb, _ := json.Marshal(w)
	if !bytes.Equal(gb, wb) {
		t.Errorf("%s:\n got %s\nwant %s", what, gb, wb)
	}
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func newQuiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// rawHeader is a header as it is spelt; Header.Get changes the case.
func rawHeader(h http.Header, name string) string { return strings.Join(h[name], ",") }
