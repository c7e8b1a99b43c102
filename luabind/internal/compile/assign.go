package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// target is what is assigned to.
type target struct {
	kind   targetKind
	object int // a local's or a table's register, an upvalue's number, or a global name's constant
	key    int // register or constant of a table's key
	text   bool
	line   int
}

type targetKind int

const (
	toLocal targetKind = iota
	toUpvalue
	toGlobal
	toField
)

// target looks at the left side of an assignment. A table and its key are
// evaluated; those that are locals stay where they are.
func (f *function) target(e ast.Expr) target {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if r, ok := f.local(e.Value); ok {
			return target{kind: toLocal, object: r, line: e.Line()}
		}
		if i, ok := f.upvalue(e.Value, e.Line()); ok {
			return target{kind: toUpvalue, object: i, line: e.Line()}
		}
		return target{kind: toGlobal, object: f.constant(lua.LString(e.Value), e.Line()), line: e.Line()}
	case *ast.AttrGetExpr:
		t := target{kind: toField, line: e.Line()}
		t.object = f.register(e.Object)
		t.key = f.operand(e.Key)
		_, t.text = e.Key.(*ast.StringExpr)
		return t
	}
	fail(e.Line(), "cannot assign to this expression")
	return target{}
}

// store assigns a register to a target.
func (f *function) store(t target, value int) {
	switch t.kind {
	case toLocal:
		if t.object != value {
			f.emitABC(lua.OP_MOVE, t.object, value, 0, t.line)
		}
	case toUpvalue:
		f.emitABC(lua.OP_SETUPVAL, value, t.object, 0, t.line)
	case toGlobal:
		f.emitABx(lua.OP_SETGLOBAL, value, t.object, t.line)
	case toField:
		f.storeField(t, value)
	}
}

// storeField assigns a register or a constant to a field.
func (f *function) storeField(t target, value int) {
	op := lua.OP_SETTABLE
	if t.text {
		op = lua.OP_SETTABLEKS
	}
	f.emitABC(op, t.object, t.key, value, t.line)
}

// storeExpr evaluates an expression and assigns it.
func (f *function) storeExpr(t target, e ast.Expr) {
	mark := f.free
	switch t.kind {
	case toLocal:
		f.into(e, t.object)
	case toField:
		f.storeField(t, f.operand(e))
	default:
		f.store(t, f.register(e))
	}
	f.free = mark
}

// assign evaluates all that is on the left, then all that is on the right, and
// then assigns from the last to the first, as Lua 5.1 does.
func (f *function) assign(s *ast.AssignStmt) {
	targets := make([]target, 0, len(s.Lhs))
	for _, e := range s.Lhs {
		t := f.target(e)
		if t.kind == toLocal {
			f.keepApart(targets, t.object, t.line)
		}
		targets = append(targets, t)
	}
	last := len(targets) - 1
	if len(s.Rhs) == len(targets) {
		for _, e := range s.Rhs[:last] {
			f.push(e)
		}
		f.storeExpr(targets[last], s.Rhs[last])
		last--
	} else {
		f.adjust(s.Rhs, len(targets), s.Line())
	}
	for ; last >= 0; last-- {
		f.free--
		f.store(targets[last], f.free)
	}
}

// keepApart copies a local that tables or keys on the left are read from: it is
// assigned to before they are.
func (f *function) keepApart(targets []target, local, line int) {
	copied := -1
	for i := range targets {
		t := &targets[i]
		if t.kind != toField {
			continue
		}
		for _, r := range []*int{&t.object, &t.key} {
			if *r != local {
				continue
			}
			if copied < 0 {
				copied = f.reserve(1, line)
				f.emitABC(lua.OP_MOVE, copied, local, 0, line)
			}
			*r = copied
		}
	}
}

// localAssign declares locals. The parser gives a last line to a local function
// alone, which sees its own name.
func (f *function) localAssign(s *ast.LocalAssignStmt) {
	if s.LastLine() != 0 && len(s.Exprs) == 1 {
		if fn, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			r := f.reserve(1, s.Line())
			f.declare(s.Line(), s.Names[0])
			f.closure(fn, r, false)
			return
		}
	}
	f.adjust(s.Exprs, len(s.Names), s.Line())
	f.declare(s.Line(), s.Names...)
}

// adjust puts the values of a list into n new registers, with nils or without
// those that are too many.
func (f *function) adjust(exprs []ast.Expr, n, line int) {
	base := f.free
	for i, e := range exprs {
		if i == len(exprs)-1 && manyValued(e) && i < n {
			f.pushMany(e, n-i)
			return
		}
		f.push(e)
	}
	if missing := n - len(exprs); missing > 0 {
		first := f.reserve(missing, line)
		f.emitABC(lua.OP_LOADNIL, first, first+missing-1, 0, line)
	}
	f.free = base + n
}

// define compiles function name() and function object:method().
func (f *function) define(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		f.storeExpr(f.target(s.Name.Func), s.Func)
		return
	}
	t := target{kind: toField, object: f.register(s.Name.Receiver), text: true, line: s.Name.Receiver.Line()}
	t.key = f.operand(text(s.Name.Method, s.Func.Line()))
	r := f.reserve(1, t.line)
	f.closure(s.Func, r, true)
	f.storeField(t, r)
}

func text(s string, line int) ast.Expr {
	e := &ast.StringExpr{Value: s}
	e.SetLine(line)
	return e
}
