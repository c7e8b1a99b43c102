package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzCheck: the checker never panics, places its findings in the file, and reads
// whatever the loader takes.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.lua", "../../scripts/*.lua", "../library/*.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add("a.b[c]:d{e=1,[2]=3;4}'x' local function f(...) return ... end goto x ::x:: for i=1,2 do break end repeat local y until y")
	f.Add("#!/usr/bin/lua\r\nreturn 0x1F, 1e-5, .5, [==[\n]]]==], '\\\n', not -#x^2 .. 3")
	c, err := New("mine")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &source{path: "a.lua", text: text}
		tokens, _ := lex(text)
		s.requires, s.bot = findRequires(tokens), isBot(tokens)
		for _, found := range c.program(&program{sources: []*source{s}, folders: []string{t.TempDir()}}) {
			if strings.Contains(found.Message, "can't read on") {
				t.Errorf("%s", found)
			}
			if found.Line < 1 || found.Line > strings.Count(text, "\n")+strings.Count(text, "\r")+1 || found.Column < 1 || found.Message == "" {
				t.Errorf("%+v", found)
			}
		}
	})
}

func TestLineColumn(t *testing.T) {
	const text = "\uFEFFab\r\nc\rd\n\r\n你好👋x"
	for at, want := range map[string][2]int{"ab": {1, 1}, "b": {1, 2}, "c": {2, 1}, "d": {3, 1}, "你": {5, 1}, "x": {5, 4}} {
		if line, column := lineColumn(text, strings.Index(text, at)); line != want[0] || column != want[1] {
			t.Errorf("%s: %d:%d, want %v", at, line, column, want)
		}
	}
	if line, column := lineColumn("", 5); line != 1 || column != 1 {
		t.Error(line, column)
	}
}
