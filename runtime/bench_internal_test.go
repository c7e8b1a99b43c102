package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/account"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// fakeServer stands in for the network and the server behind it, within the time
// of a synctest bubble.
type fakeServer struct {
	mu    sync.Mutex
	begun time.Time
	// takes is how long a request is on its way, and again its answer.
	takes time.Duration
	// answer decides about a request, "" for success; nil is success for all.
	answer func(r fakeRequest) string
	seen   []fakeRequest
	ids    int
	// noUploads has all calls fail that aren't sends.
	noUploads bool
}

// fakeRequest is a call of sendmessage as it reached the server.
type fakeRequest struct {
	n                  int // from 1
	at                 time.Duration
	to, text, clientID string
	answer             string
}

// Answers that are none.
const (
	answerLost   = "lost"    // the request arrives, the answer doesn't
	answerNoDial = "no dial" // the request doesn't even leave
)

var errBroken = errors.New("the connection is broken")

func (s *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/sendmessage") {
		return s.other(r)
	}
	var req struct {
		Msg struct {
			To       string       `json:"to_user_id"`
			ClientID string       `json:"client_id"`
			Items    []ilink.Item `json:"item_list"`
		} `json:"msg"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		return nil, err
	}
	s.mu.Lock()
	takes := s.takes
	s.mu.Unlock()
	if err := pass(r.Context(), takes); err != nil {
		return nil, err
	}
	s.mu.Lock()
	seen := fakeRequest{n: len(s.seen) + 1, at: time.Since(s.begun), to: req.Msg.To, clientID: req.Msg.ClientID}
	if len(req.Msg.Items) == 1 && req.Msg.Items[0].Text != nil {
		seen.text = req.Msg.Items[0].Text.Text
	}
	if s.answer != nil {
		seen.answer = s.answer(seen)
	}
	s.seen = append(s.seen, seen)
	s.ids++
	body, status := fmt.Sprintf(`{"ret":0,"message_id":"%d"}`, s.ids), 200
	s.mu.Unlock()
	if seen.answer == answerNoDial {
		return nil, errBroken
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	if err := pass(r.Context(), takes); err != nil {
		return nil, err
	}
	switch {
	case seen.answer == answerLost:
		return nil, errBroken
	case strings.HasPrefix(seen.answer, "HTTP "):
		fmt.Sscanf(seen.answer, "HTTP %d", &status)
		body = ""
	case seen.answer != "":
		body = seen.answer
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// other answers what uploads a file.
func (s *fakeServer) other(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noUploads || err != nil {
		return nil, errBroken
	}
	return &http.Response{
		StatusCode: 200, Header: http.Header{"X-Encrypted-Param": {"param"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"upload_param":"up"}`)),
	}, nil
}

func (s *fakeServer) failUploads(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noUploads = on
}

func pass(ctx context.Context, d time.Duration) error {
	if d > 0 {
		backoff.Sleep(ctx, d)
	}
	return ctx.Err()
}

func (s *fakeServer) requests() []fakeRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]fakeRequest(nil), s.seen...)
}

// texts are the requests as "user: text", in the order in which they came.
func (s *fakeServer) texts() (all []string) {
	for _, r := range s.requests() {
		all = append(all, r.to+": "+r.text)
	}
	return all
}

// Answers of the server.
const (
	retThrottled = `{"ret":-2,"errmsg":"rate limited"}`
	retClosed    = `{"ret":-2,"errmsg":"prepare failed"}`
	retBad       = `{"ret":-2,"errmsg":"invalid arguments"}`
	retOdd       = `{"ret":-77,"errmsg":"?"}`
	retSession   = `{"ret":-14}`
)

// failing is an answer for the first n requests, and success for those after.
func failing(n int, answer string) func(fakeRequest) string {
	return func(r fakeRequest) string {
		if r.n <= n {
			return answer
		}
		return ""
	}
}

// bench is a bot without its poller, in a synctest bubble: the test says what
// users write, and the server's answers.
type bench struct {
	t      *testing.T
	server *fakeServer
	log    strings.Builder // written to under logMu
	logMu  sync.Mutex
	bot    *bot
	store  *store.Store
	dir    string
	keys   int
	change func(*Config)
	halt   func(limit time.Duration)
}

// inBubble runs a test with a bench.
func inBubble(t *testing.T, change func(*Config), test func(t *testing.T, b *bench)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, dir: dir, change: change, server: &fakeServer{begun: time.Now()}}
		b.start()
		defer func() { b.stop() }()
		test(t, b)
	})
}

// start starts the bot on what there is in the store. It has no script.
func (b *bench) start() {
	b.t.Helper()
	cfg := Config{
		Data: filepath.Join(b.dir, "data"), Logger: slog.New(slog.NewTextHandler(b, nil)), HTTPClient: &http.Client{Transport: b.server},
		Bots: []BotConfig{{Name: "bot", Script: filepath.Join(b.dir, "bot.lua")}},
	}
	if b.change != nil {
		b.change(&cfg)
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		b.t.Fatal(err)
	}
	if b.store, err = store.Open(b.t.Context(), filepath.Join(b.dir, "store.db"), store.Options{Volatile: true}); err != nil {
		b.t.Fatal(err)
	}
	if b.bot, err = newBot(&shared{cfg: &cfg, store: b.store}, cfg.Bots[0]); err != nil {
		b.t.Fatal(err)
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(b.t.Context()))
	sending, stopSending := context.WithCancel(work)
	if err := b.bot.load(work); err != nil {
		b.t.Fatal(err)
	}
	b.bot.account.Use(ilink.Token{BotToken: "token"})
	var group sync.WaitGroup
	group.Go(func() { b.bot.outbox.Run(sending, work) })
	b.halt = func(limit time.Duration) {
		b.bot.inbox.Close(limit)
		if limit > 0 {
			b.bot.loader.Stopping(limit)
		}
		stopSending()
		if limit == 0 {
			stopWork()
		}
		group.Wait()
		b.bot.loader.Close(limit)
		stopWork()
		if err := b.store.Close(); err != nil {
			b.t.Error(err)
		}
	}
}

// stop stops the bot as at its end.
func (b *bench) stop() {
	if b.halt != nil {
		b.halt(time.Second)
		b.halt = nil
	}
}

// crash stops the bot so that requests under way are cut off, and what they came
// to is not noted.
func (b *bench) crash() {
	b.halt(0)
	b.halt = nil
}

func (b *bench) Write(p []byte) (int, error) {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.Write(p)
}

func (b *bench) logged() string {
	b.logMu.Lock()
	defer b.logMu.Unlock()
	return b.log.String()
}

// script loads a script as the next generation.
func (b *bench) script(text string) {
	b.t.Helper()
	if err := os.WriteFile(b.bot.cfg.Script, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	sandbox, err := luabind.Load(b.t.Context(), luabind.Config{
		Name: "bot", Script: b.bot.cfg.Script, Host: b.bot.host, Limits: b.bot.cfg.Sandbox.limits(),
		Modules: modulesOf(b.bot.shared.cfg, b.bot.cfg),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.bot.loader.Swap(sandbox)
	b.bot.inbox.Revive()
}

// message is one of a user's, as the server gives it.
func (b *bench) message(user, text string) *ilink.Message {
	b.keys++
	return &ilink.Message{
		ID: fmt.Sprint(b.keys), From: user, Type: ilink.MessageTypeUser, ContextToken: "token of " + user,
		Items: []ilink.Item{ilink.TextMessage(text)},
	}
}

// says has a user write, and the bot take it at once.
func (b *bench) says(user string, texts ...string) {
	b.t.Helper()
	u := &ilink.Updates{}
	for _, text := range texts {
		u.Messages = append(u.Messages, b.message(user, text))
	}
	b.receive(u)
	synctest.Wait()
}

// receive takes what a poll brought that was held until now.
func (b *bench) receive(u *ilink.Updates) {
	b.t.Helper()
	now := time.Now()
	meta := bridge.PollMeta{Started: now.Add(-time.Minute), Received: now, Previous: now.Add(-time.Minute)}
	if err := b.bot.receive(b.t.Context(), u, meta); err != nil {
		b.t.Fatal(err)
	}
}

// opens opens a user's window, with no handler that answers.
func (b *bench) opens(users ...string) {
	b.t.Helper()
	time.Sleep(time.Second) // what was sent before was sent long before
	for _, user := range users {
		b.open(user, time.Now())
	}
	synctest.Wait()
}

// used is how many sends count in a user's window.
func (b *bench) used(user string) int {
	synctest.Wait()
	return b.bot.outbox.Window(user).Used
}

// open opens a window at a time of the server's.
func (b *bench) open(user string, at time.Time) {
	b.t.Helper()
	b.bot.outbox.WindowsOpened(b.window(user, at))
}

// window opens a window in the store alone.
func (b *bench) window(user string, at time.Time) []store.Window {
	b.t.Helper()
	b.keys++
	_, windows, err := b.store.Receive(b.t.Context(), "bot",
		[]store.Receipt{{Key: fmt.Sprint("window ", b.keys), Conversation: user, User: user, Opened: at, ContextToken: "token", Message: []byte("{}")}},
		store.Arrival{At: time.Now(), After: time.Now().Add(-account.MinSlack)})
	if err != nil {
		b.t.Fatal(err)
	}
	return windows
}

// sending is a send whose caller waits.
type sending struct {
	t      *testing.T
	done   chan struct{}
	result luabind.SendResult
	err    error
}

// pushes has a script that handles no message send something.
func (b *bench) pushes(to, mode string, texts ...string) *sending {
	return b.sends(b.t.Context(), luabind.SendRequest{To: to, Mode: mode, Parts: textParts(texts)})
}

// answers has the handler of a message in the inbox send something.
func (b *bench) answers(r *replay.Run, mode string, texts ...string) *sending {
	return b.sends(replay.With(b.t.Context(), r), luabind.SendRequest{To: r.Inbound.User, Mode: mode, Parts: textParts(texts)})
}

func textParts(texts []string) (parts []luabind.Part) {
	for _, text := range texts {
		parts = append(parts, luabind.Part{Kind: ilink.ItemTypeText, Text: text})
	}
	return parts
}

func (b *bench) sends(ctx context.Context, req luabind.SendRequest) *sending {
	s := &sending{t: b.t, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.result, s.err = b.bot.host.Send(ctx, req)
	}()
	synctest.Wait()
	return s
}

// told is what the caller was told, in short; "waits" if nothing yet.
func (s *sending) told() string {
	s.t.Helper()
	select {
	case <-s.done:
	default:
		return "waits"
	}
	r := s.result
	text := r.Status
	if r.Reason != "" {
		text += "(" + r.Reason + ")"
	}
	if r.Parts > 1 {
		text += fmt.Sprintf(" %d/%d", r.Sent, r.Parts)
	}
	if r.Uncertain {
		text += " uncertain"
	}
	var he *luabind.HostError
	if errors.As(luabind.Explain(s.err), &he) {
		text = strings.TrimSpace(text + " error " + he.Kind)
	} else if s.err != nil {
		text += " error " + s.err.Error()
	}
	return text
}

func (s *sending) wants(want string) {
	s.t.Helper()
	synctest.Wait()
	if got := s.told(); got != want {
		s.t.Errorf("the caller was told %q, want %q", got, want)
	}
}

// states are the sends in the store by state.
func (b *bench) states() map[string]int {
	b.t.Helper()
	all := map[string]int{}
	err := b.store.View(b.t.Context(), "test", func(q store.Queryer) error {
		rows, err := q.QueryContext(b.t.Context(), `SELECT state, count(*) FROM outbox GROUP BY state`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var state string
			var n int
			if err := rows.Scan(&state, &n); err != nil {
				return err
			}
			all[state] = n
		}
		return rows.Err()
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}
