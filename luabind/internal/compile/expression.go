package compile

import (
	"math"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// push evaluates an expression into the next register.
func (f *function) push(e ast.Expr) int {
	r := f.reserve(1, e.Line())
	f.into(e, r)
	f.free = r + 1
	return r
}

// register returns where an expression's value is: a local's own register, which
// changes with the local, or the next free one.
func (f *function) register(e ast.Expr) int {
	if id, ok := e.(*ast.IdentExpr); ok {
		if r, ok := f.local(id.Value); ok {
			return r
		}
	}
	return f.push(e)
}

// above is register, for an operand of what goes into register to: where nothing is
// in that yet, the operand goes there.
func (f *function) above(e ast.Expr, to int) int {
	if !f.isFresh(to) {
		return f.register(e)
	}
	if id, ok := e.(*ast.IdentExpr); ok {
		if r, ok := f.local(id.Value); ok {
			return r
		}
	}
	f.into(e, to)
	return to
}

// isFresh reports whether a register is the last one taken, and no local's.
func (f *function) isFresh(register int) bool {
	return register == f.free-1 && register >= len(f.locals)
}

// operand is register, but a constant may stay one.
func (f *function) operand(e ast.Expr) int {
	if k, ok := f.rk(e); ok {
		return k
	}
	return f.register(e)
}

// rk is a constant as an operand, if an expression is one and has room there.
func (f *function) rk(e ast.Expr) (operand int, ok bool) {
	v := constantOf(e)
	if v == nil {
		return 0, false
	}
	i := f.constant(v, e.Line())
	return i | constantBit, i <= maxRK
}

// constantOf is the value of a number or a string that is known, nil for all else.
func constantOf(e ast.Expr) lua.LValue {
	if s, ok := e.(*ast.StringExpr); ok {
		return lua.LString(s.Value)
	}
	if n, ok := number(e); ok {
		return n
	}
	return nil
}

// number is the value of an expression of numbers alone, as far as Lua 5.1
// computes it beforehand.
func number(e ast.Expr) (n lua.LNumber, ok bool) {
	switch e := e.(type) {
	case *ast.NumberExpr:
		v, ok := lstring.ParseNumber(e.Value)
		if !ok {
			fail(e.Line(), "malformed number near '%s'", e.Value)
		}
		return lua.LNumber(v), ok
	case *ast.UnaryMinusOpExpr:
		v, ok := number(e.Expr)
		return -v, ok
	case *ast.ArithmeticOpExpr:
		a, ok := number(e.Lhs)
		if !ok {
			return 0, false
		}
		b, ok := number(e.Rhs)
		if !ok {
			return 0, false
		}
		switch e.Operator {
		case "+":
			n = a + b
		case "-":
			n = a - b
		case "*":
			n = a * b
		case "/":
			n = a / b
			ok = b != 0
		case "^":
			n = lua.LNumber(math.Pow(float64(a), float64(b)))
		default: // the machine's way with remainders is its own
			return 0, false
		}
		return n, ok && !math.IsNaN(float64(n))
	}
	return 0, false
}

// into evaluates an expression into a register: the last one taken, or a local's,
// which keeps its value until the last instruction.
func (f *function) into(e ast.Expr, to int) {
	line := e.Line()
	if v := constantOf(e); v != nil {
		f.emitABx(lua.OP_LOADK, to, f.constant(v, line), line)
		return
	}
	mark := f.free
	switch e := e.(type) {
	case *ast.NilExpr:
		f.emitABC(lua.OP_LOADNIL, to, to, 0, line)
	case *ast.TrueExpr:
		f.emitABC(lua.OP_LOADBOOL, to, 1, 0, line)
	case *ast.FalseExpr:
		f.emitABC(lua.OP_LOADBOOL, to, 0, 0, line)
	case *ast.IdentExpr:
		f.variable(e, to)
	case *ast.AttrGetExpr:
		object := f.above(e.Object, to)
		op := lua.OP_GETTABLE
		if _, ok := e.Key.(*ast.StringExpr); ok {
			op = lua.OP_GETTABLEKS
		}
		f.emitABC(op, to, object, f.operand(e.Key), line)
	case *ast.ArithmeticOpExpr:
		b, ok := f.rk(e.Lhs)
		if !ok {
			b = f.above(e.Lhs, to)
		}
		f.emitABC(arithmetic[e.Operator], to, b, f.operand(e.Rhs), line)
	case *ast.UnaryMinusOpExpr:
		f.emitABC(lua.OP_UNM, to, f.above(e.Expr, to), 0, line)
	case *ast.UnaryNotOpExpr:
		f.emitABC(lua.OP_NOT, to, f.above(e.Expr, to), 0, line)
	case *ast.UnaryLenOpExpr:
		f.emitABC(lua.OP_LEN, to, f.above(e.Expr, to), 0, line)
	case *ast.RelationalOpExpr:
		yes := f.jumpIf(e, true)
		f.emitABC(lua.OP_LOADBOOL, to, 0, 1, line)
		f.patchHere(yes)
		f.emitABC(lua.OP_LOADBOOL, to, 1, 0, line)
	case *ast.FunctionExpr:
		f.closure(e, to, false)
	default:
		f.fresh(e, to)
	}
	f.free = mark
}

// fresh evaluates what takes several instructions, or registers above its own,
// into the last register taken, and moves it from there where another is asked for.
func (f *function) fresh(e ast.Expr, to int) {
	r := to
	if !f.isFresh(to) {
		r = f.reserve(1, e.Line())
	}
	switch e := e.(type) {
	case *ast.Comma3Expr:
		f.free = r
		f.varargs(e, 1)
	case *ast.FuncCallExpr:
		f.free = r
		f.call(e, 1)
	case *ast.StringConcatOpExpr:
		f.free = r
		f.concat(e)
	case *ast.LogicalOpExpr:
		f.logical(e, r)
	case *ast.TableExpr:
		f.table(e, r)
	default:
		fail(e.Line(), "an expression of an unknown kind")
	}
	if r != to {
		f.emitABC(lua.OP_MOVE, to, r, 0, e.Line())
	}
}

var arithmetic = map[string]int{
	"+": lua.OP_ADD, "-": lua.OP_SUB, "*": lua.OP_MUL, "/": lua.OP_DIV, "%": lua.OP_MOD, "^": lua.OP_POW,
}

func (f *function) variable(e *ast.IdentExpr, to int) {
	line := e.Line()
	if r, ok := f.local(e.Value); ok {
		if r != to {
			f.emitABC(lua.OP_MOVE, to, r, 0, line)
		}
	} else if i, ok := f.upvalue(e.Value, line); ok {
		f.emitABC(lua.OP_GETUPVAL, to, i, 0, line)
	} else {
		f.emitABx(lua.OP_GETGLOBAL, to, f.constant(lua.LString(e.Value), line), line)
	}
}

// closure makes a function, with descriptions of its upvalues behind the instruction.
func (f *function) closure(e *ast.FunctionExpr, to int, self bool) {
	number, inner := f.function(e, self)
	f.emitABx(lua.OP_CLOSURE, to, number, e.Line())
	for _, u := range inner.upvalues {
		op := lua.OP_GETUPVAL
		if u.local {
			op = lua.OP_MOVE
		}
		f.emitABC(op, 0, u.index, 0, e.Line())
	}
}
