package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind/library"
)

// lookValue reports a field that options don't have, a text that isn't one of those
// that there may be, and what is of another type altogether.
func (w *work) lookValue(f *file, function, what string, t *library.Type, value expr) {
	if t == nil {
		return
	}
	if got := literalKind(value); got != "" && !slices.ContainsFunc(w.arms(t), func(a *library.Type) bool { return w.mayBe(a, value) }) {
		w.report(f, value.pos(), Error, "%s: %s is %s, and no %s", function, what, t.Text, got)
		return
	}
	switch v := value.(type) {
	case *text:
		if choices := w.choices(t); choices != nil && !slices.Contains(choices, v.value) {
			w.report(f, v.pos(), Error, "%s: %s is %s, not %q%s", function, what, quoted(choices), v.value, didYouMean(v.value, choices))
		} else if takes, why := w.takesText(t, v.value); !takes && why != "" {
			w.report(f, v.pos(), Error, "%s: %s: %s", function, what, why)
		}
	case *table:
		w.lookTable(f, function, t, v)
	}
}

// literalKind says what a value is that is written out, "" of others.
func literalKind(e expr) string {
	switch e := e.(type) {
	case *text:
		return "text"
	case *table:
		return "table"
	case *function:
		return "function"
	case *constant:
		if e.number {
			return "number"
		}
	}
	return ""
}

// mayBe reports whether a value that is written out may do for a type that is no union.
// Lua makes texts of numbers and numbers of texts, and takes any value for a boolean.
func (w *work) mayBe(t *library.Type, value expr) bool {
	got := literalKind(value)
	switch {
	case t.Kind == library.Literal:
		return got == "text" || got == "number"
	case t.Kind == library.Function:
		return got == "function" || got == "table" // which may be called
	case t.Kind == library.Array || t.Kind == library.Shape:
		return got == "table"
	case t.Name == "table" || w.defs.Class(t.Name) != nil:
		return got == "table"
	case t.Name == "string":
		return got == "text" || got == "number"
	case t.Name == "number" || t.Name == "integer":
		s, isText := value.(*text)
		return got == "number" || isText && strings.ContainsAny(s.value, "0123456789") && strings.Trim(s.value, "0123456789.xabcdefABCDEF+- ") == ""
	}
	return true
}

// lookTable looks at a table that is written where a type is wanted.
func (w *work) lookTable(f *file, function string, t *library.Type, v *table) {
	known := make(map[string]*library.Type)
	list := false
	for _, arm := range w.arms(t) {
		switch {
		case arm.Kind == library.Shape:
			for _, p := range arm.Fields {
				if strings.HasPrefix(p.Name, "[") {
					return
				}
				known[p.Name] = p.Type
			}
		case arm.Kind == library.Array:
			list = true
		case arm.Kind == library.Named && w.defs.Class(arm.Name) != nil:
			members, closed := w.defs.Members(arm.Name)
			if !closed || w.open[arm.Name] {
				return
			}
			for _, m := range members {
				known[m.Name] = m.Type
			}
		case arm.Kind == library.Named && slices.Contains([]string{"string", "number", "integer", "boolean"}, arm.Name):
		case arm.Kind == library.Literal || arm.Kind == library.Function:
		default:
			return
		}
	}
	if len(known) == 0 {
		return
	}
	names := make([]string, 0, len(known))
	for n := range known {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, field := range v.fields {
		switch {
		case field.name != "":
			ft, ok := known[field.name]
			if ok {
				w.lookValue(f, function, field.name, ft, field.value)
			} else {
				w.report(f, field.at, Error, "%s doesn't know the field %s%s", function, field.name, didYouMean(field.name, names))
			}
		case field.key == nil && !list:
			if _, ok := field.value.(*text); ok {
				w.report(f, field.at, Error, "%s wants fields with names here (%s)", function, strings.Join(names, ", "))
			}
		}
	}
}

// choices returns the texts that a type consists of, nil if it has others.
func (w *work) choices(t *library.Type) (list []string) {
	for _, arm := range w.arms(t) {
		if arm.Kind != library.Literal || arm.Name[0] != '"' && arm.Name[0] != '\'' {
			return nil
		}
		list = append(list, arm.Name[1:len(arm.Name)-1])
	}
	return list
}

func quoted(list []string) string {
	if len(list) == 1 {
		return fmt.Sprintf("%q", list[0])
	}
	all := make([]string, len(list))
	for i, s := range list {
		all[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// lookComparison reports a comparison that always ends in the same way.
func (w *work) lookComparison(f *file, n *binary) {
	value, literal := n.left, n.right
	if isLiteral(value) {
		value, literal = literal, value
	}
	if !isLiteral(literal) || isLiteral(value) {
		return
	}
	if ix, ok := value.(*index); ok && (ix.key == nil || w.written[*ix.key]) {
		return
	}
	if n, ok := value.(*name); ok && n.global && n.variable.name == "_VERSION" {
		return // it asks in which Lua it is
	}
	switch value.(type) {
	case *name, *index, *call:
	default:
		return
	}
	t := w.typeOf(value)
	if t == nil {
		return
	}
	always := "false"
	if n.op == "~=" {
		always = "true"
	}
	what := display(value, "", "")
	if what == "" {
		what = "the value"
	}
	if s, ok := literal.(*text); ok {
		if choices := w.choices(t); choices != nil {
			if s.value == "cdata" && slices.Contains(choices, "userdata") {
				return // LuaJIT's further type
			}
			if !slices.Contains(choices, s.value) {
				w.report(f, s.pos(), Warning, "this is always %s: %s is %s%s", always, what, quoted(choices), didYouMean(s.value, choices))
			}
			return
		}
	}
	wanted := w.typeOf(literal).Name
	arms := w.arms(t)
	for _, a := range arms {
		kind := a.Name
		switch {
		case a.Kind == library.Literal && (a.Name[0] == '"' || a.Name[0] == '\''):
			kind = "string"
		case a.Kind == library.Literal && isDigit(a.Name[0]), kind == "integer":
			kind = "number"
		case a.Kind == library.Literal:
			kind = "boolean"
		case a.Kind != library.Named:
			return
		}
		if kind == wanted || !slices.Contains([]string{"string", "number", "boolean"}, kind) {
			return
		}
	}
	if len(arms) > 0 {
		w.report(f, n.pos(), Warning, "this is always %s: %s is a %s and never a %s", always, what, t.Text, wanted)
	}
}

// isLiteral reports whether e is written out; nil isn't meant: all may be nil.
func isLiteral(e expr) bool {
	switch e := e.(type) {
	case *text:
		return true
	case *constant:
		return e.text != "nil"
	}
	return false
}
