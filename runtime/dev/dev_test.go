package dev

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
)

// watched is a writer that tells when a text has come.
type watched struct {
	mu     sync.Mutex
	text   bytes.Buffer
	awaits string
	came   chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	had := strings.Contains(w.text.String(), w.awaits)
	n, err := w.text.Write(p)
	if !had && strings.Contains(w.text.String(), w.awaits) {
		close(w.came)
	}
	return n, err
}

// TestEndWaitsForHandlers: a timer that comes while the handler of what was said last is
// still at it is not taken for its end.
func TestEndWaitsForHandlers(t *testing.T) {
	out := &watched{awaits: "timer", came: make(chan struct{})}
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-out.came:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	script := filepath.Join(t.TempDir(), "bot.lua")
	text := `function on_message(msg)
  ilink.after(0, function() msg:reply("timer") end)
  local res, err = http.get("` + slow.URL + `")
  time.sleep(0.05)
  msg:reply("got " .. (res and res.status or tostring(err)))
end`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := Run(t.Context(), Options{
		Script: script, Listen: "127.0.0.1:0", Wait: 10 * time.Second,
		Allow: runtime.AllowConfig{HTTP: []string{strings.TrimPrefix(slow.URL, "http://")}},
		In:    strings.NewReader("u\n"), Screen: NewScreen(out, io.Discard, false), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil || out.text.String() != "timer\ngot 200\n" {
		t.Errorf("printed %q, %v", out.text.String(), err)
	}
}

// TestAnswersCannotSteerTheTerminal: what a bot says, which may be what somebody else
// wrote, has its lines and no controls.
func TestAnswersCannotSteerTheTerminal(t *testing.T) {
	script := filepath.Join(t.TempDir(), "bot.lua")
	text := `function on_message(msg) msg:reply("eins\n\27]0;title\7\226\128\174drei\n" .. msg.text) end`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for transcript, want := range map[bool]string{
		true:  "you> vier\\u009b\nbot> eins\n     \\x1b]0;title\\a\\u202edrei\n     vier\\u009b\n",
		false: "eins\n\x1b]0;title\a\u202edrei\nvier\u009b\n",
	} {
		var out bytes.Buffer
		err := Run(t.Context(), Options{
			Script: script, Listen: "127.0.0.1:0", Transcript: transcript,
			In: strings.NewReader("vier\u009b\n"), Screen: NewScreen(&out, io.Discard, false), Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil || out.String() != want {
			t.Errorf("transcript %v: %v\n got %q\nwant %q", transcript, err, out.String(), want)
		}
	}
}

// TestEndsWithItsReader: once nobody reads the answers it ends.
func TestEndsWithItsReader(t *testing.T) {
	script := filepath.Join(t.TempDir(), "bot.lua")
	if err := os.WriteFile(script, []byte(`function on_message(msg) msg:reply("x") end`), 0o600); err != nil {
		t.Fatal(err)
	}
	in, more := io.Pipe() // that never ends
	go io.WriteString(more, "hi\n")
	defer in.Close()
	read, out := io.Pipe()
	read.Close()
	err := Run(t.Context(), Options{
		Script: script, Listen: "127.0.0.1:0", In: in, Screen: NewScreen(out, io.Discard, false), Logger: slog.New(slog.DiscardHandler),
	})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("it ended with %v", err)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1400 * time.Millisecond: "1s", 20*time.Minute - time.Second: "20m", time.Hour: "1h", 90 * time.Minute: "1h30m", 250 * time.Hour: "250h",
	} {
		if got := span(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestStillToCome(t *testing.T) {
	now := time.Now()
	got := stillToCome(runtime.Outlook{
		Asks: make([]time.Time, 2), Sleeps: []time.Time{now.Add(time.Hour)},
		Timers: []time.Time{now.Add(time.Hour), now.Add(20 * time.Minute)}, Queued: 1,
	}, now)
	want := "2 handlers wait for answers|1 handler sleeps and goes on (in 1h)|2 timers are still to come (in 20m)|1 message waits until its user writes"
	if strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
	if got := stillToCome(runtime.Outlook{}, now); got != nil {
		t.Errorf("got %q of nothing", got)
	}
}

func TestNeeds(t *testing.T) {
	allow := runtime.AllowConfig{Files: []string{"."}}
	if got := needs(allow, nil); got != "" {
		t.Errorf("got %q, though the script wrote nothing", got)
	}
	allow.Env, allow.HTTP = []string{"KEY"}, []string{"*", "localhost:1"}
	const want = "[bot.allow]\nfiles = [\"album\"]\nenv = [\"KEY\"]\nhttp = [\"*\", \"localhost:1\"]\n"
	if got := needs(allow, []string{"album"}); !strings.HasSuffix(got, want) {
		t.Errorf("got %q", got)
	}
}
