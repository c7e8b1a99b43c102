package luabind

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// Coverage counts how often the lines of scripts run. One may serve many
// sandboxes at a time: a file that several of them load is counted once.
// Counting makes a script slower, and counts as instructions of it.
type Coverage struct {
	mu    sync.Mutex
	files map[string]map[int]*atomic.Int64
}

// CoveredLine says how often a line ran.
type CoveredLine struct {
	// File is the source file as errors name it, and Line the line.
	File string
	Line int
	Runs int64
}

// Lines returns the lines on which statements begin, in the order of their files
// and numbers.
func (c *Coverage) Lines() []CoveredLine {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []CoveredLine
	for file, lines := range c.files {
		for line, runs := range lines {
			all = append(all, CoveredLine{File: file, Line: line, Runs: runs.Load()})
		}
	}
	slices.SortFunc(all, func(a, b CoveredLine) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all
}

// Add counts lines that ran elsewhere.
func (c *Coverage) Add(lines []CoveredLine) {
	for _, l := range lines {
		c.counter(l.File, l.Line).Add(l.Runs)
	}
}

// counter returns a line's counter.
func (c *Coverage) counter(file string, line int) *atomic.Int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = make(map[string]map[int]*atomic.Int64)
	}
	if c.files[file] == nil {
		c.files[file] = make(map[int]*atomic.Int64)
	}
	if c.files[file][line] == nil {
		c.files[file][line] = new(atomic.Int64)
	}
	return c.files[file][line]
}

// lineCounter is the part of a [Coverage] that is in one VM.
type lineCounter struct {
	coverage *Coverage
	file     string          // that is being compiled
	counters []*atomic.Int64 // of the statements
	function *lua.LFunction  // what is called before each statement
}

func newLineCounter(L *lua.LState, c *Coverage) *lineCounter {
	lines := &lineCounter{coverage: c}
	lines.function = L.NewFunction(func(L *lua.LState) int {
		lines.counters[int(L.CheckNumber(1))].Add(1)
		return 0
	})
	return lines
}

// statement is asked by the compiler what to call before a statement.
func (l *lineCounter) statement(line int) (*lua.LFunction, lua.LNumber) {
	l.counters = append(l.counters, l.coverage.counter(l.file, line))
	return l.function, lua.LNumber(len(l.counters) - 1)
}
