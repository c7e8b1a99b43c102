package notify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// tell delivers the sample by cfg and returns the log.
func tell(t *testing.T, cfg Config) string {
	t.Helper()
	out, log := newLog()
	n := New(cfg, log)
	n.Notify(sample())
	closeNow(t, n)
	return out.String()
}

func TestCommandIsGivenTheEvent(t *testing.T) {
	t.Setenv("HOME", "/home/of/test")
	t.Setenv("LANG", "C.UTF-8")
	t.Setenv("ILINKD_TOKEN_SUPPORT", "s3cret")
	file := filepath.Join(t.TempDir(), "given")
	if log := tell(t, Config{Command: helperCommand(t, "record", file, "a b", "$HOME", "*")}); log != "" {
		t.Errorf("log: %s", log)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got given
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Args, []string{"a b", "$HOME", "*"}) {
		t.Errorf("arguments %q", got.Args)
	}
	if got.Stdin != sampleJSON {
		t.Errorf("stdin %q", got.Stdin)
	}
	want := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/home/of/test", "LANG=C.UTF-8",
		"ILINKD_BOT=support", "ILINKD_STATE=session_expired", "ILINKD_PREVIOUS=running",
		"ILINKD_MESSAGE=" + sample().Message, "ILINKD_TIME=2026-03-03T21:06:07Z",
	}
	if runtime.GOOS == "windows" { // nothing runs without that
		got.Env = slices.DeleteFunc(got.Env, func(v string) bool { return strings.HasPrefix(strings.ToUpper(v), "SYSTEMROOT=") })
	}
	slices.Sort(want)
	slices.Sort(got.Env)
	if !slices.Equal(got.Env, want) {
		t.Errorf("environment\n%q, want\n%q", got.Env, want)
	}
}

func TestCommandFails(t *testing.T) {
	log := tell(t, Config{Command: helperCommand(t, "fail", "s3cret")})
	for _, want := range []string{"exit status 3", "to stdout", "to stderr", "bot=support"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is missing in the log: %s", want, log)
		}
	}
	if strings.Contains(log, "s3cret") {
		t.Errorf("an argument is in the log: %s", log)
	}
}

func TestCommandIsMissing(t *testing.T) {
	if log := tell(t, Config{Command: []string{filepath.Join(t.TempDir(), "none")}}); !strings.Contains(log, "couldn't be told") {
		t.Errorf("log: %s", log)
	}
}

func TestCommandOutputIsBounded(t *testing.T) {
	log := tell(t, Config{Command: helperCommand(t, "chatter")})
	if k := strings.Count(log, "x"); k < maxOutput || k > maxOutput+100 || !strings.Contains(log, "(cut)") {
		t.Errorf("%d of the output in the log", k)
	}
	if strings.Contains(log, "level=WARN") {
		t.Errorf("log: %s", log)
	}
}

func TestCommandHangs(t *testing.T) {
	log := tell(t, Config{Command: helperCommand(t, "hang"), Timeout: 50 * time.Millisecond})
	if !strings.Contains(log, "still running after 50ms") {
		t.Errorf("log: %s", log)
	}
}
