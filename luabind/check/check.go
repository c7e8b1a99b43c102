// Package check finds mistakes in bots' scripts without running them: what is no
// Lua, misspelt names, functions that the sandbox doesn't have, calls with too
// few arguments, handlers that are never called. It knows the API from the
// definitions (package library), and reports only what is certain; what it can't
// know it takes for right.
//
// A bot is checked as a whole: its entry file together with the files that it
// requires. Files named *_spec.lua may also use what specs have.
package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library"
)

// Severity says what a finding means.
type Severity string

const (
	// Error is what fails, or never does what it was written for.
	Error Severity = "error"
	// Warning is what works and is probably not meant.
	Warning Severity = "warning"
)

// Finding is a mistake.
type Finding struct {
	// File is the path as it was given, or below a folder that was.
	File string `json:"file"`
	// Line and Column count from 1; columns count characters.
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// String returns "file:line:column: severity: message".
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s", f.File, f.Line, f.Column, f.Severity, f.Message)
}

// Checker checks scripts. It may be used by many goroutines.
type Checker struct {
	defs    *library.Definitions
	modules map[string]bool
}

// New returns a checker that knows our API, and further modules by name, such as
// those of an embedding program: nothing is said about what is in them.
func New(modules ...string) (*Checker, error) {
	defs, err := library.Load()
	if err != nil {
		return nil, err
	}
	c := &Checker{defs: defs, modules: make(map[string]bool)}
	for _, m := range modules {
		c.modules[m] = true
	}
	return c, nil
}

// Bot checks a bot: its entry file and what it requires. The findings are in the
// order of files and lines.
func (c *Checker) Bot(entry string) ([]Finding, error) {
	l := &loader{files: make(map[string]*source), builtin: c.builtin}
	if _, err := l.read(entry); err != nil {
		return nil, err
	}
	return tidy(c.program(l.program(entry, true))), nil
}

// Files checks files and all Lua files below folders. Each file that none of the
// others requires is taken for a bot.
func (c *Checker) Files(paths ...string) ([]Finding, error) {
	files, err := Scripts(paths...)
	if err != nil {
		return nil, err
	}
	l := &loader{files: make(map[string]*source), builtin: c.builtin}
	var programs []*program
	required, asked := make(map[string]bool), make(map[string]bool)
	for _, f := range files {
		if _, err := l.read(f); err != nil {
			return nil, err
		}
		p := l.program(f, false)
		programs = append(programs, p)
		asked[p.sources[0].path] = true
		for _, s := range p.sources[1:] {
			if !p.sources[0].spec() && !p.maybe[s.path] { // a spec may load the bot that it is for
				required[s.path] = true
			}
		}
	}
	for _, p := range programs { // what nobody else requires belongs to who may
		for _, s := range p.sources[1:] {
			if p.maybe[s.path] && asked[s.path] && !required[s.path] {
				delete(p.maybe, s.path)
				required[s.path] = !p.sources[0].spec()
			}
		}
	}
	var findings []Finding
	covered := make(map[string]bool)
	check := func(p *program) {
		for _, s := range p.sources {
			covered[s.path] = covered[s.path] || !p.maybe[s.path]
		}
		findings = append(findings, c.program(p)...)
	}
	for _, p := range programs {
		if !required[p.sources[0].path] {
			check(p)
		}
	}
	for _, p := range programs { // files that require each other
		if !covered[p.sources[0].path] {
			check(p)
		}
	}
	return tidy(findings), nil
}

// Scripts returns the files that [Checker.Files] checks: the paths that are files, and
// all Lua files below those that are folders.
func Scripts(paths ...string) (files []string, err error) {
	for _, p := range paths {
		below, err := luaFiles(p)
		if err != nil {
			return nil, err
		}
		files = append(files, below...)
	}
	return files, nil
}

// luaFiles returns path, or the Lua files below it if it is a folder; hidden folders
// are left out.
func luaFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", path, cause(err))
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != path && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(p, ".lua"):
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for scripts in %s: %w", path, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no scripts found in %s: their names end in .lua", path)
	}
	return files, nil
}

// cause returns an error without the path, which the message names already.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// tidy sorts findings and leaves out repeats.
func tidy(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(list)
}

// program checks one bot.
func (c *Checker) program(p *program) []Finding {
	w := &work{Checker: c, program: p, globals: make(map[string]*variable)}
	for _, s := range p.sources {
		f := &file{path: s.path, text: s.text, maybe: p.maybe[s.path]}
		if at := notUTF8(s.text); at >= 0 {
			w.report(f, at, Error, "the file isn't in UTF-8 from here on: save it as UTF-8 in your editor, or write bytes as \\255")
		}
		if err := luabind.CheckSyntax(s.path, s.text); err != nil {
			w.syntax(f, err)
			continue
		}
		if err := parse(f, w.globals); err != nil {
			w.syntax(f, err)
			continue
		}
		w.files = append(w.files, f)
	}
	w.run()
	return w.findings
}

// notUTF8 returns where a text stops being UTF-8, -1 if it is all of it.
func notUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return i
		}
	}
	return -1
}

// syntax reports what is no Lua. The loader's words are those that a reload has
// too; the column is where our own parser stumbles.
func (w *work) syntax(f *file, err error) {
	if f.maybe {
		return
	}
	w.broken = true
	var se *luabind.ScriptError
	var own *sourceError
	if !errors.As(err, &se) {
		if errors.As(err, &own) {
			w.report(f, own.at, Warning, "the checker can't read on here, and so can't check the file: %s", own.message)
		}
		return
	}
	finding := Finding{File: f.path, Line: max(1, se.Line), Column: 1, Severity: Error, Message: se.Message}
	if lines := strings.Split(f.text, "\n"); finding.Line <= len(lines) {
		line := lines[finding.Line-1]
		finding.Column = 1 + len(line) - len(strings.TrimLeft(line, " \t"))
	}
	if errors.As(parse(&file{text: f.text}, make(map[string]*variable)), &own) {
		if line, column := lineColumn(f.text, own.at); line == finding.Line {
			finding.Column = column
		}
	}
	w.findings = append(w.findings, finding)
}

// maxFindings bounds what is found in one program: each costs a search for what
// may have been meant, and nobody reads more.
const maxFindings = 200

// full reports whether there are enough findings.
func (w *work) full() bool { return len(w.findings) >= maxFindings }

// report adds a finding, unless the line says that it shouldn't.
func (w *work) report(f *file, at int, s Severity, format string, args ...any) {
	line, column := lineColumn(f.text, at)
	if fs := w.features[f]; w.full() || f.maybe || f.silenced(line) || fs != nil && fs.dead[at] {
		return
	}
	const longest = 500
	message := fmt.Sprintf(format, args...)
	if utf8.RuneCountInString(message) > longest {
		message = string([]rune(message)[:longest]) + "…"
	}
	w.findings = append(w.findings, Finding{File: f.path, Line: line, Column: column, Severity: s, Message: message})
}

// silenced reports whether a comment says that a line is meant as it is. The
// comments are those that the Lua language server takes.
func (f *file) silenced(line int) bool {
	if !strings.Contains(f.text, "---@diagnostic disable-") {
		return false
	}
	if f.lines == nil {
		f.lines = strings.Split(f.text, "\n")
	}
	has := func(n int, comment string) bool {
		return n >= 1 && n <= len(f.lines) && strings.Contains(f.lines[n-1], comment)
	}
	return has(line, "---@diagnostic disable-line") || has(line-1, "---@diagnostic disable-next-line")
}

// lineColumn returns the line and the column, in characters, of a byte of a text.
// Lines end as Lua's do.
func lineColumn(text string, at int) (line, column int) {
	before := text[:min(at, len(text))]
	line = 1
	start := 0
	for i := 0; i < len(before); i++ {
		c := before[i]
		if c != '\n' && c != '\r' {
			continue
		}
		if i+1 < len(before) && (before[i+1] == '\n' || before[i+1] == '\r') && before[i+1] != c {
			i++
		}
		line++
		start = i + 1
	}
	return line, 1 + utf8.RuneCountInString(strings.TrimPrefix(before[start:], "\uFEFF"))
}
