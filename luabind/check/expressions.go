package check

// The parser's part for expressions.

func (p *parser) exprs() (list []expr) {
	for more := true; more; more = p.accept(",") {
		list = append(list, p.expr())
	}
	return list
}

// expr parses an expression whose value is used.
func (p *parser) expr() expr {
	e := p.binary(0)
	p.used(e, use{})
	return e
}

// condition parses an expression of which the truth counts.
func (p *parser) condition() expr {
	e := p.binary(0)
	p.used(e, use{tested: true})
	return e
}

// priorities of the operators: of the left side and of the right one.
var priorities = map[string][2]int{
	"or": {1, 1}, "and": {2, 2},
	"<": {3, 3}, ">": {3, 3}, "<=": {3, 3}, ">=": {3, 3}, "~=": {3, 3}, "==": {3, 3},
	"..": {5, 4}, "+": {6, 6}, "-": {6, 6}, "*": {7, 7}, "/": {7, 7}, "%": {7, 7}, "^": {10, 9},
}

const unaryPriority = 8

// binary parses operators that bind more tightly than limit. A name that it
// returns alone isn't noted as used.
func (p *parser) binary(limit int) expr {
	p.enter()
	defer p.leave()
	var left expr
	if t := p.peek(); p.accept("not") || p.accept("-") || p.accept("#") {
		e := p.binary(unaryPriority)
		p.used(e, use{tested: t.text == "not", operand: t.text != "not"})
		left = &unary{place: posAt(t), op: t.text, expr: e}
	} else {
		left = p.simple()
	}
	for {
		t := p.peek()
		priority, ok := priorities[t.text]
		if !ok || t.kind != tokenOp && t.kind != tokenKeyword || priority[0] <= limit {
			return left
		}
		p.take()
		right := p.binary(priority[1])
		logical := t.text == "and" || t.text == "or"
		operand := !logical && t.text != "==" && t.text != "~="
		p.used(left, use{tested: logical || isNil(right), operand: operand})
		p.used(right, use{tested: isNil(left), operand: operand})
		left = &binary{place: posAt(t), op: t.text, left: left, right: right}
	}
}

func isNil(e expr) bool {
	c, ok := e.(*constant)
	return ok && c.text == "nil"
}

func (p *parser) simple() expr {
	t := p.peek()
	switch {
	case t.kind == tokenNumber:
		p.take()
		return &constant{place: posAt(t), text: t.text, number: true}
	case t.kind == tokenString:
		p.take()
		return &text{place: posAt(t), value: t.text}
	case p.accept("nil") || p.accept("true") || p.accept("false"):
		return &constant{place: posAt(t), text: t.text}
	case p.accept("..."):
		return &varargs{place: posAt(t)}
	case p.is("{"):
		return p.table()
	case p.accept("function"):
		return p.function(t.at, false)
	}
	return p.suffixed()
}

// suffixed parses a name or brackets with what follows: fields, indices, calls.
func (p *parser) suffixed() expr {
	var e expr
	t := p.peek()
	if p.accept("(") {
		e = &paren{place: posAt(t), expr: p.expr()}
		p.expect(")")
	} else {
		e = p.variable(p.name())
	}
	for {
		switch t := p.peek(); {
		case p.accept("."):
			p.used(e, use{indexed: true})
			key := p.name()
			e = &index{place: posAt(key), base: e, key: &key.text}
		case p.accept("["):
			p.used(e, use{indexed: true})
			i := &index{place: posAt(t), base: e, brackets: p.expr()}
			if s, ok := i.brackets.(*text); ok {
				i.place, i.key = s.place, &s.value
			}
			p.expect("]")
			e = i
		case p.accept(":"):
			p.used(e, use{indexed: true})
			m := p.name()
			e = p.call(&call{place: posAt(m), fn: e, method: m.text, methodAt: m.at})
		case p.is("(") || p.is("{") || t.kind == tokenString:
			c := &call{place: place(e.pos()), fn: e}
			p.used(e, use{callee: c})
			e = p.call(c)
		default:
			return e
		}
	}
}

func (p *parser) call(c *call) expr {
	p.enter()
	defer p.leave()
	c.in = p.fn
	p.file.calls = append(p.file.calls, c)
	switch t := p.peek(); {
	case t.kind == tokenString:
		p.take()
		c.args = []expr{&text{place: posAt(t), value: t.text}}
	case p.is("{"):
		c.args = []expr{p.table()}
	default:
		p.expect("(")
		for more := !p.is(")"); more; more = p.accept(",") {
			e := p.binary(0)
			p.used(e, use{arg: c, argIndex: len(c.args)})
			if f, ok := e.(*function); ok {
				f.argOf, f.argIndex = c, len(c.args)
			}
			c.args = append(c.args, e)
		}
		p.expect(")")
	}
	return c
}

func (p *parser) table() expr {
	p.enter()
	defer p.leave()
	t := &table{place: posAt(p.expect("{"))}
	for !p.is("}") {
		f := field{at: p.peek().at}
		switch {
		case p.peek().kind == tokenName && p.tokens[p.next+1].kind == tokenOp && p.tokens[p.next+1].text == "=":
			f.name = p.name().text
			p.expect("=")
		case p.accept("["):
			f.key = p.expr()
			if s, ok := f.key.(*text); ok {
				f.at, f.name, f.key = s.pos(), s.value, nil
			}
			p.expect("]")
			p.expect("=")
		}
		f.value = p.expr()
		t.fields = append(t.fields, f)
		if !p.accept(",") && !p.accept(";") {
			break
		}
	}
	p.expect("}")
	return t
}
