package docs_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/runtime/cli"
)

// others are the programs beside ilinkd that pages may call.
var others = []string{"cd", "cp", "git", "go", "journalctl", "mkdir", "scp", "systemctl"}

var assignment = regexp.MustCompile(`^\w+=\S*$`)

// commands returns the commands of a block: without comments, and those that go on
// behind a backslash in one line.
func commands(lines []string) (all []string) {
	for _, line := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(strings.Join(lines, "\n"), "\\\n", " "), " && ", "\n"), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) != "" {
			all = append(all, line)
		}
	}
	return all
}

// arguments returns what is given to ilinkd in a command, if it is called there.
func arguments(command string) (args []string, called bool) {
	words := strings.Fields(strings.ReplaceAll(command, "go run .", "ilinkd"))
	for i, w := range words {
		if path.Base(w) == "ilinkd" && (i == 0 || words[0] == "systemd-run" || assignment.MatchString(words[i-1])) {
			for _, a := range words[i+1:] {
				if a == "<" {
					break // what it reads
				}
				args = append(args, strings.Trim(a, `'"`))
			}
			return args, true
		}
	}
	return nil, false
}

// accepted says what is wrong with a command.
func accepted(command string) error {
	if args, called := arguments(command); called {
		return cli.Accepts(args)
	}
	words := strings.Fields(command)
	for len(words) > 1 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if !slices.Contains(others, words[0]) {
		return fmt.Errorf("%s is none of %v", words[0], others)
	}
	return nil
}

// console runs commands in the page's folder, or in the repository's if they are
// called with "go run .", and wants them to print what the block says. Times and
// ports don't matter. "cat FILE" makes the file: so a page shows a script with
// mistakes.
func (p *page) console(t *testing.T, b block) {
	var command string
	var want []string
	run := func() {
		if command != "" {
			p.run(t, command, want)
		}
		want = nil
	}
	for _, line := range b.lines {
		if c, found := strings.CutPrefix(line, "$ "); found {
			run()
			command = c
		} else {
			want = append(want, line)
		}
	}
	run()
	if command == "" {
		t.Error(`there is no line with "$ " and a command`)
	}
}

func (p *page) run(t *testing.T, command string, want []string) {
	if file, found := strings.CutPrefix(command, "cat "); found {
		p.write(t, file, strings.Join(want, "\n")+"\n")
		return
	}
	args, called := arguments(command)
	if !called {
		t.Fatalf("%s: only ilinkd can be run here", command)
	}
	cmd := exec.CommandContext(t.Context(), "ilinkd", args...)
	cmd.Dir = p.dir
	if strings.Contains(command, "go run .") {
		cmd.Dir = ".."
	}
	var out, both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	talk := slices.IndexFunc(want, func(line string) bool { return strings.HasPrefix(line, "you> ") })
	if talk < 0 {
		_ = cmd.Run() // what it prints tells
		compare(t, command, strings.Split(strings.TrimRight(both.String(), "\n"), "\n"), want)
		return
	}
	var said, answers []string
	for _, line := range want[talk:] {
		if text, found := strings.CutPrefix(line, "you> "); found {
			said = append(said, text)
		} else {
			answers = append(answers, strings.TrimPrefix(line, "bot> "))
		}
	}
	cmd.Stdin = strings.NewReader(strings.Join(said, "\n"))
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, both.String())
	}
	compare(t, command, strings.Split(strings.TrimRight(out.String(), "\n"), "\n"), answers)
	for _, line := range want[:talk] {
		if !strings.Contains(tidy(both.String()), tidy(line)) {
			t.Errorf("%s doesn't print %q:\n%s", command, line, both.String())
		}
	}
}

var vary = regexp.MustCompile(`127\.0\.0\.1:\d+|\b\d+(\.\d+)? ?(µs|ms|s)\b`)

// tidy takes out what isn't the same each time.
func tidy(text string) string { return vary.ReplaceAllString(text, "*") }

func compare(t *testing.T, command string, got, want []string) {
	t.Helper()
	g, w := tidy(strings.Join(got, "\n")), tidy(strings.Join(want, "\n"))
	if g != w {
		t.Errorf("%s prints\n%s\nand not\n%s", command, g, w)
	}
}

func TestAccepted(t *testing.T) {
	for command, fine := range map[string]bool{
		"ilinkd dev": true, "go run . dev scripts/echo.lua": true, "./ilinkd login --bot echo": true,
		"CGO_ENABLED=0 go build -o ilinkd .": true, "systemd-run --pty /usr/local/bin/ilinkd login --bot x": true,
		"ilinkd": true, "ilinkd frobnicate": false, "ilinkd dev --nonsense": false, "ilinkd dev a b": false, "rm -rf x": false,
		"ilinkd inbox frobnicate": false, "systemd-run --pty ilinkd run --nonsense": false,
	} {
		if err := accepted(command); (err == nil) != fine {
			t.Errorf("%s: %v", command, err)
		}
	}
}

var inline = regexp.MustCompile("`(ilinkd [^`]+)`")

// TestInline: commands that stand within the text of pages are right, too.
func TestInline(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md", "../README.zh-CN.md", "../CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inline.FindAllStringSubmatch(string(text), -1) {
			if err := accepted(m[1]); err != nil {
				t.Errorf("%s: %s: %v", page, m[1], err)
			}
		}
	}
}
