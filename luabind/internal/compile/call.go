package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// all asks for all values of an expression, up to the top of the stack.
const all = -1

// manyValued reports whether an expression may have any number of values.
func manyValued(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// pushMany evaluates what may have many values to n of them, or all.
func (f *function) pushMany(e ast.Expr, n int) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		f.call(e, n)
	case *ast.Comma3Expr:
		f.varargs(e, n)
	}
}

// pushAll evaluates a list into the next registers, the last one to all its
// values. n is how many values there are, -1 if that isn't known.
func (f *function) pushAll(list []ast.Expr) (n int) {
	for i, e := range list {
		if i == len(list)-1 && manyValued(e) {
			f.pushMany(e, all)
			return all
		}
		f.push(e)
	}
	return len(list)
}

// varargs puts n of the function's variable arguments, or all, into the next
// registers.
func (f *function) varargs(e *ast.Comma3Expr, n int) {
	if f.proto.IsVarArg == 0 {
		fail(e.Line(), "cannot use '...' outside a vararg function")
	}
	f.proto.IsVarArg &^= lua.VarArgNeedsArg
	base := f.free
	f.emitABC(lua.OP_VARARG, base, n+1, 0, e.Line())
	f.results(base, n, e.Line())
}

// results takes the registers of n values from base on.
func (f *function) results(base, n, line int) {
	f.free = base
	if n == all {
		f.need(base+1, line)
		return
	}
	f.reserve(n, line)
}

// call calls a function or a method for n values, or all, in the next registers.
func (f *function) call(e *ast.FuncCallExpr, n int) {
	base, line := f.free, e.Line()
	args := 0
	name := e.Method
	if e.Func != nil {
		f.push(e.Func)
		name = nameOf(e.Func)
	} else {
		object := f.register(e.Receiver)
		f.free = base
		f.reserve(2, line)
		key := f.operand(text(e.Method, line))
		f.emitABC(lua.OP_SELF, base, object, key, line)
		f.free = base + 2
		args = 1
	}
	given := f.pushAll(e.Args)
	if given == all {
		args = all
	} else {
		args += given
	}
	pc := f.emitABC(lua.OP_CALL, base, args+1, n+1, line)
	f.proto.DbgCalls = append(f.proto.DbgCalls, lua.DbgCall{Name: name, Pc: pc})
	f.results(base, n, line)
}

// nameOf is what tracebacks call a function.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return key.Value
		}
	}
	return "?"
}

// concat calls the function for the operator .. with all operands of a chain,
// which associate to the right.
func (f *function) concat(e *ast.StringConcatOpExpr) {
	base, line := f.reserve(1, e.Line()), e.Line()
	f.emitABx(lua.OP_LOADK, base, f.constant(f.opts.Concat, line), line)
	args := 1
	for {
		f.push(e.Lhs)
		args++
		rest, more := e.Rhs.(*ast.StringConcatOpExpr)
		if !more {
			f.push(e.Rhs)
			break
		}
		e = rest
	}
	f.emitABC(lua.OP_CALL, base, args+1, 2, line)
	f.results(base, 1, line)
}
