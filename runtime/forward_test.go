package runtime_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
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
