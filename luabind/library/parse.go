package library

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Load reads our own definitions.
func Load() (*Definitions, error) { return Parse(FS) }

// Parse reads the definition files at the top of fsys. It reads what is written in
// them by hand, each definition of a function in one line, and no Lua beyond that;
// whatever else there is, is an error. The error names all mistakes, one a line.
func Parse(fsys fs.FS) (*Definitions, error) {
	names, err := fs.Glob(fsys, "*.lua")
	if err != nil {
		return nil, fmt.Errorf("list the definition files: %w", err)
	}
	p := &parser{d: &Definitions{
		globals: make(map[string]*Member), classes: make(map[string]*Class), aliases: make(map[string]*Alias),
	}}
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read definitions: %w", err)
		}
		p.read(name, string(text))
	}
	p.attach()
	return p.d, errors.Join(p.errs...)
}

var (
	metaLine     = regexp.MustCompile(`^---@meta ([\w.]+)$`)
	tagLine      = regexp.MustCompile(`^---@(\w+)\s*(.*)$`)
	functionLine = regexp.MustCompile(`^function ([\w.]+)([.:])(\w+)\(([^()]*)\) end$`)
	globalLine   = regexp.MustCompile(`^function (\w+)\(([^()]*)\) end$`)
	valueLine    = regexp.MustCompile(`^(local )?([\w.]+) = \S.*$`)
	className    = regexp.MustCompile(`^([\w.]+)(?:\s*:\s*([\w., ]+))?$`)
	nameAndRest  = regexp.MustCompile(`^(\.\.\.|[\w.]+)(\??)\s+(.*)$`)
)

// parser goes through the files line by line. Functions are attached to their
// classes in the end, as the classes may be in files that come later.
type parser struct {
	d       *Definitions
	pending []pending
	errs    []error

	file    *File
	line    int
	locals  map[string]string // in this file: which class a local stands for
	block   *block
	example bool // in an example's code
}

// pending is a function whose class isn't known yet.
type pending struct {
	*Member
	owner string // such as "ilink.log", or a class's name if the owner was a local
	local bool
}

// block is what comments have said since the last definition or empty line.
type block struct {
	doc        []string
	class      *Class
	alias      *Alias
	sig        Signature
	overloads  []*Signature
	typ        *Type
	example    []string
	deprecated bool
	noDiscard  bool
}

func (p *parser) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file.Name, p.line, fmt.Sprintf(format, args...)))
}

func (p *parser) read(name, text string) {
	p.file = &File{Name: name}
	p.d.Files = append(p.d.Files, p.file)
	p.line, p.locals, p.block, p.example = 0, make(map[string]string), &block{}, false
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		p.line++
		line = strings.TrimSuffix(line, "\r")
		m := metaLine.FindStringSubmatch(line)
		switch {
		case p.line == 1 && m == nil:
			p.fail(`the first line must be ---@meta and a module's name`)
		case m != nil:
			p.file.Module = m[1]
			p.file.Spec = m[1] == "spec" || strings.HasPrefix(m[1], "spec.")
		case strings.HasPrefix(line, "---"):
			p.comment(line)
		case line == "":
			p.end()
		default:
			p.code(line)
		}
	}
	p.end()
}

// end ends a block.
func (p *parser) end() {
	if p.example {
		p.fail("an example's code doesn't end")
	}
	b := p.block
	doc := strings.Join(b.doc, "\n")
	if b.class != nil && b.class.Doc == "" {
		b.class.Doc = doc
	}
	if b.alias != nil {
		b.alias.Doc = doc
		if b.alias.Type == nil {
			p.fail("the alias %s has no type", b.alias.Name)
		}
	}
	p.block, p.example = &block{}, false
}

func (p *parser) comment(line string) {
	b := p.block
	switch {
	case p.example && line == "---```":
		p.example = false
	case p.example:
		b.example = append(b.example, strings.TrimPrefix(line, "---"))
	case line == "---```lua":
		p.example = true
	case strings.HasPrefix(line, "---|") && b.alias != nil:
		p.aliasMore(line)
	case strings.HasPrefix(line, "---@"):
		m := tagLine.FindStringSubmatch(line)
		if m == nil {
			p.fail("what is this? %s", line)
			return
		}
		p.tag(m[1], m[2])
	default:
		b.doc = append(b.doc, strings.TrimSpace(strings.TrimPrefix(line, "---")))
	}
}

func (p *parser) tag(tag, rest string) {
	b := p.block
	switch tag {
	case "class":
		p.class(rest)
	case "field":
		p.field(rest)
	case "param":
		if f := p.param(rest); f != nil {
			b.sig.Params = append(b.sig.Params, f)
		}
	case "return":
		t, rest, err := parseType(rest)
		if err != nil {
			p.fail("%v", err)
			return
		}
		name, doc, _ := strings.Cut(strings.TrimSpace(rest), " ")
		b.sig.Returns = append(b.sig.Returns, &Param{Name: name, Type: t, Doc: strings.TrimSpace(doc)})
	case "overload":
		t, _, err := parseType(rest)
		if err != nil || t.Func == nil {
			p.fail("@overload needs a function's type, got %q", rest)
			return
		}
		b.overloads = append(b.overloads, t.Func)
		if b.class != nil {
			b.class.Calls = append(b.class.Calls, t.Func)
		}
	case "generic":
		for g := range strings.SplitSeq(rest, ",") {
			name, _, _ := strings.Cut(g, ":")
			b.sig.Generics = append(b.sig.Generics, strings.TrimSpace(name))
		}
	case "alias":
		name, rest, _ := strings.Cut(rest, " ")
		b.alias = &Alias{Position: Position{p.file, p.line}, Name: name}
		if rest != "" {
			t, _, err := parseType(rest)
			if err != nil {
				p.fail("%v", err)
				return
			}
			b.alias.Type = t
		}
		if p.d.aliases[name] != nil {
			p.fail("the alias %s is defined twice", name)
		}
		p.d.aliases[name] = b.alias
		p.file.Aliases = append(p.file.Aliases, b.alias)
	case "type":
		t, _, err := parseType(rest)
		if err != nil {
			p.fail("%v", err)
			return
		}
		b.typ = t
	case "deprecated":
		b.deprecated = true
	case "nodiscard":
		b.noDiscard = true
	case "example", "async", "see", "diagnostic":
	default:
		p.fail("@%s isn't known", tag)
	}
}

// aliasMore reads "---| type", which adds to the alias above.
func (p *parser) aliasMore(line string) {
	t, _, err := parseType(strings.TrimPrefix(line, "---|"))
	if err != nil {
		p.fail("%v", err)
		return
	}
	a := p.block.alias
	switch {
	case a.Type == nil:
		a.Type = &Type{Kind: Union, Args: []*Type{t}, Text: t.Text}
	case a.Type.Kind != Union:
		a.Type = &Type{Kind: Union, Args: []*Type{a.Type, t}, Text: a.Type.Text + "|" + t.Text}
	default:
		a.Type.Args = append(a.Type.Args, t)
		a.Type.Text += "|" + t.Text
	}
}

// class begins a class, or goes on with one of another place.
func (p *parser) class(rest string) {
	m := className.FindStringSubmatch(rest)
	if m == nil {
		p.fail("@class %s: not a name, perhaps with a colon and parents", rest)
		return
	}
	c := p.d.classes[m[1]]
	if c == nil {
		c = &Class{Position: Position{p.file, p.line}, Name: m[1]}
		p.d.classes[c.Name] = c
		p.file.Classes = append(p.file.Classes, c)
	}
	if m[2] != "" {
		for parent := range strings.SplitSeq(m[2], ",") {
			c.Parents = append(c.Parents, strings.TrimSpace(parent))
		}
	}
	p.block.class = c
}

func (p *parser) field(rest string) {
	c := p.block.class
	if c == nil {
		p.fail("@field belongs to a @class")
		return
	}
	if strings.HasPrefix(rest, "[") {
		if key, _, _ := strings.Cut(rest[1:], "]"); key != "integer" && key != "number" {
			c.Parents = append(c.Parents, "table") // a map, whose names aren't known
		}
		return
	}
	f := p.param(rest)
	if f == nil {
		return
	}
	p.add(c, &Member{
		Position: Position{p.file, p.line}, Name: f.Name, Doc: f.Doc, Type: f.Type, Optional: f.Optional,
	})
}

// param reads "name? type description".
func (p *parser) param(rest string) *Param {
	m := nameAndRest.FindStringSubmatch(rest)
	if m == nil {
		p.fail("%q: a name and a type are needed", rest)
		return nil
	}
	t, doc, err := parseType(m[3])
	if err != nil {
		p.fail("%v", err)
		return nil
	}
	return &Param{Name: m[1], Optional: m[2] == "?" || m[1] == "...", Type: t, Doc: strings.TrimSpace(doc)}
}

// code reads a definition, which ends the block.
func (p *parser) code(line string) {
	b := p.block
	here := Position{p.file, p.line}
	member := &Member{
		Position: here, Doc: strings.Join(b.doc, "\n"), Overloads: b.overloads,
		Example: strings.Join(b.example, "\n"), Deprecated: b.deprecated, NoDiscard: b.noDiscard,
	}
	if m := functionLine.FindStringSubmatch(line); m != nil {
		member.Name, member.Method = m[3], m[2] == ":"
		for _, o := range b.overloads {
			if member.Method && len(o.Params) > 0 && o.Params[0].Name == "self" {
				o.Params = o.Params[1:]
			}
		}
		member.Type = p.signature(m[4])
		owner, local := p.locals[m[1]]
		if !local {
			owner = m[1]
		}
		p.pending = append(p.pending, pending{member, owner, local})
		p.file.Functions = append(p.file.Functions, member)
	} else if m := globalLine.FindStringSubmatch(line); m != nil {
		member.Name, member.Path = m[1], m[1]
		member.Type = p.signature(m[2])
		p.global(member)
		p.file.Functions = append(p.file.Functions, member)
	} else if m := valueLine.FindStringSubmatch(line); m != nil {
		member.Type = b.typ
		if b.class != nil {
			member.Type = &Type{Name: b.class.Name, Text: b.class.Name}
		}
		dot := strings.LastIndexByte(m[2], '.')
		member.Name = m[2][dot+1:]
		switch {
		case m[1] != "" && b.class == nil:
			p.fail("a local must stand for a class")
		case m[1] != "":
			p.locals[m[2]] = b.class.Name
		default:
			if b.class != nil {
				b.class.Path = m[2]
			}
			if dot < 0 {
				member.Path = m[2]
				p.global(member)
			} else {
				p.pending = append(p.pending, pending{Member: member, owner: m[2][:dot]})
			}
		}
	} else {
		p.fail("what is this? %s", line)
	}
	p.end()
}

// signature makes a function's type of its parameters and what was said of them.
func (p *parser) signature(list string) *Type {
	sig := p.block.sig
	described := sig.Params
	sig.Params = nil
	if list != "" {
		for name := range strings.SplitSeq(list, ",") {
			param := &Param{Name: strings.TrimSpace(name)}
			i := slices.IndexFunc(described, func(d *Param) bool { return d.Name == param.Name })
			if i >= 0 {
				param = described[i]
				described = slices.Delete(slices.Clone(described), i, i+1)
			}
			sig.Params = append(sig.Params, param)
		}
	}
	for _, d := range described {
		p.fail("there is no parameter %s", d.Name)
	}
	return &Type{Kind: Function, Func: &sig, Text: "function"}
}

func (p *parser) global(m *Member) {
	if before := p.d.globals[m.Name]; before != nil {
		p.fail("%s is defined twice, see %s", m.Name, before)
		return
	}
	p.d.globals[m.Name] = m
	p.file.Globals = append(p.file.Globals, m)
}

// add adds a member to a class.
func (p *parser) add(c *Class, m *Member) {
	if before := c.own(m.Name); before != nil {
		p.errs = append(p.errs, fmt.Errorf("%s: %s.%s is defined twice, see %s", m.Position, c.Name, m.Name, before.Position))
		return
	}
	c.Members = append(c.Members, m)
}

// attach gives the functions to their classes, and all members their paths.
func (p *parser) attach() {
	byPath := make(map[string]*Class)
	for _, c := range p.d.classes {
		if c.Path != "" {
			byPath[c.Path] = c
		}
	}
	for _, f := range p.pending {
		c := byPath[f.owner]
		if f.local {
			c = p.d.classes[f.owner]
		}
		if c == nil {
			p.errs = append(p.errs, fmt.Errorf("%s: %s.%s: no ---@class says what %s is", f.Position, f.owner, f.Name, f.owner))
			continue
		}
		p.add(c, f.Member)
	}
	for _, c := range p.d.classes {
		prefix := c.Path
		if prefix == "" {
			prefix = c.Name
		}
		for _, m := range c.Members {
			m.Path = prefix + "." + m.Name
		}
	}
}
