package spec

import (
	"fmt"
	"io"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
)

// PrintCoverage writes for each file of bots how many of its lines ran, and which did
// not.
func PrintCoverage(w io.Writer, c *luabind.Coverage) {
	var file string
	var missed []int
	ran, all := 0, 0
	flush := func() {
		if all == 0 {
			return
		}
		fmt.Fprintf(w, "%s: %.1f%% of %d lines", file, 100*float64(ran)/float64(all), all)
		if len(missed) > 0 {
			fmt.Fprintf(w, ", not %s", ranges(missed))
		}
		fmt.Fprintln(w)
	}
	for _, l := range c.Lines() {
		if l.File != file {
			flush()
			file, missed, ran, all = l.File, nil, 0, 0
		}
		if all++; l.Runs > 0 {
			ran++
		} else {
			missed = append(missed, l.Line)
		}
	}
	flush()
}

// WriteCoverage writes the lines in the form of LCOV, which editors and services
// read.
func WriteCoverage(w io.Writer, c *luabind.Coverage) error {
	var b strings.Builder
	file := ""
	for _, l := range c.Lines() {
		if l.File != file {
			if file != "" {
				b.WriteString("end_of_record\n")
			}
			file = l.File
			fmt.Fprintf(&b, "TN:\nSF:%s\n", file)
		}
		fmt.Fprintf(&b, "DA:%d,%d\n", l.Line, l.Runs)
	}
	if file != "" {
		b.WriteString("end_of_record\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the coverage: %w", err)
	}
	return nil
}

// ranges writes line numbers, those that follow each other as one.
func ranges(lines []int) string {
	const most = 20
	var parts []string
	for i := 0; i < len(lines); {
		j := i
		for j+1 < len(lines) && lines[j+1] == lines[j]+1 {
			j++
		}
		if part := fmt.Sprint(lines[i]); i == j {
			parts = append(parts, part)
		} else {
			parts = append(parts, fmt.Sprintf("%s-%d", part, lines[j]))
		}
		i = j + 1
	}
	if n := len(parts) - most; n > 0 {
		parts = append(parts[:most], fmt.Sprintf("and %d more places", n))
	}
	return strings.Join(parts, ", ")
}
