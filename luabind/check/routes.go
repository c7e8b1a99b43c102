package check

import (
	"slices"
	"strings"
)

// routing are the functions that say where messages go, and every is as bound to
// the file's top level as they are.
var (
	routing = []string{"ilink.command", "ilink.hears", "ilink.use"}
	every   = "ilink.every"
)

// checkRoutes reports commands and patterns that never get a message.
func (w *work) checkRoutes() {
	later := w.handlers()
	for _, f := range w.files {
		for _, c := range f.calls {
			t := w.callee(c)
			if t.member == nil || t.member.Path != every && !slices.Contains(routing, t.member.Path) {
				continue
			}
			by := w.neverRun(c.in)
			for in := c.in; in != nil && by == ""; in = in.outer {
				by = later[in]
			}
			if by != "" {
				w.report(f, c.pos(), Error, "%s works while the script is loaded only, and not in %s: move it out", t.member.Path, by)
			}
			if t.member.Path == "ilink.use" && len(c.args) == 1 {
				w.checkMiddleware(f, c.args[0])
			}
		}
		w.checkOrder(f)
	}
}

// handlers returns the functions that are written where one is called later, with
// what they are called.
func (w *work) handlers() map[*function]string {
	later := make(map[*function]string)
	for _, f := range w.files {
		for _, c := range f.calls {
			t := w.callee(c)
			if t.member == nil || t.member.Path != every && t.member.Path != "ilink.after" && t.member.Path != "ilink.at" && !slices.Contains(routing, t.member.Path) {
				continue
			}
			for _, a := range c.args {
				if fn, ok := a.(*function); ok {
					later[fn] = "the function of " + t.member.Path
				}
			}
		}
	}
	return later
}

// checkMiddleware reports a function that hands no message on.
func (w *work) checkMiddleware(f *file, e expr) {
	fn, ok := e.(*function)
	if !ok || fn.varargs {
		return
	}
	if len(fn.params) < 2 || len(fn.params[1].uses) == 0 && len(fn.params[1].assigned) == 0 {
		w.report(f, fn.pos(), Warning, "no message gets past this function: it is to call next(), its second parameter")
	}
}

// checkOrder goes through the routes at the top of a file.
func (w *work) checkOrder(f *file) {
	commands := make(map[string]*call)
	var all *call // hears that takes whatever comes
	for _, s := range f.main.body {
		st, ok := s.(*callStmt)
		if !ok {
			continue
		}
		c := st.call
		t := w.callee(c)
		if t.member == nil || len(c.args) == 0 {
			continue
		}
		switch t.member.Path {
		case "ilink.command":
			what, ok := c.args[0].(*text)
			if !ok {
				continue
			}
			name := strings.ToLower(strings.Replace(what.value, "／", "/", 1)) // as they are compared
			if before := commands[name]; before != nil {
				line, _ := lineColumn(f.text, before.pos())
				w.report(f, what.pos(), Error, "the command %s is there already, in line %d", what.value, line)
			}
			commands[name] = c
		case "ilink.hears":
			if all != nil {
				line, _ := lineColumn(f.text, all.pos())
				w.report(f, c.args[0].pos(), Warning, "this never hears anything: line %d takes all messages", line)
			} else if takesAll(c.args[0]) {
				all = c
			}
		}
	}
	if all == nil {
		return
	}
	if v := w.globals["on_message"]; v != nil && len(v.uses) == 0 {
		for _, a := range v.assigned {
			line, _ := lineColumn(f.text, all.pos())
			w.report(a.file, a.at, Warning, "on_message is never called: ilink.hears in line %d takes all messages", line)
		}
	}
}

// takesAll reports whether a pattern matches any text, or one of several does.
func takesAll(pattern expr) bool {
	switch p := pattern.(type) {
	case *text:
		switch p.value {
		case "", ".*", "^.*$", "^.*", ".*$", "(.*)", "^(.*)$", ".-", "^":
			return true
		}
	case *table:
		for _, f := range p.fields {
			if f.name != "" || f.key != nil {
				return false // a kind of message
			}
		}
		return slices.ContainsFunc(p.fields, func(f field) bool { return takesAll(f.value) })
	}
	return false
}
