package check

import (
	"slices"

	"github.com/ilinkd/ilinkd/luabind/library"
)

// found is what is known of a member.
type found struct {
	member *library.Member
	// missing says that it is certain that there is none; names are those that
	// there are, and owner is whose they are.
	missing bool
	names   []string
	owner   string
	// module says that the owner is a table of functions with a path.
	module bool
}

// member looks for a member of a value.
func (w *work) member(base *library.Type, key string) found {
	var result found
	closed := true
	for _, arm := range w.arms(base) {
		class := ""
		switch {
		case arm.Kind == library.Literal && arm.Name != "true" && arm.Name != "false" && !isDigit(arm.Name[0]),
			arm.Kind == library.Named && arm.Name == "string":
			if g := w.defs.Global("string"); g != nil && g.Type != nil {
				class = g.Type.Name
			}
		case arm.Kind == library.Literal, arm.Kind == library.Named && slices.Contains([]string{"number", "integer", "boolean"}, arm.Name):
			continue // it has none, and what is meant is another arm
		case arm.Kind == library.Named:
			class = arm.Name
		}
		members, known := w.defs.Members(class)
		for _, m := range members {
			if m.File.Spec && !w.isSpec() {
				continue // such as http.stub
			}
			if m.Name == key {
				result.member = m
				return result
			}
			result.names = append(result.names, m.Name)
		}
		if !known || w.open[class] {
			closed = false
			continue
		}
		result.owner = class
		result.module = w.defs.Class(class).Path != ""
	}
	result.missing = closed && result.owner != "" && !w.written[key]
	return result
}

// target is what a call calls.
type target struct {
	member *library.Member // nil if it is a value's own call
	sig    *library.Signature
	// overloads are further ways to call it.
	overloads []*library.Signature
	// shift is how many parameters come before the arguments.
	shift int
	// self says that the object is among the arguments: msg.reply(msg, "x").
	self bool
	name string
}

// callee finds out what a call calls; its sig is nil if that isn't known.
func (w *work) callee(c *call) target {
	if c.method != "" {
		base := w.typeOf(c.fn)
		m := w.member(base, c.method).member
		if m == nil || m.Signature() == nil {
			return target{}
		}
		t := target{member: m, sig: m.Signature(), overloads: m.Overloads, name: display(c.fn, ":", c.method)}
		if t.name == c.method { // of a result or the like
			t.name = m.Path
		}
		if !m.Method {
			t.shift = 1
		}
		return t
	}
	var value *library.Type // of a variable or field: a function, or a table that can be called
	switch fn := c.fn.(type) {
	case *index:
		if fn.key == nil {
			return target{}
		}
		m := w.member(w.typeOf(fn.base), *fn.key).member
		if m == nil {
			return target{}
		}
		if m.Signature() != nil {
			return target{member: m, sig: m.Signature(), overloads: m.Overloads, self: m.Method, name: display(fn.base, ".", *fn.key)}
		}
		value = m.Type
	case *name:
		if m := w.api(fn.variable); m != nil && m.Signature() != nil {
			return target{member: m, sig: m.Signature(), overloads: m.Overloads, name: m.Name}
		}
		value = w.variableType(fn.variable)
	default:
		value = w.typeOf(c.fn)
	}
	arms := w.arms(value)
	if len(arms) != 1 {
		return target{}
	}
	if arms[0].Kind == library.Function {
		return target{sig: arms[0].Func, name: display(c.fn, "", "")}
	}
	if class := w.defs.Class(arms[0].Name); arms[0].Kind == library.Named && class != nil && len(class.Calls) > 0 {
		return target{sig: class.Calls[0], overloads: class.Calls[1:], name: display(c.fn, "", "")}
	}
	return target{}
}

// display writes what is called as the script does, as far as it is short.
func display(e expr, separator, key string) string {
	prefix := ""
	switch e := e.(type) {
	case *name:
		prefix = e.variable.name
	case *index:
		if e.key != nil {
			prefix = display(e.base, ".", *e.key)
		}
	case *text:
		prefix = "string"
	}
	if prefix == "" {
		return key
	}
	return prefix + separator + key
}
