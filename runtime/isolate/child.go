package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// Modules makes the Lua modules of a script of the options that the parent was
// given for them, and of what a test has in place of the world.
type Modules func(options json.RawMessage, outside Outside) ([]luabind.Module, error)

// childPatience is how long the handlers of a child whose parent is gone may take to
// end, before they are ended with it.
const childPatience = time.Second

// maxStack is where a goroutine's stack overflows: far beyond what the sandbox lets
// scripts nest, and within every limit of memory.
const maxStack = 64 << 20

// Main is what the child does: it takes one script from its parent, through standard
// input and output, and ends when these are closed. It returns the exit code.
func Main(modules Modules) int {
	// The pipes are the parent's alone: what somebody prints goes into its log.
	in, out := os.Stdin, os.Stdout
	os.Stdin, os.Stdout = nil, os.Stderr
	// A group of processes is signalled as a whole, by a terminal or by systemd, and
	// the parent ends in order first.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	protect()
	c := &child{modules: modules}
	// The parent is trusted; but a memory that can't be had is no use.
	most := bounds{body: 1 << 30, calls: 1 << 20, held: math.MaxInt}
	c.peer = newPeer(in, out, most, func() { in.Close() })
	c.peer.serve = c.serve
	c.peer.flags = c.flags
	ctx, cancel := context.WithCancel(context.Background())
	err := c.peer.run(ctx)
	cancel()
	over := time.AfterFunc(childPatience, func() { os.Exit(1) })
	defer over.Stop()
	c.peer.fail(err)
	if !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, "the parent's calls:", err)
		return 1
	}
	return 0
}

// child is a process with one script.
type child struct {
	peer    *peer
	modules Modules

	mu      sync.Mutex
	sandbox *luabind.Sandbox
	told    int // how many source files the parent knows of
	// coverage counts lines, nil if they aren't counted.
	coverage *luabind.Coverage
}

// script returns the sandbox, nil before there is one.
func (c *child) script() *luabind.Sandbox {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sandbox
}

func (c *child) flags() byte {
	s := c.script()
	if s == nil {
		return 0
	}
	var b byte
	if s.HasInterrupt() {
		b |= flagInterrupt
	}
	if s.OverLimit() {
		b |= flagOverLimit
	}
	return b
}

// files returns the source files that the parent doesn't know of.
func (c *child) files() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sandbox == nil {
		return nil
	}
	all := c.sandbox.Files()
	fresh := all[c.told:]
	c.told = len(all)
	return fresh
}

var errNoScript = errors.New("no script is loaded")

// serve answers the parent: one case for each method of the sandbox, and one in
// sandbox.go.
func (c *child) serve(ctx context.Context, in *incoming) (any, error) {
	ctx = context.WithValue(ctx, callerKey{}, in.id)
	host := childHost{c.peer}
	s := c.script()
	if s == nil && in.method != callLoad {
		return answer[none]{Error: luabind.PassError(errNoScript)}, nil
	}
	switch in.method {
	case callLoad:
		return reply(c, in, func(a loadCall) (loadAnswer, error) { return c.load(ctx, a, host) })
	case callMessage:
		return reply(c, in, func(a eventCall) (none, error) { return none{}, s.OnMessage(ctx, host.event(ctx, &a)) })
	case callInterrupt:
		return reply(c, in, func(a eventCall) (bool, error) { return s.OnInterrupt(ctx, host.event(ctx, &a)) })
	case callSession:
		return reply(c, in, func(a luabind.SessionInfo) (none, error) { return none{}, s.OnSessionExpired(ctx, a) })
	case callSuppress:
		return reply(c, in, func(a luabind.SuppressedInfo) (none, error) { return none{}, s.OnSuppressed(ctx, a) })
	case callTimer:
		return reply(c, in, func(a *timerCall) (none, error) { return none{}, s.OnTimer(ctx, host.timerEvent(ctx, a)) })
	case callStart:
		return reply(c, in, func(reason string) (none, error) { return none{}, s.OnStart(ctx, reason) })
	case callStop:
		return reply(c, in, func(reason string) (none, error) { return none{}, s.OnStop(ctx, reason) })
	case callError:
		return reply(c, in, func(a errorCall) (none, error) {
			return none{}, s.OnError(ctx, host.event(ctx, a.Event), a.Failure.Err())
		})
	case callState:
		return reply(c, in, func(none) ([]byte, error) { return s.State() })
	case callClose:
		return reply(c, in, func(none) (closeAnswer, error) { return c.close(ctx, s) })
	case callProbe:
		return reply(c, in, func(none) (none, error) { return none{}, s.Run(ctx, "probe", func(*lua.LState) {}) })
	}
	return nil, fmt.Errorf("there is no method %q", in.method)
}

// reply calls f with the arguments of a call and makes the answer.
func reply[In, Out any](c *child, in *incoming, f func(a In) (Out, error)) (any, error) {
	var args In
	if err := json.Unmarshal(in.body, &args); err != nil {
		return nil, fmt.Errorf("read the arguments of %s: %w", in.method, err)
	}
	result, err := f(args)
	return answer[Out]{Result: result, Error: luabind.PassError(err), Files: c.files()}, nil
}

// event makes the sandbox's event of the parent's; nil stays nil.
func (h childHost) event(ctx context.Context, a *eventCall) *luabind.Event {
	if a == nil {
		return nil
	}
	ev := &luabind.Event{Message: a.Message, Quote: a.Quote, Journal: a.Journal}
	if a.Waiting {
		ev.Waiting = func() *ilink.Message { return h.waiting(ctx) }
	}
	if a.Interrupted {
		ev.Interrupted = func() bool { return h.interrupted(ctx) }
	}
	return ev
}

// timerEvent makes the sandbox's event of the parent's; nil stays nil.
func (h childHost) timerEvent(ctx context.Context, a *timerCall) *luabind.TimerEvent {
	if a == nil {
		return nil
	}
	return &luabind.TimerEvent{
		Schedule: a.Schedule, ID: a.ID, Function: a.Function, Data: a.Data, Due: a.Due, Line: a.Line, Journal: a.Journal,
		Message: h.event(ctx, a.Message), Timer: h.timerEvent(ctx, a.Timer),
	}
}

// load loads the script, within the limits of memory.
func (c *child) load(ctx context.Context, a loadCall, host childHost) (told loadAnswer, err error) {
	if a.Protocol != protocol {
		return told, fmt.Errorf("the program was replaced by another version while it ran: start it again")
	}
	limitMemory(a.Memory)
	debug.SetMaxStack(maxStack)
	c.peer.send.Store(a.Body)
	outside := host.outside(a.Outside)
	modules, err := c.modules(a.Options, outside)
	if err != nil {
		return told, err
	}
	for _, name := range a.Modules {
		if !slices.ContainsFunc(modules, func(m luabind.Module) bool { return m.Name() == name }) {
			return told, fmt.Errorf("the module %q is missing in the script's process: give it to runtime.SandboxMain too", name)
		}
	}
	s, err := luabind.Load(ctx, luabind.Config{
		Name: a.Name, Script: a.Script, Host: host, Modules: modules, Limits: a.Limits, State: a.State,
		Now: outside.Now, Entropy: outside.Entropy, Coverage: outside.Coverage,
	})
	if err != nil {
		return told, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sandbox, c.coverage = s, outside.Coverage
	return loadAnswer{Schedules: s.Schedules()}, nil
}

// close closes the script.
func (c *child) close(ctx context.Context, s *luabind.Sandbox) (told closeAnswer, err error) {
	err = s.Close(ctx)
	if c.coverage != nil {
		told.Lines = c.coverage.Lines()
	}
	return told, err
}
