package check

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxSource bounds what is read of a file: the loader takes much less.
const maxSource = 8 << 20

// maxFiles bounds how many files of a folder belong to a bot that requires names
// which aren't known before it runs.
const maxFiles = 1000

// loader reads files, each once.
type loader struct {
	files map[string]*source // by path
}

// source is a file's text, with what it requires.
type source struct {
	path, text string
	requires   []string
	dynamic    bool // it requires names that aren't known before it runs
}

func (s *source) spec() bool { return strings.HasSuffix(s.path, "_spec.lua") }

// program is a bot: its entry file and what that requires, directly or not.
type program struct {
	sources []*source
	// folders are where require looks: the entry file's, and for a file that may be
	// a module of an unknown entry those above it too.
	folders []string
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
	s.findRequires()
	l.files[path] = s
	return s, nil
}

// findRequires looks for calls of require.
func (s *source) findRequires() {
	tokens, _ := lex(s.text)
	for i, t := range tokens {
		if t.kind != tokenName || t.text != "require" || i+1 >= len(tokens) {
			continue
		}
		next := tokens[i+1:]
		if next[0].kind == tokenOp && next[0].text == "(" {
			next = next[1:]
		}
		if len(next) > 0 && next[0].kind == tokenString {
			s.requires = append(s.requires, next[0].text)
		} else {
			s.dynamic = true
		}
	}
}

// program finds the files of the bot whose entry file is given, and was read. If
// it isn't certain that it is one, it may be a module of a bot in a folder above.
func (l *loader) program(entry string, certain bool) *program {
	first := l.files[filepath.Clean(entry)]
	folder := filepath.Dir(first.path)
	p := &program{sources: []*source{first}, folders: []string{folder}}
	if !certain {
		const levels = 5
		for range levels {
			folder = filepath.Join(folder, "..")
			p.folders = append(p.folders, folder)
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
	for i := 0; i < len(p.sources); i++ {
		for _, name := range p.sources[i].requires {
			if path := p.find(name); path != "" {
				add(path)
			}
		}
		if p.sources[i].dynamic {
			below, _ := luaFiles(p.folders[0])
			for _, path := range below[:min(len(below), maxFiles)] {
				if !strings.HasSuffix(path, "_spec.lua") {
					add(path)
				}
			}
		}
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
