package isolate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

const (
	// Overhead is what a child takes beside its script's [luabind.Limits.Memory], in
	// bytes, at most: Go's runtime, and what the collector hasn't found yet.
	Overhead = 192 << 20
	// stopGrace is how long a handler may take to end once it must, before its
	// process is ended.
	stopGrace = 5 * time.Second
	// startGrace is what a child may take to start on a busy machine.
	startGrace = 30 * time.Second
	// stateWait is how long the script's state is waited for.
	stateWait = 10 * time.Second
	// probeEvery is how often it is looked whether a child with handlers has come to
	// hang, and probeWait how long its VM may be held, beyond twice what one handler
	// may compute.
	probeEvery = 10 * time.Second
	probeWait  = 20 * time.Second
	// pauseMin doubles to pauseMax from one start of a child that dies to the next,
	// and begins anew with one that lived for goodLife.
	pauseMin = 100 * time.Millisecond
	pauseMax = 30 * time.Second
	goodLife = time.Minute
	// loadTries is how often a script is loaded at first whose process dies of that.
	loadTries = 2
	// leastBody is what a frame of the child's may have at least.
	leastBody = 64 << 20
	// maxWaiting is how many calls may be under way beyond those of handlers that
	// count: of handlers that wait for their users.
	maxWaiting = 2000
	// maxFiles is of how many source files a child may tell.
	maxFiles = 1000
)

// Config says what is loaded, and into what process.
type Config struct {
	// Name, Script, Host, Limits and State are as in [luabind.Config].
	Name   string
	Script string
	Host   luabind.Host
	Limits luabind.Limits
	State  []byte
	// Options are for the child's [Modules], and Names those of modules that it must
	// have.
	Options json.RawMessage
	Names   []string
	// Command starts the child: a program that calls [Main], and its arguments. The
	// bot's name is added, for who looks at the list of processes.
	Command []string
	// Memory is what the child may take, in bytes; 0 means [Overhead] more than what
	// the script may.
	Memory int64
	// OnDeath is told of each child that died, before its handlers' calls return; it
	// may be nil. It must return soon, and not call the sandbox.
	OnDeath func(err error)
	// Outside is a test's; the zero value is the world.
	Outside Outside
	// Logger takes what happens; nil means none.
	Logger *slog.Logger
}

// Sandbox is a script in a process of its own; see [luabind.Sandbox] for its
// methods. A call that the process doesn't live through returns a [*DiedError], and
// calls made before there is another process wait for it.
type Sandbox struct {
	cfg    Config
	host   *hostSide
	serve  map[string]method
	bounds bounds
	limits luabind.Limits // without zeros

	interrupt atomic.Bool
	overLimit atomic.Bool
	life      context.Context // ends with Close
	end       context.CancelFunc
	closing   sync.Mutex    // held by Close
	over      chan struct{} // closed when supervise has returned

	mu      sync.Mutex
	current *process      // nil while there is none
	live    chan struct{} // closed while there is one
	files   []string
	// schedules are the current child's.
	schedules []luabind.Schedule
}

// Load starts a child that loads the script. What is the script's fault is a
// [*luabind.ScriptError].
func Load(ctx context.Context, cfg Config) (*Sandbox, error) {
	if cfg.Host == nil || len(cfg.Command) == 0 {
		return nil, errors.New("isolate: Config.Host or Config.Command is missing")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	limits := cfg.Limits.OrDefaults()
	if cfg.Memory <= 0 {
		cfg.Memory = limits.Memory + Overhead + raceOverhead
	}
	files, err := newSealer()
	if err != nil {
		return nil, fmt.Errorf("isolate: %w", err)
	}
	body := max(leastBody, 4*limits.StringBytes)
	s := &Sandbox{
		cfg:    cfg,
		host:   &hostSide{host: cfg.Host, files: files, most: int64(body / 2)},
		bounds: bounds{body: body, calls: 4*limits.Handlers + maxWaiting, held: 4 * body},
		limits: limits,
		over:   make(chan struct{}),
		live:   make(chan struct{}),
	}
	s.serve = s.host.methods()
	maps.Copy(s.serve, (&outsideSide{Outside: cfg.Outside, most: s.host.most}).methods())
	s.life, s.end = context.WithCancel(context.Background())
	var p *process
	for try := 1; ; try++ {
		p, err = s.launch(ctx, cfg.State)
		var died *DiedError
		if err == nil || !errors.As(err, &died) || try == loadTries {
			break
		}
		s.died(err)
		sleep(ctx, pauseMin)
	}
	if err != nil {
		s.end()
		return nil, err
	}
	s.use(p)
	go func() {
		defer close(s.over)
		s.supervise(p)
	}()
	return s, nil
}

// launch starts a child and has it load the script.
func (s *Sandbox) launch(ctx context.Context, state []byte) (*process, error) {
	p, err := start(s.cfg.Command, s.cfg.Name, s.cfg.Memory, s.bounds, s.serveChild)
	if err != nil {
		return nil, err
	}
	p.answered = func(flags byte) {
		s.interrupt.Store(flags&flagInterrupt != 0)
		s.overLimit.Store(flags&flagOverLimit != 0)
	}
	p.dropped = func() { s.drop(p) }
	go p.run(s.cfg.Memory)
	told, err := call[loadAnswer](ctx, s, p, callLoad, nil, s.limits.LoadWall+startGrace, loadCall{
		Protocol: protocol, Name: s.cfg.Name, Script: s.cfg.Script, Limits: s.cfg.Limits, State: state,
		Options: s.cfg.Options, Modules: s.cfg.Names, Memory: s.cfg.Memory, Body: int64(s.bounds.body),
		Outside: s.cfg.Outside.call(),
	})
	if err != nil {
		p.stop()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schedules = told.Schedules
	for i := range s.schedules {
		if every := &s.schedules[i].Every; *every != 0 {
			*every = max(*every, time.Second) // the child could keep us busy with less
		}
	}
	return p, nil
}

// serveChild answers a call of the child's.
func (s *Sandbox) serveChild(ctx context.Context, c *incoming) (any, error) {
	m := s.serve[c.method]
	if m == nil {
		return nil, fmt.Errorf("it called %.40q, which there isn't", c.method)
	}
	return m(ctx, c)
}

// use makes p the one that handlers get, if it hasn't died yet.
func (s *Sandbox) use(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.over {
		s.died(p.err)
		return
	}
	s.current = p
	close(s.live)
}

// drop has handlers wait for another child than p.
func (s *Sandbox) drop(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.over = true
	if s.current != p {
		return // it wasn't in use, and whoever started it knows
	}
	s.current, s.live = nil, make(chan struct{})
	if s.life.Err() == nil {
		s.died(p.err)
	}
}

// supervise puts another child in the place of one that died, until Close.
func (s *Sandbox) supervise(p *process) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	pause := pauseMin
	for {
		select {
		case <-p.gone:
		case <-tick.C:
			s.probe(p)
			continue
		case <-s.life.Done():
			return
		}
		if s.life.Err() != nil {
			return
		}
		if time.Since(p.began) > goodLife {
			pause = pauseMin
		}
		for next := (*process)(nil); next == nil; {
			sleep(s.life, pause)
			pause = min(2*pause, pauseMax)
			var err error
			// What the script kept in its memory has died with it.
			next, err = s.launch(s.life, nil)
			var died *DiedError
			switch {
			case s.life.Err() != nil:
				if next != nil {
					next.stop()
				}
				return
			case errors.As(err, &died):
				s.died(err)
			case err != nil:
				s.cfg.Logger.Error("the script can't be loaded into another process: messages wait until it is mended", "err", err, "retry_in", pause)
			default:
				p = next
			}
		}
		s.use(p)
		if err := s.OnStart(s.life, luabind.ReasonStart); err != nil && s.life.Err() == nil {
			s.cfg.Logger.Error("on_start failed", "err", err)
		}
	}
}

// probe ends a child whose VM is held for too long: nothing of the script's own
// can, within its limits.
func (s *Sandbox) probe(p *process) {
	if p.busy() {
		call[none](s.life, s, p, callProbe, nil, 2*s.limits.CPU+probeWait, none{})
	}
}

// died tells of a child's death.
func (s *Sandbox) died(err error) {
	args := []any{"err", err}
	var died *DiedError
	if errors.As(err, &died) && died.Output != "" {
		args = append(args, "detail", died.Output)
	}
	s.cfg.Logger.Error("the script's process died, it is started again", args...)
	if s.cfg.OnDeath != nil {
		s.cfg.OnDeath(err)
	}
}

// acquire returns the child, waiting for one if it has died.
func (s *Sandbox) acquire(ctx context.Context) (*process, error) {
	for {
		s.mu.Lock()
		p, live := s.current, s.live
		s.mu.Unlock()
		if s.life.Err() != nil {
			return nil, luabind.ErrClosed
		}
		if p != nil {
			return p, nil
		}
		select {
		case <-live:
		case <-s.life.Done():
		case <-ctx.Done():
			return nil, fmt.Errorf("isolate: wait for the script's process: %w", context.Cause(ctx))
		}
	}
}

// call calls the child. Where that has not ended within wall, if that isn't 0, or
// soon after ctx, its process is ended.
func call[Out any](ctx context.Context, s *Sandbox, p *process, method string, ev *luabind.Event, wall time.Duration, args any) (result Out, err error) {
	var over atomic.Bool
	defer over.Store(true)
	late := time.AfterFunc(cmp.Or(wall, math.MaxInt64), func() {
		if !over.Load() {
			p.kill(method + " did not end when it had to")
		}
	})
	defer late.Stop()
	unwatch := context.AfterFunc(ctx, func() {
		if !errors.Is(context.Cause(ctx), luabind.ErrInterrupted) {
			late.Reset(stopGrace)
		}
	})
	defer unwatch()
	f, err := p.roundTrip(ctx, 0, method, ev, args)
	if err != nil {
		return result, err
	}
	var a answer[Out]
	if err := json.Unmarshal(f.body, &a); err != nil {
		p.kill(fmt.Sprintf("its answer to %s can't be read: %v", method, err))
		<-p.gone
		return result, p.err
	}
	s.add(a.Files)
	return a.Result, a.Error.Err()
}

// add notes source files that the child has read: only those below the script's
// folder, for they are looked at.
func (s *Sandbox) add(files []string) {
	script, err := filepath.Abs(s.cfg.Script)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range files {
		rel, err := filepath.Rel(filepath.Dir(script), f)
		if err == nil && filepath.IsLocal(rel) && !slices.Contains(s.files, f) && len(s.files) < maxFiles {
			s.files = append(s.files, filepath.Clean(f))
		}
	}
}

// OnMessage is [luabind.Sandbox.OnMessage].
func (s *Sandbox) OnMessage(ctx context.Context, ev *luabind.Event) error {
	if ev == nil || ev.Message == nil {
		return errors.New("isolate: OnMessage needs an event with a message")
	}
	_, err := handle[none](ctx, s, callMessage, ev, newEventCall(ev))
	return err
}

// HasInterrupt is [luabind.Sandbox.HasInterrupt].
func (s *Sandbox) HasInterrupt() bool { return s.interrupt.Load() }

// OverLimit is [luabind.Sandbox.OverLimit].
func (s *Sandbox) OverLimit() bool { return s.overLimit.Load() }

// OnInterrupt is [luabind.Sandbox.OnInterrupt].
func (s *Sandbox) OnInterrupt(ctx context.Context, ev *luabind.Event) (stop bool, err error) {
	if ev == nil || ev.Message == nil {
		return false, errors.New("isolate: OnInterrupt needs an event with a message")
	}
	return handle[bool](ctx, s, callInterrupt, ev, newEventCall(ev))
}

// OnSessionExpired is [luabind.Sandbox.OnSessionExpired].
func (s *Sandbox) OnSessionExpired(ctx context.Context, info luabind.SessionInfo) error {
	_, err := handle[none](ctx, s, callSession, nil, info)
	return err
}

// OnSuppressed is [luabind.Sandbox.OnSuppressed].
func (s *Sandbox) OnSuppressed(ctx context.Context, info luabind.SuppressedInfo) error {
	_, err := handle[none](ctx, s, callSuppress, nil, info)
	return err
}

// OnTimer is [luabind.Sandbox.OnTimer].
func (s *Sandbox) OnTimer(ctx context.Context, ev *luabind.TimerEvent) error {
	_, err := handle[none](ctx, s, callTimer, nil, newTimerCall(ev))
	return err
}

// Schedules is [luabind.Sandbox.Schedules].
func (s *Sandbox) Schedules() []luabind.Schedule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.schedules)
}

// OnStart is [luabind.Sandbox.OnStart].
func (s *Sandbox) OnStart(ctx context.Context, reason string) error {
	_, err := handle[none](ctx, s, callStart, nil, reason)
	return err
}

// OnStop is [luabind.Sandbox.OnStop].
func (s *Sandbox) OnStop(ctx context.Context, reason string) error {
	_, err := handle[none](ctx, s, callStop, nil, reason)
	return err
}

// OnError is [luabind.Sandbox.OnError].
func (s *Sandbox) OnError(ctx context.Context, ev *luabind.Event, failure error) error {
	a := errorCall{Failure: luabind.PassError(failure)}
	if ev != nil {
		e := newEventCall(ev)
		a.Event = &e
	}
	_, err := handle[none](ctx, s, callError, ev, a)
	return err
}

// handle has the child that there is, or that there will be, run a handler.
func handle[Out any](ctx context.Context, s *Sandbox, method string, ev *luabind.Event, args any) (result Out, err error) {
	for {
		p, err := s.acquire(ctx)
		if err != nil {
			return result, err
		}
		result, err = call[Out](ctx, s, p, method, ev, 0, args)
		if !errors.Is(err, errNotBegun) {
			return result, err
		}
		<-p.gone // it is dropped then
	}
}

// State is [luabind.Sandbox.State]; while there is no child, there is none.
func (s *Sandbox) State() ([]byte, error) {
	if s.life.Err() != nil {
		return nil, luabind.ErrClosed
	}
	s.mu.Lock()
	p := s.current
	s.mu.Unlock()
	if p == nil {
		return nil, nil
	}
	state, err := call[[]byte](s.life, s, p, callState, nil, stateWait, none{})
	var died *DiedError
	if errors.As(err, &died) || errors.Is(err, errNotBegun) {
		return nil, nil
	}
	return state, err
}

// Files is [luabind.Sandbox.Files].
func (s *Sandbox) Files() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.files)
}

// Close is [luabind.Sandbox.Close], and ends the child.
func (s *Sandbox) Close(ctx context.Context) error {
	s.closing.Lock()
	defer s.closing.Unlock()
	s.end()
	<-s.over
	s.mu.Lock()
	p := s.current
	s.mu.Unlock()
	if p == nil {
		return nil
	}
	told, err := call[closeAnswer](ctx, s, p, callClose, nil, 0, none{})
	if s.cfg.Outside.Coverage != nil {
		s.cfg.Outside.Coverage.Add(told.Lines)
	}
	p.stop()
	if errors.Is(err, errNotBegun) {
		return nil
	}
	return err
}

// sleep waits, or returns when ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
