package library

import (
	"fmt"
	"strings"
)

// Kind says what a [Type] is made of.
type Kind int

const (
	// Named is a basic type, a class or an alias, with Args if it is generic, as in
	// table<K, V>.
	Named Kind = iota
	// Literal is one value: a quoted string, a number, true or false.
	Literal
	// Union is any of Args.
	Union
	// Array is a list of Args[0].
	Array
	// Function has its signature in Func.
	Function
	// Shape is a table with the fields in Fields.
	Shape
)

// Type is what the files say of a value.
type Type struct {
	Kind   Kind
	Name   string // of Named; a Literal as it is written
	Args   []*Type
	Func   *Signature
	Fields []*Param
	// Text is the type as it is written.
	Text string
}

// String returns the type as it is written.
func (t *Type) String() string {
	if t == nil {
		return "any"
	}
	return t.Text
}

// Nilable reports whether the type says that the value may be nil; an alias isn't
// looked into.
func (t *Type) Nilable() bool {
	switch {
	case t == nil:
		return true
	case t.Kind == Named:
		return t.Name == "nil" || t.Name == "any"
	case t.Kind == Union:
		for _, a := range t.Args {
			if a.Nilable() {
				return true
			}
		}
	}
	return false
}

// parseType reads the type at the beginning of s and returns what follows it.
func parseType(s string) (t *Type, rest string, err error) {
	p := typeParser{s: s}
	t = p.union()
	if p.err != nil {
		return nil, s, p.err
	}
	return t, s[p.at:], nil
}

// maxTypeDepth bounds how deep types nest.
const maxTypeDepth = 50

type typeParser struct {
	s     string
	at    int
	depth int
	err   error
}

func (p *typeParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("type %q: %s", p.s, fmt.Sprintf(format, args...))
	}
}

func (p *typeParser) blanks() {
	for p.at < len(p.s) && (p.s[p.at] == ' ' || p.s[p.at] == '\t') {
		p.at++
	}
}

// peek reports whether token comes next, after blanks.
func (p *typeParser) peek(token string) bool {
	return strings.HasPrefix(strings.TrimLeft(p.s[p.at:], " \t"), token)
}

// take is peek, and goes past the token.
func (p *typeParser) take(token string) bool {
	if p.err != nil || !p.peek(token) {
		return false
	}
	p.blanks()
	p.at += len(token)
	return true
}

func (p *typeParser) need(token string) {
	if !p.take(token) {
		p.fail("%q is missing at %q", token, p.s[p.at:])
	}
}

// name takes a name, with dots in it if dotted.
func (p *typeParser) name(dotted bool) string {
	p.blanks()
	start := p.at
	for p.at < len(p.s) {
		c := p.s[p.at]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		digit := c >= '0' && c <= '9'
		// A dot belongs to the name if a letter follows: "..." doesn't.
		dot := dotted && c == '.' && p.at > start && p.at+1 < len(p.s) && p.s[p.at+1] != '.' && p.s[p.at+1] != ' '
		if !letter && !dot && (!digit || p.at == start) {
			break
		}
		p.at++
	}
	return p.s[start:p.at]
}

// text sets t's text to what was read from start on.
func (p *typeParser) text(t *Type, start int) *Type {
	t.Text = strings.TrimSpace(p.s[start:p.at])
	return t
}

func (p *typeParser) union() *Type {
	if p.depth++; p.depth > maxTypeDepth {
		p.fail("it is nested too deep")
	}
	defer func() { p.depth-- }()
	if p.err != nil {
		return &Type{}
	}
	start := p.at
	first := p.postfix()
	if !p.peek("|") {
		return first
	}
	u := &Type{Kind: Union, Args: []*Type{first}}
	for p.take("|") {
		u.Args = append(u.Args, p.postfix())
	}
	return p.text(u, start)
}

func (p *typeParser) postfix() *Type {
	start := p.at
	t := p.primary()
	for p.err == nil {
		switch rest := p.s[p.at:]; {
		case strings.HasPrefix(rest, "[]"):
			p.at += 2
			t = p.text(&Type{Kind: Array, Args: []*Type{t}}, start)
		case strings.HasPrefix(rest, "?"):
			p.at++
			t = p.text(&Type{Kind: Union, Args: []*Type{t, {Name: "nil", Text: "nil"}}}, start)
		default:
			return t
		}
	}
	return t
}

func (p *typeParser) primary() *Type {
	p.blanks()
	start := p.at
	t := &Type{}
	switch {
	case p.take("("):
		t = p.union()
		p.need(")")
	case p.take("{"):
		t.Kind = Shape
		t.Fields = p.fields("}")
	case p.take("..."):
		t.Name = "..."
		if next := p.s[p.at:]; next != "" && strings.IndexByte(" ,)|", next[0]) < 0 { // ...string
			t.Args = []*Type{p.postfix()}
		}
	case p.peek(`"`) || p.peek("'"):
		t.Kind = Literal
		t.Name = p.quoted()
	case p.number() != "":
		t.Kind, t.Name = Literal, strings.TrimSpace(p.s[start:p.at])
	default:
		t.Name = p.name(true)
		switch {
		case t.Name == "":
			p.fail("a type is missing at %q", p.s[p.at:])
		case t.Name == "true" || t.Name == "false":
			t.Kind = Literal
		case t.Name == "fun" && p.take("("):
			t.Kind, t.Func = Function, &Signature{Params: p.fields(")")}
			if p.take(":") {
				t.Func.Returns = p.results()
			}
		case strings.HasPrefix(p.s[p.at:], "<"):
			p.at++
			for more := true; more && p.err == nil; more = p.take(",") {
				t.Args = append(t.Args, p.union())
			}
			p.need(">")
		}
	}
	return p.text(t, start)
}

// number takes a whole number.
func (p *typeParser) number() string {
	i := p.at
	for i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
		i++
	}
	defer func() { p.at = i }()
	return p.s[p.at:i]
}

func (p *typeParser) quoted() string {
	end := strings.IndexByte(p.s[p.at+1:], p.s[p.at])
	if end < 0 {
		p.fail("a quote isn't closed")
		return ""
	}
	text := p.s[p.at : p.at+end+2]
	p.at += end + 2
	return text
}

// fields takes "name: type, name?: type, ...: type" up to end. A key may be in
// brackets: [integer].
func (p *typeParser) fields(end string) (list []*Param) {
	for !p.take(end) && p.err == nil {
		if len(list) > 0 {
			p.need(",")
		}
		f := &Param{}
		switch {
		case p.take("..."):
			f.Name = "..."
		case p.take("["):
			f.Name = "[" + p.union().Text + "]"
			p.need("]")
		default:
			if f.Name = p.name(false); f.Name == "" {
				p.fail("a name is missing at %q", p.s[p.at:])
			}
		}
		f.Optional = p.take("?")
		if p.take(":") {
			f.Type = p.union()
		}
		list = append(list, f)
	}
	return list
}

// results takes "type, type"; each may have a name in front.
func (p *typeParser) results() (list []*Param) {
	for more := true; more && p.err == nil; more = p.take(",") {
		r := &Param{}
		mark := p.at
		if r.Name = p.name(false); r.Name == "" || !p.take(":") {
			r.Name, p.at = "", mark
		}
		r.Type = p.union()
		if r.Type.Name == "..." {
			r.Name = "..."
		}
		list = append(list, r)
	}
	return list
}
