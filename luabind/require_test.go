package luabind

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestRequire(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"scripts/bot.lua", `
local a = require("a")
local menu = require("lib.menu")
local pkg = require("pkg")
assert(require("a") == a and require("ilink") == ilink and require("string") == string)
assert(require("nothing") == true)
loaded = 0
function on_message(msg)
  print(a.name, menu, pkg.what, require("late").value, require("late").value)
end`,
		"scripts/a.lua", `local name = ... ; return { name = name }`,
		"scripts/lib/menu.lua", `return "menu of " .. require("a").name`,
		"scripts/pkg/init.lua", `return { what = "a package" }`,
		"scripts/nothing.lua", ``,
		"scripts/late.lua", `loaded = loaded + 1; return { value = loaded }`,
	)
	b, err := tryLoadDir(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	b.says("x")
	wantText(t, b.host.logged(), "INFO a\tmenu of a\ta package\t1\t1")
	files := b.Files()
	for i, f := range files {
		files[i], _ = filepath.Rel(dir, f)
	}
	slices.Sort(files)
	wantText(t, strings.Join(files, " "), "scripts/a.lua scripts/bot.lua scripts/late.lua scripts/lib/menu.lua scripts/nothing.lua scripts/pkg/init.lua")
}

func TestRequireErrors(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"secret.lua", "return 'secret'",
		"outside/x.lua", "return 'secret'",
		"scripts/broken.lua", "local x =\nlocal y",
		"scripts/fails.lua", "\nlocal t = nil\nreturn t.x",
		"scripts/c1.lua", "return require('c2')",
		"scripts/c2.lua", "return require('c1')",
		"scripts/self.lua", "return require('self')",
		"scripts/large.lua", "--"+strings.Repeat("x", 300<<10),
		"scripts/inside.lua", "return 'inside'",
	)
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, "scripts", name)); err != nil {
			t.Fatal(err)
		}
	}
	link("../secret.lua", "out.lua")
	link(filepath.Join(dir, "secret.lua"), "abs.lua")
	link("../outside", "folder")
	link("inside.lua", "within.lua")
	if err := os.Mkdir(filepath.Join(dir, "scripts", "dir.lua"), 0o755); err != nil {
		t.Fatal(err)
	}
	const badName = `: a module's name is a file's below the script's folder, without .lua and with dots for slashes, such as "lib.menu"`
	for _, c := range []struct{ arg, kind, want string }{
		{`"nope"`, KindRuntime, `scripts/bot.lua:2: require("nope"): there is no module of that name; looked for scripts/nope.lua and scripts/nope/init.lua`},
		{`"lib.nope"`, KindRuntime, `scripts/bot.lua:2: require("lib.nope"): there is no module of that name; looked for scripts/lib/nope.lua and scripts/lib/nope/init.lua`},
		{`"../secret"`, KindRuntime, `scripts/bot.lua:2: require("../secret")` + badName},
		{`"..secret"`, KindRuntime, `scripts/bot.lua:2: require("..secret")` + badName},
		{`"/etc/passwd"`, KindRuntime, `scripts/bot.lua:2: require("/etc/passwd")` + badName},
		{`"lib/menu"`, KindRuntime, `scripts/bot.lua:2: require("lib/menu")` + badName},
		{`"a\\b"`, KindRuntime, `scripts/bot.lua:2: require("a\\b")` + badName},
		{`""`, KindRuntime, `scripts/bot.lua:2: require("")` + badName},
		{`"out"`, KindRuntime, `scripts/bot.lua:2: require("out"): scripts/out.lua can't be read: path escapes from parent`},
		{`"abs"`, KindRuntime, `scripts/bot.lua:2: require("abs"): scripts/abs.lua can't be read: path escapes from parent`},
		{`"folder.x"`, KindRuntime, `scripts/bot.lua:2: require("folder.x"): scripts/folder/x.lua can't be read: path escapes from parent`},
		{`"dir"`, KindRuntime, `scripts/bot.lua:2: require("dir"): scripts/dir.lua can't be read: it is not a regular file`},
		{`"large"`, KindRuntime, `scripts/bot.lua:2: require("large"): scripts/large.lua can't be read: it is larger than 256 KiB; [bot.sandbox] source_bytes raises the limit`},
		{`"broken"`, KindSyntax, `scripts/broken.lua:2: syntax error near 'local'`},
		{`"fails"`, KindRuntime, `scripts/fails.lua:3: attempt to index a nil value with key 'x'`},
		{`"c1"`, KindRuntime, `scripts/c2.lua:1: require("c1"): the modules require each other in a circle; move what both need into a third`},
		{`"self"`, KindRuntime, `scripts/self.lua:1: require("self"): the modules require each other in a circle; move what both need into a third`},
		{`5`, KindRuntime, `scripts/bot.lua:2: require("5"): there is no module of that name; looked for scripts/5.lua and scripts/5/init.lua`},
		{`nil`, KindRuntime, `scripts/bot.lua:2: bad argument #1 to require (string expected, got nil)`},
	} {
		writeFiles(t, dir, "scripts/bot.lua", "function on_message() end\nrequire("+c.arg+")")
		_, err := tryLoadDir(t, dir)
		e := asScriptError(t, err)
		if e.Kind != c.kind || e.Error() != c.want {
			t.Errorf("require(%s):\n got %s %s\nwant %s %s", c.arg, e.Kind, e.Error(), c.kind, c.want)
		}
	}
	writeFiles(t, dir, "scripts/bot.lua", "function on_message() end\nassert(require('within') == 'inside')")
	if _, err := tryLoadDir(t, dir); err != nil {
		t.Errorf("a link within the folder: %v", err)
	}
}

// TestRequireTraceback: an error in a module shows the way there.
func TestRequireTraceback(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"scripts/bot.lua", "local m = require('m')\nfunction on_message(msg)\n  m.run(msg)\nend",
		"scripts/m.lua", "local m = {}\nfunction m.run(msg)\n  error('broken')\nend\nreturn m",
	)
	b, err := tryLoadDir(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	e := b.fails("x")
	wantText(t, e.Detail(), `scripts/m.lua:3: broken

    1 | local m = {}
    2 | function m.run(msg)
  > 3 |   error('broken')
    4 | end
    5 | return m

called from:
  scripts/m.lua:3 in function 'run'
  scripts/bot.lua:3 in on_message`)
}

// TestRequireAgainAfterFailure: a module that failed isn't half there.
func TestRequireAgainAfterFailure(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"scripts/bot.lua", "function on_message(msg)\n  print(pcall(require, 'm'))\n  ready = true\n  print(require('m'))\nend",
		"scripts/m.lua", "assert(ready, 'not yet')\nreturn 'loaded'",
	)
	b, err := tryLoadDir(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	b.says("x")
	wantLines(t, b.host.logged(), "INFO false\tnot yet", "INFO loaded")
}

// TestRequireWhileLoading: two handlers that need the same module get the same.
func TestRequireWhileLoading(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir,
		"scripts/bot.lua", "function on_message(msg)\n  print(require('slow'))\nend",
		"scripts/slow.lua", "ilink.send('x', 'loading')\ncount = (count or 0) + 1\nreturn count",
	)
	b, err := tryLoadDir(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	started, goOn := make(chan struct{}), make(chan struct{})
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		close(started)
		<-goOn
		return SendResult{}, nil
	}
	var wg sync.WaitGroup
	wg.Go(func() { b.says("one") })
	<-started
	wg.Go(func() { b.says("two") })
	for b.Running() < 2 {
		c := make(chan struct{})
		go close(c)
		<-c
	}
	close(goOn)
	wg.Wait()
	wantLines(t, b.host.logged(), "INFO 1", "INFO 1")
}
