package check

import (
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library"
)

// work is the checking of one program.
type work struct {
	*Checker
	*program
	files   []*file
	globals map[string]*variable
	// broken says that a file couldn't be read: what it defines isn't known.
	broken bool
	// dynamic says that the script makes globals whose names aren't known.
	dynamic bool
	// written are the names of fields that the script assigns, of whatever table, and
	// open the classes of which it assigns others.
	written map[string]bool
	open    map[string]bool
	types   map[*variable]*library.Type
	depth   int
	// features are what each file asks of the Lua that it runs in.
	features map[*file]*features

	findings []Finding
}

func (w *work) run() {
	w.types, w.written, w.open = make(map[*variable]*library.Type), make(map[string]bool), make(map[string]bool)
	for _, f := range w.files {
		dynamic := w.dynamic
		walk(f, func(node any) { w.note(f, node) })
		if f.maybe { // what one file asks for doesn't hide the mistakes of others
			w.dynamic = dynamic
		}
	}
	w.findFeatures()
	clear(w.types) // what was found out before all assignments were known
	for _, f := range w.files {
		walk(f, func(node any) { w.look(f, node) })
	}
	w.checkGlobals()
	w.checkHooks()
	w.checkRoutes()
	w.checkLocals()
}

// api returns the definition of a global, nil if there is none or the script has
// put something else into it.
func (w *work) api(v *variable) *library.Member {
	if !v.global || len(v.assigned) > 0 {
		return nil
	}
	return w.defined(v.name)
}

// defined returns the definition of a global that the program may use.
func (w *work) defined(name string) *library.Member {
	m := w.defs.Global(name)
	if m == nil || m.File.Spec && !w.isSpec() || w.hook(name) != nil {
		return nil
	}
	return m
}

func (w *work) isSpec() bool { return w.sources[0].spec() }

// hook returns the definition of a function that scripts define and the host
// calls, nil if there is none of that name.
func (w *work) hook(name string) *library.Member {
	if m := w.defs.Global(name); m != nil && strings.HasPrefix(name, "on_") && m.Signature() != nil && !m.File.Spec {
		return m
	}
	return nil
}

// hooks returns the names of all hooks.
func (w *work) hooks() (names []string) {
	for _, m := range w.defs.Globals() {
		if w.hook(m.Name) != nil {
			names = append(names, m.Name)
		}
	}
	return names
}

// note takes notice of what the script assigns.
func (w *work) note(f *file, node any) {
	switch n := node.(type) {
	case *assignStmt:
		for i, t := range n.targets {
			ix, ok := t.(*index)
			if !ok {
				continue
			}
			global := isGlobalTable(ix.base)
			switch {
			case ix.key == nil && global:
				w.dynamic = true
			case ix.key == nil:
				for _, arm := range w.arms(w.typeOf(ix.base)) {
					w.open[arm.Name] = true
				}
			case global:
				v := w.globals[*ix.key]
				if v == nil {
					v = &variable{name: *ix.key, global: true}
					w.globals[*ix.key] = v
				}
				var value expr
				if i < len(n.exprs) {
					value = n.exprs[i]
				}
				v.assigned = append(v.assigned, assignment{file: f, at: ix.pos(), value: value})
			default:
				w.written[*ix.key] = true
			}
		}
	case *call:
		fn, ok := n.fn.(*name)
		if !ok || !fn.global || len(n.args) < 2 || fn.variable.name != "rawset" && fn.variable.name != "setmetatable" {
			return
		}
		if isGlobalTable(n.args[0]) {
			w.dynamic = true
		} else if key, ok := n.args[1].(*text); ok {
			w.written[key.value] = true
		} else {
			for _, arm := range w.arms(w.typeOf(n.args[0])) {
				w.open[arm.Name] = true
			}
		}
	}
}

func isGlobalTable(e expr) bool {
	n, ok := e.(*name)
	return ok && n.global && n.variable.name == "_G"
}

// nearest is luabind's, and also knows names that differ in nothing but capitals
// and underscores.
func nearest(typed string, names []string) string {
	plain := func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "_", "")) }
	for _, n := range slices.Sorted(slices.Values(names)) {
		if plain(n) == plain(typed) && n != typed {
			return n
		}
	}
	return luabind.Nearest(typed, names)
}

// didYouMean is the end of a message, empty if nothing is near.
func didYouMean(typed string, names []string) string {
	if near := nearest(typed, names); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}
