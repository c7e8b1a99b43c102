package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// block is a scope of locals.
type block struct {
	outer    *block
	base     int  // how many locals there were before
	loop     bool // break leaves it
	captured bool // a closure holds a local of it
	breaks   []int
	labels   map[string]label
	gotos    int // how many pending ones there were before
}

type upvalue struct {
	name  string
	local bool // of the function around, else an upvalue of that
	index int
}

type label struct {
	pc, line int
	locals   int // how many are in scope there
}

// pendingGoto is one whose label isn't known yet.
type pendingGoto struct {
	name      string
	line      int
	locals    int // in scope where it stands, less those of blocks left since
	close, pc int // its two instructions
}

func (f *function) enter(loop bool) *block {
	f.block = &block{outer: f.block, base: len(f.locals), loop: loop, gotos: len(f.gotos)}
	return f.block
}

// leave ends a block: locals that closures hold get places of their own.
func (f *function) leave(line int) {
	b := f.block
	if b.captured {
		f.emitABC(lua.OP_CLOSE, b.base, 0, 0, line)
	}
	f.end()
}

// end ends a block whose locals are taken care of.
func (f *function) end() {
	b := f.block
	f.resolve(b)
	f.locals = f.locals[:b.base]
	f.free = b.base
	f.block = b.outer
	f.patchHere(b.breaks)
}

// leaveFunction ends a function's outermost block: its return closes all.
func (f *function) leaveFunction() {
	f.resolve(f.block)
	for _, g := range f.gotos {
		fail(g.line, "no visible label '%s' for <goto> at line %d", g.name, g.line)
	}
}

// declare brings names into scope, whose values are in the next registers.
func (f *function) declare(line int, names ...string) {
	f.locals = append(f.locals, names...)
	if len(f.locals) > maxLocals {
		fail(line, "too many local variables: a function can have %d", maxLocals)
	}
}

// local returns the register of a local.
func (f *function) local(name string) (register int, ok bool) {
	for i := len(f.locals) - 1; i >= 0; i-- {
		if f.locals[i] == name {
			return i, true
		}
	}
	return 0, false
}

// upvalue returns the number of an upvalue, which is made where need be.
func (f *function) upvalue(name string, line int) (index int, ok bool) {
	if i, ok := f.byName[name]; ok {
		return i, true
	}
	if f.parent == nil {
		return 0, false
	}
	u := upvalue{name: name, local: true}
	if u.index, ok = f.parent.local(name); ok {
		f.parent.capture(u.index)
	} else if u.index, ok = f.parent.upvalue(name, line); ok {
		u.local = false
	} else {
		return 0, false
	}
	if len(f.upvalues) == maxUpvalues {
		fail(line, "the function uses more than %d variables of the functions around it", maxUpvalues)
	}
	f.upvalues = append(f.upvalues, u)
	f.byName[name] = len(f.upvalues) - 1
	return len(f.upvalues) - 1, true
}

// capture notes that a closure holds a local.
func (f *function) capture(register int) {
	b := f.block
	for b.base > register {
		b = b.outer
	}
	b.captured = true
}

// breakLoop leaves the innermost loop.
func (f *function) breakLoop(line int) {
	captured := false
	for b := f.block; b != nil; b = b.outer {
		captured = captured || b.captured
		if b.loop {
			if captured {
				f.emitABC(lua.OP_CLOSE, b.base, 0, 0, line)
			}
			b.breaks = append(b.breaks, f.jump(line))
			return
		}
	}
	fail(line, "no loop to break")
}

// gotoLabel jumps to a label of this block or of one around it. Locals that are
// out of scope there are closed.
func (f *function) gotoLabel(s *ast.GotoStmt) {
	g := pendingGoto{name: s.Label, line: s.Line(), locals: len(f.locals)}
	g.close = f.emitABC(lua.OP_CLOSE, len(f.locals), 0, 0, g.line)
	g.pc = f.jump(g.line)
	if l, ok := f.block.labels[g.name]; ok {
		f.land(g, l)
		return
	}
	f.gotos = append(f.gotos, g)
}

func (f *function) land(g pendingGoto, l label) {
	f.proto.Code[g.close] = uint32(lua.OP_CLOSE)<<shiftOp | uint32(l.locals)<<shiftA
	f.patch(g.pc, l.pc)
}

// label sets a label. At a block's end no locals are in scope any longer.
func (f *function) label(s *ast.LabelStmt, last bool) {
	b := f.block
	if l, ok := b.labels[s.Name]; ok {
		fail(s.Line(), "label '%s' already defined on line %d", s.Name, l.line)
	}
	l := label{pc: f.here(), line: s.Line(), locals: len(f.locals)}
	if last {
		l.locals = b.base
	}
	if b.labels == nil {
		b.labels = make(map[string]label)
	}
	b.labels[s.Name] = l
	kept := f.gotos[:b.gotos]
	for _, g := range f.gotos[b.gotos:] {
		switch {
		case g.name != s.Name:
			kept = append(kept, g)
		case g.locals < l.locals:
			fail(g.line, "<goto %s> at line %d jumps into the scope of local '%s'", g.name, g.line, f.locals[g.locals])
		default:
			f.land(g, l)
		}
	}
	f.gotos = kept
}

// resolve is for a block that ends: the gotos in it that have found no label may mean
// one of the block around.
func (f *function) resolve(b *block) {
	kept := f.gotos[:b.gotos]
	for _, g := range f.gotos[b.gotos:] {
		g.locals = min(g.locals, b.base)
		if b.outer != nil {
			if l, ok := b.outer.labels[g.name]; ok {
				f.land(g, l)
				continue
			}
		}
		kept = append(kept, g)
	}
	f.gotos = kept
}
