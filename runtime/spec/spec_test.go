package spec_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/spec"
	"github.com/ilinkd/ilinkd/runtime/spec/spectest"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// sandboxArg has the program of the tests be the process of a script.
const sandboxArg = "sandbox-child"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandboxArg {
		os.Exit(runtime.SandboxMain())
	}
	goleak.VerifyTestMain(m)
}

var update = flag.Bool("update", false, "write what failing specs print to testdata/fail/want.txt")

// TestPassing: the specs of testdata/pass look at all that specs can do.
func TestPassing(t *testing.T) { spectest.Run(t, "testdata/pass") }

// TestPassingInProcesses: they see the same of bots in processes of their own.
func TestPassingInProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each case")
	}
	spectest.RunInProcesses(t, "testdata/pass", sandboxCommand(t))
}

func sandboxCommand(t *testing.T) []string {
	t.Helper()
	command, err := runtime.SandboxCommand(sandboxArg)
	if err != nil {
		t.Fatal(err)
	}
	return command
}

func run(t *testing.T, dir string, opts spec.Options) *spec.Report {
	t.Helper()
	files, err := spec.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := spec.Run(t.Context(), files, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var durations = regexp.MustCompile(`\([\d.]+(?:ns|µs|ms|s)\)`)

// TestFailing: what is printed of specs that fail says what is wrong, and where. It
// is the same each time.
func TestFailing(t *testing.T) {
	var b bytes.Buffer
	p := &spec.Printer{W: &b}
	p.Summary(run(t, "testdata/fail", spec.Options{Done: p.File}))
	got := durations.ReplaceAllString(b.String(), "(time)")
	golden := filepath.Join("testdata", "fail", "want.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMatch: names pick cases, and a group's name picks all of it.
func TestMatch(t *testing.T) {
	r := run(t, "testdata/pass", spec.Options{Match: regexp.MustCompile(`^survey › (asks|gives)`)})
	if n := r.Counts(); n != (spec.Counts{Passed: 2}) {
		t.Errorf("got %v", n)
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ path, err string }{
		{"testdata", ""},
		{"testdata/pass/survey_spec.lua", ""},
		{"testdata/pass/survey.lua", "is no spec"},
		{"testdata/missing", "no such file"},
		{"spectest", "no specs found"},
	} {
		files, err := spec.Find(c.path)
		if c.err == "" && (err != nil || len(files) == 0) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: got %v, %v", c.path, files, err)
		}
	}
}

// TestJUnit: the report is XML with the same counts.
func TestJUnit(t *testing.T) {
	r := run(t, "testdata/fail", spec.Options{})
	var b bytes.Buffer
	if err := r.WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	n := r.Counts()
	if got.Tests != n.Passed+n.Failed || got.Failures != n.Failed || len(got.Suites) != len(r.Files) {
		t.Errorf("got %+v, want %v", got, n)
	}
	if c := got.Suites[0].Cases[0]; c.Name != "broken › differs in a line" || !strings.Contains(c.Failure, "+ nein") {
		t.Errorf("got %+v", c)
	}
}

// TestCoverage: lines of bots are counted, those of specs aren't.
func TestCoverage(t *testing.T) {
	for _, load := range []world.Loader{nil, spec.InProcesses(sandboxCommand(t))} {
		testCoverage(t, load)
	}
}

func testCoverage(t *testing.T, load world.Loader) {
	t.Helper()
	c := new(luabind.Coverage)
	run(t, "testdata/pass", spec.Options{Coverage: c, Load: load, Match: regexp.MustCompile("interrupted")})
	var summary, lcov bytes.Buffer
	spec.PrintCoverage(&summary, c)
	if err := spec.WriteCoverage(&lcov, c); err != nil {
		t.Fatal(err)
	}
	if got := summary.String(); !strings.HasPrefix(got, "testdata/pass/survey.lua: ") || !strings.Contains(got, "not 15-17, 20") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %s", got)
	}
	for _, want := range []string{"SF:testdata/pass/survey.lua\n", "\nDA:3,1\n", "\nDA:15,0\n", "\nend_of_record\n"} {
		if !strings.Contains(lcov.String(), want) {
			t.Errorf("no %q in\n%s", want, lcov.String())
		}
	}
}

// TestWatch: a change of a script is a reason to run again, and another file's is
// none.
func TestWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the file system")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "sub", "bot.lua")
	if err := os.Mkdir(filepath.Dir(script), 0o755); err != nil {
		t.Fatal(err)
	}
	runs := make(chan struct{})
	done := make(chan error)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	go func() {
		done <- spec.Watch(ctx, []string{dir}, func() error {
			select {
			case runs <- struct{}{}:
			case <-ctx.Done():
			}
			return nil
		})
	}()
	for range 3 {
		select {
		case <-runs:
		case <-ctx.Done():
			t.Fatal("it didn't run")
		}
		if err := os.WriteFile(script, []byte(time.Now().String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
