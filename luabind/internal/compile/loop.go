package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

func (f *function) while(s *ast.WhileStmt) {
	start := f.here()
	exits := f.jumpIf(s.Condition, false)
	f.enter(true)
	f.scope(s.Stmts, lastLine(s))
	f.jumpTo(start, lastLine(s))
	f.patchHere(exits)
	f.end()
}

// repeat compiles a loop whose condition sees the body's locals.
func (f *function) repeat(s *ast.RepeatStmt) {
	start, end := f.here(), lastLine(s)
	f.enter(true)
	body := f.enter(false)
	f.statements(s.Stmts, true)
	again := f.jumpIf(s.Condition, false)
	if !body.captured {
		for _, pc := range again {
			f.patch(pc, start)
		}
		f.end()
		f.end()
		return
	}
	f.emitABC(lua.OP_CLOSE, body.base, 0, 0, end)
	out := f.jump(end)
	f.patchHere(again)
	f.emitABC(lua.OP_CLOSE, body.base, 0, 0, end)
	f.jumpTo(start, end)
	f.patchHere([]int{out})
	f.end()
	f.end()
}

// numberFor keeps index, limit and step in three registers that no name reaches.
func (f *function) numberFor(s *ast.NumberForStmt) {
	f.enter(true)
	base := f.free
	f.forNumber(s.Init, "init", s.Line())
	f.forNumber(s.Limit, "limit", s.Line())
	step := s.Step
	if step == nil {
		one := &ast.NumberExpr{Value: "1"}
		one.SetLine(s.Line())
		step = one
	}
	f.forNumber(step, "step", s.Line())
	f.declare(s.Line(), "(for index)", "(for limit)", "(for step)")
	prepare := f.emitABx(lua.OP_FORPREP, base, maxJump, s.Line())
	f.enter(false)
	f.reserve(1, s.Line())
	f.declare(s.Line(), s.Name)
	f.statements(s.Stmts, false)
	f.leave(lastLine(s))
	f.patch(prepare, f.here())
	f.patch(f.emitABx(lua.OP_FORLOOP, base, maxJump, s.Line()), prepare+1)
	f.end()
}

// forNumber puts one of a loop's three numbers into the next register. The
// machine takes nothing but numbers; Lua takes strings that are numbers, too.
func (f *function) forNumber(e ast.Expr, what string, line int) {
	if f.opts.ForNumber == nil || surelyNumber(e) {
		f.push(e)
		return
	}
	base := f.reserve(1, line)
	f.emitABx(lua.OP_LOADK, base, f.constant(f.opts.ForNumber, line), line)
	f.push(e)
	f.emitABx(lua.OP_LOADK, f.reserve(1, line), f.constant(lua.LString(what), line), line)
	f.emitABC(lua.OP_CALL, base, 3, 2, line)
	f.free = base + 1
}

// surelyNumber reports whether an expression's value is a number, but where a
// metamethod makes something else of it: then the machine says so.
func surelyNumber(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.NumberExpr, *ast.UnaryLenOpExpr, *ast.ArithmeticOpExpr:
		return true
	case *ast.UnaryMinusOpExpr:
		return surelyNumber(e.Expr)
	}
	return false
}

// genericFor keeps the iterator, its state and the control value in three
// registers that no name reaches.
func (f *function) genericFor(s *ast.GenericForStmt) {
	f.enter(true)
	base := f.free
	f.adjust(s.Exprs, 3, s.Line())
	f.declare(s.Line(), "(for generator)", "(for state)", "(for control)")
	f.need(base+6, s.Line()) // for the call of the iterator
	first := f.jump(s.Line())
	body := f.here()
	f.enter(false)
	f.reserve(len(s.Names), s.Line())
	f.declare(s.Line(), s.Names...)
	f.statements(s.Stmts, false)
	f.leave(lastLine(s))
	f.patch(first, f.here())
	f.emitABC(lua.OP_TFORLOOP, base, 0, len(s.Names), s.Line())
	f.jumpTo(body, s.Line())
	f.end()
}
