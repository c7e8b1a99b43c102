// Package compile turns Lua's syntax tree, as gopher-lua's parser makes it, into
// code for gopher-lua's virtual machine.
//
// gopher-lua's own compiler has computed wrong values in silence since v1.1.0:
// a, b = b, a assigns one value twice, c = t.y and 1 keeps the old c, constants
// among and, or and not are jumped over, and more of the kind. This one follows the
// reference implementation of Lua 5.1 in what is evaluated when and where: values
// are put into fresh registers above all locals, and only a last single instruction
// writes to a local that is in use.
//
// The parts: scope.go knows locals, upvalues, blocks and labels; code.go writes
// instructions; statement.go, assign.go and loop.go compile statements;
// expression.go, call.go, table.go and logic.go compile expressions.
package compile

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Options are what code calls besides what its source says.
type Options struct {
	// Concat is called with all operands of a chain of the operator .. and returns
	// the string. The machine's own instruction makes strings of any length.
	Concat *lua.LFunction
	// ForNumber is called with a value and "init", "limit" or "step", and returns the
	// number that a numeric loop takes for it.
	ForNumber *lua.LFunction
	// Count, if set, is asked for each statement's line; the function that it returns
	// is called with the number before the statement is executed.
	Count func(line int) (*lua.LFunction, lua.LNumber)
}

// Error is why a chunk can't be compiled.
type Error struct {
	Line    int
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Message) }

// Chunk compiles a whole source to a function with variable arguments. name is
// the source's name in messages. The prototypes lack gopher-lua's second copy of
// their texts, which Texts returns. The recursion is as deep as the tree.
func Chunk(stmts []ast.Stmt, name string, opts Options) (p *lua.FunctionProto, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			p, err = nil, e
		}
	}()
	f := newFunction(nil, name, &opts)
	f.proto.IsVarArg = lua.VarArgIsVarArg
	last := 0
	if len(stmts) > 0 {
		last = lastLine(stmts[len(stmts)-1]) + 1
	}
	f.proto.LastLineDefined = last
	f.body(stmts, last)
	return f.proto, nil
}

// Texts are a prototype's constants as strings, "" for those of other types.
func Texts(p *lua.FunctionProto) []string {
	texts := make([]string, len(p.Constants))
	for i, c := range p.Constants {
		if s, ok := c.(lua.LString); ok {
			texts[i] = string(s)
		}
	}
	return texts
}

// function is a function that is being compiled.
type function struct {
	parent *function
	opts   *Options
	proto  *lua.FunctionProto
	consts map[lua.LValue]int

	locals   []string // those in scope; the place is the register
	free     int      // the first register that holds nothing
	block    *block
	upvalues []upvalue
	byName   map[string]int // of upvalues
	gotos    []pendingGoto
}

func newFunction(parent *function, source string, opts *Options) *function {
	f := &function{
		parent: parent, opts: opts, proto: &lua.FunctionProto{SourceName: source},
		consts: make(map[lua.LValue]int), byName: make(map[string]int),
	}
	f.enter(false)
	return f
}

// fail ends the compilation.
func fail(line int, format string, args ...any) {
	panic(&Error{Line: line, Message: fmt.Sprintf(format, args...)})
}

// function compiles a function expression to a prototype of f's and returns its
// number. self says that it is a method.
func (f *function) function(e *ast.FunctionExpr, self bool) (number int, inner *function) {
	g := newFunction(f, f.proto.SourceName, f.opts)
	g.proto.LineDefined, g.proto.LastLineDefined = e.Line(), lastLine(e)
	if self {
		g.parameter("self", e.Line())
	}
	for _, name := range e.ParList.Names {
		g.parameter(name, e.Line())
	}
	g.proto.NumParameters = uint8(g.free)
	if e.ParList.HasVargs {
		// Lua 5.0's table arg is there in functions that don't use the dots.
		g.proto.IsVarArg = lua.VarArgIsVarArg | lua.VarArgHasArg | lua.VarArgNeedsArg
		g.parameter("arg", e.Line())
	}
	g.body(e.Stmts, lastLine(e))
	f.proto.FunctionPrototypes = append(f.proto.FunctionPrototypes, g.proto)
	return len(f.proto.FunctionPrototypes) - 1, g
}

func (f *function) parameter(name string, line int) {
	if len(f.locals) == maxLocals {
		fail(line, "register overflow: a function can have %d parameters", maxLocals)
	}
	f.reserve(1, line)
	f.declare(line, name)
}

// body compiles all of a function.
func (f *function) body(stmts []ast.Stmt, last int) {
	f.statements(stmts, false)
	f.leaveFunction()
	f.emitABC(lua.OP_RETURN, 0, 1, 0, last)
	f.finish()
}

// lastLine is where a node ends, as far as the parser says.
func lastLine(n ast.PositionHolder) int {
	if l := n.LastLine(); l != 0 {
		return l
	}
	return n.Line()
}
