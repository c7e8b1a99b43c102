package sdnotify

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listener is systemd's side.
type listener struct{ conn *net.UnixConn }

// listen makes a socket; "" means one in the file system.
func listen(t *testing.T, name string) (*listener, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no datagram sockets of this kind here")
	}
	if name == "" {
		// Not t.TempDir: with the test's name in it, the path gets too long.
		dir, err := os.MkdirTemp("", "sd")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		name = filepath.Join(dir, "s")
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &listener{conn}, name
}

// next is the next message.
func (l *listener) next(t *testing.T) string {
	t.Helper()
	if err := l.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	k, err := l.conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:k])
}

// pings counts the watchdog's pings that have arrived. A message sent behind
// them shows that there are no more.
func (l *listener) pings(t *testing.T, n *Notifier) (count int) {
	t.Helper()
	if err := n.Status("end"); err != nil {
		t.Fatal(err)
	}
	for {
		switch m := l.next(t); m {
		case "WATCHDOG=1":
			count++
		case "STATUS=end":
			return count
		default:
			t.Fatalf("message %q", m)
		}
	}
}

// setenv sets all three variables; t.Setenv brings them back after New.
func setenv(t *testing.T, socket, usec, pid string) {
	t.Helper()
	t.Setenv(socketEnv, socket)
	t.Setenv(watchdogEnv, usec)
	t.Setenv(watchdogPIDEnv, pid)
}

func TestMessages(t *testing.T) {
	l, name := listen(t, "")
	setenv(t, name, "", "")
	n := New()
	if !n.Enabled() {
		t.Fatal("not enabled")
	}
	for _, c := range []struct {
		send func() error
		want string
	}{
		{n.Ready, "READY=1"},
		{n.Stopping, "STOPPING=1"},
		{func() error { return n.Status("3 bots, 1 waiting") }, "STATUS=3 bots, 1 waiting"},
		{func() error { return n.Status("a\r\n\nREADY=1\x00\u2028b ") }, "STATUS=a READY=1 b"},
		{func() error { return n.Status("bad \xff") }, "STATUS=bad \ufffd"},
		{func() error { return n.Status("") }, "STATUS="},
	} {
		if err := c.send(); err != nil {
			t.Fatal(err)
		}
		if got := l.next(t); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestReloadingTellsTheTime(t *testing.T) {
	l, name := listen(t, "")
	setenv(t, name, "", "")
	if err := New().Reloading(); err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(l.next(t), "\n")
	if first != "RELOADING=1" {
		t.Errorf("first line %q", first)
	}
	if runtime.GOOS != "linux" {
		return
	}
	usec, found := strings.CutPrefix(rest, "MONOTONIC_USEC=")
	if v, err := strconv.ParseInt(usec, 10, 64); !found || err != nil || v <= 0 {
		t.Errorf("second line %q", rest)
	}
}

func TestAbstractSocket(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has them")
	}
	l, name := listen(t, fmt.Sprintf("@ilinkd-sdnotify-test-%d", os.Getpid()))
	setenv(t, name, "", "")
	if err := New().Ready(); err != nil {
		t.Fatal(err)
	}
	if got := l.next(t); got != "READY=1" {
		t.Errorf("got %q", got)
	}
}

func TestStatusIsBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 600), strings.Repeat("微信", 200), strings.Repeat("é", 256) + "x"} {
		got := oneLine(s)
		if len(got) > maxStatus || len(got) < maxStatus-4 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
	if s := strings.Repeat("x", maxStatus); oneLine(s) != s {
		t.Error("what fits was cut")
	}
}

func TestVariablesAreTakenAway(t *testing.T) {
	setenv(t, "/nowhere", "1000", "1")
	New()
	for _, name := range []string{socketEnv, watchdogEnv, watchdogPIDEnv} {
		if v, found := os.LookupEnv(name); found {
			t.Errorf("%s is still %q", name, v)
		}
	}
	if New().Enabled() {
		t.Error("the second Notifier is enabled")
	}
}

func TestNobodyListens(t *testing.T) {
	setenv(t, "", "", "")
	for name, n := range map[string]*Notifier{"new": New(), "nil": nil, "zero": {}} {
		if n.Enabled() {
			t.Errorf("%s: enabled", name)
		}
		for _, send := range []func() error{n.Ready, n.Reloading, n.Stopping, func() error { return n.Status("x") }} {
			if err := send(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		n.Watchdog(t.Context(), nil) // returns
	}
}

func TestErrorsAreReturned(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no such paths here")
	}
	for socket, want := range map[string]string{
		filepath.Join(t.TempDir(), "gone"): "no such file",
		"vsock:2:1234":                     "only an absolute path",
		"relative":                         "only an absolute path",
	} {
		setenv(t, socket, "", "")
		if err := New().Ready(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", socket, err)
		}
	}
}

func TestParseWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		want      time.Duration
		fails     bool
	}{
		{"", "", 0, false},
		{"30000000", "", 30 * time.Second, false},
		{"30000000", "7", 30 * time.Second, false},
		{"30000000", "8", 0, false},
		{strconv.FormatUint(math.MaxUint64, 10), "", 0, false},
		{"0", "", 0, true},
		{"-1", "", 0, true},
		{"soon", "7", 0, true},
	} {
		got, err := parseWatchdog(c.usec, c.pid, 7)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%q, %q: %v, %v", c.usec, c.pid, got, err)
		}
	}
}

func TestWatchdogVariableIsWrong(t *testing.T) {
	setenv(t, "/nowhere", "soon", "")
	var b strings.Builder
	n := New()
	n.Logger = slog.New(slog.NewTextHandler(&b, nil))
	n.Watchdog(t.Context(), nil)
	if !strings.Contains(b.String(), "WATCHDOG_USEC") {
		t.Errorf("log: %s", b.String())
	}
}
