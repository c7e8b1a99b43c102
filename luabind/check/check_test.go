package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/luabind/library"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
)

func newChecker(t testing.TB, modules ...string) *check.Checker {
	t.Helper()
	c, err := check.New(modules...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write makes a file in a folder of its own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func wantNothing(t *testing.T, what string, found []check.Finding, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for _, f := range found {
		t.Errorf("%s: %s", what, f)
	}
}

// TestFaults: each file of the corpus names what is to be found in it, in comments
// such as "-- want 3:10: error: message", and nothing else is. Where a message goes on
// with advice that depends on what modules there are, "…" stands for that.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/faults/*.lua")
	if err != nil || len(files) < 40 {
		t.Fatal(len(files), err)
	}
	c := newChecker(t)
	for _, path := range files {
		found, err := c.Bot(path)
		if err != nil {
			t.Error(err)
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for line := range strings.Lines(string(text)) {
			if w, ok := strings.CutPrefix(strings.TrimSpace(line), "-- want "); ok {
				want = append(want, w)
			}
		}
		for _, f := range found {
			got = append(got, strings.TrimPrefix(strings.TrimPrefix(f.String(), filepath.ToSlash(path)+":"), "testdata/faults/"))
		}
		matches := func(got, want string) bool {
			start, cut := strings.CutSuffix(want, "…")
			return got == want || cut && strings.HasPrefix(got, start)
		}
		if len(want) == 0 || !slices.EqualFunc(got, want, matches) {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", path, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// TestHonest: nothing is found in scripts that are right.
func TestHonest(t *testing.T) {
	for _, folder := range []string{"testdata/honest", "../../scripts"} {
		found, err := newChecker(t).Files(folder)
		wantNothing(t, folder, found, err)
	}
}

// TestExamples: nothing is found in the examples of the definitions.
func TestExamples(t *testing.T) {
	defs, err := library.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	for _, file := range defs.Files {
		for _, f := range file.Functions {
			name, script := "bot.lua", librarytest.Bot(f.Example)
			if file.Spec {
				name, script = "bot_spec.lua", f.Example
			}
			found, err := c.Bot(write(t, name, script))
			if len(found) > 0 || err != nil {
				wantNothing(t, fmt.Sprintf("%s: the example of %s", f.Position, f.Path), found, err)
			}
		}
	}
}

// TestNoScripts: a folder without scripts isn't taken for one without mistakes.
func TestNoScripts(t *testing.T) {
	if _, err := newChecker(t).Files(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "no scripts found in ") {
		t.Error(err)
	}
}
