package check

import (
	"fmt"
	"slices"
)

// file is a parsed source.
type file struct {
	path string // as findings name it
	text string
	// maybe says that it isn't certain that it belongs to the program.
	maybe bool
	main  *function
	// functions are all in it, calls too, in order.
	functions []*function
	calls     []*call
	// returns says that the file ends with a return: it is a module.
	returns bool
	// lines and locals are made when they are needed.
	lines  []string
	locals []*variable
}

// maxDepth bounds the parser's recursion, as the loader does.
const maxDepth = 250

// parser makes a file's tree.
type parser struct {
	file    *file
	globals map[string]*variable
	tokens  []token
	next    int
	depth   int
	scope   *scope
	fn      *function
	blocks  int // how many blocks of the function are around
}

type scope struct {
	outer *scope
	vars  map[string]*variable
}

// parse makes the tree of f's text. globals are those of the whole program.
func parse(f *file, globals map[string]*variable) (err error) {
	tokens, err := lex(f.text)
	if err != nil {
		return err
	}
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(*sourceError)
			if !ok {
				panic(p)
			}
			err = e
		}
	}()
	p := &parser{file: f, globals: globals, tokens: tokens}
	f.main = &function{varargs: true}
	p.fn = f.main
	f.main.body = p.block()
	if p.peek().kind != tokenEOF {
		p.unexpected()
	}
	f.returns = returns(f.main.body, false)
	return nil
}

// returns reports whether statements end with a return, or have one of a value in the
// block at their end.
func returns(list []stmt, inBlock bool) bool {
	if len(list) == 0 {
		return false
	}
	switch last := list[len(list)-1].(type) {
	case *returnStmt:
		return !inBlock || len(last.exprs) > 0
	case *block:
		return slices.ContainsFunc(last.bodies, func(body []stmt) bool { return returns(body, true) })
	}
	return false
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEOF {
		p.next++
	}
	return t
}

func (p *parser) unexpected() {
	t := p.peek()
	if t.kind == tokenEOF {
		panic(&sourceError{t.at, "the file ends too early"})
	}
	panic(&sourceError{t.at, fmt.Sprintf("unexpected %q", t.text)})
}

// is reports whether a keyword or operator comes next.
func (p *parser) is(text string) bool {
	t := p.peek()
	return (t.kind == tokenKeyword || t.kind == tokenOp) && t.text == text
}

// accept takes a keyword or operator if it comes next.
func (p *parser) accept(text string) bool {
	if !p.is(text) {
		return false
	}
	p.next++
	return true
}

func (p *parser) expect(text string) token {
	if !p.is(text) {
		p.unexpected()
	}
	return p.take()
}

func (p *parser) name() token {
	if p.peek().kind != tokenName {
		p.unexpected()
	}
	return p.take()
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		panic(&sourceError{p.peek().at, "this is nested too deep"})
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) declare(v *variable) {
	p.scope.vars[v.name] = v
}

// lookup finds the variable of a name.
func (p *parser) lookup(name string) *variable {
	for s := p.scope; s != nil; s = s.outer {
		if v := s.vars[name]; v != nil {
			return v
		}
	}
	v := p.globals[name]
	if v == nil {
		v = &variable{name: name, global: true}
		p.globals[name] = v
	}
	return v
}

// block parses statements up to an end, in a scope of their own.
func (p *parser) block() []stmt {
	p.open()
	defer p.close()
	return p.statements()
}

func (p *parser) open()  { p.scope = &scope{outer: p.scope, vars: make(map[string]*variable)} }
func (p *parser) close() { p.scope = p.scope.outer }

func (p *parser) statements() (list []stmt) {
	p.enter()
	defer p.leave()
	for {
		t := p.peek()
		if t.kind == tokenEOF || t.kind == tokenKeyword && slices.Contains([]string{"end", "else", "elseif", "until"}, t.text) {
			return list
		}
		if p.accept("return") {
			r := &returnStmt{}
			if t := p.peek(); t.kind != tokenEOF && !p.is(";") && !(t.kind == tokenKeyword && slices.Contains([]string{"end", "else", "elseif", "until"}, t.text)) {
				r.exprs = p.exprs()
			}
			p.accept(";")
			return append(list, r)
		}
		if s := p.statement(); s != nil {
			list = append(list, s)
		}
		for p.accept(";") {
		}
	}
}

// nested parses the block of a statement.
func (p *parser) nested() []stmt {
	p.blocks++
	defer func() { p.blocks-- }()
	return p.block()
}

func (p *parser) statement() stmt {
	switch t := p.peek(); {
	case p.accept(";"):
		return nil
	case p.accept("do"):
		b := &block{bodies: [][]stmt{p.nested()}}
		p.expect("end")
		return b
	case p.accept("while"):
		b := &block{conditions: []expr{p.condition()}}
		p.expect("do")
		b.bodies = [][]stmt{p.nested()}
		p.expect("end")
		return b
	case p.accept("repeat"):
		// The condition sees the block's locals.
		p.open()
		p.blocks++
		b := &block{bodies: [][]stmt{p.statements()}, repeats: true}
		p.expect("until")
		b.conditions = []expr{p.condition()}
		p.blocks--
		p.close()
		return b
	case p.is("if"):
		b := &block{}
		for p.accept("if") || p.accept("elseif") {
			b.conditions = append(b.conditions, p.condition())
			p.expect("then")
			b.bodies = append(b.bodies, p.nested())
		}
		if p.accept("else") {
			b.bodies = append(b.bodies, p.nested())
		}
		p.expect("end")
		return b
	case p.accept("for"):
		return p.forLoop()
	case p.accept("function"):
		return p.definition(t.at)
	case p.accept("local"):
		return p.local()
	case p.accept("break"):
		return nil
	case p.accept("goto"):
		p.name()
		return nil
	case p.accept("::"):
		p.name()
		p.expect("::")
		return nil
	}
	return p.exprStatement()
}

func (p *parser) forLoop() stmt {
	b := &block{}
	var names []token
	for more := true; more; more = p.accept(",") {
		names = append(names, p.name())
	}
	if b.generic = len(names) > 1 || !p.is("="); b.generic {
		p.expect("in")
	} else {
		p.expect("=")
	}
	b.conditions = p.exprs()
	p.expect("do")
	p.open()
	for i, n := range names {
		v := &variable{name: n.text, at: n.at, loop: b, index: i}
		b.loop = append(b.loop, v)
		p.declare(v)
	}
	b.bodies = [][]stmt{p.nested()}
	p.close()
	p.expect("end")
	return b
}

// definition parses "function a.b:c() … end".
func (p *parser) definition(at int) stmt {
	first := p.name()
	var target expr = p.variable(first)
	method := false
	for p.is(".") || p.is(":") {
		p.used(target, use{indexed: true})
		method = p.take().text == ":"
		key := p.name()
		target = &index{place: posAt(key), base: target, key: &key.text}
		if method {
			break
		}
	}
	f := p.function(at, method)
	p.assign(target, f, true)
	return &assignStmt{at: at, targets: []expr{target}, exprs: []expr{f}}
}

func (p *parser) local() stmt {
	s := &localStmt{}
	if p.accept("function") {
		n := p.name()
		v := &variable{name: n.text, at: n.at, decl: s}
		p.declare(v)
		s.vars = []*variable{v}
		f := p.function(n.at, false)
		f.calledAs = v
		s.exprs = []expr{f}
		return s
	}
	for more := true; more; more = p.accept(",") {
		n := p.name()
		s.vars = append(s.vars, &variable{name: n.text, at: n.at, decl: s, index: len(s.vars)})
	}
	if p.accept("=") {
		s.exprs = p.exprs()
	}
	for i, v := range s.vars {
		p.declare(v)
		if i < len(s.exprs) {
			if f, ok := s.exprs[i].(*function); ok {
				f.calledAs = v
			}
		}
	}
	return s
}

func (p *parser) exprStatement() stmt {
	start := p.peek()
	e := p.suffixed()
	if !p.is(",") && !p.is("=") {
		called := e
		for {
			inner, ok := called.(*paren) // the loader takes brackets around it
			if !ok {
				break
			}
			called = inner.expr
		}
		if c, ok := called.(*call); ok {
			return &callStmt{call: c}
		}
	}
	s := &assignStmt{at: start.at, targets: []expr{e}}
	for p.accept(",") {
		s.targets = append(s.targets, p.suffixed())
	}
	p.expect("=")
	s.exprs = p.exprs()
	for i, t := range s.targets {
		var value expr
		if i < len(s.exprs) {
			value = s.exprs[i]
		}
		switch t.(type) {
		case *name, *index:
		default:
			panic(&sourceError{t.pos(), "this can't be assigned to"})
		}
		p.assign(t, value, false)
	}
	return s
}

// assign notes an assignment to a variable.
func (p *parser) assign(target, value expr, defines bool) {
	n, ok := target.(*name)
	if !ok {
		return
	}
	if f, ok := value.(*function); ok {
		f.calledAs = n.variable
	}
	in := p.fn
	if in == p.file.main {
		in = nil
	}
	n.assigned = append(n.assigned, assignment{
		file: p.file, at: n.pos(), in: in, value: value, defines: defines, sure: in == nil && p.blocks == 0,
	})
}

// used notes that e's value is used, if it is a variable or a field.
func (p *parser) used(e expr, u use) {
	if ix, ok := e.(*index); ok {
		ix.tested = u.tested
		ix.plain = u.callee == nil && u.arg == nil && !u.indexed && !u.operand
	}
	n, ok := e.(*name)
	if !ok {
		return
	}
	u.file, u.at, u.in = p.file, n.pos(), p.fn
	n.uses = append(n.uses, u)
}

// function parses a function from its parameters on.
func (p *parser) function(at int, method bool) *function {
	f := &function{place: place(at), outer: p.fn}
	p.file.functions = append(p.file.functions, f)
	p.open()
	blocks := p.blocks
	p.fn, p.blocks = f, 0
	if method {
		f.self = &variable{name: "self", fn: f, index: -1}
		p.declare(f.self)
	}
	p.expect("(")
	for more := !p.is(")"); more; more = p.accept(",") {
		if p.accept("...") {
			f.varargs = true
			break
		}
		n := p.name()
		v := &variable{name: n.text, at: n.at, fn: f, index: len(f.params)}
		f.params = append(f.params, v)
		p.declare(v)
	}
	p.expect(")")
	f.body = p.statements()
	p.expect("end")
	p.fn, p.blocks = f.outer, blocks
	p.close()
	return f
}

func posAt(t token) place { return place(t.at) }

func (p *parser) variable(t token) *name { return &name{place: posAt(t), variable: p.lookup(t.text)} }
