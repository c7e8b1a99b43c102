package faulttest

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is ilinkd, run again and again on the same configuration. All runs
// write to one log.
type process struct {
	t   *testing.T
	dir string

	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended
}

func newProcess(t *testing.T, dir string) *process {
	p := &process{t: t, dir: dir}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("end of the log of ilinkd:\n%s", p.logTail(150))
		}
	})
	return p
}

func (p *process) logPath() string { return filepath.Join(p.dir, "ilinkd.log") }

// start runs ilinkd and doesn't wait for anything.
func (p *process) start(args ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.startTo(log, args...)
}

// startTo is start with another place for the log.
func (p *process) startTo(log *os.File, args ...string) {
	p.t.Helper()
	p.cmd = exec.Command(binary(p.t), append([]string{
		"run", "--config", filepath.Join(p.dir, "runtime.toml"), "--log-format", "json", "--log-level", "debug",
	}, args...)...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = p.dir, log, log, childAttr()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, ended := p.cmd, make(chan struct{})
	p.ended = ended
	go func() {
		defer close(ended)
		p.err = cmd.Wait()
	}()
}

// kill ends it with SIGKILL and waits for that.
func (p *process) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
	p.cmd = nil
}

// stop ends it in an orderly way, and fails the test if that doesn't work.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	if code := p.wait(); code != 0 {
		p.t.Errorf("ilinkd ended with %d after SIGTERM", code)
	}
}

// wait waits for it to end by itself and returns its exit code.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("ilinkd does not end")
	}
	p.cmd = nil
	var exit *exec.ExitError
	if errors.As(p.err, &exit) {
		return exit.ExitCode()
	}
	if p.err != nil {
		p.t.Fatal(p.err)
	}
	return 0
}

// running reports whether it has not ended by itself.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return p.cmd != nil
	}
}

// logLine is what the tests look at in a line of the log. What isn't JSON, such
// as a panic or the last error, is in Msg.
type logLine struct {
	Level    string `json:"level"`
	Msg      string `json:"msg"`
	Status   string `json:"status"`
	ClientID string `json:"client_id"`
}

// log returns the lines of all runs.
func (p *process) log() []logLine {
	p.t.Helper()
	f, err := os.Open(p.logPath())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	var all []logLine
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var l logLine
		if json.Unmarshal(scanner.Bytes(), &l) != nil {
			l = logLine{Msg: scanner.Text()}
		}
		all = append(all, l)
	}
	if err := scanner.Err(); err != nil {
		p.t.Fatal(err)
	}
	return all
}

// logged counts the lines with a text in their message.
func (p *process) logged(part string) (n int) {
	p.t.Helper()
	for _, l := range p.log() {
		if strings.Contains(l.Msg, part) {
			n++
		}
	}
	return n
}

func (p *process) logTail(lines int) string {
	text, _ := os.ReadFile(p.logPath())
	all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
