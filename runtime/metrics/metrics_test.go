package metrics_test

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/runtime/metrics"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// example has another value in each field, so that none can be mixed up.
func example() metrics.Snapshot {
	return metrics.Snapshot{
		Bots: []metrics.Bot{
			{
				Name: "support", State: "session_expired", Generation: 3,
				Received: 101, Duplicates: 102, Handled: 103, Failed: 104, Dead: 105, Retried: 106, Waiting: 107,
				Sent: 108, Deferred: 109, Queued: 110, Held: 111, Rejected: 112, Uncertain: 113, Expired: 114,
				Reloads: 115, ReloadErrors: 116, Deaths: 117, Unconfirmed: 118, Suppressed: 119, HeldUsers: 120,
				OldestWaiting: 1500 * time.Millisecond, ThrottledFor: 2 * time.Minute, Running: 4,
			},
			{Name: "echo", State: "running", ThrottledFor: -time.Second},
			{Name: "strange", State: "no such state\n"},
		},
		StoreCommits: 201, StoreUpdates: 202, Version: "v1.2.3",
	}
}

func scrape(t *testing.T, h http.Handler) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%d, %s: %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	return w.Body.String()
}

// ours leaves out what isn't made here.
func ours(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		name := strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE ")
		if strings.HasPrefix(name, "ilinkd_") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestExposition(t *testing.T) {
	text := scrape(t, metrics.Handler(example))
	got, golden := ours(text), filepath.Join("testdata", "metrics.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")); got != string(want) {
		t.Errorf("not as %s (-update writes it anew):\n%s", golden, got)
	}
	for _, name := range []string{"go_goroutines ", "process_start_time_seconds ", "promhttp_metric_handler_errors_total"} {
		if !strings.Contains(text, "\n"+name) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestLint(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(scrape(t, metrics.Handler(example)))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// A field that is added and not told of shows here: each number of example is
// another one, and has to be somewhere.
func TestEveryFieldIsTold(t *testing.T) {
	text := ours(scrape(t, metrics.Handler(example)))
	bot := reflect.ValueOf(example().Bots[0])
	families := 0
	for line := range strings.Lines(text) {
		if strings.Contains(line, `{bot="support"} `) {
			families++
		}
	}
	if fields := bot.NumField() - 2; families != fields { // without Name and State
		t.Errorf("%d metrics for %d fields", families, fields)
	}
	for i := range bot.NumField() {
		if bot.Field(i).IsZero() {
			t.Errorf("the example has no %s", bot.Type().Field(i).Name)
		}
	}
}

func TestLabels(t *testing.T) {
	for line := range strings.Lines(ours(scrape(t, metrics.Handler(example)))) {
		_, rest, found := strings.Cut(line, "{")
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "ilinkd_build_info") || !found {
			continue
		}
		labels, _, _ := strings.Cut(rest, "}")
		for label := range strings.SplitSeq(labels, ",") {
			if name, _, _ := strings.Cut(label, "="); name != "bot" && name != "state" {
				t.Errorf("label %s: %s", name, line)
			}
		}
	}
}

func TestOneSnapshotAScrape(t *testing.T) {
	var calls atomic.Int64
	h := metrics.Handler(func() metrics.Snapshot {
		return metrics.Snapshot{StoreCommits: calls.Add(1)}
	})
	if n := calls.Load(); n != 0 {
		t.Errorf("%d snapshots before the first scrape", n)
	}
	scrape(t, h)
	if text := scrape(t, h); !strings.Contains(text, "\nilinkd_store_commits_total 2\n") {
		t.Errorf("not the second snapshot:\n%s", ours(text))
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d snapshots for 2 scrapes", n)
	}
}

func TestOneBadBotHidesNoOther(t *testing.T) {
	text := scrape(t, metrics.Handler(func() metrics.Snapshot {
		return metrics.Snapshot{Bots: []metrics.Bot{
			{Name: "bad\xff"}, {Name: "twice", Sent: 1}, {Name: "twice", Sent: 2}, {Name: "good", Sent: 7},
		}}
	}))
	if !strings.Contains(text, "\n"+`ilinkd_outbox_sent_total{bot="good"} 7`+"\n") {
		t.Errorf("the good bot is missing:\n%s", ours(text))
	}
}

func TestOnlyGet(t *testing.T) {
	srv := httptest.NewServer(metrics.Handler(example))
	defer srv.Close()
	defer srv.Client().CloseIdleConnections()
	for method, want := range map[string]int{
		http.MethodGet: 200, http.MethodHead: 200, http.MethodPost: 405, http.MethodPut: 405, http.MethodDelete: 405,
	} {
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d, want %d (%v)", method, resp.StatusCode, want, err)
		}
		if want == 405 && resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow is %q", method, resp.Header.Get("Allow"))
		}
	}
}
