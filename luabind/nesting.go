package luabind

import "github.com/yuin/gopher-lua/ast"

// maxNesting is how deep expressions and blocks may nest. The compiler is
// recursive: a source of nothing but brackets would overflow the Go stack, which
// ends the process.
const maxNesting = 200

// tooDeep reports whether a chunk nests too deep, and in which line.
func tooDeep(chunk []ast.Stmt) (line int, deep bool) {
	var n nesting
	n.stmts(chunk)
	return n.line, n.deep
}

// nesting walks a syntax tree. Its own recursion ends at the limit.
type nesting struct {
	depth int
	deep  bool
	line  int
}

// enter counts a level; if it returns true the caller walks on and calls leave.
func (n *nesting) enter(at ast.PositionHolder) bool {
	if n.deep {
		return false
	}
	if n.depth++; n.depth > maxNesting {
		n.deep, n.line = true, at.Line()
		return false
	}
	return true
}

func (n *nesting) leave() { n.depth-- }

func (n *nesting) stmts(list []ast.Stmt) {
	for _, s := range list {
		if !n.enter(s) {
			return
		}
		n.stmt(s)
		n.leave()
	}
}

func (n *nesting) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		n.exprs(s.Lhs...)
		n.exprs(s.Rhs...)
	case *ast.LocalAssignStmt:
		n.exprs(s.Exprs...)
	case *ast.FuncCallStmt:
		n.exprs(s.Expr)
	case *ast.DoBlockStmt:
		n.stmts(s.Stmts)
	case *ast.WhileStmt:
		n.exprs(s.Condition)
		n.stmts(s.Stmts)
	case *ast.RepeatStmt:
		n.stmts(s.Stmts)
		n.exprs(s.Condition)
	case *ast.IfStmt:
		n.exprs(s.Condition)
		n.stmts(s.Then)
		n.stmts(s.Else) // an elseif is an if in here
	case *ast.NumberForStmt:
		n.exprs(s.Init, s.Limit, s.Step)
		n.stmts(s.Stmts)
	case *ast.GenericForStmt:
		n.exprs(s.Exprs...)
		n.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		n.exprs(s.Name.Func, s.Name.Receiver)
		n.exprs(s.Func)
	case *ast.ReturnStmt:
		n.exprs(s.Exprs...)
	}
}

func (n *nesting) exprs(list ...ast.Expr) {
	for _, e := range list {
		if e == nil {
			continue
		}
		if !n.enter(e) {
			return
		}
		n.expr(e)
		n.leave()
	}
}

func (n *nesting) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		n.exprs(e.Object, e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			n.exprs(f.Key, f.Value)
		}
	case *ast.FuncCallExpr:
		n.exprs(e.Func, e.Receiver)
		n.exprs(e.Args...)
	case *ast.LogicalOpExpr:
		n.exprs(e.Lhs, e.Rhs)
	case *ast.RelationalOpExpr:
		n.exprs(e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		n.exprs(e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		n.exprs(e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		n.exprs(e.Expr)
	case *ast.UnaryNotOpExpr:
		n.exprs(e.Expr)
	case *ast.UnaryLenOpExpr:
		n.exprs(e.Expr)
	case *ast.FunctionExpr:
		n.stmts(e.Stmts)
	}
}
