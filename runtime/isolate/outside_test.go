package isolate

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// answers is a transport.
type answers func(req *http.Request) (*http.Response, error)

func (f answers) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func answering(size int64) answers {
	return func(req *http.Request) (*http.Response, error) {
		body := io.LimitReader(zeros{}, size)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body)}, nil
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A child asks for no more than passes between the processes, and is told.
func TestOutsideBounds(t *testing.T) {
	o := &outsideSide{Outside: Outside{
		Entropy:   func(p []byte) (int, error) { return len(p), nil },
		Transport: answering(101),
	}, most: 100}
	var large *tooLargeError
	if _, err := o.web(t.Context(), webRequest{URL: "https://example.org"}); !errors.As(err, &large) {
		t.Errorf("a body that is too large: %v", err)
	}
	o.Transport = answering(100)
	if got, err := o.web(t.Context(), webRequest{URL: "https://example.org"}); err != nil || len(got.Body) != 100 || got.Status != 200 {
		t.Errorf("%d bytes, %v", len(got.Body), err)
	}
	for _, n := range []int{-1, maxEntropy + 1} {
		if _, err := o.random(t.Context(), n); err == nil {
			t.Errorf("%d random bytes", n)
		}
	}
	if methods := new(outsideSide).methods(); len(methods) != 0 {
		t.Errorf("without a test's world there are %v", methods)
	}
}

// Time, random numbers and counted lines are the parent's, in the next child too.
func TestOutside(t *testing.T) {
	coverage := new(luabind.Coverage)
	now := time.Date(2030, time.May, 1, 9, 0, 0, 0, time.Local)
	s, h := script(t, `
		function on_message(msg)
			if msg.text == "die" then crash.exit() end
			msg:reply(os.date("%Y-%m-%d %H:%M") .. " " .. math.random(1e6))
		end`, func(c *Config) {
		c.Outside = Outside{
			Now:      func() time.Time { return now },
			Entropy:  func(p []byte) (int, error) { clear(p); return len(p), nil },
			Coverage: coverage,
		}
	})
	for _, text := range []string{"x", "die", "x"} {
		var died *DiedError
		if err := handleText(t, s, text); errors.As(err, &died) != (text == "die") {
			t.Fatal(text, err)
		}
	}
	if got := h.texts(); !strings.HasPrefix(got[0], "2030-05-01 09:00 ") || got[0] != got[1] {
		t.Error(got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs := map[int]int64{}
	for _, l := range coverage.Lines() {
		runs[l.Line] = l.Runs
	}
	if runs[2] != 1 || runs[4] != 1 {
		t.Errorf("the lines of the child that was closed ran %v times", runs)
	}
}

// FuzzOutside: whatever a child writes as a call's body, it is answered or refused.
func FuzzOutside(f *testing.F) {
	for _, body := range []string{
		`{}`, `{"args":5}`, `{"args":-1}`, `{"args":{"method":"GET","url":"https://example.org/ü","header":{"a\nb":["c"]},"body":"AA=="}}`,
		`{"args":{"method":"G T","url":"://"}}`, `{"args":1e99,"step":{"number":1}}`, `null`,
	} {
		f.Add([]byte(body))
	}
	methods := (&outsideSide{Outside: Outside{
		Now:       time.Now,
		Entropy:   func(p []byte) (int, error) { return len(p), nil },
		Transport: answering(10),
		Pause:     func(context.Context, time.Duration) error { return nil },
	}, most: 100}).methods()
	f.Fuzz(func(t *testing.T, body []byte) {
		for name, m := range methods {
			result, err := m(t.Context(), &incoming{frame: &frame{kind: kindCall, id: 1, method: name, body: body}})
			if (result == nil) == (err == nil) {
				t.Errorf("%s: %v, %v", name, result, err)
			}
		}
	})
}
