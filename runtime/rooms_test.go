package runtime_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestRooms: a room imports of ours what the map in CONTRIBUTING.md says, and no more; and
// the map has all rooms.
func TestRooms(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `runtime/internal/(\\w+)` \\|.*\\| (.*) \\|$")
	word := regexp.MustCompile("`(\\w+)`")
	allowed := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		allowed[m[1]] = []string{}
		for _, w := range word.FindAllStringSubmatch(m[2], -1) {
			allowed[m[1]] = append(allowed[m[1]], w[1])
		}
	}
	rooms, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	if len(allowed) != len(rooms) {
		t.Errorf("the map has %d rooms, there are %d", len(allowed), len(rooms))
	}
	for _, room := range rooms {
		may, ok := allowed[room.Name()]
		if !ok {
			t.Errorf("%s is not on the map", room.Name())
			continue
		}
		// Whoever may import luabind, as most do, knows ilink from its types.
		if slices.Contains(may, "luabind") || slices.Contains(may, "script") || slices.Contains(may, "replay") {
			may = append(may, "ilink", "luabind")
		}
		files, err := filepath.Glob(filepath.Join("internal", room.Name(), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", room.Name(), files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, imp := range f.Imports {
				path := strings.Trim(imp.Path.Value, `"`)
				if ours, is := strings.CutPrefix(path, "github.com/ilinkd/ilinkd/"); is && !slices.Contains(may, filepath.Base(ours)) {
					t.Errorf("%s imports %s, which the map in CONTRIBUTING.md doesn't allow", file, ours)
				}
			}
		}
	}
}
