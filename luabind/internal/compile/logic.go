package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// truth is what is known of a value beforehand.
func truth(e ast.Expr) (value, known bool) {
	switch e.(type) {
	case *ast.TrueExpr, *ast.StringExpr, *ast.NumberExpr, *ast.FunctionExpr:
		return true, true
	case *ast.FalseExpr, *ast.NilExpr:
		return false, true
	}
	return false, false
}

// jumpIf evaluates an expression of which only the truth counts. It returns the
// jumps that are taken where it is want; elsewhere execution goes on behind.
func (f *function) jumpIf(e ast.Expr, want bool) []int {
	if value, known := truth(e); known {
		if value == want {
			return []int{f.jump(e.Line())}
		}
		return nil
	}
	switch e := e.(type) {
	case *ast.UnaryNotOpExpr:
		return f.jumpIf(e.Expr, !want)
	case *ast.LogicalOpExpr:
		if decides(e) == want {
			return append(f.jumpIf(e.Lhs, want), f.jumpIf(e.Rhs, want)...)
		}
		skip := f.jumpIf(e.Lhs, !want)
		jumps := f.jumpIf(e.Rhs, want)
		f.patchHere(skip)
		return jumps
	case *ast.RelationalOpExpr:
		return []int{f.compare(e, want)}
	}
	mark := f.free
	r := f.register(e)
	f.free = mark
	f.emitABC(lua.OP_TEST, r, 0, bit(want), e.Line())
	return []int{f.jump(e.Line())}
}

// decides is the truth of the left side that leaves the right one unread.
func decides(e *ast.LogicalOpExpr) bool { return e.Operator == "or" }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compare compares, and jumps where the result is want.
func (f *function) compare(e *ast.RelationalOpExpr, want bool) (jump int) {
	mark := f.free
	b := f.operand(e.Lhs)
	c := f.operand(e.Rhs)
	f.free = mark
	op := lua.OP_EQ
	switch e.Operator {
	case "~=":
		want = !want
	case "<":
		op = lua.OP_LT
	case "<=":
		op = lua.OP_LE
	case ">":
		op, b, c = lua.OP_LT, c, b
	case ">=":
		op, b, c = lua.OP_LE, c, b
	}
	f.emitABC(op, bit(want), b, c, e.Line())
	return f.jump(e.Line())
}

// logical evaluates and and or into a register that no operand uses.
func (f *function) logical(e *ast.LogicalOpExpr, to int) {
	exits := f.valueIf(e.Lhs, to, decides(e))
	f.free = to + 1
	f.into(e.Rhs, to)
	f.patchHere(exits)
}

// valueIf evaluates an expression. Where its truth is want, the value is put into
// the register and the jumps that are returned are taken; elsewhere the register
// holds anything, and execution goes on behind.
func (f *function) valueIf(e ast.Expr, to int, want bool) []int {
	if value, known := truth(e); known {
		if value != want {
			return nil
		}
		f.into(e, to)
		return []int{f.jump(e.Line())}
	}
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		if decides(e) == want {
			return append(f.valueIf(e.Lhs, to, want), f.valueIf(e.Rhs, to, want)...)
		}
		skip := f.jumpIf(e.Lhs, !want)
		exits := f.valueIf(e.Rhs, to, want)
		f.patchHere(skip)
		return exits
	case *ast.RelationalOpExpr, *ast.UnaryNotOpExpr:
		skip := f.jumpIf(e, !want)
		f.emitABC(lua.OP_LOADBOOL, to, bit(want), 0, e.Line())
		exit := f.jump(e.Line())
		f.patchHere(skip)
		return []int{exit}
	case *ast.IdentExpr:
		if r, ok := f.local(e.Value); ok {
			f.emitABC(lua.OP_TESTSET, to, r, bit(want), e.Line())
			return []int{f.jump(e.Line())}
		}
	}
	f.free = to + 1
	f.into(e, to)
	f.emitABC(lua.OP_TEST, to, 0, bit(want), e.Line())
	return []int{f.jump(e.Line())}
}
