package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind/library"
)

// look reports what is wrong with one statement or expression by itself.
func (w *work) look(f *file, node any) {
	if w.full() {
		return
	}
	switch n := node.(type) {
	case *index:
		if n.key != nil {
			w.lookIndex(f, n)
		}
	case *call:
		w.lookCall(f, n)
	case *callStmt:
		if t := w.callee(n.call); t.member != nil && t.member.NoDiscard {
			w.report(f, n.call.pos(), Warning, "%s only returns something, and nothing is done with it here", t.name)
		}
	case *assignStmt:
		for _, t := range n.targets {
			if ix, ok := t.(*index); ok && ix.key != nil {
				w.lookAssigned(f, ix)
			}
		}
	case *binary:
		if n.op == "==" || n.op == "~=" {
			w.lookComparison(f, n)
		}
	}
}

// lookIndex reports a field that isn't there.
func (w *work) lookIndex(f *file, n *index) {
	if isGlobalTable(n.base) {
		return
	}
	base := w.typeOf(n.base)
	severity := Error
	path := w.libraryField(n)
	if path != "" && w.excused(f, n.pos(), path) {
		return // math.trunc or …: a script may bring what is missing
	}
	if len(removed[path]) > 0 || slices.Contains(otherVersions, path) {
		fatal := !n.plain
		if n.plain {
			harmless := false
			if harmless, fatal = w.nilValue(f, n.pos()); harmless {
				return
			}
		}
		severity = w.severityOf(f, n.pos(), fatal)
	}
	if b, ok := n.base.(*name); ok && w.api(b.variable) != nil && w.member(base, *n.key).missing {
		if hint := w.gone(b.variable.name + "." + *n.key); hint != "" {
			w.report(f, n.pos(), severity, "%s.%s doesn't exist in bots%s", b.variable.name, *n.key, hint)
			return
		}
	}
	w.missing(f, n.pos(), severity, base, n.base, ".", *n.key)
}

// plainLibraries are tables that scripts may add to; those of modules are locked.
var plainLibraries = []string{"string", "table", "math", "os", "utf8", "bit", "bit32", "coroutine"}

// lookAssigned reports an assignment into a module.
func (w *work) lookAssigned(f *file, n *index) {
	arms := w.arms(w.typeOf(n.base))
	if len(arms) != 1 || !w.isModule(n.base) {
		return
	}
	if c := w.defs.Class(arms[0].Name); !c.File.Spec && !slices.Contains(plainLibraries, c.Path) {
		w.report(f, n.pos(), Error, "%s can't be assigned: %s belongs to the host; keep your own values in a table of your own",
			display(n.base, ".", *n.key), c.Path)
	}
}

// missing reports a member that isn't there. of is what base is the type of.
func (w *work) missing(f *file, at int, severity Severity, base *library.Type, of expr, separator, key string) {
	m := w.member(base, key)
	if !m.missing {
		return
	}
	hint := didYouMean(key, m.names)
	if other := otherMembers[m.owner][key]; other != "" {
		hint = "; it is " + other
	}
	if m.owner == "ilink" && w.hook(key) != nil {
		hint = "; write function " + key + "(…) … end"
	}
	switch class := w.defs.Class(m.owner); {
	case !m.module:
		w.report(f, at, severity, "%s has no %s%s", article(class.Name), key, hint)
	case w.isModule(of):
		if near := nearest(key, m.names); near != "" && otherMembers[m.owner][key] == "" {
			hint = "; did you mean " + display(of, separator, near) + "?"
		}
		w.report(f, at, severity, "%s doesn't exist%s", display(of, separator, key), hint)
	default:
		w.report(f, at, severity, "a string has no method %s%s", key, hint)
	}
}

// article puts "a" or "an" before a name.
func article(name string) string {
	if strings.IndexByte("aeiouAEIOU", name[0]) >= 0 {
		return "an " + name
	}
	return "a " + name
}

// lookCall reports a call of what isn't there, or with the wrong arguments.
func (w *work) lookCall(f *file, c *call) {
	if c.method != "" {
		w.missing(f, c.methodAt, Error, w.typeOf(c.fn), c.fn, ":", c.method)
	}
	if n, ok := c.fn.(*name); ok && n.variable.name == "require" && w.api(n.variable) != nil {
		w.lookRequire(f, c)
	}
	t := w.callee(c)
	if t.sig == nil {
		return
	}
	if t.self && !w.passesSelf(c, t) {
		return
	} else if t.self && (len(c.args) == 0 || !w.isOwner(c.args[0], t)) {
		fn := c.fn.(*index)
		w.report(f, fn.pos(), Error, "%s is called with a colon: %s", t.name, display(fn.base, ":", *fn.key)+"(…)")
		return
	}
	if c.method != "" && t.member != nil && !t.member.Method && w.isModule(c.fn) {
		w.report(f, c.methodAt, Error, "%s is called with a dot: %s", t.name, display(c.fn, ".", c.method)+"(…)")
		return
	}
	w.countArguments(f, c, t)
	for i, a := range c.args {
		if t.self {
			i--
		}
		if p := param(t.sig, i+t.shift); p != nil && len(t.overloads) == 0 {
			w.lookValue(f, t.name, p.Name, p.Type, a)
		}
	}
}

// passesSelf reports whether it is known whether the first argument is the object.
func (w *work) passesSelf(c *call, t target) bool {
	if len(c.args) == 0 {
		return true
	}
	switch c.args[0].(type) {
	case *text, *constant, *table, *function:
		return true
	}
	return w.isOwner(c.args[0], t) || slices.ContainsFunc(w.arms(w.typeOf(c.args[0])), func(a *library.Type) bool {
		return a.Kind == library.Named && slices.Contains([]string{"string", "number", "boolean"}, a.Name)
	})
}

// isOwner reports whether e is of the class that the called method belongs to.
func (w *work) isOwner(e expr, t target) bool {
	for _, arm := range w.arms(w.typeOf(e)) {
		if members, _ := w.defs.Members(arm.Name); slices.Contains(members, t.member) {
			return true
		}
	}
	return false
}

// isModule reports whether e is a table of functions, and no object: a class with
// a path, whose functions are called with a dot.
func (w *work) isModule(e expr) bool {
	arms := w.arms(w.typeOf(e))
	if len(arms) != 1 || arms[0].Kind != library.Named {
		return false
	}
	c := w.defs.Class(arms[0].Name)
	return c != nil && c.Path != ""
}

// countArguments reports too few or too many.
func (w *work) countArguments(f *file, c *call, t target) {
	given := len(c.args) + t.shift
	if t.self {
		given--
	}
	open := len(c.args) > 0 && isMulti(c.args[len(c.args)-1])
	var least, most int
	for i, sig := range append([]*library.Signature{t.sig}, t.overloads...) {
		lo, hi := bounds(sig)
		if (open || given >= lo) && (hi < 0 || given <= hi || open && given-1 <= hi) {
			return
		}
		if i == 0 {
			least, most = lo, hi
		}
	}
	var names []string
	for i, p := range t.sig.Params {
		if i >= t.shift {
			names = append(names, p.Name)
		}
	}
	list := ""
	if len(names) > 0 {
		list = " (" + strings.Join(names, ", ") + ")"
	}
	if given < least && !open {
		w.report(f, c.pos(), Error, "%s needs %s%s, and gets %d", t.name, counted("at least ", least-t.shift, least == most), list, given-t.shift)
	} else if most >= 0 {
		w.report(f, c.pos(), Error, "%s takes %s%s, and gets %d", t.name, counted("at most ", most-t.shift, least == most), list, given-t.shift)
	}
}

func counted(how string, n int, exactly bool) string {
	if exactly {
		how = ""
	}
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return how + "1 argument"
	}
	return fmt.Sprintf("%s%d arguments", how, n)
}

// bounds returns how many arguments there must and may be, -1 for any number.
func bounds(sig *library.Signature) (least, most int) {
	for i, p := range sig.Params {
		if p.Name == "..." {
			return least, -1
		}
		optional := p.Optional || p.Type == nil || p.Type.Name != "any" && p.Type.Nilable()
		if !optional {
			least = i + 1
		}
	}
	return least, len(sig.Params)
}

// isMulti reports whether e may have any number of values.
func isMulti(e expr) bool {
	switch e.(type) {
	case *call, *varargs:
		return true
	}
	return false
}

// lookRequire reports a module that isn't there.
func (w *work) lookRequire(f *file, c *call) {
	if len(c.args) == 0 {
		return
	}
	s, ok := c.args[0].(*text)
	if !ok || w.features[f].caught[c.pos()] {
		return
	}
	if w.builtin(s.value) || w.find(s.value) != "" {
		return
	}
	severity := w.severityOf(f, c.pos(), true)
	if hint := w.insteadOf(s.value); hint != "" {
		w.report(f, s.pos(), severity, "there is no module %q in bots%s", s.value, hint)
		return
	}
	if strings.ContainsAny(s.value, "/\\") || strings.HasSuffix(s.value, ".lua") {
		w.report(f, s.pos(), Error, "require takes a module's name, without .lua and with dots for slashes, such as \"lib.menu\"")
		return
	}
	w.report(f, s.pos(), severity, "there is no module %q: no %s.lua below the script's folder", s.value, strings.ReplaceAll(s.value, ".", "/"))
}

// builtin reports whether require gives a module of this name whatever files there are.
func (c *Checker) builtin(name string) bool {
	m := c.defs.Global(name)
	return m != nil && m.Signature() == nil && name != "_G" && name != "_VERSION" || c.modules[name]
}
