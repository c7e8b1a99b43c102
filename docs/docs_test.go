package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/cli"
	"github.com/ilinkd/ilinkd/runtime/spec"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"ilinkd": func() { os.Exit(cli.Main("", os.Args[1:])) },
	})
}

// TestPages does what the code blocks of the pages say, one after the other, in a
// folder for each page. The language of a block says what is done with it:
//
//   - lua: a bot, a file that a bot requires, or a spec. A first line such as
//     "-- menu.lua" is its name; a block that defines no handler and returns nothing
//     is what a handler may do. It has no findings; a bot gets messages, and a spec
//     passes.
//   - text: a conversation with the bot before it, see transcript.
//   - console: commands after "$ " and what they print.
//   - sh: commands that only have to be right.
//   - toml: a part of a configuration.
//   - ini: settings of a systemd unit.
//   - go: a part of a Go file below this folder, which is compiled and tested there.
//
// api.md is made from the definitions, and its examples are tested with them.
func TestPages(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	pages = append(pages, "../README.md", "../README.zh-CN.md")
	for _, path := range pages {
		if path == "api.md" {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			p := newPage(t, path)
			for _, b := range p.blocks {
				p.do(t, b)
			}
		})
	}
}

// block is a fenced block of code.
type block struct {
	language string
	lines    []string
	line     int // of the page, where its first line is
}

func (b block) text() string { return strings.Join(b.lines, "\n") + "\n" }

// blocks returns the blocks of a page.
func blocks(page string) (all []block, err error) {
	open, blank := false, false
	for i, line := range strings.Split(page, "\n") {
		indented := blank && strings.HasPrefix(line, "    ")
		fence := strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(fence, "```") && open:
			b := &all[len(all)-1]
			b.lines = append(b.lines, line)
		case fence == "```" && open:
			open = false
		case strings.HasPrefix(fence, "```") && open:
			return nil, fmt.Errorf("line %d: a block begins within a block", i+1)
		case strings.HasPrefix(fence, "~~~") || indented && !open:
			return nil, fmt.Errorf("line %d: code is written in blocks that begin with ```", i+1)
		case strings.HasPrefix(fence, "```"):
			open = true
			all = append(all, block{language: fence[3:], line: i + 2})
		}
		blank = fence == ""
	}
	if open {
		return nil, fmt.Errorf("line %d: the block has no end", all[len(all)-1].line)
	}
	return all, nil
}

func TestBlocks(t *testing.T) {
	all, err := blocks("a\n```lua\nx\n```\n- b:\n  ```\n  y\n  z\n  ```\n")
	if err != nil || len(all) != 2 || all[0].language != "lua" || all[0].text() != "x\n" || all[0].line != 3 || all[1].language != "" || len(all[1].lines) != 2 {
		t.Errorf("got %+v, %v", all, err)
	}
	for _, wrong := range []string{"```lua\nx\n", "```lua\n```sh\n```\n", "~~~\nx\n~~~\n", "text:\n\n    x = 1\n"} {
		if _, err := blocks(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// page is a page that is being tested.
type page struct {
	path   string
	blocks []block
	dir    string
	bot    string // the name of the last bot's file
}

// png is a picture of one point.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

func newPage(t *testing.T, path string) *page {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{path: filepath.Base(path), dir: t.TempDir()}
	if p.blocks, err = blocks(string(text)); err != nil {
		t.Fatalf("%s: %v", p.path, err)
	}
	p.write(t, "cat.png", png)
	return p
}

func (p *page) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (p *page) do(t *testing.T, b block) {
	t.Run(fmt.Sprintf("line %d %s", b.line, b.language), func(t *testing.T) {
		switch b.language {
		case "lua":
			p.lua(t, b)
		case "text":
			p.transcript(t, b)
		case "console":
			p.console(t, b)
		case "sh":
			for _, line := range commands(b.lines) {
				if err := accepted(line); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		case "toml":
			p.toml(t, b)
		case "ini":
			for _, line := range b.lines {
				if !unitLine.MatchString(line) {
					t.Errorf("%q is no setting of a unit", line)
				}
			}
		case "go":
			goPart(t, b)
		default:
			t.Errorf("a block is lua, text, console, sh, toml, ini or go; this one is %q", b.language)
		}
	})
}

var (
	fileName = regexp.MustCompile(`^-- ([\w/.-]+\.lua)\b`)
	isSpec   = regexp.MustCompile(`(?m)^(describe|it)\(`)
	isBot    = regexp.MustCompile(`(?m)^(function on_|ilink\.(command|hears|use|every)\()`)
	isModule = regexp.MustCompile(`(?m)^return\b`)
	unitLine = regexp.MustCompile(`^([A-Z]\w*=.+|\[[A-Z]\w*\]|#.*|)$`)
	envNames = regexp.MustCompile(`\benv\.(?:get\(")?([A-Z]\w*)`)
)

func (p *page) lua(t *testing.T, b block) {
	text := b.text()
	name := fmt.Sprintf("line%d.lua", b.line)
	if m := fileName.FindStringSubmatch(text); m != nil {
		name = m[1]
	}
	switch {
	case isSpec.MatchString(text):
		if !strings.HasSuffix(name, "_spec.lua") {
			name = strings.TrimSuffix(name, ".lua") + "_spec.lua"
		}
		path := p.write(t, name, text)
		p.checked(t, path)
		p.passes(t, path)
		return
	case isModule.MatchString(text):
		p.checked(t, p.write(t, name, text))
		return
	case !isBot.MatchString(text):
		text = "function on_message(msg)\n" + text + "end\n"
	}
	path := p.write(t, name, text)
	p.bot = name
	p.checked(t, path)
	p.play(t, []string{
		`http.stub("*", { status = 503 })`,
		`local you = bot:user("you")`,
		`you:says("hello")`,
		`you:says { image = { name = "cat.png", data = "\137PNG" } }`,
		`you:says("2")`,
	})
}

// checked wants a file to have no findings.
func (p *page) checked(t *testing.T, path string) {
	t.Helper()
	checker, err := check.New(goModules...)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := checker.Files(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// play has a case of a spec with these lines pass, about the page's last bot.
func (p *page) play(t *testing.T, lines []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, p.bot))
	if err != nil {
		t.Fatal(err)
	}
	var vars []string
	for _, m := range envNames.FindAllStringSubmatch(string(text), -1) {
		vars = append(vars, m[1]+` = "test"`)
	}
	script := fmt.Sprintf("local bot = load_bot(%s, { env = { %s } })\nit(\"goes like that\", function()\n  %s\nend)\n",
		quoted(filepath.Base(p.bot)), strings.Join(vars, ", "), strings.Join(lines, "\n  "))
	path := p.write(t, filepath.Join(filepath.Dir(p.bot), "played_spec.lua"), script)
	defer os.Remove(path)
	p.passes(t, path)
}

// passes wants a spec to pass.
func (p *page) passes(t *testing.T, path string) {
	t.Helper()
	report, err := spec.Run(t.Context(), []string{path}, spec.Options{Modules: modules()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Files {
		if f.Failure != nil {
			t.Error(f.Failure)
		}
		if f.Failure == nil && len(f.Cases) == 0 {
			t.Error("the spec has no cases")
		}
		for i := range f.Cases {
			for _, failure := range f.Cases[i].Failures {
				t.Errorf("%s: %s", f.Cases[i].Name(), failure)
			}
		}
	}
}

// quoted writes a text as Lua has it.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ':
			fmt.Fprintf(&b, "\\%03d", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// toml loads a configuration, which is given the bot that it lacks.
func (p *page) toml(t *testing.T, b block) {
	text := b.text()
	const bot = "[[bot]]\nname = \"bot\"\nscript = \"bot.lua\"\n"
	first := slices.IndexFunc(b.lines, func(line string) bool { return strings.HasPrefix(line, "[bot.") })
	switch {
	case strings.Contains(text, "[[bot]]"):
	case first >= 0:
		text = strings.Join(b.lines[:first], "\n") + "\n" + bot + strings.Join(b.lines[first:], "\n") + "\n"
	default:
		text += bot
	}
	if _, err := runtime.LoadConfig(p.write(t, "runtime.toml", text)); err != nil {
		t.Error(err)
	}
}

// goPart wants a block to be a part of a Go file below this folder; how far it is
// indented doesn't matter.
func goPart(t *testing.T, b block) {
	squeeze := func(text string) string {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		return "\n" + strings.Join(lines, "\n") + "\n"
	}
	files, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(squeeze(string(text)), squeeze(b.text())) {
			return
		}
	}
	t.Errorf("this is in none of %v", files)
}

// goModules are the modules of embedding.md's program.
var goModules = []string{"stock"}

// modules pretends to be those.
func modules() []luabind.Module { return []luabind.Module{stock{}} }

type stock struct{}

func (stock) Name() string { return "stock" }

func (stock) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.Table("stock", map[string]lua.LGFunction{
		"count": func(L *lua.LState) int { L.Push(lua.LNumber(1)); return 1 },
		"order": func(L *lua.LState) int {
			return vm.Fail(L, &luabind.HostError{Kind: "sold_out", Message: "only 0 of " + L.CheckString(1) + " are left"})
		},
	}, nil), nil
}
