package faulttest

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
)

// health asks the process how it is.
func (w *world) health() (code int, body string) {
	w.t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", runtime.SocketPath(w.data))
		},
	}}
	resp, err := client.Get("http://ilinkd/healthz")
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// A database that was removed below the process is noticed.
func TestDatabaseRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{}))
	w.start()
	w.say("bot0", "alice", "before")
	w.expect("alice", "re: before")
	if code, body := w.health(); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	path := runtime.StorePath(w.data)
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	w.until("it shows", func() bool {
		code, body := w.health()
		return code == 503 && strings.Contains(body, "removed or replaced")
	})
	w.until("it is logged", func() bool { return w.logged("the store takes nothing") > 0 })
	// What is said meanwhile is neither handled nor lost.
	w.say("bot0", "alice", "meanwhile")
	w.until("it is not taken", func() bool { return w.logged("were not taken") > 0 })
	// Another file in its place isn't it.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, body := w.health(); code != 503 {
		t.Errorf("replaced: %d %s", code, body)
	}
	if sent := len(w.sim.Sent(0)); sent != 1 {
		t.Errorf("%d sends while the database was away", sent)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	w.until("its end shows", func() bool { code, _ := w.health(); return code == 200 })
	w.expect("alice", "re: meanwhile")
}

// The reader of the log may end: what is written then is lost, and nothing else.
func TestLogReaderEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, quick(setup{}))
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.startTo(out)
	out.Close()
	w.say("bot0", "alice", "before")
	w.expect("alice", "re: before")
	r.Close()
	for range 3 {
		w.say("bot0", "alice", "after") // each makes lines at level debug
		w.expect("alice", "re: after")
	}
	if !w.running() {
		t.Error("it has ended")
	}
	w.stop()
}
