package runtime_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/admin"
)

// target is a process to which messages are forwarded.
type target struct {
	mu       sync.Mutex
	contents map[string][]string // by sender
	secrets  map[string]bool
	got      chan struct{}
}

func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/message" {
		return
	}
	var m struct{ Sender, Content string }
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.contents[m.Sender] = append(g.contents[m.Sender], m.Content)
	g.secrets[r.Header.Get("Authorization")] = true
	g.got <- struct{}{}
}

// Messages wait for a target that is down, in order; the other bot goes on.
func TestForwardWaitsForItsTarget(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	t.Setenv("FORWARD_SECRET", "s3cret")
	f := follow(t, []string{"a", "f"}, botTable("a", "a", "one.lua"),
		fmt.Sprintf("[[bot]]\nname = \"f\"\ntoken_file = \"f.token\"\n[bot.forward]\nurl = \"http://%s\"\nsecret_env = \"FORWARD_SECRET\"\n", addr))
	f.until("both run", running("a", "f"))
	const users, each = 3, 4
	for i := range each {
		for u := range users {
			f.inject("f", fmt.Sprint("user", u), fmt.Sprint(i))
		}
	}
	f.until("they wait", func(all map[string]runtime.Status) bool {
		return all["f"].Waiting == users*each && all["f"].Retried >= users && all["f"].Forwards
	})
	if got := f.say("a", "hi"); got != "one" {
		t.Fatal(got)
	}

	if l, err = net.Listen("tcp", addr); err != nil {
		t.Skipf("the port is taken: %v", err)
	}
	g := &target{contents: map[string][]string{}, secrets: map[string]bool{}, got: make(chan struct{}, 100)}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: g}}
	server.Start()
	defer server.Close()
	f.until("all were forwarded", func(all map[string]runtime.Status) bool { return all["f"].Handled == users*each })
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.contents) != users || len(g.got) != users*each {
		t.Errorf("%d messages of %d users arrived", len(g.got), len(g.contents))
	}
	for user, all := range g.contents {
		if got := fmt.Sprint(all); got != "[0 1 2 3]" {
			t.Errorf("%s's messages arrived as %s", user, got)
		}
	}
	if len(g.secrets) != 1 || !g.secrets["Bearer s3cret"] {
		t.Errorf("the target was sent %v", g.secrets)
	}
}

// A message that the other process refuses is kept as dead, where "ilinkd inbox list"
// shows it, keeps no other of its bot back, and is tried again by hand. What asks for
// another try gets it by itself.
func TestForwardRefusedIsDead(t *testing.T) {
	g := &target{contents: map[string][]string{}, secrets: map[string]bool{}, got: make(chan struct{}, 100)}
	var mu sync.Mutex
	answers := map[string][]int{"bad": {400, 404}, "slow": {429, 503, 408}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var m struct{ Content string }
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/message" && json.Unmarshal(body, &m) == nil && len(answers[m.Content]) > 0 {
			status := answers[m.Content][0]
			answers[m.Content] = answers[m.Content][1:]
			http.Error(w, "no", status)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		g.ServeHTTP(w, r)
	}))
	defer server.Close()
	t.Setenv("FORWARD_SECRET", "s3cret")
	f := follow(t, []string{"f"}, fmt.Sprintf(
		"[[bot]]\nname = \"f\"\ntoken_file = \"f.token\"\n[bot.forward]\nurl = %q\nsecret_env = \"FORWARD_SECRET\"\n", server.URL))
	f.until("it runs", running("f"))
	for _, said := range []string{"one", "bad", "slow", "two"} {
		f.inject("f", "alice", said)
	}
	f.inject("f", "bob", "hi")
	f.until("the others went on", func(all map[string]runtime.Status) bool {
		return all["f"].Handled == 4 && all["f"].Failed == 1 && all["f"].Retried == 3
	})
	cfg, err := runtime.LoadConfig(filepath.Join(f.dir, "runtime.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := admin.Options{Config: cfg, Out: &out}
	list := func() string {
		t.Helper()
		out.Reset()
		if err := admin.ListInbox(t.Context(), o, "f"); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if shown := list(); strings.Count(shown, "alice") != 1 || !strings.Contains(shown, "dead") || !strings.Contains(shown, "400 Bad Request") {
		t.Errorf("the list shows %q", shown)
	}
	// By hand, once while it is refused still, and once when it is taken.
	for i, want := range []string{"404 Not Found", ""} {
		if err := admin.RetryDead(t.Context(), o, "f"); err != nil {
			t.Fatal(err)
		}
		f.rt.Refresh(t.Context())
		f.until("it was tried again", func(all map[string]runtime.Status) bool {
			return all["f"].Failed+all["f"].Handled == 6+i
		})
		if shown := list(); strings.Contains(shown, "alice") != (want != "") || !strings.Contains(shown, want) {
			t.Errorf("the list shows %q", shown)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := fmt.Sprint(g.contents["alice@im.wechat"], g.contents["bob@im.wechat"]); got != "[one slow two bad] [hi]" {
		t.Errorf("taken: %s", got)
	}
}
