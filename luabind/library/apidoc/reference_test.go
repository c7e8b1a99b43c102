package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind/library"
)

const page = "../../../docs/api.md"

func load(t *testing.T) *library.Definitions {
	t.Helper()
	defs, err := library.Load()
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// TestReferenceIsFresh: docs/api.md says what the definitions say.
func TestReferenceIsFresh(t *testing.T) {
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), reference(load(t))) {
		t.Error("docs/api.md is stale: go generate ./luabind/library")
	}
}

// TestReferenceIsComplete: it has each name once, and its links lead somewhere.
func TestReferenceIsComplete(t *testing.T) {
	defs := load(t)
	text := string(reference(defs))
	headings := make(map[string]int)
	for _, m := range regexp.MustCompile(`(?m)^##+ (.*)$`).FindAllStringSubmatch(text, -1) {
		headings[m[1]]++
	}
	for path, m := range defs.All() {
		if m.Signature() == nil {
			if !strings.Contains(text, "`"+m.Name+"`: ") && !strings.Contains(text, "`"+m.Name+"?`: ") && !strings.Contains(text, "## "+path+"\n") {
				t.Errorf("%s: %s is missing", m.Position, path)
			}
			continue
		}
		parts := strings.Split(path, ".")
		found := 0
		for h, n := range headings {
			name, _, isFunction := strings.Cut(h, "(")
			short := strings.Join(parts[max(0, len(parts)-2):], ".")
			if isFunction && (name == path || strings.ReplaceAll(name, ":", ".") == short) {
				found += n
			}
		}
		if found != 1 {
			t.Errorf("%s: %s is there %d times", m.Position, path, found)
		}
	}
	anchors := make(map[string]bool)
	for h := range headings {
		anchors[anchor(h)] = true
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		if !anchors[m[1]] {
			t.Errorf("#%s leads nowhere", m[1])
		}
	}
}
