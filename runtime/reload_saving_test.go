package runtime_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
)

// must fails the test at the first error.
func must(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// path is a path below the world's folder.
func (w *world) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

// put writes a file below the world's folder, and the folders above it.
func (w *world) put(name, text string) {
	w.t.Helper()
	must(w.t, os.MkdirAll(filepath.Dir(w.path(name)), 0o755), os.WriteFile(w.path(name), []byte(text), 0o644))
}

// link makes a symbolic link, in the place of what was there, at once.
func (w *world) link(target, name string) {
	w.t.Helper()
	if err := os.Symlink(target, w.path(name+".new")); err != nil {
		w.t.Skip("no symbolic links here:", err)
	}
	must(w.t, os.Rename(w.path(name+".new"), w.path(name)))
}

// becomes waits until messages are answered with a text. What is seen half-way,
// where somebody saves in several steps, may be loaded or refused before.
func (w *world) becomes(text string) {
	w.t.Helper()
	for {
		r := w.reloaded()
		got := w.ask("hi")
		if got == text && r.Err == nil {
			return
		}
		if got == text {
			w.t.Logf("generation %d answers %q already, and then: %v", r.Generation, text, r.Err)
		}
	}
}

// refused waits until an attempt to load the script fails, and looks whether the
// old generation stays.
func (w *world) refused(text string) {
	w.t.Helper()
	for r := w.reloaded(); r.Err == nil; r = w.reloaded() {
	}
	if got := w.ask("hi"); got != text {
		w.t.Fatalf("the version before was to stay in use, and the answer is %q", got)
	}
}

// placed is newWorld with a script that lies at a path below the world's folder;
// make makes the files.
func placed(t *testing.T, script string, make func(w *world)) *world {
	return newWorld(t, "", func(c *runtime.Config) {
		w := &world{t: t, dir: filepath.Dir(filepath.Dir(c.Bots[0].Script))}
		make(w)
		c.Bots[0].Script = w.path(script)
	})
}

const greeting = `
local words = require("lib.words")
function on_message(msg) return msg:reply("%s " .. words.hello) end`

func words(hello string) string { return fmt.Sprintf("return { hello = %q }", hello) }

// TestWaysOfSaving: each way in which editors and deployments save becomes the
// new generation.
func TestWaysOfSaving(t *testing.T) {
	one, two := answering("one"), answering("two")
	plain := func(w *world) { w.put("scripts/echo.lua", one) }
	for name, c := range map[string]struct {
		script string // scripts/echo.lua if left out
		make   func(w *world)
		save   func(w *world) // makes it answer "two"
	}{
		"write over": {make: plain, save: func(w *world) { w.put("scripts/echo.lua", two) }},
		"truncate, and write later": {make: plain, save: func(w *world) {
			must(w.t, os.Truncate(w.path("scripts/echo.lua"), 0))
			w.refused("one")
			w.put("scripts/echo.lua", two)
		}},
		"a half, and then the rest": {make: plain, save: func(w *world) {
			half := strings.Index(two, "return")
			w.put("scripts/echo.lua", two[:half])
			w.refused("one")
			f, err := os.OpenFile(w.path("scripts/echo.lua"), os.O_APPEND|os.O_WRONLY, 0)
			must(w.t, err)
			_, err = f.WriteString(two[half:])
			must(w.t, err, f.Close())
		}},
		"a half that is Lua, and then the rest": {make: plain, save: func(w *world) {
			w.put("scripts/echo.lua", "local text = 'two'\n")
			w.refused("one")
			w.put("scripts/echo.lua", "local text = 'two'\nfunction on_message(msg) msg:reply(text) end")
		}},
		"rename over, from the same folder": {make: plain, save: func(w *world) {
			w.put("scripts/.echo.lua.tmp4711", two)
			must(w.t, os.Rename(w.path("scripts/.echo.lua.tmp4711"), w.path("scripts/echo.lua")))
		}},
		"rename over, from elsewhere": {make: plain, save: func(w *world) {
			w.put("tmp/new", two)
			must(w.t, os.Rename(w.path("tmp/new"), w.path("scripts/echo.lua")))
		}},
		"rename to a backup, and write anew": {make: plain, save: func(w *world) {
			must(w.t, os.Rename(w.path("scripts/echo.lua"), w.path("scripts/echo.lua~")))
			w.put("scripts/echo.lua", two)
			must(w.t, os.Remove(w.path("scripts/echo.lua~")))
		}},
		"copy to a backup, and write over": {make: plain, save: func(w *world) {
			w.put("scripts/echo.lua~", one)
			w.put("scripts/echo.lua", two)
			must(w.t, os.Remove(w.path("scripts/echo.lua~")))
		}},
		"removed, and made again": {make: plain, save: func(w *world) {
			must(w.t, os.Remove(w.path("scripts/echo.lua")))
			w.refused("one")
			w.put("scripts/echo.lua", two)
		}},
		"the folder removed, and made again": {make: plain, save: func(w *world) {
			must(w.t, os.RemoveAll(w.path("scripts")))
			w.refused("one")
			w.put("scripts/echo.lua", two)
		}},
		"the folder moved away, and another in its place": {make: plain, save: func(w *world) {
			w.put("scripts.new/echo.lua", two)
			must(w.t, os.Rename(w.path("scripts"), w.path("scripts.old")),
				os.Rename(w.path("scripts.new"), w.path("scripts")))
		}},
		"in a folder made anew": {make: plain, save: func(w *world) {
			must(w.t, os.RemoveAll(w.path("scripts")))
			w.put("scripts/echo.lua", answering("between"))
			w.becomes("between")
			w.put("scripts/echo.lua", two)
		}},
		"several files": {
			make: func(w *world) {
				w.put("scripts/lib/words.lua", words("one"))
				w.put("scripts/echo.lua", strings.ReplaceAll(fmt.Sprintf(greeting, "two"), `"two " ..`, ""))
			},
			save: func(w *world) {
				w.put("scripts/lib/words.lua", words("wo"))
				w.put("scripts/lib/more.lua", "return 't'")
				w.put("scripts/echo.lua", `
local words, more = require("lib.words"), require("lib.more")
function on_message(msg) return msg:reply(more .. words.hello) end`)
			},
		},
		"a required file": {
			make: func(w *world) {
				w.put("scripts/lib/words.lua", words("one"))
				w.put("scripts/echo.lua", strings.ReplaceAll(fmt.Sprintf(greeting, ""), `" " ..`, ""))
			},
			save: func(w *world) { w.put("scripts/lib/words.lua", words("two")) },
		},
		"a file that is required since": {make: plain, save: func(w *world) {
			w.put("scripts/echo.lua", strings.ReplaceAll(fmt.Sprintf(greeting, ""), `" " ..`, ""))
			w.refused("one")
			w.put("scripts/lib/words.lua", words("then"))
			w.becomes("then")
			w.put("scripts/lib/words.lua", words("two"))
		}},
		"the folder of a required file": {
			make: func(w *world) {
				w.put("scripts/lib/words.lua", words("one"))
				w.put("scripts/echo.lua", strings.ReplaceAll(fmt.Sprintf(greeting, ""), `" " ..`, ""))
			},
			save: func(w *world) {
				must(w.t, os.RemoveAll(w.path("scripts/lib")))
				w.refused("one")
				w.put("scripts/lib/words.lua", words("two"))
			},
		},
		"what a linked file links to": {
			make: func(w *world) { w.put("elsewhere/v1.lua", one); w.link("../elsewhere/v1.lua", "scripts/echo.lua") },
			save: func(w *world) { w.put("elsewhere/v1.lua", two) },
		},
		"a link to another file": {
			make: func(w *world) { w.put("elsewhere/v1.lua", one); w.link("../elsewhere/v1.lua", "scripts/echo.lua") },
			save: func(w *world) {
				w.put("elsewhere/v2.lua", two)
				w.link("../elsewhere/v2.lua", "scripts/echo.lua")
			},
		},
		"in a linked folder": {
			script: "current/echo.lua",
			make:   func(w *world) { w.put("releases/1/echo.lua", one); w.link("releases/1", "current") },
			save:   func(w *world) { w.put("releases/1/echo.lua", two) },
		},
		"a link to another folder": {
			script: "current/echo.lua",
			make:   func(w *world) { w.put("releases/1/echo.lua", one); w.link("releases/1", "current") },
			save: func(w *world) {
				w.put("releases/2/echo.lua", answering("between"))
				w.link("releases/2", "current")
				w.becomes("between")
				w.put("releases/2/echo.lua", two)
			},
		},
		"a config map": {
			make: func(w *world) {
				w.put("scripts/..v1/echo.lua", one)
				w.link("..v1", "scripts/..data")
				w.link("..data/echo.lua", "scripts/echo.lua")
			},
			save: func(w *world) {
				w.put("scripts/..v2/echo.lua", answering("between"))
				w.link("..v2", "scripts/..data")
				must(w.t, os.RemoveAll(w.path("scripts/..v1")))
				w.becomes("between")
				w.put("scripts/..v3/echo.lua", two)
				w.link("..v3", "scripts/..data")
				must(w.t, os.RemoveAll(w.path("scripts/..v2")))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script := c.script
			if script == "" {
				script = "scripts/echo.lua"
			}
			w := placed(t, script, c.make)
			if got := w.ask("hi"); strings.TrimSpace(got) != "one" {
				t.Fatal(got)
			}
			c.save(w)
			w.becomes("two")
		})
	}
}

// gate is a Lua module with which a script waits while it is being loaded.
type gate struct{ open chan struct{} }

func (gate) Name() string { return "gate" }

func (g gate) Open(vm *luabind.VM) (lua.LValue, error) {
	return vm.State().NewFunction(func(L *lua.LState) int {
		vm.Block(L, func(ctx context.Context) {
			select {
			case <-g.open:
			case <-ctx.Done():
			}
		})
		return 0
	}), nil
}

func TestASaveDuringALoad(t *testing.T) {
	g := gate{make(chan struct{})}
	w := newWorld(t, answering("one"), func(c *runtime.Config) { c.Modules = []luabind.Module{g} })
	w.write("lib.lua", "return 'two'")
	w.write("echo.lua", `
local text = require("lib")
gate() gate()
function on_message(msg) return msg:reply(text) end`)
	g.open <- struct{}{} // it is being loaded
	w.write("lib.lua", "return 'three'")
	close(g.open)
	w.becomes("three")
}

// inotifyWatches counts the process's file watches; it is 0 where the system
// doesn't tell.
func inotifyWatches(t testing.TB) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fdinfo/*")
	must(t, err)
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil { // else it was closed meanwhile
			n += bytes.Count(text, []byte("inotify wd:"))
		}
	}
	return n
}

func TestWatchesDontPileUp(t *testing.T) {
	w := placed(t, "current/echo.lua", func(w *world) {
		w.put("releases/0/echo.lua", answering("0"))
		w.link("releases/0", "current")
	})
	before := inotifyWatches(t)
	if before == 0 {
		t.Skip("this system doesn't tell how many watches there are")
	}
	for i := 1; i <= 5; i++ {
		release := fmt.Sprint("releases/", i)
		w.put(release+"/echo.lua", answering(fmt.Sprint(i)))
		w.link(release, "current")
		if r := w.reloaded(); r.Err != nil {
			t.Fatal(r.Err)
		}
		if n := inotifyWatches(t); n != before {
			t.Fatalf("%d watches after %d changes of the link, %d before", n, i, before)
		}
	}
}
