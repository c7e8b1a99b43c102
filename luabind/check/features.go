package check

import (
	"slices"
	"strings"
)

// Libraries ask what the Lua that they run in has: "string.gmatch or string.gfind",
// "if jit then". What they find missing they don't use, and so it isn't a mistake.

// features is what a file asks, and what is never run in it.
type features struct {
	// asked are globals, and fields as in "string.gfind", of which the file asks whether
	// they are there.
	asked map[string]bool
	// dead are the places of what is never run, or does no harm if it isn't there.
	dead map[int]bool
	// caught are those of functions whose errors are caught.
	caught map[int]bool
	// perhaps are those of what isn't run for sure when the file is loaded.
	perhaps map[int]bool
}

// otherEnvironments are globals of other programs with Lua in them, and of other
// versions of Lua.
var otherEnvironments = []string{"_ENV", "arg", "bit", "box", "cjson", "ffi", "gcinfo", "jit", "lfs", "love", "lpeg", "ltn12", "mime", "minetest", "ngx", "rawlen",
	"redis", "socket", "ssl", "table_pack", "turbo", "utf8", "vim", "warn", "wx"}

// otherVersions are functions of libraries in other versions of Lua, and in LuaJIT.
var otherVersions = []string{"coroutine.close", "coroutine.isyieldable", "math.cosh", "math.frexp", "math.ldexp", "math.log10", "math.mod", "math.pow", "math.sinh", "math.tanh",
	"math.tointeger", "math.type", "math.ult", "string.dump", "string.gfind", "string.pack", "string.packsize", "string.unpack", "table.clear", "table.foreach",
	"table.foreachi", "table.getn", "table.isarray", "table.maxn", "table.move", "table.new", "table.nkeys", "table.pack", "table.setn", "table.unpack"}

// findFeatures finds out what the files ask.
func (w *work) findFeatures() {
	w.features = make(map[*file]*features)
	for _, f := range w.files {
		w.features[f] = &features{make(map[string]bool), make(map[int]bool), make(map[int]bool), make(map[int]bool)}
	}
	for _, v := range w.globals {
		for _, u := range v.uses {
			if u.tested || u.arg != nil && u.argIndex == 0 && (calls(u.arg, "type") || calls(u.arg, "pcall") || calls(u.arg, "xpcall")) {
				w.features[u.file].asked[v.name] = true
			}
		}
	}
	for _, f := range w.files {
		walk(f, func(node any) { w.noteFeature(f, w.features[f], node) })
	}
}

// noteFeature takes notice of what one statement or expression asks.
func (w *work) noteFeature(f *file, fs *features, node any) {
	switch n := node.(type) {
	case *index:
		if n.tested {
			fs.ask(w, n)
		}
	case *unary:
		if n.op == "not" {
			fs.askAll(w, n.expr)
		}
	case *function:
		mark(fs.perhaps, n.body)
	case *call:
		if len(n.args) == 0 {
			return
		}
		ix, _ := n.args[0].(*index)
		key, _ := n.args[min(1, len(n.args)-1)].(*text)
		switch fn, _ := n.args[0].(*function); {
		case calls(n, "type") && ix != nil:
			fs.ask(w, ix)
		case calls(n, "rawget") && len(n.args) == 2 && key != nil:
			fs.ask(w, &index{base: n.args[0], key: &key.value})
		case fn != nil && (calls(n, "pcall") || calls(n, "xpcall")):
			mark(fs.caught, fn.body)
		}
	case *binary:
		if n.op == "or" || n.op == "and" {
			markExpr(fs.perhaps, n.right)
			fs.askAll(w, n.left)
		}
		switch is, known := w.truth(n.left, 0); {
		case known && is == (n.op == "or") && (n.op == "or" || n.op == "and"):
			markExpr(fs.dead, n.right)
		case n.op == "or" && w.isFeature(n.left):
			fs.alternative(n.right)
		}
	case *block:
		for _, body := range n.bodies {
			mark(fs.perhaps, body)
		}
		for _, c := range n.conditions {
			fs.askAll(w, c)
		}
		if n.loop != nil || n.repeats {
			return
		}
		over := false
		for i, body := range n.bodies {
			if i >= len(n.conditions) {
				if over {
					mark(fs.dead, body)
				}
				break
			}
			if over {
				markExpr(fs.dead, n.conditions[i])
			}
			is, known := w.truth(n.conditions[i], 0)
			if over || known && !is {
				mark(fs.dead, body)
			}
			over = over || known && is
		}
	}
}

// ask notes that a file asks for a field of a library, or for a global as a field of _G.
func (fs *features) ask(w *work, n *index) {
	switch {
	case n.key == nil:
	case isGlobalTable(n.base):
		fs.asked[*n.key] = true
	default:
		if path := w.libraryField(n); path != "" {
			fs.asked[path] = true
		}
	}
}

// askAll notes the globals of other environments of which a condition asks.
func (fs *features) askAll(w *work, e expr) {
	switch e := e.(type) {
	case *name:
		if e.global && w.foreign(e.variable.name) {
			fs.asked[e.variable.name] = true
		}
	case *binary:
		if e.op == "and" || e.op == "or" {
			fs.askAll(w, e.left)
			fs.askAll(w, e.right)
		}
	case *paren:
		fs.askAll(w, e.expr)
	}
}

// alternative notes that it does no harm if e, at the right of or, isn't there.
func (fs *features) alternative(e expr) {
	switch e := e.(type) {
	case *name, *index:
		fs.dead[e.pos()] = true
	case *binary:
		if e.op == "or" {
			fs.alternative(e.left)
			fs.alternative(e.right)
		}
	case *paren:
		fs.alternative(e.expr)
	}
}

// libraryField returns the path of a field of a library that scripts may add to, as in
// "string.gfind"; "" if e isn't one.
func (w *work) libraryField(e expr) string {
	n, ok := e.(*index)
	if !ok || n.key == nil || !w.isModule(n.base) {
		return ""
	}
	path := w.defs.Class(w.arms(w.typeOf(n.base))[0].Name).Path
	if !slices.Contains(plainLibraries, path) {
		return ""
	}
	return path + "." + *n.key
}

// isFeature reports whether e is something that there may be in one Lua and not in
// another.
func (w *work) isFeature(e expr) bool {
	switch e := e.(type) {
	case *name:
		return e.global && (isForeign(e.variable.name) || w.defined(e.variable.name) != nil)
	case *index:
		b, ok := e.base.(*name)
		return w.libraryField(e) != "" || ok && b.global && w.foreign(b.variable.name)
	case *binary:
		return (e.op == "or" || e.op == "and") && w.isFeature(e.left)
	case *paren:
		return w.isFeature(e.expr)
	}
	return false
}

// foreign reports whether a name is a global of other environments than bots', which
// nothing here defines.
func (w *work) foreign(name string) bool {
	if v := w.globals[name]; v != nil && len(v.assigned) > 0 || w.known(name) {
		return false
	}
	return isForeign(name)
}

// isForeign reports whether other environments have a global of this name.
func isForeign(name string) bool {
	return len(removed[name]) > 0 || slices.Contains(otherEnvironments, name)
}

// maxTruth bounds how deep it is looked into conditions.
const maxTruth = 20

// truth says whether an expression is true, as far as that is known from what bots
// have.
func (w *work) truth(e expr, depth int) (is, known bool) {
	if depth++; depth > maxTruth {
		return false, false
	}
	switch e := e.(type) {
	case *constant:
		return e.text != "nil" && e.text != "false", true
	case *paren:
		return w.truth(e.expr, depth)
	case *unary:
		if e.op == "not" {
			is, known = w.truth(e.expr, depth)
			return !is, known
		}
	case *binary:
		return w.truthOfBoth(e, depth)
	case *name, *index, *call:
		there, known := w.there(e, depth)
		return there, known
	}
	return false, false
}

func (w *work) truthOfBoth(e *binary, depth int) (is, known bool) {
	switch e.op {
	case "and", "or":
		left, leftKnown := w.truth(e.left, depth)
		if leftKnown && left == (e.op == "or") {
			return left, true
		}
		right, rightKnown := w.truth(e.right, depth)
		if rightKnown && (leftKnown || right == (e.op == "or")) {
			return right, true
		}
	case "==", "~=":
		value, literal := e.left, e.right
		if _, ok := value.(*text); ok || isNil(value) {
			value, literal = literal, value
		}
		s, isText := literal.(*text)
		same := false
		c, isCall := value.(*call)
		n, isName := value.(*name)
		switch {
		case isNil(literal):
			there, known := w.there(value, depth)
			if !known {
				return false, false
			}
			same = !there
		case isText && isName && n.global && n.variable.name == "_VERSION" && w.api(n.variable) != nil:
			same = s.value == luaVersion
		case isText && isCall && calls(c, "type") && len(c.args) == 1 && s.value != "nil":
			if there, known := w.there(c.args[0], depth); !known || there {
				return false, false
			}
		default:
			return false, false
		}
		return same == (e.op == "=="), true
	}
	return false, false
}

const luaVersion = "Lua 5.1"

// there says whether a global or a field of a library is there.
func (w *work) there(e expr, depth int) (is, known bool) {
	if depth++; depth > maxTruth {
		return false, false
	}
	switch e := e.(type) {
	case *paren:
		return w.there(e.expr, depth)
	case *name:
		v := e.variable
		switch {
		case !v.global:
			if len(v.assigned) == 0 && v.decl != nil && len(v.decl.exprs) == len(v.decl.vars) {
				return w.there(v.decl.exprs[v.index], depth)
			}
			return false, false
		case w.foreign(v.name):
			return false, true
		}
		return true, w.api(v) != nil && w.hook(v.name) == nil
	case *index:
		if e.key == nil {
			return false, false
		}
		if isGlobalTable(e.base) {
			return w.there(&name{variable: w.global(*e.key)}, depth)
		}
		if b, ok := e.base.(*name); ok && b.global && w.foreign(b.variable.name) {
			return false, false // it fails
		}
		if w.libraryField(e) == "" {
			return false, false
		}
		m := w.member(w.typeOf(e.base), *e.key)
		return m.member != nil, (m.member != nil || m.missing) && !w.written[*e.key]
	case *call:
		if key, ok := secondText(e); ok && calls(e, "rawget") {
			return w.there(&index{base: e.args[0], key: &key}, depth)
		}
	}
	return false, false
}

func secondText(c *call) (string, bool) {
	if len(c.args) != 2 {
		return "", false
	}
	s, ok := c.args[1].(*text)
	if !ok {
		return "", false
	}
	return s.value, true
}

// global returns the variable of a name that may not be in the script.
func (w *work) global(name string) *variable {
	if v := w.globals[name]; v != nil {
		return v
	}
	return &variable{name: name, global: true}
}

// calls reports whether c calls a global function of this name.
func calls(c *call, function string) bool {
	n, ok := c.fn.(*name)
	return ok && c.method == "" && n.global && n.variable.name == function
}

// mark notes the places of statements, and markExpr those of an expression.
func mark(places map[int]bool, list []stmt) { marker(places).stmts(list) }

func markExpr(places map[int]bool, e expr) { marker(places).expr(e) }

func marker(places map[int]bool) visitor {
	return func(node any) {
		switch n := node.(type) {
		case *localStmt:
			for _, v := range n.vars {
				places[v.at] = true
			}
		case *assignStmt:
			places[n.at] = true
		case *call:
			places[n.pos()], places[n.methodAt] = true, true
		case *table:
			for _, f := range n.fields {
				places[f.at] = true
			}
		case expr:
			places[n.pos()] = true
		}
	}
}

// excused reports whether a global or a field that isn't there does no harm: the file
// asks for it, it is never reached, or the error is caught. path is "jit", or
// "string.gfind".
func (w *work) excused(f *file, at int, path string) bool {
	fs := w.features[f]
	base, _, _ := strings.Cut(path, ".")
	isOther := w.foreign(base) || slices.Contains(otherVersions, path) || len(removed[path]) > 0
	return fs.asked[path] || fs.dead[at] || isOther && fs.caught[at]
}

// isModuleFile reports whether a file is one that others require.
func (w *work) isModuleFile(f *file) bool {
	if f.path != w.sources[0].path {
		return true
	}
	hook := w.globals["on_message"]
	return f.returns && (hook == nil || len(hook.assigned) == 0)
}

// severityOf is how bad it is that something isn't there which other Luas have: in a
// module, what needs it may never be run.
func (w *work) severityOf(f *file, at int, fatal bool) Severity {
	if !fatal || w.features[f].perhaps[at] && w.isModuleFile(f) {
		return Warning
	}
	return Error
}

// nilValue says what becomes of a value that is nil and isn't used at once. It does no
// harm in a module, which others may ask for it, and in a local of which the file asks
// whether it is there, or that is never used. It is fatal in one that is called or the
// like.
func (w *work) nilValue(f *file, at int) (harmless, fatal bool) {
	if w.isModuleFile(f) {
		return true, false
	}
	for _, v := range f.allLocals() {
		if v.decl == nil || v.index >= len(v.decl.exprs) || v.decl.exprs[v.index].pos() != at {
			continue
		}
		switch v.decl.exprs[v.index].(type) {
		case *name, *index:
		default:
			continue
		}
		if slices.ContainsFunc(v.uses, func(u use) bool { return u.tested || u.arg != nil && calls(u.arg, "type") }) {
			return true, false
		}
		fatal = slices.ContainsFunc(v.uses, func(u use) bool { return u.callee != nil || u.indexed || u.operand })
		return !fatal, fatal
	}
	return false, false
}
