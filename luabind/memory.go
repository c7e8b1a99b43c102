package luabind

import (
	"fmt"
	"sync/atomic"
	"time"
)

// runMemory is what the watchdog knows of a run; its lock guards it.
type runMemory struct {
	// mark is what was allocated in the process when that was last looked at.
	mark uint64
	// own is what was allocated while the run ran, and is most likely its own.
	own int64
	// taken is what functions of Go's were about to allocate since the watchdog was
	// last told to look; the VM's lock guards it.
	taken int
}

// vmMemory is what is known of how much a VM's script holds.
type vmMemory struct {
	// grown is how much was allocated since the VM was weighed, at the most, and
	// allowed how much may be before it must be weighed again.
	grown, allowed atomic.Int64
	// weight is what it weighed then.
	weight atomic.Int64
	// over says that the script holds too much between handlers.
	over atomic.Bool
}

// mayBeOver reports whether so much was allocated that the VM must be weighed.
func (m *vmMemory) mayBeOver() bool { return m.grown.Load() > m.allowed.Load() }

// count adds what was allocated since the mark, and reports whether the VM must be
// weighed. Several runs share it, and any of them may have taken all.
func (r *run) count(allocated uint64, shared int) (weigh bool) {
	n := int64(allocated - r.memory.mark)
	r.memory.mark = allocated
	r.memory.own += n / int64(shared)
	r.vm.memory.grown.Add(n)
	return r.vm.memory.mayBeOver()
}

// nearLimit reports whether the run may be about to bring its script over the limit, or
// makes much that dies.
func (r *run) nearLimit() bool {
	limit := r.vm.limits.Memory
	return r.vm.memory.weight.Load() > limit/2 || r.memory.own > limit/4
}

// weighNow weighs the VM, and reports whether the script holds too much. The VM is
// locked.
func (vm *VM) weighNow() (weight int64, over bool) {
	limit := vm.limits.Memory
	weight = vm.weigh(2 * limit) // beyond which nobody wants to know
	vm.memory.weight.Store(weight)
	vm.watchdog.weighed(vm, max(limit-weight, limit/8))
	return weight, weight > limit
}

// bytesPerInstruction is how much work on bytes counts as an instruction.
const bytesPerInstruction = 16

// take counts what a function of Go's is about to allocate, if that is much: the
// watchdog sees it only some milliseconds later.
func (r *run) take(n int) {
	const much = 64 << 10
	if n < much {
		return
	}
	r.vm.memory.grown.Add(int64(n))
	if r.memory.taken += n; r.memory.taken > int(r.vm.limits.Memory/8) {
		r.memory.taken = 0
		r.rest(r.vm.watchdog.lookNow)
	}
	r.beWeighed()
}

// rest calls one of the watchdog's functions, which may wait until Go has collected what
// is dead; that takes no time of the run's. The VM is locked.
func (r *run) rest(f func()) {
	begun := time.Now()
	f()
	r.clock.excuse(time.Since(begun))
}

// beWeighed weighs the run's VM, if that must be, and ends the run if it holds too
// much. It takes no time of the run's. The VM is locked.
func (r *run) beWeighed() {
	if !r.vm.memory.mayBeOver() {
		return
	}
	begun := time.Now()
	if weight, over := r.vm.weighNow(); over {
		r.outOfMemory(weight)
	}
	r.clock.excuse(time.Since(begun))
}

// outOfMemory ends the run.
func (r *run) outOfMemory(weight int64) {
	r.stop(&stopReason{
		kind: KindLimit, limit: LimitMemory, used: mebibytes(weight),
		message: fmt.Sprintf("%s made the script hold more than %s of memory; [bot.sandbox] memory raises the limit",
			r.what(), byteSize(int(r.vm.limits.Memory))),
	})
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// settle finds out, between handlers, whether the script holds too much in its
// variables, however slowly that came. The VM is locked.
func (vm *VM) settle(killed bool) {
	if killed || vm.memory.mayBeOver() {
		_, over := vm.weighNow()
		vm.memory.over.Store(over)
	}
}

// tooHeavy is the error of a handler that can't begin, as the script holds too much
// already, nil if it doesn't. The VM is locked.
func (vm *VM) tooHeavy() error {
	if !vm.memory.over.Load() {
		return nil
	}
	weight, over := vm.weighNow()
	if vm.memory.over.Store(over); !over {
		return nil
	}
	e := vm.errorAt(KindLimit, vm.sources.display, 0, fmt.Sprintf(
		"the script holds more than %s of memory in its variables; [bot.sandbox] memory raises the limit", byteSize(int(vm.limits.Memory))))
	e.Limit, e.Used, e.NotBegun = LimitMemory, mebibytes(weight), true
	return e
}

// OverLimit reports whether the script holds more than [Limits.Memory] in its
// variables, beside what handlers do. It gets no more messages then, and must be
// loaded anew.
func (s *Sandbox) OverLimit() bool { return s.vm.memory.over.Load() }
