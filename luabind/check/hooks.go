package check

import (
	"slices"
	"strings"
)

// checkHooks reports handlers that the host never calls.
func (w *work) checkHooks() {
	if w.isSpec() {
		return
	}
	for _, v := range w.sortedGlobals() {
		if w.hook(v.name) != nil {
			w.checkHook(v)
		} else if meant := w.misspeltHook(v.name); meant != "" && len(v.uses) == 0 && !w.dynamic {
			for _, a := range v.assigned {
				if _, ok := a.value.(*function); ok {
					w.report(a.file, a.at, Error, "nothing calls %s; did you mean %s?", v.name, meant)
				}
			}
		}
	}
	for _, f := range w.files {
		walk(f, func(node any) {
			s, ok := node.(*localStmt)
			if !ok {
				return
			}
			for i, v := range s.vars {
				if i >= len(s.exprs) || len(v.uses) > 0 {
					continue
				}
				if _, ok := s.exprs[i].(*function); !ok {
					continue
				}
				if w.hook(v.name) != nil {
					w.report(f, v.at, Error, "nothing calls %s, as it is local: leave out local", v.name)
				} else if meant := w.misspeltHook(v.name); meant != "" {
					w.report(f, v.at, Error, "nothing calls %s; did you mean function %s, without local?", v.name, meant)
				}
			}
		})
	}
	w.checkEntry()
}

// misspeltHook returns the hook that a name was probably meant to be, "" if none.
func (w *work) misspeltHook(typed string) string {
	if !strings.HasPrefix(strings.ToLower(typed), "on") || w.hook(typed) != nil || w.defined(typed) != nil {
		return ""
	}
	return nearest(typed, w.hooks())
}

// checkHook reports a hook that is defined twice, or where that never happens.
func (w *work) checkHook(v *variable) {
	for i, a := range v.assigned {
		if _, ok := a.value.(*function); !ok {
			continue
		}
		if by := w.neverRun(a.in); by != "" {
			w.report(a.file, a.at, Error, "%s is defined inside %s, and so not when the script is loaded: move it out", v.name, by)
			continue
		}
		if i == 0 || len(v.uses) > 0 || !a.sure || !v.assigned[i-1].sure {
			continue
		}
		before := v.assigned[i-1]
		line, _ := lineColumn(before.file.text, before.at)
		if before.file == a.file {
			w.report(a.file, a.at, Error, "%s is defined twice: that in line %d is never called", v.name, line)
		}
	}
}

// neverRun returns what a function is called that isn't run while the script is
// loaded: a hook, or one that nothing uses. It returns "" if it may be run.
func (w *work) neverRun(f *function) string {
	for ; f != nil; f = f.outer {
		v := f.calledAs
		if v == nil || len(v.uses) > 0 {
			continue
		}
		if v.global && w.hook(v.name) != nil || !v.global {
			return v.name
		}
	}
	return ""
}

// checkEntry reports a bot that answers nothing.
func (w *work) checkEntry() {
	if w.broken || w.dynamic || len(w.files) == 0 || w.files[0].returns || len(w.files[0].main.body) == 0 {
		return
	}
	if v := w.globals["on_message"]; v != nil && len(v.assigned) > 0 {
		return
	}
	if len(w.findings) > 0 && slices.ContainsFunc(w.findings, func(f Finding) bool { return strings.Contains(f.Message, "on_message") }) {
		return // it has been told
	}
	for _, f := range w.files {
		for _, c := range f.calls {
			if t := w.callee(c); t.member != nil && strings.HasPrefix(t.member.Path, "ilink.") {
				return // commands, or times at which something happens
			}
		}
	}
	for _, v := range w.globals {
		if w.hook(v.name) == nil && slices.ContainsFunc(v.assigned, func(a assignment) bool { return a.in == nil }) {
			return // another file may use that
		}
	}
	w.report(w.files[0], 0, Warning, "the script defines no on_message, and so answers nothing: add function on_message(msg) … end")
}
