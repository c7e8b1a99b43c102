package spec

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/runtime/termlog"
)

// Printer writes what comes of specs for people.
type Printer struct {
	W io.Writer
	// Verbose shows each case and what it printed, not just those that failed.
	Verbose bool
}

// File writes what came of a file; it is for [Options.Done].
func (p *Printer) File(f File) {
	if len(f.Cases) == 0 && f.Failure == nil {
		return // no case was picked
	}
	fmt.Fprintf(p.W, "%s: %s (%s)\n", f.Name, f.Counts(), round(f.Took))
	if f.Failure != nil {
		fmt.Fprintf(p.W, "\nFAIL %s\n\n%s\n", f.Name, shown(f.Failure.String()))
	}
	for i := range f.Cases {
		c := &f.Cases[i]
		failed := len(c.Failures) > 0
		switch {
		case failed:
			fmt.Fprintf(p.W, "\nFAIL %s (%s:%d)\n", c.Name(), f.Name, c.Line)
		case !p.Verbose:
			continue
		case c.Pending:
			fmt.Fprintf(p.W, "  pending %s\n", c.Name())
		default:
			fmt.Fprintf(p.W, "  ok   %s (%s)\n", c.Name(), round(c.Took))
		}
		for _, failure := range c.Failures {
			fmt.Fprintf(p.W, "\n%s\n", shown(failure.String()))
		}
		if failed || p.Verbose {
			if failed {
				p.lines("the conversation", c.Talk)
			}
			p.lines("printed", c.Output)
			p.lines("log of the bot", c.Log)
		}
		if failed {
			fmt.Fprintln(p.W)
		}
	}
}

// lines writes what a case left, the last lines of it.
func (p *Printer) lines(title string, lines []string) {
	const most = 30
	if len(lines) == 0 {
		return
	}
	if n := len(lines) - most; n > 0 && !p.Verbose {
		title, lines = fmt.Sprintf("%s (%d lines before these)", title, n), lines[n:]
	}
	fmt.Fprintf(p.W, "\n  %s:\n%s\n", title, indented(shown(strings.Join(lines, "\n"))))
}

// Summary writes the totals.
func (p *Printer) Summary(r *Report) {
	files := "1 file"
	if n := len(r.Files); n != 1 {
		files = fmt.Sprintf("%d files", n)
	}
	fmt.Fprintf(p.W, "%s in %s (%s)\n", r.Counts(), files, round(r.Took))
}

// String is such as "3 passed, 1 failed".
func (n Counts) String() string {
	text := fmt.Sprintf("%d passed", n.Passed)
	if n.Failed > 0 {
		text += fmt.Sprintf(", %d failed", n.Failed)
	}
	if n.Pending > 0 {
		text += fmt.Sprintf(", %d pending", n.Pending)
	}
	return text
}

// String is the failure in lines: where, what, and the code around it.
func (f Failure) String() string {
	var b strings.Builder
	switch {
	case f.File != "" && f.Line > 0:
		fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	case f.File != "":
		b.WriteString(f.File + ": ")
	}
	b.WriteString(f.Message)
	if f.Excerpt != "" {
		b.WriteString("\n\n" + indented(f.Excerpt))
	}
	if f.Trace != "" {
		b.WriteString("\n\ncalled from:\n" + indented(f.Trace))
	}
	return b.String()
}

func indented(s string) string {
	return strings.ReplaceAll("  "+indentMore(s), "\n  \n", "\n\n")
}

// shown is indented for what may hold what users wrote.
func shown(s string) string { return indented(termlog.SafeLines(s, "")) }

func round(d time.Duration) time.Duration {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Millisecond)
}
