package hazardtest

import (
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/runtime"
)

// sandboxArg has the program of the tests be the process of a script.
const sandboxArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandboxArg {
		os.Exit(runtime.SandboxMain())
	}
	goleak.VerifyTestMain(m)
}

// isolation is where the hostile scripts run: "host", or "process".
var isolation = os.Getenv("ILINKD_TEST_ISOLATION")

// full says that the tests shall run with the default limits.
var full = os.Getenv("ILINKD_FULL") != ""

// limits are the sandbox's in the suite: as the defaults, scaled down. What must end in
// another way than by its time gets enough of that, however slow the machine is.
func limits(h *hazard) runtime.SandboxConfig {
	c := runtime.SandboxConfig{Isolation: isolation}
	switch {
	case full:
	case !slices.Contains(h.expect, "limit"):
		c.CPU, c.Wall, c.LoadWall = runtime.Duration(patience/2), runtime.Duration(patience/2), runtime.Duration(time.Second)
	case slices.Contains(h.expect, "memory"):
		c.Instructions, c.CPU = 1_000_000, runtime.Duration(150*time.Millisecond)
		c.Wall, c.LoadWall = runtime.Duration(time.Second), runtime.Duration(time.Second)
	default:
		c.Instructions, c.CPU = 500_000, runtime.Duration(75*time.Millisecond)
		c.Wall, c.LoadWall = runtime.Duration(500*time.Millisecond), runtime.Duration(time.Second)
	}
	return c
}

const (
	// budget is how much a script may hold.
	budget = 64 << 20
	// mostHeap is how far the heap may grow meanwhile: twice as much, and one step's
	// worth that comes before anybody looks, such as a list's growth to its last index.
	mostHeap = 2*budget + 16<<20
)

func TestHazards(t *testing.T) {
	hazards := corpus(t)
	if only := os.Getenv("ILINKD_HAZARD"); only != "" {
		hazards = slices.DeleteFunc(hazards, func(h hazard) bool { return !strings.Contains(h.name, only) })
	}
	switch {
	case testing.Short():
		hazards = sample(hazards, 20)
	case raceEnabled && !full:
		// All take two to five minutes.
		t.Logf("with the race detector, every fourth of %d hazards only", len(hazards))
		hazards = sample(hazards, 4)
	}
	w := newWorld(t)
	w.calm(500 * time.Millisecond)
	goroutines, before := goruntime.NumGoroutine(), inUse()

	var worst uint64
	for _, h := range hazards {
		w.load(nil) // so that nothing is left of the one before
		goruntime.GC()
		peak, begun := w.watch(), time.Now()
		outcomes := w.run(w.load(&h))
		top := peak()
		t.Logf("%-50s %-20s %4d MiB %6d ms", h.name, strings.Join(outcomes, " "), top>>20, time.Since(begun).Milliseconds())
		worst = max(worst, top)
		if !slices.ContainsFunc(outcomes, func(o string) bool { return slices.Contains(h.expect, o) }) {
			t.Errorf("%s ended with %q, want %q; log:\n%s", h.name, outcomes, h.expect, w.log.tail())
		}
		if top > mostHeap {
			t.Errorf("%s: the heap grew to %d MiB, at most %d MiB are allowed", h.name, top>>20, mostHeap>>20)
		}
		w.log.clear()
	}
	w.load(nil)
	quiet, beside := w.answers()
	t.Logf("%d hazards, at most %d MiB; the honest bot answered %d times in %v (median), before %v: ratio %.2f",
		len(hazards), worst>>20, beside.n, beside.median, quiet.median, float64(beside.median)/float64(quiet.median))
	if beside.n < len(hazards) {
		t.Errorf("the honest bot answered %d times only", beside.n)
	}
	w.settled(func() error {
		if n := goruntime.NumGoroutine(); n > goroutines+20 {
			return fmt.Errorf("%d goroutines, before %d", n, goroutines)
		}
		if after := inUse(); after > before+16<<20 {
			return fmt.Errorf("%d MiB are in use, before %d", after>>20, before>>20)
		}
		return nil
	})
}

// sample has every nth of the hazards.
func sample(hazards []hazard, n int) (some []hazard) {
	for i := 0; i < len(hazards); i += n {
		some = append(some, hazards[i])
	}
	return some
}

// inUse is the heap's size without what is dead.
func inUse() uint64 {
	goruntime.GC()
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	return m.HeapAlloc
}
