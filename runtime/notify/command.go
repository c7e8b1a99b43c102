package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	// maxOutput is how much of a command's output gets into the log, in bytes.
	maxOutput = 2048
	// outputDelay is how long a command's output is waited for once it has ended:
	// something that it left in the background may hold it open.
	outputDelay = time.Second
)

// command runs a program for each event.
type command struct {
	argv    []string
	timeout time.Duration
	log     *slog.Logger
}

// attr leaves out the arguments: a token may be among them.
func (c *command) attr() slog.Attr { return slog.String("command", c.argv[0]) }

func (c *command) deliver(ctx context.Context, ev Event) error {
	body, err := ev.body()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	out := &head{limit: maxOutput}
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Env = append(inherited(), ev.environ()...)
	cmd.Stdin = bytes.NewReader(body)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = outputDelay
	ownGroup(cmd)

	err = cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil // it ended well, and left something in the background
	}
	// What hangs and what was told to end is known better than "signal: killed".
	if err != nil && ctx.Err() != nil {
		if err = context.Cause(ctx); errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("killed, as it was still running after %v", c.timeout)
		}
	}
	if text := out.text(); text != "" {
		c.log.Info("output of the command that tells of changes of state", "bot", ev.Bot, "state", ev.State, c.attr(), "output", text)
	}
	return err
}

// inherited is all that a command gets of our environment: what a program needs
// to run, and none of the secrets that are handed to us in variables.
func inherited() (env []string) {
	for _, name := range []string{"PATH", "HOME", "LANG"} {
		if v, found := os.LookupEnv(name); found {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// head keeps the beginning of what is written, and takes the rest.
type head struct {
	limit int
	kept  []byte
	more  bool
}

func (h *head) Write(p []byte) (int, error) {
	room := h.limit - len(h.kept)
	h.kept = append(h.kept, p[:min(room, len(p))]...)
	h.more = h.more || len(p) > room
	return len(p), nil
}

func (h *head) text() string {
	s := strings.TrimSpace(strings.ToValidUTF8(string(h.kept), "\ufffd"))
	if h.more {
		s += " … (cut)"
	}
	return s
}
