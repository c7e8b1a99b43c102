package check

// checkRoutes reports commands and patterns that never get a message. What they
// are called is known from the definitions: it says nothing while these functions
// don't exist.
func (w *work) checkRoutes() {
	for _, f := range w.files {
		commands := make(map[string]*call)
		var all *call // hears that takes whatever comes
		for _, s := range f.main.body {
			st, ok := s.(*callStmt)
			if !ok {
				continue
			}
			t := w.callee(st.call)
			if t.member == nil || len(st.call.args) == 0 {
				continue
			}
			what, ok := st.call.args[0].(*text)
			if !ok {
				continue
			}
			switch t.member.Path {
			case "ilink.command":
				if before := commands[what.value]; before != nil {
					line, _ := lineColumn(f.text, before.pos())
					w.report(f, what.pos(), Error, "the command %s is there already, in line %d", what.value, line)
				}
				commands[what.value] = st.call
			case "ilink.hears":
				if all != nil {
					line, _ := lineColumn(f.text, all.pos())
					w.report(f, what.pos(), Warning, "this never hears anything: line %d takes all messages", line)
				}
				if takesAll(what.value) {
					all = st.call
				}
			}
		}
	}
}

// takesAll reports whether a pattern matches any text.
func takesAll(pattern string) bool {
	switch pattern {
	case "", ".*", "^.*$", "^.*", ".*$", "(.*)", "^(.*)$", ".-", "^":
		return true
	}
	return false
}
