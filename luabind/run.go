package luabind

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// run is one stay of ours in the VM: a handler, or the loading of the file.
type run struct {
	vm *VM
	// loading says that it is the loading of the file.
	loading bool
	// event is what the handler handles, nil if that is no message.
	event *Event
	// journal are its records, nil if it keeps none.
	journal *journaled
	// caller is the context of the call into the sandbox.
	caller context.Context
	// ctx is for the blocking work that the run starts; it ends when the run is
	// stopped or interrupted.
	ctx    context.Context
	cancel context.CancelCauseFunc
	// second takes the place of ctx after an interrupt, nil before.
	second    atomic.Pointer[secondContext]
	interrupt sync.Once // sets second
	// waiting is the message that ilink.cancelled has shown last, and shown its
	// table; the VM's lock guards them.
	waiting *ilink.Message
	shown   *lua.LTable
	// stopped is the kill flag: why the run must end, nil while it need not.
	// attention says that it was set, or that the VM is to be weighed.
	stopped   atomic.Pointer[stopReason]
	attention atomic.Bool
	memory    runMemory
	// clock and sends are what the run has used up; the VM's lock guards them.
	clock clock
	sends int
	// random are its sources of random numbers, nil while they aren't used: math's, and
	// one for what must not be guessed.
	random *rand.Rand
	secure *rand.ChaCha8
	began  time.Time
	// wall ends the run when its time is over: at due, or, while it waits for the
	// user, so much after that.
	wall *time.Timer
	due  time.Time
	// told says that the script knows of the interrupt, from an error or from
	// ilink.cancelled.
	told bool
	// wanted is the timer for whose function the handler is run again, "" for none, and
	// captured the function once it is there.
	wanted   string
	captured *lua.LFunction
	// slotted says that it has a place among the handlers.
	slotted bool
	// background are goroutines that work for the run.
	background sync.WaitGroup
	// release frees the timer and what watches the caller's context.
	release func()
}

// stopReason is why a run ends early.
type stopReason struct {
	kind    string // KindLimit, KindKilled or KindChanged
	limit   string // which limit, for KindLimit
	used    string // how much of it, where the error's maker can't tell
	message string
	cause   error
}

// Error returns the message that scripts see.
func (r *stopReason) Error() string { return r.message }

// Unwrap returns the error of the context that ended, if that was the reason.
func (r *stopReason) Unwrap() error { return r.cause }

// secondContext is for the work that a run starts after it was interrupted. It has
// the values of the caller's context, and ends only when the run is stopped.
type secondContext struct {
	context.Context
	cancel context.CancelCauseFunc
}

// newLoading is newRun for the loading of the file.
func (vm *VM) newLoading(ctx context.Context) *run {
	r := &run{vm: vm, caller: ctx, loading: true}
	r.start(vm.limits.LoadWall)
	return r
}

// newRun begins a run that handles ev, or no message if that is nil. Its user
// calls release when it is over.
func (vm *VM) newRun(ctx context.Context, ev *Event) *run {
	r := &run{vm: vm, caller: ctx, event: ev, clock: clock{limit: vm.limits.CPU}}
	r.start(vm.limits.Wall)
	return r
}

// start starts the clock.
func (r *run) start(wall time.Duration) {
	r.began = time.Now()
	r.due = r.began.Add(wall)
	r.ctx, r.cancel = context.WithCancelCause(r.caller)
	r.wall = time.AfterFunc(wall, func() { r.stop(r.wallReason(wall)) })
	unwatch := context.AfterFunc(r.caller, r.callerGone)
	r.release = func() {
		r.wall.Stop()
		unwatch()
		r.cancel(nil)
		if c := r.second.Load(); c != nil {
			c.cancel(nil)
		}
		r.background.Wait()
	}
}

// suspend stops the wall clock while the user is waited for, and gives up the run's
// place among the handlers. The function that it returns takes both back, and waits
// for a place.
func (r *run) suspend() (resume func()) {
	r.wall.Stop()
	left := time.Until(r.due)
	if r.slotted {
		<-r.vm.slots
	}
	return func() {
		if r.slotted {
			r.vm.slots <- struct{}{} // handlers end or wait, so that there will be one
		}
		r.due = time.Now().Add(left)
		r.wall.Reset(left)
	}
}

// lock takes the VM for the run. While others compute the wall clock stands: how long
// they take is not the run's doing.
func (r *run) lock() {
	if r.vm.mu.TryLock() {
		return
	}
	begun := time.Now()
	runs := r.wall.Stop()
	r.vm.mu.Lock()
	if runs {
		r.due = r.due.Add(time.Since(begun))
		r.wall.Reset(time.Until(r.due))
	}
}

// callerGone stops the run because its caller's context ended, or interrupts it
// if that was the cause. It may be called again.
func (r *run) callerGone() {
	why := context.Cause(r.caller)
	if why == nil {
		return // it was another reason, and that is noted
	}
	if errors.Is(why, ErrInterrupted) {
		r.interrupt.Do(func() {
			c := new(secondContext)
			c.Context, c.cancel = context.WithCancelCause(context.WithoutCancel(r.caller))
			r.second.Store(c)
			if why := r.stopped.Load(); why != nil { // stop may have come too early to see c
				c.cancel(why)
			}
		})
		return
	}
	r.stop(&stopReason{kind: KindKilled, cause: why, message: r.what() + " was stopped: " + stopCause(why)})
}

// stopCause says in a person's words why a context ended.
func stopCause(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the host is stopping"
	case errors.Is(err, context.DeadlineExceeded):
		return "the host's time for it is over"
	}
	return err.Error()
}

// stop ends the run, at its next instruction or from the call in which it
// waits. The first reason stays.
func (r *run) stop(why *stopReason) {
	if r.stopped.CompareAndSwap(nil, why) {
		r.attention.Store(true)
		r.cancel(why)
		if c := r.second.Load(); c != nil {
			c.cancel(why)
		}
	}
}

// look catches up with the caller's context, whose end may not have been told
// yet, and reports whether the run was interrupted.
func (r *run) look() (interrupted bool) {
	if r.ctx.Err() != nil {
		r.callerGone()
	}
	return r.second.Load() != nil
}

// untold reports whether the run was interrupted and nothing has told the script so: the
// call that was broken off, such as a send that is made later then, didn't fail.
func (r *run) untold() bool {
	return !r.told && (r.look() || r.event != nil && r.event.Interrupted != nil && r.event.Interrupted())
}

// context is what blocking work that starts now gets.
func (r *run) context() context.Context {
	if r.look() {
		return r.second.Load()
	}
	return r.ctx
}

// what names the run in messages.
func (r *run) what() string {
	if r.loading {
		return "loading"
	}
	return "the handler"
}

func (r *run) wallReason(wall time.Duration) *stopReason {
	setting := "wall"
	if r.loading {
		setting = "load_wall"
	}
	return &stopReason{
		kind: KindLimit, limit: LimitWall,
		message: fmt.Sprintf("%s took longer than %v (wall time, waiting included); [bot.sandbox] %s raises the limit",
			r.what(), wall, setting),
	}
}

// budget is the context of a run's Lua threads. The VM calls its Done before each
// instruction, which makes it an exact counter and a kill switch. It serves the
// one goroutine that runs the threads, and nothing else: blocking work gets the
// run's ordinary context.
type budget struct {
	run *run
	// chain are the threads under way, and depth the calls in them that were counted.
	chain []link
	depth int
	// left is how many instructions may still be run.
	left int64
	// hit says that the run met its end: what it returns is of no interest.
	hit bool
	// at is where that was, such as "scripts/echo.lua:3:", and inner the traceback
	// of the threads but the first.
	at, inner string
	// raised is how the error that is under way came about.
	raised raised
	// failed says that a call of the host's has failed.
	failed bool
}

// closedChan is what Done returns when all is over; it is never written to.
var closedChan = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Done counts one instruction.
func (b *budget) Done() <-chan struct{} {
	// The flag is looked at each time: looking only now and then lets a script
	// take gigabytes in between.
	if b.left--; b.left >= 0 && !b.run.attention.Load() {
		return nil
	}
	return b.attend()
}

// attend looks at what there is to attend to, and returns nil if the run goes on.
func (b *budget) attend() <-chan struct{} {
	if r := b.run; b.left >= 0 {
		r.attention.Store(false) // before looking: it may be set again meanwhile
		r.rest(r.vm.watchdog.wait)
		if r.beWeighed(); r.stopped.Load() == nil {
			return nil
		}
		r.attention.Store(true)
	}
	return b.over()
}

// over notes that this is the end.
func (b *budget) over() <-chan struct{} {
	if b.run.stopped.Load() == nil {
		limit := b.run.vm.limits.Instructions
		b.run.stop(&stopReason{
			kind: KindLimit, limit: LimitInstructions,
			message: fmt.Sprintf("%s ran more than %d instructions; a loop may not end, or [bot.sandbox] instructions must be raised",
				b.run.what(), limit),
		})
	}
	b.note()
	return closedChan
}

// failedCall is how many instructions a caught error counts as: unwinding Go's
// stack, and a new thread, take as long.
const failedCall = 200

// countCaught counts what a caught error has cost: a loop of failing calls would
// otherwise take two hundred times what its instructions say.
func (b *budget) countCaught() {
	b.left -= failedCall
	b.raised = raisedElsewhere
}

// Err returns why the run is over.
func (b *budget) Err() error {
	if why := b.run.stopped.Load(); why != nil {
		return why
	}
	return nil
}

// Deadline and Value make a budget a context; the VM doesn't call them.
func (b *budget) Deadline() (time.Time, bool) { return b.run.ctx.Deadline() }

// Value returns what the run's ordinary context has under key.
func (b *budget) Value(key any) any { return b.run.ctx.Value(key) }

// budgetOf returns the budget of a thread, nil for the VM's main one, which runs
// no script.
func budgetOf(L *lua.LState) *budget {
	b, _ := L.Context().(*budget)
	return b
}
