package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// answers is a server whose sendmessage gives these answers, one after the
// other, and from then on succeeds; it notes when it was called, and to whom.
type answers struct {
	mu    sync.Mutex
	begun time.Time
	next  []answer
	calls []call
}

type answer struct {
	body string
	in   time.Duration
}

type call struct {
	after time.Duration
	to    string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	var req struct {
		Msg struct {
			ToUserID string `json:"to_user_id"`
		} `json:"msg"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.calls = append(a.calls, call{time.Since(a.begun), req.Msg.ToUserID})
	with := accepted
	if len(a.next) > 0 {
		with, a.next = a.next[0], a.next[1:]
	}
	a.mu.Unlock()
	time.Sleep(with.in)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(with.body)), Request: r}, nil
}

// outboxWith is the outbox of a bot, without the rest of it, before a server
// that answers so.
func outboxWith(t *testing.T, server *answers, path string, parallel int) (o *Outbox, stop func()) {
	t.Helper()
	st, err := store.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := ilink.NewClient(ilink.Token{BotToken: "token"}, ilink.WithHTTPClient(&http.Client{Transport: server}), ilink.WithLogger(slog.New(slog.DiscardHandler)))
	o = New(Options{
		Bot: "bot", Store: st, Account: fakeAccount{client}, Files: files.New(files.Options{Queue: t.TempDir()}), Logger: slog.New(slog.DiscardHandler),
		Limits: Limits{
			PerInbound: DefaultPerInbound, Window: DefaultWindow, WhenFull: DefaultWhenFull, Lifetime: DefaultLifetime, MaxQueued: DefaultMaxQueued,
			ParallelSends: parallel, MinGap: DefaultMinGap, Burst: DefaultBurst, TextRunes: DefaultTextRunes,
		},
		Pauses:       Pauses{Trouble: DefaultTroublePause, Session: DefaultSessionPause},
		OnSuppressed: func(luabind.SuppressedInfo) {}, Changed: func() {},
	})
	if err := o.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() { o.Run(ctx, context.WithoutCancel(ctx)) })
	return o, func() {
		cancel()
		group.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
}

// fakeAccount is logged in, and its server has our time.
type fakeAccount struct{ client *ilink.Client }

func (a fakeAccount) Client() (*ilink.Client, error) { return a.client, nil }
func (fakeAccount) Now() time.Time                   { return time.Now() }
func (fakeAccount) InSession() bool                  { return true }
func (fakeAccount) Observe(time.Duration)            {}

// write opens the windows of some users and queues a text to each.
func (o *Outbox) write(t *testing.T, users ...string) {
	t.Helper()
	for _, user := range users {
		_, windows, err := o.opts.Store.Receive(t.Context(), "bot", []store.Receipt{
			{Key: user + time.Now().String(), Conversation: user, User: user, Message: []byte("{}"), Opened: time.Now()},
		}, store.Arrival{At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		o.WindowsOpened(windows)
	}
	for _, user := range users {
		part, err := itemPart(ilink.TextMessage("hello"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.enqueue(t.Context(), store.Enqueue{
			Bot: "bot", Conversation: user, User: user, Mode: store.ModeDefer, Created: time.Now(), Parts: []store.EnqueuePart{part},
		}); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	accepted    = answer{body: "{}"}
	rateLimited = answer{body: `{"ret":-2,"errmsg":"rate limited"}`}
)

// After a refusal for sending too fast nothing is sent for 30 s, to nobody; then
// one send goes first, and if that is refused too the pause doubles.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &answers{begun: time.Now(), next: []answer{accepted, rateLimited, rateLimited}}
		o, stop := outboxWith(t, server, filepath.Join(t.TempDir(), "store.db"), 1)
		defer stop()
		o.write(t, "a", "b", "c", "d")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		// b is refused at once, is the probe 30 s later, and 60 s after that.
		want := []call{{0, "a"}, {0, "b"}, {30 * time.Second, "c"}, {90 * time.Second, "d"}}
		got := server.calls
		if len(got) != 6 {
			t.Fatalf("%d calls: %v", len(got), got)
		}
		for i, w := range want {
			if d := got[i].after - w.after; d < 0 || d > 2*time.Second {
				t.Errorf("call %d came after %v, want %v", i, got[i].after, w.after)
			}
		}
		var users []string
		for _, c := range got {
			users = append(users, c.to)
		}
		slices.Sort(users)
		if users = slices.Compact(users); len(users) != 4 {
			t.Errorf("sent to %v", got)
		}
	})
}

// A restart doesn't shorten the pause.
func TestThrottleOutlivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store.db")
		server := &answers{begun: time.Now(), next: []answer{rateLimited}}
		o, stop := outboxWith(t, server, path, 1)
		o.write(t, "a", "b")
		time.Sleep(10 * time.Second)
		stop()
		_, stop = outboxWith(t, server, path, 1)
		defer stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := server.calls; len(got) != 3 || got[1].after < 30*time.Second {
			t.Errorf("calls: %v", got)
		}
	})
}

// What was on its way before the refusal, and is accepted after it, doesn't end
// the pause.
func TestThrottleOfSeveralAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := answer{body: accepted.body, in: 5 * time.Second}
		server := &answers{begun: time.Now(), next: []answer{slow, rateLimited}}
		o, stop := outboxWith(t, server, filepath.Join(t.TempDir(), "store.db"), 4)
		defer stop()
		o.write(t, "a", "b")
		time.Sleep(time.Second)
		o.write(t, "c", "d")
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := server.calls; len(got) != 5 || got[2].after < 30*time.Second {
			t.Errorf("calls: %v", got)
		}
	})
}

func TestThrottledPauses(t *testing.T) {
	now := time.Now()
	var th store.Throttle
	var got []time.Duration
	for range 7 {
		th = nextThrottle(th, now)
		got = append(got, th.Until.Sub(now))
	}
	if want := "[30s 1m0s 2m0s 4m0s 8m0s 10m0s 10m0s]"; fmt.Sprint(got) != want {
		t.Errorf("pauses: %v, want %s", got, want)
	}
	if far := nextThrottle(store.Throttle{Step: 100}, now); far.Until.Sub(now) != throttleMax {
		t.Errorf("after many: %v", far)
	}
}
