package luabind

import (
	crand "crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// rewriter changes a syntax tree before it is compiled, and what was compiled
// afterwards:
//
//   - a .. b .. c becomes a call of our own function, as the VM's instruction makes
//     strings of any length (22.8 GB in one step). The tree can only name a
//     constant there, a string that nobody can guess, for which the function is put
//     in later: no name that a script could see or change.
//   - Numbers are written in a way that the compiler reads as Lua does.
//   - Conditions that are constant are decided, as the compiler makes wrong code of
//     them: "if false then local x end" in a loop spoils the loop's variables.
//   - Where lines are counted, each statement is preceded by a call that does it,
//     named in the same way.
type rewriter struct {
	mark   string
	concat *lua.LFunction
	lines  *lineCounter // nil if lines aren't counted
}

func newRewriter(concat *lua.LFunction) rewriter {
	var b [16]byte
	crand.Read(b[:])
	return rewriter{mark: "\x00" + hex.EncodeToString(b[:]), concat: concat}
}

// link puts the function in where a prototype names it.
func (w *rewriter) link(p *lua.FunctionProto) {
	for i, c := range p.Constants {
		switch s, _ := c.(lua.LString); {
		case string(s) == w.mark:
			p.Constants[i] = w.concat
		case w.lines != nil && string(s) == w.mark+counterMark:
			p.Constants[i] = w.lines.function
		}
	}
	for _, inner := range p.FunctionPrototypes {
		w.link(inner)
	}
}

// stmts rewrites a block. Its recursion is as deep as the tree, which was looked
// at before.
func (w *rewriter) stmts(list []ast.Stmt) []ast.Stmt {
	for i, s := range list {
		list[i] = w.stmt(s)
	}
	if w.lines != nil {
		return w.counted(list)
	}
	return list
}

func (w *rewriter) stmt(s ast.Stmt) ast.Stmt {
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Lhs)
		w.exprs(s.Rhs)
		return assignment(s)
	case *ast.LocalAssignStmt:
		w.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = w.expr(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = w.stmts(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = condition(w.expr(s.Condition))
		s.Stmts = w.stmts(s.Stmts)
		if truth(s.Condition) == never {
			return block(s, nil)
		}
	case *ast.RepeatStmt:
		s.Stmts = w.stmts(s.Stmts)
		s.Condition = condition(w.expr(s.Condition))
	case *ast.IfStmt:
		s.Condition = condition(w.expr(s.Condition))
		s.Then = w.stmts(s.Then)
		s.Else = w.stmts(s.Else)
		switch truth(s.Condition) {
		case always:
			return block(s, s.Then)
		case never:
			return block(s, s.Else)
		}
	case *ast.NumberForStmt:
		s.Init, s.Limit = w.expr(s.Init), w.expr(s.Limit)
		if s.Step != nil {
			s.Step = w.expr(s.Step)
		}
		s.Stmts = w.stmts(s.Stmts)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs)
		s.Stmts = w.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		if s.Name.Func != nil {
			s.Name.Func = w.expr(s.Name.Func)
		}
		if s.Name.Receiver != nil {
			s.Name.Receiver = w.expr(s.Name.Receiver)
		}
		s.Func.Stmts = w.stmts(s.Func.Stmts)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
	return s
}

// assignment keeps the compiler from a mistake: where the result of a call goes
// straight to a function's last parameter, as in s, n = f(s), 1 or s = (f(s)), the
// parameter's place is taken for the called function's, before the arguments are
// read. Such values take the way over locals of their own.
func assignment(s *ast.AssignStmt) ast.Stmt {
	wrong := false
	for i, e := range s.Rhs {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok || i >= len(s.Lhs) || i == len(s.Rhs)-1 && !call.AdjustRet {
			continue
		}
		if _, ok := s.Lhs[i].(*ast.IdentExpr); ok {
			wrong = true
			if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
				call.AdjustRet = false // it has one value here anyway
				return s
			}
		}
	}
	if !wrong {
		return s
	}
	values := &ast.LocalAssignStmt{Exprs: s.Rhs}
	values.SetLine(s.Line())
	values.SetLastLine(s.LastLine())
	s.Rhs = make([]ast.Expr, len(s.Lhs))
	for i := range s.Lhs {
		name := &ast.IdentExpr{Value: fmt.Sprintf("(value %d)", i+1)} // nobody can write that
		name.SetLine(s.Line())
		name.SetLastLine(s.LastLine())
		values.Names = append(values.Names, name.Value)
		s.Rhs[i] = name
	}
	return block(s, []ast.Stmt{values, s})
}

// block is what is left of a statement with a constant condition: a block, so that
// its locals stay its own.
func block(of ast.Stmt, stmts []ast.Stmt) ast.Stmt {
	b := &ast.DoBlockStmt{Stmts: stmts}
	b.SetLine(of.Line())
	b.SetLastLine(of.LastLine())
	return b
}

func (w *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = w.expr(e)
	}
}

func (w *rewriter) expr(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		e.Object, e.Key = w.expr(e.Object), w.expr(e.Key)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if f.Key != nil {
				f.Key = w.expr(f.Key)
			}
			f.Value = w.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			e.Func = w.expr(e.Func)
		}
		if e.Receiver != nil {
			e.Receiver = w.expr(e.Receiver)
		}
		w.exprs(e.Args)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = w.expr(e.Lhs), w.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = w.expr(e.Lhs), w.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = w.expr(e.Lhs), w.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = w.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = w.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = w.expr(e.Expr)
	case *ast.FunctionExpr:
		e.Stmts = w.stmts(e.Stmts)
	case *ast.StringConcatOpExpr:
		return w.concatenation(e)
	case *ast.NumberExpr:
		// The compiler would read it as Go does: 0017 as 15, and 1e400 as no number.
		if f, ok := lstring.ParseNumber(e.Value); ok {
			e.Value = strconv.FormatFloat(f, 'g', -1, 64)
		}
	}
	return e
}

// concatenation makes one call of a chain of operators, which associate to the
// right.
func (w *rewriter) concatenation(e *ast.StringConcatOpExpr) ast.Expr {
	call := &ast.FuncCallExpr{AdjustRet: true}
	call.SetLine(e.Line())
	call.SetLastLine(e.LastLine())
	name := &ast.StringExpr{Value: w.mark}
	name.SetLine(e.Line())
	name.SetLastLine(e.LastLine())
	call.Func = name
	for {
		call.Args = append(call.Args, single(w.expr(e.Lhs)))
		rest, more := e.Rhs.(*ast.StringConcatOpExpr)
		if !more {
			call.Args = append(call.Args, single(w.expr(e.Rhs)))
			return call
		}
		e = rest
	}
}

// single makes of an expression with any number of values one with one: as an
// operand it has one, and as the last argument it would have all.
func single(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
	return e
}

// truths is what is known of a condition before it runs.
type truths int

const (
	unknown truths = iota
	always
	never
)

func truth(e ast.Expr) truths {
	switch e.(type) {
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr, *ast.FunctionExpr:
		return always
	case *ast.FalseExpr, *ast.NilExpr:
		return never
	}
	return unknown
}

// condition simplifies an expression of which only the truth counts, so that no
// constants are left in it, unless all of it is constant.
func condition(e ast.Expr) ast.Expr {
	switch x := e.(type) {
	case *ast.UnaryNotOpExpr:
		x.Expr = condition(x.Expr)
		switch truth(x.Expr) {
		case always:
			return boolean(false, e)
		case never:
			return boolean(true, e)
		}
	case *ast.LogicalOpExpr:
		x.Lhs, x.Rhs = condition(x.Lhs), condition(x.Rhs)
		decides := never // what x.Lhs must be so that x.Rhs isn't looked at
		if x.Operator == "or" {
			decides = always
		}
		switch left, right := truth(x.Lhs), truth(x.Rhs); {
		case left == decides:
			return x.Lhs
		case left != unknown:
			return x.Rhs
		case right != unknown && right != decides:
			return x.Lhs
		}
	}
	return e
}

func boolean(b bool, at ast.Expr) ast.Expr {
	var e ast.Expr = new(ast.FalseExpr)
	if b {
		e = new(ast.TrueExpr)
	}
	e.SetLine(at.Line())
	e.SetLastLine(at.LastLine())
	return e
}
