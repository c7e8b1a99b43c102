package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// watchInterval is how often the memory of a child is looked at. What it can take
	// in between, the system bounds.
	watchInterval = 100 * time.Millisecond
	// exitGrace is how long a child may take to end by itself.
	exitGrace = 2 * time.Second
)

// DiedError says that the process of a script died while it had work. What it had
// done through the host is done; the rest isn't, and can be done again.
type DiedError struct {
	// Reason says why, as far as it is known.
	Reason string
	// Output is what the process wrote to its standard error when it crashed, or at
	// the end, cut to a few lines.
	Output string
}

// Error says what happened and why.
func (e *DiedError) Error() string { return "the script's process died: " + e.Reason }

// process is a child, as its parent has it.
type process struct {
	*peer
	cmd    *exec.Cmd
	stdin  io.Closer
	output tail
	cage   *cage
	// why is why we ended it, nil if we didn't.
	why   atomic.Pointer[string]
	gone  chan struct{} // closed once it has ended and err is set
	err   error
	began time.Time
	// dropped is called when it has ended, before its calls do; over is its owner's.
	dropped func()
	over    bool
}

// start starts a child. most is how much memory it may take.
func start(command []string, name string, most int64, b bounds, serve func(context.Context, *incoming) (any, error)) (*process, error) {
	p := &process{gone: make(chan struct{}), began: time.Now()}
	p.cmd = exec.Command(command[0], append(command[1:len(command):len(command)], name)...)
	// None of our variables, for among them may be secrets.
	p.cmd.Env = environment()
	p.cmd.Stderr = &p.output
	p.cmd.WaitDelay = exitGrace
	p.cmd.SysProcAttr = attributes()
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the script's process: %w", err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the script's process: %w", err)
	}
	p.cage = newCage(most)
	p.cage.enter(p.cmd.SysProcAttr)
	if err := p.cmd.Start(); err != nil {
		p.cage.remove()
		return nil, fmt.Errorf("start the script's process: %w", err)
	}
	p.stdin = stdin
	p.peer = newPeer(stdout, stdin, b, func() { p.cmd.Process.Kill() })
	p.peer.serve = serve
	return p, nil
}

// environment is what a child needs of ours: the time zone, for os.date, and what
// Windows can't do without.
func environment() []string {
	env := []string{"GOTRACEBACK=single"}
	for _, name := range []string{"TZ", "ZONEINFO", "SYSTEMROOT"} {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// run serves the child until it ends.
func (p *process) run(most int64) {
	defer close(p.gone)
	var watch sync.WaitGroup
	over := make(chan struct{})
	watch.Go(func() { p.watch(most, over) })
	err := p.peer.run(context.Background())
	p.cmd.Process.Kill()
	waited := p.cmd.Wait()
	close(over)
	watch.Wait()
	p.err = p.died(err, waited)
	p.cage.remove()
	p.dropped()
	p.fail(p.err)
}

// watch ends the child when it takes too much memory.
func (p *process) watch(most int64, over <-chan struct{}) {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			if used := memoryOf(p.cmd.Process.Pid); used > most {
				p.kill(overMemory(used, most))
			}
		}
	}
}

func overMemory(used, most int64) string {
	return fmt.Sprintf("it took %d MiB of memory, and [bot.sandbox] process_memory allows %d MiB", used>>20, most>>20)
}

// kill ends the child; why is for the error.
func (p *process) kill(why string) {
	p.why.CompareAndSwap(nil, &why)
	p.cmd.Process.Kill()
}

// stop has the child end by itself, and waits until it is gone.
func (p *process) stop() {
	p.stdin.Close()
	late := time.AfterFunc(exitGrace, func() { p.kill("it did not end when it was told to") })
	defer late.Stop()
	<-p.gone
}

// died makes the error of a child that has ended: broken is what ended the
// connection, and waited how the process ended.
func (p *process) died(broken, waited error) error {
	crash, output := crashOf(p.output.String())
	e := &DiedError{Output: output}
	state := "exit status 0"
	if waited != nil {
		state = waited.Error()
	}
	switch why := p.why.Load(); {
	case why != nil:
		e.Reason = *why
	case p.cage.overflowed():
		e.Reason = "it took more memory than [bot.sandbox] process_memory allows, and the system ended it"
	case !errors.Is(broken, io.EOF) && !errors.Is(broken, io.ErrUnexpectedEOF) && !errors.Is(broken, os.ErrClosed):
		e.Reason = broken.Error()
	case crash != "":
		e.Reason = crash
	default:
		e.Reason = state
	}
	return e
}

// crashOf finds in the output of a Go program why it crashed, "" if it says nothing,
// and the lines from there on, or the last ones.
func crashOf(output string) (why, lines string) {
	const most = 20
	var all []string
	at := -1
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "unexpected fault address") {
			why, at = line, len(all)
		}
		all = append(all, line)
	}
	if at < 0 {
		at = max(0, len(all)-most)
	}
	return why, strings.Join(all[at:min(len(all), at+most)], "\n")
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// maxTail holds the traceback of a stack that overflowed.
const maxTail = 64 << 10

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - maxTail; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

// String returns what is kept, as text.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.kept), "\uFFFD")
}
