package check

import (
	"slices"

	"github.com/ilinkd/ilinkd/luabind/library"
)

// What is known of a value's type; nil is nothing. A type says what the value is
// unless it is nil: nobody asks for a field of nil on purpose.

// maxInference bounds how far a type is looked for.
const maxInference = 40

func basic(name string) *library.Type { return &library.Type{Name: name, Text: name} }

// typeOf returns an expression's type.
func (w *work) typeOf(e expr) *library.Type {
	if w.depth++; w.depth > maxInference {
		w.depth--
		return nil
	}
	defer func() { w.depth-- }()
	switch e := e.(type) {
	case *constant:
		switch {
		case e.number:
			return basic("number")
		case e.text == "nil":
			return basic("nil")
		}
		return basic("boolean")
	case *text:
		return basic("string")
	case *name:
		return w.variableType(e.variable)
	case *index:
		base := w.typeOf(e.base)
		if e.key == nil {
			return element(w.arms(base))
		}
		if m := w.member(base, *e.key).member; m != nil && !m.Method {
			return m.Type
		}
	case *call:
		return w.result(e, 0)
	case *paren:
		return w.typeOf(e.expr)
	case *unary:
		switch e.op {
		case "not":
			return basic("boolean")
		case "#":
			return basic("number")
		}
	case *binary:
		switch e.op {
		case "..":
			return basic("string")
		case "==", "~=", "<", ">", "<=", ">=":
			return basic("boolean")
		case "and":
			return w.typeOf(e.right)
		case "or":
			left, right := w.typeOf(e.left), w.typeOf(e.right)
			if same(left, right) {
				return left
			}
		}
	}
	return nil
}

// same reports whether two types are one, apart from nil.
func same(a, b *library.Type) bool {
	a, b = present(a), present(b)
	return a != nil && b != nil && a.Text == b.Text
}

// present takes "nil" out of a type.
func present(t *library.Type) *library.Type {
	if t == nil || t.Kind != library.Union || len(t.Args) != 2 {
		return t
	}
	for i, a := range t.Args {
		if a.Kind == library.Named && a.Name == "nil" {
			return t.Args[1-i]
		}
	}
	return t
}

// element is what a list of one of these types has in it.
func element(arms []*library.Type) *library.Type {
	if len(arms) == 1 && arms[0].Kind == library.Array {
		return arms[0].Args[0]
	}
	if len(arms) == 1 && arms[0].Kind == library.Named && arms[0].Name == "table" && len(arms[0].Args) == 2 {
		return arms[0].Args[1]
	}
	return nil
}

// arms returns what a type may be, without nil, and with what aliases stand for.
func (w *work) arms(t *library.Type) []*library.Type { return w.addArms(nil, t, 0) }

func (w *work) addArms(list []*library.Type, t *library.Type, depth int) []*library.Type {
	switch {
	case t == nil || depth > 10:
		return append(list, basic("any"))
	case t.Kind == library.Union:
		for _, a := range t.Args {
			list = w.addArms(list, a, depth+1)
		}
		return list
	case t.Kind == library.Named && t.Name == "nil":
		return list
	case t.Kind == library.Named && w.defs.Alias(t.Name) != nil:
		return w.addArms(list, w.defs.Alias(t.Name).Type, depth+1)
	}
	return append(list, t)
}

// variableType returns the type that a variable always has.
func (w *work) variableType(v *variable) *library.Type {
	if v.global {
		if m := w.api(v); m != nil {
			return m.Type
		}
		return nil
	}
	if len(v.assigned) > 0 {
		return nil
	}
	if t, known := w.types[v]; known {
		return t
	}
	w.types[v] = nil // while it is being looked for
	w.types[v] = w.declaredType(v)
	return w.types[v]
}

func (w *work) declaredType(v *variable) *library.Type {
	switch {
	case v.fn != nil && v.index >= 0:
		return w.paramType(v.fn, v.index)
	case v.loop != nil && !v.loop.generic:
		return basic("number")
	case v.loop != nil:
		return w.loopType(v.loop, v.index)
	case v.decl != nil:
		exprs := v.decl.exprs
		switch last := len(exprs) - 1; {
		case last < 0:
			return nil
		case v.index < last:
			return w.typeOf(exprs[v.index])
		default:
			if c, ok := exprs[last].(*call); ok {
				return w.result(c, v.index-last)
			}
			if v.index == last {
				return w.typeOf(exprs[last])
			}
		}
	}
	return nil
}

// loopType is that of the i-th variable of "for … in".
func (w *work) loopType(b *block, i int) *library.Type {
	if len(b.conditions) != 1 {
		return nil
	}
	c, ok := b.conditions[0].(*call)
	if !ok {
		return nil
	}
	if n, ok := c.fn.(*name); ok && c.method == "" && len(c.args) > 0 && w.api(n.variable) != nil {
		arms := w.arms(w.typeOf(c.args[0]))
		list := len(arms) == 1 && arms[0].Kind == library.Array
		switch {
		case n.variable.name != "ipairs" && n.variable.name != "pairs":
		case i == 1:
			return element(arms)
		case n.variable.name == "ipairs" || list:
			return basic("number")
		default:
			return nil
		}
	}
	if t := w.result(c, 0); t != nil && t.Kind == library.Function && i < len(t.Func.Returns) && t.Func.Returns[i].Name != "..." {
		return t.Func.Returns[i].Type
	}
	return nil
}

// result returns the type of a call's i-th result.
func (w *work) result(c *call, i int) *library.Type {
	if n, ok := c.fn.(*name); ok && c.method == "" && n.variable.name == "require" && w.api(n.variable) != nil {
		if len(c.args) == 1 && i == 0 {
			if s, ok := c.args[0].(*text); ok {
				if m := w.defs.Global(s.value); m != nil && !m.File.Spec {
					return m.Type
				}
			}
		}
		return nil
	}
	t := w.callee(c)
	if t.sig == nil || len(t.overloads) > 0 {
		return nil
	}
	returns := t.sig.Returns
	if i >= len(returns) {
		return nil
	}
	for _, r := range returns[:i+1] {
		if r.Name == "..." || r.Type != nil && r.Type.Name == "..." {
			if i == 0 && r.Type != nil && r.Type.Name != "..." && !generic(t.sig, r.Type) {
				return r.Type
			}
			return nil
		}
	}
	r := returns[i].Type
	if !generic(t.sig, r) {
		return r
	}
	for j, p := range t.sig.Params {
		if r.Kind == library.Named && p.Type != nil && p.Type.Kind == library.Named && p.Type.Name == r.Name && j < len(c.args) {
			if inner, ok := c.args[j].(*call); ok {
				return present(w.result(inner, 0))
			}
			return present(w.typeOf(c.args[j]))
		}
	}
	return nil
}

// generic reports whether a type has one of a signature's generic names in it.
func generic(sig *library.Signature, t *library.Type) bool {
	if t == nil {
		return false
	}
	if t.Kind == library.Named && slices.Contains(sig.Generics, t.Name) {
		return true
	}
	if t.Func != nil {
		for _, p := range slices.Concat(t.Func.Params, t.Func.Returns) {
			if generic(sig, p.Type) {
				return true
			}
		}
	}
	return slices.ContainsFunc(t.Args, func(a *library.Type) bool { return generic(sig, a) })
}

// paramType returns the type of a function's i-th parameter, if all that call the
// function agree.
func (w *work) paramType(f *function, i int) *library.Type {
	if f.argOf != nil {
		return w.callbackType(f.argOf, f.argIndex, i)
	}
	v := f.calledAs
	if v == nil {
		return nil
	}
	if v.global {
		if hook := w.hook(v.name); hook != nil {
			if params := hook.Signature().Params; len(v.uses) == 0 && i < len(params) {
				return params[i].Type
			}
			return nil
		}
	}
	if v.global && (len(v.assigned) != 1 || w.defs.Global(v.name) != nil) || !v.global && len(v.assigned) != 0 {
		return nil
	}
	var agreed *library.Type
	for _, u := range v.uses {
		var t *library.Type
		if passes(u.callee, i, f.params[i]) {
			continue // it calls itself with what it got
		}
		switch {
		case u.callee != nil && u.callee.method == "" && i < len(u.callee.args):
			t = w.typeOf(u.callee.args[i])
		case u.arg != nil:
			t = w.callbackType(u.arg, u.argIndex, i)
		}
		t = present(t)
		if t == nil || agreed != nil && !same(agreed, t) {
			return nil
		}
		agreed = t
	}
	return agreed
}

// passes reports whether a variable is the i-th argument of a call.
func passes(c *call, i int, v *variable) bool {
	if c == nil || c.method != "" || i >= len(c.args) {
		return false
	}
	n, ok := c.args[i].(*name)
	return ok && n.variable == v
}

// callbackType returns the type of the i-th parameter of a function that is an
// argument of a call of the API's.
func (w *work) callbackType(c *call, arg, i int) *library.Type {
	t := w.callee(c)
	if t.sig == nil {
		return nil
	}
	var agreed *library.Type
	for _, sig := range append([]*library.Signature{t.sig}, t.overloads...) {
		p := param(sig, arg+t.shift)
		if p == nil {
			continue
		}
		for _, arm := range w.arms(p.Type) {
			if arm.Kind != library.Function || i >= len(arm.Func.Params) {
				continue
			}
			pt := present(arm.Func.Params[i].Type)
			if pt == nil || agreed != nil && !same(agreed, pt) || generic(sig, pt) {
				return nil
			}
			agreed = pt
		}
	}
	return agreed
}

// param returns a signature's i-th parameter; the last stands for all further ones
// if it is "...".
func param(sig *library.Signature, i int) *library.Param {
	if i < 0 || len(sig.Params) == 0 {
		return nil
	}
	if i >= len(sig.Params) {
		if last := sig.Params[len(sig.Params)-1]; last.Name == "..." {
			return last
		}
		return nil
	}
	return sig.Params[i]
}
