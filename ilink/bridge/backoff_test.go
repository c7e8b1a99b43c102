package bridge

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// inTime runs a poller against a server in memory, in synctest's time, for d.
func inTime(t *testing.T, opts Options, serve func(c *call) (*http.Response, error), d time.Duration) (*fake, *states) {
	t.Helper()
	f, st := &fake{answer: serve}, &states{}
	synctest.Test(t, func(t *testing.T) {
		opts.HTTPClient, opts.ForwardTransport, opts.OnState = f.client(), f, st.add
		if opts.Logger == nil {
			opts.Logger = quiet()
		}
		if opts.Deliver == nil {
			opts.Deliver = func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error { return nil }
		}
		b := NewBridgeWith(newMemDB(), nil, opts)
		b.StartPoller(BridgeBinding{SandboxID: "s", BotID: "b", BotToken: "bot-token", ILinkBaseURL: testBase})
		time.Sleep(d)
		b.StopPoller("s", "b")
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return f, st
}

// polls makes a server of what it does with a poll; all else works.
func polls(poll func(c *call) (*http.Response, error)) func(c *call) (*http.Response, error) {
	return func(c *call) (*http.Response, error) {
		if c.endpoint == "getupdates" {
			return poll(c)
		}
		return answer(200, "{}")
	}
}

// wantGaps compares the times between calls, each with a fifth of leeway.
func wantGaps(t *testing.T, calls []*call, want ...time.Duration) {
	t.Helper()
	var got []time.Duration
	for i := 1; i < len(calls); i++ {
		got = append(got, calls[i].at.Sub(calls[i-1].at))
	}
	if len(got) < len(want) {
		t.Fatalf("gaps %v, want %v", got, want)
	}
	exact := 0
	for i, w := range want {
		if got[i] < w*8/10 || got[i] > w*12/10 {
			t.Fatalf("gap %d of %v, want %v", i, got, want)
		}
		if got[i] == w && w > 0 {
			exact++
		}
	}
	if exact > len(want)/2 {
		t.Errorf("no jitter: %v", got)
	}
}

func TestPollFailures(t *testing.T) {
	f, st := inTime(t, Options{}, polls(func(c *call) (*http.Response, error) {
		switch {
		case c.n < 5:
			return answer(524, "<html>")
		case c.n == 5:
			return answer(200, `{"ret":-1,"errmsg":"odd"}`)
		case c.n < 8:
			return c.held(35*time.Second, nothing)
		}
		return answer(502, "")
	}), 260*time.Second)
	const s, m = 2 * time.Second, 30 * time.Second
	wantGaps(t, f.of("getupdates"), s, s, m, m, m, m, 35*time.Second, 35*time.Second, s, s, m)
	want := []Phase{PhaseRunning, PhaseUnreachable, PhaseRunning, PhaseUnreachable, PhaseStopped}
	if got := st.phases(); !slices.Equal(got, want) {
		t.Errorf("phases %v", got)
	}
	var te *ilink.TransportError
	all := st.list()
	if first := all[1]; !errors.As(first.Err, &te) || te.Status != 524 || !first.NextRetry.After(first.Since) {
		t.Errorf("%+v", first)
	}
	if second := all[2]; second.Phase != PhaseUnreachable || !second.Since.Equal(all[1].Since) || !second.NextRetry.After(all[1].NextRetry) {
		t.Errorf("%+v", second)
	}
}

// -14 for good: once at once, then 5 s doubling to 5 min.
func TestSessionBackoff(t *testing.T) {
	f, st := inTime(t, Options{}, polls(func(c *call) (*http.Response, error) {
		switch {
		case c.n == 0:
			return c.held(10*time.Second, nothing)
		case c.n < 12:
			return answer(200, refused)
		}
		return c.held(35*time.Second, nothing)
	}), time.Hour)
	const s = time.Second
	wantGaps(t, f.of("getupdates"), 10*s, 0, 5*s, 10*s, 20*s, 40*s, 80*s, 160*s, 300*s, 300*s, 300*s, 300*s, 35*s)
	want := []Phase{PhaseRunning, PhaseSessionExpired, PhaseRunning, PhaseStopped}
	if got := st.phases(); !slices.Equal(got, want) {
		t.Errorf("phases %v", got)
	}
	if expired := st.list()[1]; !errors.Is(expired.Err, ilink.ErrSessionTimeout) || expired.NextRetry.IsZero() {
		t.Errorf("%+v", expired)
	}
	if n := len(f.of("notifystart")); n != 2 {
		t.Errorf("%d notifystarts: one for the start, one for the first -14", n)
	}
	if n := len(f.of("notifystop")); n != 1 {
		t.Errorf("%d notifystops", n)
	}
}

// A bad token from the beginning, and a server that fails in between.
func TestSessionBackoffFromStart(t *testing.T) {
	f, st := inTime(t, Options{}, polls(func(c *call) (*http.Response, error) {
		if c.n == 3 {
			return answer(500, "")
		}
		return answer(200, refused)
	}), time.Minute)
	const s = time.Second
	wantGaps(t, f.of("getupdates"), 0, 5*s, 10*s, 2*s, 20*s)
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning, PhaseSessionExpired, PhaseStopped}) {
		t.Errorf("phases %v", got)
	}
}

// A new token is asked for after every -14, and is used at once.
func TestTokenHookTimes(t *testing.T) {
	asked := 0
	f, st := inTime(t, Options{Token: func(_ context.Context, binding BridgeBinding) (ilink.Token, error) {
		switch asked++; asked {
		case 1:
			return ilink.Token{}, errors.New("no store")
		case 2:
			return ilink.Token{BotToken: binding.BotToken}, nil
		case 3:
			return ilink.Token{BotToken: "other", BotID: "another-bot"}, nil
		case 4:
			panic("lost")
		case 5:
			return ilink.Token{BotToken: "second", BaseURL: "https://two.test", BotID: "b"}, nil
		}
		return ilink.Token{}, nil
	}}, polls(func(c *call) (*http.Response, error) {
		if c.Header.Get("Authorization") == "Bearer second" {
			if c.URL.Host != "two.test" || !strings.Contains(c.body, `"get_updates_buf":""`) {
				t.Errorf("%s %s", c.URL, c.body)
			}
			return c.hang()
		}
		return answer(200, refused)
	}), time.Minute)
	// Asked: at once, and before and after each pause.
	wantGaps(t, f.of("getupdates"), 0, 5*time.Second, 10*time.Second)
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning, PhaseSessionExpired, PhaseRunning, PhaseStopped}) {
		t.Errorf("phases %v", got)
	}
	if asked != 5 {
		t.Errorf("asked %d times", asked)
	}
}

// Each poll is held a while and then ends with -14: somebody else polls. It is
// over when that one has been away for ten minutes.
func TestConflictBackoff(t *testing.T) {
	f, st := inTime(t, Options{}, polls(func(c *call) (*http.Response, error) {
		if c.n < 6 {
			return c.held(20*time.Second, refused)
		}
		return c.held(35*time.Second, nothing)
	}), 20*time.Minute)
	const s = time.Second
	var gaps []time.Duration
	calls := f.of("getupdates")
	for i := 1; i < 7; i++ {
		gaps = append(gaps, calls[i].at.Sub(calls[i-1].at)-20*s)
	}
	for i, want := range []time.Duration{0, 0, 5 * s, 10 * s, 20 * s, 40 * s} {
		if gaps[i] < want*8/10 || gaps[i] > want*12/10 {
			t.Fatalf("pauses %v", gaps)
		}
	}
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning, PhaseConflict, PhaseRunning, PhaseStopped}) {
		t.Errorf("phases %v", got)
	}
	var over State
	for _, s := range st.list() {
		if s.Phase == PhaseConflict {
			over = State{}
		} else if over.Since.IsZero() {
			over = s
		}
	}
	// The sixth -14 is what the ten minutes count from.
	if quiet := over.Since.Sub(calls[5].at.Add(20 * s)); quiet < conflictWindow || quiet > conflictWindow+40*s {
		t.Errorf("over after %v", quiet)
	}
}

// Three -14 far apart are three bad days, not a conflict.
func TestNoConflict(t *testing.T) {
	_, st := inTime(t, Options{}, polls(func(c *call) (*http.Response, error) {
		if c.n%12 == 11 {
			return answer(200, refused)
		}
		return c.held(35*time.Second, nothing)
	}), time.Hour)
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning, PhaseStopped}) {
		t.Errorf("phases %v", got)
	}
}

// Messages that nobody takes: 2 s doubling to 30 s, and no poll meanwhile.
func TestDeliverBackoff(t *testing.T) {
	var tries []*call
	var metas []PollMeta
	f, st := inTime(t, Options{Deliver: func(_ context.Context, _ BridgeBinding, u *ilink.Updates, meta PollMeta) error {
		tries = append(tries, &call{at: time.Now()})
		metas = append(metas, meta)
		if len(tries) < 9 {
			return errors.New("not now")
		}
		return nil
	}}, polls(func(c *call) (*http.Response, error) {
		switch c.n {
		case 0:
			return c.held(35*time.Second, nothing)
		case 1:
			return c.held(7*time.Second, `{"get_updates_buf":"c1","msgs":[{"message_id":"1"}]}`)
		}
		return c.hang()
	}), 10*time.Minute)
	const s = time.Second
	wantGaps(t, tries, 2*s, 4*s, 8*s, 16*s, 30*s, 30*s, 30*s, 30*s)
	calls := f.of("getupdates")
	if !calls[2].at.Equal(tries[8].at) || !strings.Contains(calls[2].body, `"c1"`) {
		t.Errorf("the third poll: %v %s", calls[2].at, calls[2].body)
	}
	want := PollMeta{Started: calls[1].at, Received: calls[1].at.Add(7 * s), Previous: calls[0].at.Add(35 * s)}
	for _, m := range metas {
		if m != want {
			t.Errorf("%v, want %v", m, want)
		}
	}
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning, PhaseStopped}) {
		t.Errorf("phases %v", got)
	}
}

func TestFirstPollHasNoPrevious(t *testing.T) {
	var metas []PollMeta
	inTime(t, Options{Deliver: func(_ context.Context, _ BridgeBinding, _ *ilink.Updates, meta PollMeta) error {
		metas = append(metas, meta)
		return nil
	}}, polls(func(c *call) (*http.Response, error) {
		if c.n < 2 {
			return c.held(time.Second, `{"msgs":[{"message_id":"1"}]}`)
		}
		return c.hang()
	}), 10*time.Second)
	if len(metas) != 2 || !metas[0].Previous.IsZero() || !metas[1].Previous.Equal(metas[0].Received) {
		t.Errorf("%v", metas)
	}
}

// A forward target that never answers costs 10 s a call, and progress starts the
// pauses anew.
func TestForwardTimeout(t *testing.T) {
	f, _ := inTime(t, Options{ForwardURL: func(BridgeBinding) string { return "http://pod.test" }},
		func(c *call) (*http.Response, error) {
			switch c.endpoint {
			case "getupdates":
				if c.n == 0 {
					return answer(200, `{"msgs":[{"message_id":"1","from_user_id":"u","item_list":[{"type":1}]},{"message_id":"2","from_user_id":"u","item_list":[{"type":1}]}]}`)
				}
				return c.hang()
			case "message":
				if c.n < 3 || c.n == 4 {
					return c.hang()
				}
			}
			return answer(200, "")
		}, 10*time.Minute)
	const s = time.Second
	calls := f.of("message")
	if len(calls) != 6 {
		t.Fatalf("%d calls", len(calls))
	}
	for i, want := range []time.Duration{2 * s, 4 * s, 8 * s, -10 * s, 2 * s} {
		if pause := calls[i+1].at.Sub(calls[i].at) - 10*s; pause < want-want.Abs()/5 || pause > want+want.Abs()/5 {
			t.Errorf("pause %d is %v, want %v", i, pause, want)
		}
	}
}

// A server that holds nothing isn't asked without end.
func TestIdleServer(t *testing.T) {
	f, _ := inTime(t, Options{}, polls(func(*call) (*http.Response, error) { return answer(200, nothing) }), time.Minute)
	if n := len(f.of("getupdates")); n < 60 || n > 120 {
		t.Errorf("%d polls in a minute", n)
	}
}

// The server hangs: a stop takes as long as notifystop may. A Deliver that heeds
// nothing: a stop takes 40 s and leaves it alone.
func TestStopTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, want := range map[string]time.Duration{"notifystop": 10 * time.Second, "deliver": stopWait} {
			release := make(chan struct{})
			f := &fake{answer: func(c *call) (*http.Response, error) {
				switch {
				case c.endpoint == "notifystop" && what == "notifystop":
					return c.hang()
				case c.endpoint == "getupdates" && what == "deliver" && c.n == 0:
					return answer(200, `{"msgs":[{"message_id":"1"}]}`)
				case c.endpoint == "getupdates":
					return c.hang()
				}
				return answer(200, "")
			}}
			b := NewBridgeWith(nil, nil, Options{HTTPClient: f.client(), Logger: quiet(), Deliver: func(
				context.Context, BridgeBinding, *ilink.Updates, PollMeta,
			) error {
				<-release
				return nil
			}})
			b.StartPoller(BridgeBinding{SandboxID: "s", BotID: "b", ILinkBaseURL: testBase})
			time.Sleep(time.Second)
			start := time.Now()
			b.StopPollersForSandbox("s")
			if took := time.Since(start); took != want {
				t.Errorf("%s: the stop took %v, want %v", what, took, want)
			}
			close(release)
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// What came while the poller was stopped is offered once more, with a context
// that is good for something.
func TestLastTry(t *testing.T) {
	var contexts []error
	var log logBuffer
	tried := 0
	_, st := inTime(t, Options{Logger: log.logger(), Deliver: func(ctx context.Context, _ BridgeBinding, _ *ilink.Updates, _ PollMeta) error {
		if tried++; tried == 1 {
			<-ctx.Done()
		}
		contexts = append(contexts, ctx.Err())
		if dl, ok := ctx.Deadline(); tried == 2 && (!ok || time.Until(dl) != 5*time.Second) {
			t.Errorf("deadline %v", dl)
		}
		return ctx.Err()
	}}, polls(func(c *call) (*http.Response, error) {
		if c.n == 0 {
			return answer(200, `{"msgs":[{"message_id":"1"}]}`)
		}
		return c.hang()
	}), time.Minute)
	if len(contexts) != 2 || contexts[0] == nil || contexts[1] != nil {
		t.Errorf("%v", contexts)
	}
	if st.last().Phase != PhaseStopped || strings.Contains(log.String(), "lost") {
		t.Errorf("%+v\n%s", st.last(), log.String())
	}
}

// What is never taken is lost with a word: when the bridge closes, or when
// nobody has polled for the binding for two hours.
func TestLostIsLogged(t *testing.T) {
	for _, how := range []string{"close", "time"} {
		synctest.Test(t, func(t *testing.T) {
			var log logBuffer
			f := &fake{answer: polls(func(c *call) (*http.Response, error) {
				if c.n == 0 {
					return answer(200, `{"msgs":[{"message_id":"1"},{"message_id":"2"}]}`)
				}
				return c.hang()
			})}
			b := NewBridgeWith(nil, nil, Options{HTTPClient: f.client(), Logger: log.logger(), Deliver: func(
				context.Context, BridgeBinding, *ilink.Updates, PollMeta,
			) error {
				return errors.New("never")
			}})
			b.StartPoller(BridgeBinding{SandboxID: "s", BotID: "b", ILinkBaseURL: testBase})
			time.Sleep(time.Second)
			b.StopPoller("s", "b")
			const lost = "messages are lost"
			if strings.Contains(log.String(), lost) {
				t.Error("too early")
			}
			if how == "time" {
				time.Sleep(memoryLife + time.Second)
				b.StartPoller(BridgeBinding{SandboxID: "other", BotID: "b", ILinkBaseURL: testBase})
				synctest.Wait()
			} else if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if n := strings.Count(log.String(), lost); n != 1 {
				t.Errorf("%s: told %d times\n%s", how, n, log.String())
			}
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRecentSet(t *testing.T) {
	s := newRecentSet(3)
	for _, k := range []string{"a", "b", "a", "c", "d"} {
		s.add(k)
	}
	if s.has("a") || !s.has("b") || !s.has("c") || !s.has("d") || len(s.keys) != 3 {
		t.Errorf("%v", s.keys)
	}
	s.add("e")
	if s.has("b") || !s.has("e") || len(s.order) != 3 {
		t.Errorf("%v", s.keys)
	}
}
