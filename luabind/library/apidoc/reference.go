package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind/library"
)

const introduction = `# Lua API

All that a bot's script can use. This page is made from the definitions in
[luabind/library](../luabind/library) by ` + "`go generate ./luabind/library`" + `: change those. ` + "`ilinkd lua-defs DIR`" + `
gives the same to your editor, and ` + "`ilinkd check`" + ` finds what a script uses wrongly.

A parameter with a ` + "`?`" + ` may be left out, and ` + "`...`" + ` stands for any number of them. A type with a ` + "`?`" + ` may be nil,
` + "`T[]`" + ` is a list, and ` + "`\"a\"|\"b\"`" + ` one of these texts. Functions that can fail while the script is right return nil
and an [ilink.Failure](#ilinkfailure); a mistake of the script's raises an error. Times are in seconds, and ids are strings.
`

// first are the sections that a reader wants first, and last those that Lua has
// everywhere. The others are between, and behind them what specs have.
var (
	first = []string{"message", "ilink"}
	last  = []string{"base", "string", "table", "math", "os", "utf8", "bit", "bit32", "coroutine"}
)

// titles are those of files that aren't about one global.
var titles = map[string]string{"message": "Messages and handlers", "base": "Functions of Lua", "spec": "Specs"}

// reference writes all definitions for a person.
func reference(defs *library.Definitions) []byte {
	w := &writer{defs: defs}
	w.WriteString(introduction + "\n")
	files := slices.Clone(defs.Files)
	slices.SortStableFunc(files, func(a, b *library.File) int { return rank(a) - rank(b) })
	var plain []string
	for _, f := range files {
		link := fmt.Sprintf("[%s](#%s)", title(f), anchor(title(f)))
		if slices.Contains(last, f.Module) {
			plain = append(plain, link)
			continue
		}
		w.printf("- %s\n", link)
	}
	w.printf("- As in all of Lua: %s\n", strings.Join(plain, ", "))
	for _, f := range files {
		w.file(f)
	}
	return w.Bytes()
}

// rank is where a file's section stands.
func rank(f *library.File) int {
	const middle = 100
	if i := slices.Index(first, f.Module); i >= 0 {
		return i
	}
	if i := slices.Index(last, f.Module); i >= 0 {
		return 2*middle + i
	}
	if f.Spec {
		return middle + 1
	}
	return middle
}

func title(f *library.File) string {
	if t, ok := titles[f.Module]; ok {
		return t
	}
	return f.Module
}

// anchor is what a heading's link is called.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '-':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}

type writer struct {
	bytes.Buffer
	defs *library.Definitions
}

func (w *writer) printf(format string, args ...any) { fmt.Fprintf(w, format, args...) }

// paragraph writes a description.
func (w *writer) paragraph(doc string) {
	if doc != "" {
		w.printf("\n%s\n", doc)
	}
}

func (w *writer) file(f *library.File) {
	w.printf("\n## %s\n", title(f))
	// What the section is about comes first: the class of the global that has the
	// file's name.
	var rest []*library.Class
	for _, c := range f.Classes {
		if c.Path == f.Module {
			w.paragraph(c.Doc)
			w.fields(c)
		} else {
			rest = append(rest, c)
		}
	}
	for _, g := range f.Globals {
		if g.Signature() == nil && g.Path != f.Module {
			w.value(g)
		}
	}
	for _, fn := range f.Functions {
		if c := w.owner(fn); c == nil || c.Path != "" {
			w.function(fn, fn.Path)
		}
	}
	for _, c := range rest {
		w.class(c)
	}
	for _, a := range f.Aliases {
		w.printf("\n### %s\n\n`%s`\n", a.Name, a.Type)
		w.paragraph(a.Doc)
	}
}

// owner returns the class that a function belongs to, nil for a global one.
func (w *writer) owner(fn *library.Member) *library.Class {
	for _, f := range w.defs.Files {
		for _, c := range f.Classes {
			if slices.Contains(c.Members, fn) {
				return c
			}
		}
	}
	return nil
}

// value writes a global that is neither a function nor the section's own, unless
// its class is written.
func (w *writer) value(g *library.Member) {
	if g.Type != nil && w.defs.Class(g.Type.Text) != nil {
		return
	}
	w.printf("\n### %s\n", g.Path)
	w.paragraph(g.Doc)
}

// class writes a class, and the methods that belong to it in its file.
func (w *writer) class(c *library.Class) {
	name := c.Name
	if c.Path != "" {
		name = c.Path
	}
	w.printf("\n### %s\n", name)
	w.paragraph(c.Doc)
	if len(c.Parents) > 0 {
		w.printf("\nHas what %s has, too.\n", strings.Join(c.Parents, ", "))
	}
	w.fields(c)
	if c.Path != "" {
		return // its functions are written among those of the section
	}
	for _, m := range c.Members {
		if m.Signature() != nil {
			separator := "."
			if m.Method {
				separator = ":"
			}
			w.function(m, name[strings.LastIndexByte(name, '.')+1:]+separator+m.Name)
		}
	}
}

func (w *writer) fields(c *library.Class) {
	started := false
	for _, m := range c.Members {
		if m.Signature() != nil {
			continue
		}
		if !started {
			w.printf("\nFields:\n\n")
			started = true
		}
		optional := ""
		if m.Optional {
			optional = "?"
		}
		w.item("`"+m.Name+optional+"`: ", m.Type, m.Doc)
	}
}

// item writes a line of a list.
func (w *writer) item(name string, t *library.Type, doc string) {
	w.printf("- %s`%s`", name, t)
	if doc != "" {
		w.printf(" — %s", doc)
	}
	w.WriteByte('\n')
}

func (w *writer) function(fn *library.Member, called string) {
	sig := fn.Signature()
	var params []string
	for _, p := range sig.Params {
		params = append(params, shown(p))
	}
	w.printf("\n### %s(%s)\n", called, strings.Join(params, ", "))
	for _, other := range fn.Overloads {
		var names []string
		for _, p := range other.Params {
			names = append(names, shown(p))
		}
		w.printf("\nOr `%s(%s)`.\n", called, strings.Join(names, ", "))
	}
	if fn.Deprecated {
		w.paragraph("Don't use it in new scripts.")
	}
	w.paragraph(fn.Doc)
	if len(sig.Params) > 0 {
		w.printf("\nParameters:\n\n")
		for _, p := range sig.Params {
			w.item("`"+shown(p)+"`: ", p.Type, p.Doc)
		}
	}
	if len(sig.Returns) > 0 {
		w.printf("\nReturns:\n\n")
		for _, r := range sig.Returns {
			name := ""
			if r.Name != "" {
				name = "`" + r.Name + "`: "
			}
			w.item(name, r.Type, r.Doc)
		}
	}
	if fn.Example != "" {
		w.printf("\n```lua\n%s\n```\n", fn.Example)
	}
}

// shown is how a parameter is written in a signature.
func shown(p *library.Param) string {
	if p.Optional && p.Name != "..." {
		return p.Name + "?"
	}
	return p.Name
}
