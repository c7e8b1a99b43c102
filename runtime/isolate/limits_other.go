//go:build !linux

package isolate

import (
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// watchOurselves limits the memory of this process where the system can't be asked
// to: Go's collector works harder when it comes near, and beyond it the process ends
// itself. It runs as long as the process.
func watchOurselves(most int64) {
	debug.SetMemoryLimit(most / 10 * 9)
	go func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for range time.Tick(watchInterval) {
			metrics.Read(samples)
			if used := int64(samples[0].Value.Uint64() - samples[1].Value.Uint64()); used > most {
				fmt.Fprintln(os.Stderr, "fatal error:", overMemory(used, most))
				os.Exit(2)
			}
		}
	}()
}
