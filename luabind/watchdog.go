package luabind

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"time"
)

// Watchdog keeps scripts from filling the memory. It counts what is allocated while
// a script runs; when that may have brought the script over its [Limits.Memory],
// the script stops where it is and is weighed, and ends if it holds too much. Other
// VMs' scripts don't notice. Give all sandboxes of a process the same, in [Config].
//
// What this can't do: Go has one heap for all, so that a script is seen only after
// it has grown, by what it takes in some milliseconds and in one operation, which
// are bounded in themselves (a string by [Limits.StringBytes], a list's step by 16
// MiB). The weight is an estimate. Where scripts mustn't share memory at all they
// need a process of their own.
//
// The zero Watchdog is ready for use, and needs no closing.
type Watchdog struct {
	mu     sync.Mutex
	sample []metrics.Sample
	active []*run // those that have their VM
	timer  *time.Timer
	armed  bool // whether the timer runs
	// calm is what was alive as far as no script is to blame for it.
	calm uint64
	// collected is closed when Go has collected what is dead, nil while it doesn't.
	collected chan struct{}
}

// watchEvery is how often the heap is looked at while scripts run.
const watchEvery = 2 * time.Millisecond

// heap returns how many bytes were allocated so far, how many are in use, dead ones
// included, and how many were alive when Go collected last. It takes 0.3 µs. mu
// must be held.
func (w *Watchdog) heap() (allocated, inUse, live uint64) {
	if w.sample == nil {
		w.sample = []metrics.Sample{
			{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"},
		}
	}
	metrics.Read(w.sample)
	return w.sample[0].Value.Uint64(), w.sample[1].Value.Uint64(), w.sample[2].Value.Uint64()
}

// enter says that a run has its VM.
func (w *Watchdog) enter(r *run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	allocated, _, live := w.heap()
	r.memory.mark = allocated
	w.active = append(w.active, r)
	if w.armed {
		return
	}
	w.armed, w.calm = true, live
	if w.timer == nil {
		w.timer = time.AfterFunc(watchEvery, w.look)
	} else {
		w.timer.Reset(watchEvery)
	}
}

// leave says that a run gives its VM up.
func (w *Watchdog) leave(r *run) {
	w.mu.Lock()
	defer w.mu.Unlock()
	allocated, _, _ := w.heap()
	r.count(allocated, 1)
	if i := slices.Index(w.active, r); i >= 0 {
		w.active = slices.Delete(w.active, i, i+1)
	}
}

// weighed says that a VM was weighed, and how much may be allocated until it must
// be again. What the weighing itself took isn't the script's.
func (w *Watchdog) weighed(vm *VM, allowed int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.active {
		if r.vm == vm {
			r.memory.mark, _, _ = w.heap()
		}
	}
	vm.memory.grown.Store(0)
	vm.memory.allowed.Store(allowed)
}

// look is called by the timer.
func (w *Watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inspect()
	if len(w.active) == 0 {
		w.armed = false
		return
	}
	w.timer.Reset(watchEvery)
}

// lookNow is look for who can't wait for the timer.
func (w *Watchdog) lookNow() {
	w.wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inspect()
}

// inspect looks at what the scripts have allocated, and has Go collect it where much of
// it may be dead. mu must be held, and is given up meanwhile.
func (w *Watchdog) inspect() {
	if w.collected != nil {
		return // another is at it
	}
	allocated, inUse, live := w.heap()
	limit, near := int64(defaultMemory), false
	for _, r := range w.active {
		if r.count(allocated, len(w.active)) {
			r.attention.Store(true)
		}
		limit = min(limit, r.vm.limits.Memory)
		near = near || r.nearLimit()
	}
	// By itself Go lets as much die as is alive before it collects. That is half of it
	// here, and less beside a script to which little more can be left.
	most := max(uint64(limit), live) / 2
	if near {
		most = max(uint64(limit)/4, live/8)
	}
	if dead := inUse - min(live, inUse); dead <= most {
		return
	}
	// A script may allocate faster than Go collects, so that those wait which have
	// allocated much.
	w.collected = make(chan struct{})
	for _, r := range w.active {
		if r.memory.own > r.vm.limits.Memory/8 {
			r.attention.Store(true)
		}
	}
	w.mu.Unlock()
	runtime.GC()
	w.mu.Lock()
	close(w.collected)
	w.collected = nil
	w.unseen(uint64(limit) / 2 * 3)
}

// wait blocks while Go collects what is dead.
func (w *Watchdog) wait() {
	w.mu.Lock()
	collected := w.collected
	w.mu.Unlock()
	if collected != nil {
		<-collected
	}
}

// unseen finds out whether memory is held that weighing doesn't see, and ends the
// script that has most likely taken it. mu must be held.
func (w *Watchdog) unseen(most uint64) {
	_, _, live := w.heap()
	w.calm = min(w.calm, live)
	if live > w.calm+most && len(w.active) > 0 {
		r := slices.MaxFunc(w.active, func(a, b *run) int { return int(a.memory.own - b.memory.own) })
		if r.memory.own > r.vm.limits.Memory {
			r.outOfMemory(int64(live - w.calm))
		}
	}
	w.calm = live
}
