package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// sortedGlobals returns the program's globals by name.
func (w *work) sortedGlobals() []*variable {
	list := make([]*variable, 0, len(w.globals))
	for _, v := range w.globals {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b *variable) int { return cmp.Compare(a.name, b.name) })
	return list
}

// checkGlobals reports names that nothing defines, and globals that are made in
// functions.
func (w *work) checkGlobals() {
	for _, v := range w.sortedGlobals() {
		w.checkAssigned(v)
		if len(v.assigned) > 0 || w.known(v.name) || w.dynamic || w.broken {
			continue
		}
		asked := slices.ContainsFunc(w.files, func(f *file) bool { return w.features[f].asked[v.name] })
		for _, u := range v.uses {
			if w.full() {
				return
			}
			fatal := u.callee != nil || u.indexed || u.operand || w.needed(u)
			if u.arg != nil && isTypeCheck(u.arg) || asked && !fatal || w.excused(u.file, u.at, v.name) {
				continue
			}
			if w.foreign(v.name) && !fatal {
				harmless := false
				if harmless, fatal = w.nilValue(u.file, u.at); harmless {
					continue
				}
			}
			if hint := w.gone(v.name); hint != "" {
				w.report(u.file, u.at, w.severityOf(u.file, u.at, fatal), "%s doesn't exist in bots%s", v.name, hint)
				continue
			}
			if m := w.defs.Global(v.name); m != nil && m.File.Spec {
				w.report(u.file, u.at, Error, "%s exists in specs (*_spec.lua) only", v.name)
				continue
			}
			severity := Warning
			if fatal {
				severity = Error
			}
			if w.foreign(v.name) {
				severity = w.severityOf(u.file, u.at, fatal)
			}
			w.report(u.file, u.at, severity, "nothing defines %s%s", v.name, w.suggestion(v.name, u))
		}
	}
}

// needed reports whether u is an argument that mustn't be nil.
func (w *work) needed(u use) bool {
	if u.arg == nil {
		return false
	}
	t := w.callee(u.arg)
	if t.sig == nil || len(t.overloads) > 0 || t.self {
		return false
	}
	p := param(t.sig, u.argIndex+t.shift)
	return p != nil && !p.Optional && !p.Type.Nilable()
}

// isTypeCheck reports whether c is type(…), tostring(…) or the like, which may well
// get nil.
func isTypeCheck(c *call) bool {
	n, ok := c.fn.(*name)
	return ok && n.global && slices.Contains([]string{"type", "tostring", "print"}, n.variable.name)
}

// known reports whether the API has a global.
func (w *work) known(name string) bool {
	return w.defined(name) != nil || w.modules[name] || w.hook(name) != nil
}

// suggestion is what may be meant by an unknown name.
func (w *work) suggestion(typed string, u use) string {
	if other, ok := otherLanguages[typed]; ok {
		return "; in Lua it is " + other
	}
	if line := u.file.localLater(typed, u.at); line > 0 {
		return fmt.Sprintf(" here: the local %s comes later, in line %d; move it up", typed, line)
	}
	if other := otherGlobals[typed]; other != "" {
		if module, _, _ := strings.Cut(other, "."); w.known(module) {
			return "; it is " + other
		}
	}
	var names []string
	for _, m := range w.defs.Globals() {
		if w.known(m.Name) {
			names = append(names, m.Name)
		}
	}
	for _, v := range w.globals {
		if len(v.assigned) > 0 {
			names = append(names, v.name)
		}
	}
	for f := u.in; f != nil; f = f.outer {
		for _, p := range f.params {
			names = append(names, p.name)
		}
	}
	names = append(names, u.file.localsBefore(u.at)...)
	return didYouMean(typed, slices.DeleteFunc(names, func(n string) bool { return n == typed }))
}

// allLocals returns the locals that statements declare.
func (f *file) allLocals() []*variable {
	if f.locals == nil {
		walk(f, func(node any) {
			if s, ok := node.(*localStmt); ok {
				f.locals = append(f.locals, s.vars...)
			}
		})
	}
	return f.locals
}

// localLater returns the line of a local at the top of the file that is declared
// after a place, 0 if there is none of that name.
func (f *file) localLater(name string, at int) int {
	for _, s := range f.main.body {
		if s, ok := s.(*localStmt); ok {
			for _, v := range s.vars {
				if v.name == name && v.at > at {
					line, _ := lineColumn(f.text, v.at)
					return line
				}
			}
		}
	}
	return 0
}

// localsBefore returns the names of locals that are declared before a place.
func (f *file) localsBefore(at int) (names []string) {
	for _, v := range f.allLocals() {
		if v.at < at {
			names = append(names, v.name)
		}
	}
	return names
}

// checkAssigned reports assignments in functions that make a global where a local was
// meant, or put something else in the place of a name of the API. At the top of a
// file that is done on purpose.
func (w *work) checkAssigned(v *variable) {
	if w.hook(v.name) != nil {
		return
	}
	api := w.defined(v.name) != nil || w.modules[v.name]
	top := slices.ContainsFunc(v.assigned, func(a assignment) bool { return a.in == nil })
	for i, a := range v.assigned {
		switch {
		case api && a.in != nil:
			w.report(a.file, a.at, Warning, "%s is a name of the API, and nothing else can use it any more: write local %s, or take another name", v.name, v.name)
		case !api && !top && a.in != nil && a.defines:
			w.report(a.file, a.at, Warning, "%s becomes a global once this runs: write local function %s", v.name, v.name)
		case !api && !top && a.in != nil:
			w.report(a.file, a.at, Warning, "%s becomes a global, which all messages share: write local %s, or declare it at the top of the file", v.name, v.name)
		case i > 0 && a.sure && a.defines && v.assigned[i-1].sure && v.assigned[i-1].defines && v.assigned[i-1].file == a.file:
			line, _ := lineColumn(a.file.text, v.assigned[i-1].at)
			if !slices.ContainsFunc(v.uses, func(u use) bool { return u.file == a.file && u.in == a.file.main }) {
				w.report(a.file, a.at, Warning, "%s is defined twice: this one takes the place of that in line %d", v.name, line)
			}
		}
	}
}

// checkLocals reports local functions that nothing uses.
func (w *work) checkLocals() {
	for _, f := range w.files {
		walk(f, func(node any) {
			s, ok := node.(*localStmt)
			if !ok || len(s.vars) != 1 || len(s.exprs) != 1 {
				return
			}
			v := s.vars[0]
			fn, ok := s.exprs[0].(*function)
			if !ok || len(v.assigned) > 0 || v.name[0] == '_' || w.hook(v.name) != nil {
				return
			}
			if g := w.globals[v.name]; g != nil && len(g.uses) > 0 && len(g.assigned) == 0 {
				return // it is used above, where it isn't there yet, and that is reported
			}
			for _, u := range v.uses {
				if !inside(u.in, fn) {
					return
				}
			}
			if w.misspeltHook(v.name) == "" {
				w.report(f, v.at, Warning, "nothing uses the function %s", v.name)
			}
		})
	}
}

// inside reports whether f is fn or a function in it.
func inside(f, fn *function) bool {
	for ; f != nil; f = f.outer {
		if f == fn {
			return true
		}
	}
	return false
}
