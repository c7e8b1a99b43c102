package luabind

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// maxNesting is how deep expressions and blocks may nest. The compiler is
// recursive: a source of nothing but brackets would overflow the Go stack, which
// ends the process.
const maxNesting = 200

// maxConstants is how many names, numbers and strings one function may use: the
// compiler compares each with all before, and 40,000 take it 5 s.
const maxConstants = 8000

// tooComplex reports what of a chunk the compiler shouldn't get, and in which line.
func tooComplex(chunk []ast.Stmt) (line int, why string) {
	n := nesting{constants: make(map[string]struct{})}
	n.stmts(chunk)
	switch {
	case n.deep:
		return n.line, fmt.Sprintf("expressions or blocks are nested more than %d deep here: split them up", maxNesting)
	case n.malformed != "":
		return n.line, fmt.Sprintf("malformed number near '%s'", clipText(oneLine(n.malformed), 40))
	case n.many:
		return n.line, fmt.Sprintf("one function has more than %d different names, numbers and strings here: split it up, or put the data into files of their own", maxConstants)
	}
	return 0, ""
}

// nesting walks a syntax tree. Its own recursion ends at the limit.
type nesting struct {
	depth int
	deep  bool
	many  bool
	// malformed is a number that is none, "" if all are.
	malformed string
	line      int
	// constants are those of the function that is being looked at.
	constants map[string]struct{}
}

// constant counts a name, number or string.
func (n *nesting) constant(text string, at ast.Expr) {
	if n.constants[text] = struct{}{}; len(n.constants) > maxConstants && !n.many {
		n.many, n.line = true, at.Line()
	}
}

// function walks a function's body.
func (n *nesting) function(f *ast.FunctionExpr) {
	outer := n.constants
	n.constants = make(map[string]struct{})
	n.stmts(f.Stmts)
	n.constants = outer
}

// enter counts a level; if it returns true the caller walks on and calls leave.
func (n *nesting) enter(at ast.PositionHolder) bool {
	if n.deep || n.many || n.malformed != "" {
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
		for {
			n.exprs(s.Condition)
			n.stmts(s.Then)
			next, ok := elseifOf(s)
			if !ok {
				break
			}
			s = next
		}
		n.stmts(s.Else)
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
		if e.Method != "" {
			n.constant(e.Method, e)
		}
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
		n.function(e)
	case *ast.NumberExpr:
		if _, ok := lstring.ParseNumber(e.Value); !ok {
			n.malformed, n.line = e.Value, e.Line()
		}
		n.constant(e.Value, e)
	case *ast.StringExpr:
		n.constant(e.Value, e)
	case *ast.IdentExpr:
		n.constant(e.Value, e)
	}
}

// elseifOf is the elseif of an if statement: the parser makes it the only statement
// of its else, an if without a last line. However many there are, they don't nest.
func elseifOf(s *ast.IfStmt) (*ast.IfStmt, bool) {
	if len(s.Else) != 1 {
		return nil, false
	}
	next, ok := s.Else[0].(*ast.IfStmt)
	return next, ok && next.LastLine() == 0
}
