package library

import (
	"fmt"
	"slices"
	"strings"
)

// Definitions are what the definition files say, see [Load] and [Parse].
type Definitions struct {
	// Files are in the order of their names.
	Files []*File

	globals map[string]*Member
	classes map[string]*Class
	aliases map[string]*Alias
}

// File is one definition file. What it adds to a class of another file is here
// under Functions only.
type File struct {
	// Name is the file's, such as "ilink.lua".
	Name string
	// Module is the name after ---@meta, such as "ilink".
	Module string
	// Spec says that the names are those of specs (*_spec.lua) and not of bots: the
	// module is called "spec", or "spec." and more.
	Spec bool
	// Globals, Classes, Functions and Aliases are what the file defines, in its order.
	// Global functions are in both of Globals and Functions.
	Globals   []*Member
	Classes   []*Class
	Functions []*Member
	Aliases   []*Alias
}

// Position is a line of a definition file.
type Position struct {
	File *File
	Line int
}

// String returns "ilink.lua:12".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.File.Name, p.Line) }

// Class is a shape of tables: a module, what a method belongs to, or options.
type Class struct {
	Position
	// Name is the name in types, such as "ilink.Message", and Path what scripts
	// call the one table of this class, such as "ilink.log"; "" if there is no such.
	Name, Path string
	// Doc is the description.
	Doc string
	// Parents are the classes whose members it has too.
	Parents []string
	// Members are fields and functions, in the files' order.
	Members []*Member
	// Calls are the ways in which the table itself can be called.
	Calls []*Signature
}

// own returns the class's own member of a name, nil if there is none.
func (c *Class) own(name string) *Member {
	i := slices.IndexFunc(c.Members, func(m *Member) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return c.Members[i]
}

// Member is a global, or a field or function of a class.
type Member struct {
	Position
	// Name is the last part of Path. Path begins with a global ("ilink.log.debug"), or
	// with a class ("ilink.Message.reply").
	Name, Path string
	// Doc is the description.
	Doc string
	// Type says what it is; for a function it has the signature.
	Type *Type
	// Optional says that a field may be missing.
	Optional bool
	// Method says that a function is called with a colon, and the object isn't among
	// its parameters.
	Method bool
	// Overloads are further ways in which a function can be called.
	Overloads []*Signature
	// Example is Lua code that shows a function's use: a bot, or what may be in a
	// handler.
	Example string
	// Deprecated says that scripts should use something else.
	Deprecated bool
	// NoDiscard says that calling it is of no use without its results.
	NoDiscard bool
}

// Signature returns how the member is called, nil if it is no function.
func (m *Member) Signature() *Signature {
	if m.Type == nil {
		return nil
	}
	return m.Type.Func
}

// Signature is how a function is called.
type Signature struct {
	Params  []*Param
	Returns []*Param
	// Generics are names that stand for types.
	Generics []string
}

// Param is a parameter, a result, or a field of a table type.
type Param struct {
	// Name is "..." for any number of parameters or results, and may be "" for a
	// result.
	Name string
	// Optional says that the parameter may be left out.
	Optional bool
	// Type is nil if the files don't say.
	Type *Type
	Doc  string
}

// Alias is a name for a type.
type Alias struct {
	Position
	Name, Doc string
	Type      *Type
}

// Global returns a global by its name, nil if there is none.
func (d *Definitions) Global(name string) *Member { return d.globals[name] }

// Class returns a class by its name, nil if there is none.
func (d *Definitions) Class(name string) *Class { return d.classes[name] }

// Alias returns an alias by its name, nil if there is none.
func (d *Definitions) Alias(name string) *Alias { return d.aliases[name] }

// Globals returns all globals, sorted by name.
func (d *Definitions) Globals() []*Member {
	all := make([]*Member, 0, len(d.globals))
	for _, m := range d.globals {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *Member) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Members returns the members of a class and its parents, nil if there is no such
// class. known is false if the class may have others too: a parent isn't a class
// of ours.
func (d *Definitions) Members(class string) (members []*Member, known bool) {
	known = true
	seen := make(map[string]bool)
	var add func(name string)
	add = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		c := d.classes[name]
		if c == nil {
			known = false
			return
		}
		members = append(members, c.Members...)
		for _, p := range c.Parents {
			add(p)
		}
	}
	add(class)
	return members, known
}

// All returns every global and every member of a class, by its path.
func (d *Definitions) All() map[string]*Member {
	all := make(map[string]*Member)
	for _, m := range d.globals {
		all[m.Path] = m
	}
	for _, c := range d.classes {
		for _, m := range c.Members {
			all[m.Path] = m
		}
	}
	return all
}
