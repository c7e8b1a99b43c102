package runtime_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
)

// BenchmarkReload measures from the write of a file to the swap of the
// generations, the 50 ms of quiet included, and reports the median and the
// slowest tenth.
func BenchmarkReload(b *testing.B) {
	var long strings.Builder
	for i := range 100 {
		fmt.Fprintf(&long, "local function step%d(x) return { value = x .. \"%d\", more = x } end\n", i, i)
	}
	for _, c := range []struct {
		name   string
		script string
		files  int // further ones in the folder
	}{
		{"one line", "", 0},
		{"100 lines", long.String(), 0},
		{"100 lines in a folder of 200", long.String(), 200},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b, c.script+answering("0"), func(cfg *runtime.Config) { cfg.Logger = slog.New(slog.DiscardHandler) })
			for i := range c.files {
				w.write(fmt.Sprintf("lib/part%d.lua", i), c.script)
			}
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				w.write("echo.lua", c.script+answering(fmt.Sprint(i+1)))
				if r := w.reloaded(); r.Err != nil {
					b.Fatal(r.Err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
			b.ReportMetric(ms(took[len(took)/2]), "ms-median")
			b.ReportMetric(ms(took[len(took)*9/10]), "ms-p90")
		})
	}
}
