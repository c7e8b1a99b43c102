package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// statements compiles a list in the current block. more says that the block goes on
// behind it, as one with an until does.
func (f *function) statements(list []ast.Stmt, more bool) {
	for i, s := range list {
		f.count(s)
		switch s := s.(type) {
		case *ast.LabelStmt:
			f.label(s, !more && onlyLabels(list[i+1:]))
		default:
			f.statement(s)
		}
		f.free = len(f.locals) // what a statement used is free again
	}
}

func onlyLabels(list []ast.Stmt) bool {
	for _, s := range list {
		if _, ok := s.(*ast.LabelStmt); !ok {
			return false
		}
	}
	return true
}

// count calls the function that counts the statement's line.
func (f *function) count(s ast.Stmt) {
	if _, isLabel := s.(*ast.LabelStmt); isLabel || f.opts.Count == nil {
		return
	}
	fn, number := f.opts.Count(s.Line())
	base := f.reserve(2, s.Line())
	f.emitABx(lua.OP_LOADK, base, f.constant(fn, s.Line()), s.Line())
	f.emitABx(lua.OP_LOADK, base+1, f.constant(number, s.Line()), s.Line())
	f.emitABC(lua.OP_CALL, base, 2, 1, s.Line())
	f.free = base
}

// scope compiles a block of its own.
func (f *function) scope(list []ast.Stmt, line int) {
	f.enter(false)
	f.statements(list, false)
	f.leave(line)
}

func (f *function) statement(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.LocalAssignStmt:
		f.localAssign(s)
	case *ast.FuncCallStmt:
		f.call(s.Expr.(*ast.FuncCallExpr), 0)
	case *ast.DoBlockStmt:
		f.scope(s.Stmts, lastLine(s))
	case *ast.WhileStmt:
		f.while(s)
	case *ast.RepeatStmt:
		f.repeat(s)
	case *ast.IfStmt:
		f.branch(s)
	case *ast.NumberForStmt:
		f.numberFor(s)
	case *ast.GenericForStmt:
		f.genericFor(s)
	case *ast.FuncDefStmt:
		f.define(s)
	case *ast.ReturnStmt:
		f.returns(s)
	case *ast.BreakStmt:
		f.breakLoop(s.Line())
	case *ast.GotoStmt:
		f.gotoLabel(s)
	default:
		fail(s.Line(), "a statement of an unknown kind")
	}
}

// branch compiles an if with its elseifs.
func (f *function) branch(s *ast.IfStmt) {
	var exits []int
	end := lastLine(s)
	for {
		skip := f.jumpIf(s.Condition, false)
		f.scope(s.Then, end)
		if len(s.Else) == 0 {
			f.patchHere(skip)
			break
		}
		exits = append(exits, f.jump(s.Line()))
		f.patchHere(skip)
		next, ok := elseIf(s)
		if !ok {
			f.scope(s.Else, end)
			break
		}
		f.count(next)
		s = next
	}
	f.patchHere(exits)
}

// elseIf is the elseif of an if statement, which the parser makes an if that has
// no last line.
func elseIf(s *ast.IfStmt) (*ast.IfStmt, bool) {
	if len(s.Else) != 1 {
		return nil, false
	}
	next, ok := s.Else[0].(*ast.IfStmt)
	return next, ok && next.LastLine() == 0
}

func (f *function) returns(s *ast.ReturnStmt) {
	if len(s.Exprs) == 1 {
		if id, ok := s.Exprs[0].(*ast.IdentExpr); ok {
			if r, ok := f.local(id.Value); ok {
				f.emitABC(lua.OP_RETURN, r, 2, 0, s.Line())
				return
			}
		}
	}
	base := f.free
	n := f.pushAll(s.Exprs)
	f.emitABC(lua.OP_RETURN, base, n+1, 0, s.Line()) // 0 for all up to the top
}
