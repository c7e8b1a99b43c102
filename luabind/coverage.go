package luabind

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
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
	file     string          // that is being rewritten
	counters []*atomic.Int64 // of the statements
	function *lua.LFunction  // what statements are preceded by
}

// counterMark, behind the rewriter's mark, names the function that counts.
const counterMark = "line"

// count has the rewriter count lines.
func (w *rewriter) count(L *lua.LState, c *Coverage) {
	lines := &lineCounter{coverage: c}
	lines.function = L.NewFunction(func(L *lua.LState) int {
		lines.counters[int(L.CheckNumber(1))].Add(1)
		return 0
	})
	w.lines = lines
}

// begin says which file is rewritten next.
func (w *rewriter) begin(file string) {
	if w.lines != nil {
		w.lines.file = file
	}
}

// counted puts a call that counts before each statement. Labels have none: one at a
// block's end must stay there.
func (w *rewriter) counted(list []ast.Stmt) []ast.Stmt {
	all := make([]ast.Stmt, 0, 2*len(list))
	for _, s := range list {
		if _, isLabel := s.(*ast.LabelStmt); !isLabel {
			all = append(all, w.counting(s.Line()))
		}
		all = append(all, s)
	}
	return all
}

// counting makes the call that counts a line.
func (w *rewriter) counting(line int) ast.Stmt {
	name := &ast.StringExpr{Value: w.mark + counterMark}
	number := &ast.NumberExpr{Value: strconv.Itoa(len(w.lines.counters))}
	call := &ast.FuncCallExpr{Func: name, Args: []ast.Expr{number}}
	s := &ast.FuncCallStmt{Expr: call}
	for _, n := range []ast.PositionHolder{name, number, call, s} {
		n.SetLine(line)
		n.SetLastLine(line)
	}
	w.lines.counters = append(w.lines.counters, w.lines.coverage.counter(w.lines.file, line))
	return s
}
