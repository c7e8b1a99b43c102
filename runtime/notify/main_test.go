package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// helperArg makes the test binary the command that is run. It is an argument
// since a command gets nothing of our environment.
const helperArg = "notify-test-helper"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == helperArg {
		// Not os.Exit: with the race detector, that takes a second.
		syscall.Exit(helper(os.Args[2], os.Args[3:]))
	}
	goleak.VerifyTestMain(m)
}

// helper is what commands of the tests do.
func helper(what string, args []string) int {
	switch what {
	case "record": // all that the command was given, into a file
		in, err := io.ReadAll(os.Stdin)
		if err != nil {
			return 1
		}
		b, err := json.Marshal(given{Args: args[1:], Env: os.Environ(), Stdin: string(in)})
		if err != nil || os.WriteFile(args[0], b, 0o600) != nil {
			return 1
		}
	case "fail":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		return 3
	case "chatter":
		fmt.Print(strings.Repeat("x", 100_000))
	case "hang":
		<-time.After(time.Minute) // so that it never outlives a failing test for long
	case "parent": // hangs with a child that hangs as well
		child := exec.Command(os.Args[0], helperArg, "connect", args[0])
		child.Stdout = os.Stdout
		if child.Run() != nil {
			return 1
		}
	case "connect": // holds a connection until it dies
		conn, err := net.Dial("tcp", args[0])
		if err != nil {
			return 1
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, _ = conn.Read(make([]byte, 1))
	}
	return 0
}

type given struct {
	Args, Env []string
	Stdin     string
}

func helperCommand(t *testing.T, args ...string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{exe, helperArg}, args...)
}

// logBuffer is a log that may be read while it's written.
type logBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newLog() (*logBuffer, *slog.Logger) {
	b := new(logBuffer)
	return b, slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// sample is an event.
func sample() Event {
	return Event{
		Bot: "support", State: "session_expired", Previous: "running", Message: "log in again: \"ilinkd login\"\n$(true)",
		At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 8*3600)),
	}
}

const sampleJSON = `{"bot":"support","state":"session_expired","previous":"running","message":"log in again: \"ilinkd login\"\n$(true)","time":"2026-03-03T21:06:07Z"}` + "\n"
