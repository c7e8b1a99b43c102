package ilink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recordingStore is a cursor store that tells what happened in order.
type recordingStore struct {
	start   string
	events  *[]string
	loadErr error
	saveErr error
}

func (s *recordingStore) LoadCursor(context.Context) (string, error) { return s.start, s.loadErr }

func (s *recordingStore) SaveCursor(ctx context.Context, cursor string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	*s.events = append(*s.events, "save "+cursor)
	return s.saveErr
}

func TestListenMovesTheCursorAfterTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		store := &recordingStore{start: "c0", events: &events}
		c, f := newFake(feed(
			`{"msgs":[{"message_id":1},{"message_id":2}],"get_updates_buf":"c1"}`,
			`{"get_updates_buf":""}`,
			`{"get_updates_buf":"c1"}`,
			`{"msgs":[{"message_id":3}],"get_updates_buf":"c2"}`,
		), WithCursorStore(store))
		ctx, cancel := context.WithCancel(context.Background())
		fails := 3
		var first *Updates
		start := time.Now()
		err := c.Listen(ctx, func(ctx context.Context, u *Updates) error {
			if first == nil {
				first = u
			}
			if fails > 0 {
				fails--
				if u != first {
					t.Error("the batch isn't the same one")
				}
				events = append(events, fmt.Sprintf("failed at %ds", int(time.Since(start).Round(time.Second).Seconds())/10*10))
				return errors.New("disk full")
			}
			for _, m := range u.Messages {
				events = append(events, "take "+m.ID)
			}
			if len(u.Messages) == 1 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("returned %v", err)
		}
		// 2 s, 2 s, 30 s, each spread by a fifth.
		if took := time.Since(start); took < 27*time.Second || took > 41*time.Second {
			t.Errorf("took %v", took)
		}
		want := []string{"failed at 0s", "failed at 0s", "failed at 0s", "take 1", "take 2", "save c1", "take 3", "save c2"}
		if !slices.Equal(events, want) {
			t.Errorf("got  %q\nwant %q", events, want)
		}
		var polled []string
		for _, call := range f.calls {
			polled = append(polled, fmt.Sprint(call.json(t)["get_updates_buf"]))
		}
		if !slices.Equal(polled, []string{"c0", "c1", "c1", "c1"}) {
			t.Errorf("polled with %q", polled)
		}
	})
}

func TestListenBackoff(t *testing.T) {
	// Every failure counts but a time-out: HTTP, network, API, not JSON.
	failures := []func() (*http.Response, error){
		func() (*http.Response, error) { return respond(502, "") },
		func() (*http.Response, error) { return nil, errors.New("connection refused") },
		func() (*http.Response, error) { return ok(`{"ret":-1}`) },
		func() (*http.Response, error) { return ok(`<html>`) },
	}
	pauses := map[int][]time.Duration{}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var times []time.Time
			ctx, cancel := context.WithCancel(context.Background())
			c, _ := newFake(func(c *call) (*http.Response, error) {
				times = append(times, time.Now())
				switch {
				case c.n < len(failures):
					return failures[c.n]()
				case c.n == len(failures): // a success in between starts the count anew
					return ok(`{"get_updates_buf":"x"}`)
				case c.n == len(failures)+1:
					return failures[0]()
				}
				cancel()
				return c.hang()
			})
			if err := c.Listen(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Errorf("returned %v", err)
			}
			for i := 1; i < len(times); i++ {
				pauses[i] = append(pauses[i], times[i].Sub(times[i-1]))
			}
		})
	}
	for i, want := range map[int]time.Duration{
		1: 2 * time.Second, 2: 2 * time.Second, 3: 30 * time.Second, 4: 30 * time.Second, 5: 0, 6: 2 * time.Second,
	} {
		distinct := map[time.Duration]bool{}
		for _, p := range pauses[i] {
			distinct[p] = true
			if p < want*8/10 || p > want*12/10 {
				t.Errorf("pause %d is %v, want %v spread by a fifth", i, p, want)
			}
		}
		if want > 0 && len(distinct) < 2 {
			t.Errorf("pause %d has no jitter: %v", i, pauses[i])
		}
	}
}

func TestListenUsesTheSuggestedHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var took []time.Duration
		c, _ := newFake(func(c *call) (*http.Response, error) {
			switch c.n {
			case 0:
				return ok(`{"longpolling_timeout_ms":5000}`)
			case 1: // a later answer that doesn't say leaves it as it is
				return ok(`{}`)
			case 2:
				start := time.Now()
				resp, err := c.hang()
				took = append(took, time.Since(start))
				return resp, err
			}
			cancel()
			return c.hang()
		})
		c.Listen(ctx, nil)
		if !slices.Equal(took, []time.Duration{15 * time.Second}) {
			t.Errorf("waited %v", took)
		}
	})
}

func TestListenEndsAtSessionTimeout(t *testing.T) {
	for _, answer := range []string{`{"ret":-14}`, `{"errcode":-14,"errmsg":"session timeout"}`, `{"ret":-14,"errcode":-14}`} {
		synctest.Test(t, func(t *testing.T) {
			c, f := newFake(feed(answer))
			err := c.Listen(context.Background(), nil)
			var api *APIError
			if !errors.Is(err, ErrSessionTimeout) || !errors.As(err, &api) {
				t.Errorf("%s: %v", answer, err)
			}
			// As the older API has it: this very value.
			c, _ = newFake(feed(answer))
			if err := c.ListenAndServe(context.Background(), HandlerFunc(nil)); err != ErrSessionTimeout {
				t.Errorf("%s: %v", answer, err)
			}
			if f.count("getupdates") != 1 {
				t.Errorf("%d polls", f.count("getupdates"))
			}
		})
	}
}

func TestListenCursorStoreFailures(t *testing.T) {
	var events []string
	broken := errors.New("no such disk")
	c, _ := newFake(feed(), WithCursorStore(&recordingStore{events: &events, loadErr: broken}))
	if err := c.Listen(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("load: %v", err)
	}
	// A cursor that can't be saved is logged, and polling goes on with it.
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		ctx, cancel := context.WithCancel(context.Background())
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.n == 0 {
				return ok(`{"get_updates_buf":"c1"}`)
			}
			cancel()
			return c.hang()
		}, WithCursorStore(&recordingStore{events: &events, saveErr: broken}), WithLogger(log.logger()))
		c.Listen(ctx, nil)
		if got := f.last("getupdates").json(t)["get_updates_buf"]; got != "c1" {
			t.Errorf("polled with %v", got)
		}
		if !strings.Contains(log.String(), "no such disk") {
			t.Errorf("log %q", log.String())
		}
	})
}

// The server has forgotten what it delivered: a stop must not lose it.
func TestListenStoppedWithMessagesAtHand(t *testing.T) {
	for name, tc := range map[string]struct {
		works bool
		saved []string
	}{"taken in the end": {true, []string{"save c1"}}, "not taken": {false, nil}} {
		synctest.Test(t, func(t *testing.T) {
			var events []string
			var log logBuffer
			ctx, cancel := context.WithCancel(context.Background())
			c, _ := newFake(feed(`{"msgs":[{"message_id":1}],"get_updates_buf":"c1"}`),
				WithCursorStore(&recordingStore{events: &events}), WithLogger(log.logger()))
			calls := 0
			err := c.Listen(ctx, func(ctx context.Context, u *Updates) error {
				calls++
				cancel()
				if ctx.Err() != nil {
					return ctx.Err()
				}
				deadline, limited := ctx.Deadline()
				if !limited || time.Until(deadline) != 5*time.Second {
					t.Errorf("%s: the last try has until %v", name, deadline)
				}
				if !tc.works {
					return errors.New("disk full")
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) || calls != 2 || !slices.Equal(events, tc.saved) {
				t.Errorf("%s: %v, %d calls, %q", name, err, calls, events)
			}
			if lost := strings.Contains(log.String(), "messages are lost"); lost == tc.works {
				t.Errorf("%s: log %q", name, log.String())
			}
		})
	}
}

func TestListenHandsOverMalformedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		ctx, cancel := context.WithCancel(context.Background())
		c, _ := newFake(feed(`{"msgs":[{"context_token":"s3cr3t","seq":[]}],"get_updates_buf":"c1"}`), WithLogger(log.logger()))
		var raw json.RawMessage
		c.Listen(ctx, func(_ context.Context, u *Updates) error {
			raw = u.Malformed[0].Raw
			cancel()
			return nil
		})
		if string(raw) != `{"context_token":"s3cr3t","seq":[]}` {
			t.Errorf("raw %s", raw)
		}
		if s := log.String(); !strings.Contains(s, "could not be read") || strings.Contains(s, "s3cr3t") {
			t.Errorf("log %q", s)
		}
	})
}

func TestListenDoesntSpin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		c, f := newFake(func(c *call) (*http.Response, error) { return ok(`{}`) })
		if err := c.Listen(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("returned %v", err)
		}
		if n := f.count("getupdates"); n < 60 || n > 110 {
			t.Errorf("%d polls in a minute", n)
		}
	})
}

func TestListenGoesOnFromWhereItWas(t *testing.T) {
	// With no store the place is kept within the client.
	synctest.Test(t, func(t *testing.T) {
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.n == 0 {
				return ok(`{"get_updates_buf":"c1"}`)
			}
			return ok(`{"ret":-14}`)
		})
		for range 2 {
			if err := c.Listen(context.Background(), nil); !errors.Is(err, ErrSessionTimeout) {
				t.Fatal(err)
			}
		}
		if got := f.last("getupdates").json(t)["get_updates_buf"]; got != "c1" {
			t.Errorf("second Listen polled with %v", got)
		}
	})
}
