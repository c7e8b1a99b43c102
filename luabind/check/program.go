package check

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxSource bounds what is read of a file: the loader takes much less.
const maxSource = 8 << 20

// maxFiles bounds how many files of a folder belong to a bot that requires names
// which aren't known before it runs.
const maxFiles = 1000

// loader reads files, each once.
type loader struct {
	files   map[string]*source     // by path
	builtin func(name string) bool // whether a module isn't a file's
}

// source is a file's text, with what it requires.
type source struct {
	path, text string
	requires   []required
	texts      map[string]bool // all that are written in it
	bot        bool            // it has a handler of its own: nothing that requires names of any kind means it
}

func (s *source) spec() bool { return strings.HasSuffix(s.path, "_spec.lua") }

// program is a bot: its entry file and what that requires, directly or not.
type program struct {
	sources []*source
	// folders are where require looks: the entry file's, and for a file that may be
	// a module of an unknown entry those above it too.
	folders []string
	// maybe are sources that it may require, or not: what they define counts, and nothing
	// else.
	maybe map[string]bool
}

func (l *loader) read(path string) (*source, error) {
	path = filepath.Clean(path)
	if s := l.files[path]; s != nil {
		return s, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", path, cause(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("check %s: it is not a regular file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", path, cause(err))
	}
	if len(text) > maxSource {
		return nil, fmt.Errorf("check %s: the file is too large for a script", path)
	}
	s := &source{path: path, text: string(text)}
	tokens, _ := lex(s.text)
	s.requires, s.bot, s.texts = findRequires(tokens), isBot(tokens), make(map[string]bool)
	for _, t := range tokens {
		if t.kind == tokenString {
			s.texts[t.text] = true
		}
	}
	l.files[path] = s
	return s, nil
}

// program finds the files of the bot whose entry file is given, and was read. If
// it isn't certain that it is one, it may be a module of a bot in a folder above.
func (l *loader) program(entry string, certain bool) *program {
	first := l.files[filepath.Clean(entry)]
	folder := filepath.Dir(first.path)
	p := &program{sources: []*source{first}, folders: []string{folder}}
	if !certain {
		const levels = 5
		for above := folder; len(p.folders) <= levels; {
			above = filepath.Join(above, "..")
			p.folders = append(p.folders, above)
		}
	}
	seen := map[string]bool{first.path: true}
	add := func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		if s, err := l.read(path); err == nil {
			p.sources = append(p.sources, s)
		}
	}
	var below []*source // of the folder, once they are needed
	matching := func(is func(s *source, name string) bool) {
		if below == nil {
			paths, _ := luaFiles(folder)
			for _, path := range paths[:min(len(paths), maxFiles)] {
				if s, err := l.read(path); err == nil && !s.spec() && !s.bot && !l.builtin(moduleName(folder, path)) {
					below = append(below, s)
				}
			}
		}
		for _, s := range below {
			if is(s, moduleName(folder, s.path)) {
				add(s.path)
			}
		}
	}
	// open are those whose names aren't known, with who requires them.
	type dynamic struct {
		required
		by string
	}
	var open []dynamic
	for i := 0; i < len(p.sources); i++ {
		for _, r := range p.sources[i].requires {
			if !r.exact {
				open = append(open, dynamic{r, moduleName(folder, p.sources[i].path)})
			} else if path := p.find(r.prefix); path != "" && !l.builtin(r.prefix) {
				add(path)
			}
		}
		if len(open) > 0 && i == len(p.sources)-1 { // some names are written somewhere
			matching(func(_ *source, name string) bool {
				return slices.ContainsFunc(open, func(r dynamic) bool { return r.means(name, r.by, p.sources) })
			})
		}
	}
	p.maybe = make(map[string]bool)
	if len(open) > 0 {
		matching(func(s *source, name string) bool {
			p.maybe[s.path] = !seen[s.path] && slices.ContainsFunc(open, func(r dynamic) bool { return r.matches(name) })
			return p.maybe[s.path]
		})
	}
	return p
}

// find returns the file that require(name) loads, "" if there is none.
func (p *program) find(name string) string {
	base := filepath.FromSlash(strings.ReplaceAll(name, ".", "/"))
	if base == "" || strings.ContainsAny(name, "/\\\x00") {
		return ""
	}
	for _, folder := range p.folders {
		for _, rel := range []string{base + ".lua", filepath.Join(base, "init.lua")} {
			path := filepath.Join(folder, rel)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path
			}
		}
	}
	return ""
}
