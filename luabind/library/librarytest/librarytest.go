// Package librarytest tests that definition files and modules say the same: each
// name that scripts see is defined and described, each definition has something
// behind it, and the examples run.
//
// A module's package has all of it with one call of [Module].
package librarytest

import (
	"context"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library"
)

// Load returns our definitions.
func Load(t testing.TB) *library.Definitions {
	t.Helper()
	defs, err := library.Load()
	if err != nil {
		t.Fatal(err)
	}
	return defs
}

// Module tests a module against the file that defines its global, and runs the
// file's examples. script, which may be "", is a bot that shows values of the
// module's classes, see [Registered]. host may be nil; others are modules that it
// needs.
func Module(t *testing.T, m luabind.Module, host luabind.Host, script string, others ...luabind.Module) {
	t.Helper()
	defs := Load(t)
	global := defs.Global(m.Name())
	if global == nil {
		t.Fatalf("%s is in no definition file", m.Name())
	}
	if script == "" {
		script = "function on_message(msg) end"
	}
	modules := append(slices.Clone(others), m)
	names := Registered(t, host, script, modules...)
	for name := range names {
		if root, _, _ := strings.Cut(name, "."); root != m.Name() && defs.Global(root) != nil && defs.Global(root).File != global.File {
			delete(names, name) // another's
		}
	}
	Compare(t, defs, names, global.File)
	Examples(t, host, []*library.File{global.File}, modules...)
}

// Registered runs script, a bot, in a VM with these modules, hands it a message,
// and returns the names that it can see by their paths, such as "kv.get". Values
// of classes it learns from the script, which shows them with class(name, value):
// class("ilink.Message", msg). A nil host pretends.
func Registered(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) map[string]bool {
	t.Helper()
	p := &probe{names: make(map[string]bool)}
	s := load(t, host, script, append(slices.Clone(modules), p)...)
	if err := s.OnMessage(context.Background(), message("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.OnSessionExpired(context.Background(), luabind.SessionInfo{}); err != nil {
		t.Fatal(err)
	}
	p.globals.ForEach(func(k, v lua.LValue) {
		name := k.String()
		if name == p.Name() {
			return
		}
		p.names[name] = true
		if name != "_G" {
			p.look(name, v, true, 0)
		}
	})
	return p.names
}

// Compare reports names that no file defines or describes, and definitions of
// files, of all if none is given, that have no name. Fields of a class of which
// no name is there at all are taken for plain data, such as options, unless the
// class has methods.
func Compare(t testing.TB, defs *library.Definitions, names map[string]bool, files ...*library.File) {
	t.Helper()
	if len(files) == 0 {
		files = defs.Files
	}
	all := defs.All()
	for name := range names {
		if d := all[name]; d == nil {
			t.Errorf("%s is in no definition file", name)
		} else if d.Doc == "" && d.Signature() != nil {
			t.Errorf("%s: %s isn't described", d.Position, name)
		}
	}
	seen := make(map[string]bool) // classes
	for name := range names {
		seen[name[:max(0, strings.LastIndexByte(name, '.'))]] = true
	}
	for name, d := range all {
		owner := name[:max(0, strings.LastIndexByte(name, '.'))]
		plain := owner != "" && defs.Class(owner) != nil && defs.Class(owner).Path == "" && !seen[owner] && d.Signature() == nil
		if slices.Contains(files, d.File) && !d.File.Spec && !names[name] && !plain {
			t.Errorf("%s: there is no %s", d.Position, name)
		}
	}
}

// Examples runs the examples of files in a bot with these modules, and wants each
// function to have one and its parameters to be described. A nil host pretends.
func Examples(t *testing.T, host luabind.Host, files []*library.File, modules ...luabind.Module) {
	for _, file := range files {
		if file.Spec {
			continue
		}
		for _, f := range file.Functions {
			for _, p := range f.Signature().Params {
				if p.Type == nil {
					t.Errorf("%s: the parameter %s of %s isn't described", f.Position, p.Name, f.Path)
				}
			}
			if f.Example == "" {
				t.Errorf("%s: %s has no example", f.Position, f.Path)
				continue
			}
			if err := run(t, host, Bot(f.Example), modules...); err != nil {
				t.Errorf("%s: the example of %s: %v", f.Position, f.Path, err)
			}
		}
	}
}

// Bot makes a bot of an example: it is one, perhaps without on_message, or what a
// handler may do.
func Bot(example string) string {
	if strings.Contains(example, "function on_message") {
		return example
	}
	if strings.HasPrefix(example, "function on_") {
		return example + "\nfunction on_message(msg) end"
	}
	return "function on_message(msg)\n" + example + "\nend"
}

// run loads a bot and calls its handlers.
func run(t testing.TB, host luabind.Host, script string, modules ...luabind.Module) error {
	t.Helper()
	s, err := tryLoad(t, host, script, modules...)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := s.OnMessage(ctx, image()); err != nil {
		return err
	}
	if _, err := s.OnInterrupt(ctx, message("stop")); err != nil {
		return err
	}
	return s.OnSessionExpired(ctx, luabind.SessionInfo{Message: "log in"})
}

// probe is a module that sees what scripts see.
type probe struct {
	globals *lua.LTable
	names   map[string]bool
}

// Name is the global that Registered's scripts call.
func (p *probe) Name() string { return "class" }

// Open returns the function class.
func (p *probe) Open(vm *luabind.VM) (lua.LValue, error) {
	p.globals = vm.State().G.Global
	return vm.State().NewFunction(func(L *lua.LState) int {
		p.look(L.CheckString(1), L.CheckAny(2), false, 0)
		return 0
	}), nil
}

// look notes the fields of a table and those that its metatable has for it; of a
// module also those of the tables in it.
func (p *probe) look(path string, v lua.LValue, module bool, depth int) {
	const deepest = 5
	if depth == deepest {
		return
	}
	var metatable lua.LValue
	switch v := v.(type) {
	case *lua.LTable:
		v.ForEach(func(k, field lua.LValue) {
			name, ok := k.(lua.LString)
			if !ok {
				return
			}
			p.names[path+"."+string(name)] = true
			if module && isTable(field) {
				p.look(path+"."+string(name), field, module, depth+1)
			}
		})
		metatable = v.Metatable
	case *lua.LUserData:
		metatable = v.Metatable
	}
	if mt, ok := metatable.(*lua.LTable); ok {
		if fields := mt.RawGetString("__index"); fields != v && isTable(fields) {
			p.look(path, fields, module, depth+1)
		}
	}
}

func isTable(v lua.LValue) bool {
	_, ok := v.(*lua.LTable)
	return ok
}
