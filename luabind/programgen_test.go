package luabind

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// programNode is a piece of a random program: text with nodes in it, that can be
// made smaller.
type programNode struct {
	kind  nodeKind
	parts []any // strings and *programNodes
}

type nodeKind int

const (
	exprNode nodeKind = iota
	stmtNode
	listNode // statements
)

func (n *programNode) String() string {
	var b strings.Builder
	for _, p := range n.parts {
		fmt.Fprint(&b, p)
	}
	return b.String()
}

// nodef makes a node of a text in which each $ stands for the next child.
func nodef(kind nodeKind, text string, children ...any) *programNode {
	n := &programNode{kind: kind}
	for i, piece := range strings.Split(text, "$") {
		if i > 0 {
			n.parts = append(n.parts, children[i-1])
		}
		n.parts = append(n.parts, piece)
	}
	return n
}

// programGenerator writes functions that take a, b and c, and perhaps more, use what
// programPrelude has, and end by themselves.
type programGenerator struct {
	*rand.Rand
	names  int
	varied bool // ... may be written
	loops  int  // around
}

func (g *programGenerator) name() string {
	g.names++
	return fmt.Sprintf("v%d", g.names)
}

func (g *programGenerator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *programGenerator) one(in int) bool { return g.IntN(in) == 0 }

// function makes a function of its own.
func (g *programGenerator) function() *programNode {
	g.names, g.loops = 0, 0
	g.varied = g.one(2)
	rest := ""
	if g.varied {
		rest = ", ..."
	}
	scope := []string{"a", "b", "c"}
	body := g.block(&scope, 2+g.IntN(2), 2+g.IntN(5))
	return nodef(stmtNode, "function(a, b, c"+rest+")\n$return "+strings.Join(scope[:min(len(scope), 12)], ", ")+"\nend", body)
}

// closed makes something in a function of its own, where neither the dots nor the loops
// around are there.
func (g *programGenerator) closed(varied bool, f func() *programNode) *programNode {
	before, loops := g.varied, g.loops
	g.varied, g.loops = varied, 0
	defer func() { g.varied, g.loops = before, loops }()
	return f()
}

func (g *programGenerator) block(scope *[]string, depth, n int) *programNode {
	list := &programNode{kind: listNode}
	for range n {
		list.parts = append(list.parts, g.statement(scope, depth), "\n")
	}
	return list
}

// inner makes a block in which names are there besides.
func (g *programGenerator) inner(scope []string, depth int, names ...string) *programNode {
	within := append(append([]string{}, scope...), names...)
	return g.block(&within, depth-1, 1+g.IntN(3))
}

func (g *programGenerator) loop(scope []string, depth int, names ...string) *programNode {
	g.loops++
	defer func() { g.loops-- }()
	return g.inner(scope, depth, names...)
}

func (g *programGenerator) exprs(scope []string, depth, n int) *programNode {
	list := nodef(exprNode, "$", g.expr(scope, depth))
	for range n - 1 {
		list.parts = append(list.parts, ", ", g.expr(scope, depth))
	}
	return list
}

func (g *programGenerator) target(scope []string) string {
	if !g.one(3) {
		return g.pick(scope...)
	}
	return g.pick("T.x", "T.y", "T[1]", "G", fmt.Sprintf("T[num(%s)]", g.pick(scope...)), fmt.Sprintf("T[str(%s)]", g.pick(scope...)), "obj.v", "T[a]", "P[1]")
}

func (g *programGenerator) targets(scope []string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = g.target(scope)
	}
	return strings.Join(all, ", ")
}

func (g *programGenerator) statement(scope *[]string, depth int) *programNode {
	s := *scope
	e := func(d int) *programNode { return g.expr(s, d) }
	simple := 9
	if depth <= 0 {
		return g.simple(scope, g.IntN(simple))
	}
	switch k := g.IntN(30); {
	case k < simple:
		return g.simple(scope, k)
	case k == 9:
		return nodef(stmtNode, "if $ then\n$end", e(3), g.inner(s, depth))
	case k == 10:
		return nodef(stmtNode, "if $ then\n$else\n$end", e(3), g.inner(s, depth), g.inner(s, depth))
	case k == 11:
		return nodef(stmtNode, "if $ then\n$elseif $ then\n$else\n$end", e(2), g.inner(s, depth), e(2), g.inner(s, depth), g.inner(s, depth))
	case k == 12:
		return nodef(stmtNode, "do\n$end", g.inner(s, depth))
	case k == 13:
		n := g.name()
		return g.headed("for "+n+" = "+g.pick("1", "'1'", "num($)", "-1")+", "+g.pick("3", "'2'", "num($)", "0")+g.pick("", ", 1", ", -1", ", 2", ", 0.5")+" do tick()\n$end", s, g.loop(s, depth, n))
	case k == 14:
		n, m := g.name(), g.name()
		return nodef(stmtNode, "for "+n+", "+m+" in ipairs{$} do tick()\n$end", g.exprs(s, 1, 1+g.IntN(3)), g.loop(s, depth, n, m))
	case k == 15:
		n := g.name()
		return nodef(stmtNode, "for "+n+" in iter($) do tick()\n$end", e(1), g.loop(s, depth, n))
	case k == 16:
		n, m := g.name(), g.name()
		return g.headed("for "+n+", "+m+" in "+g.pick("bare", "bare, $", "bare, $, $", "three($)")+" do tick()\n$end", s, g.loop(s, depth, n, m))
	case k == 17:
		return g.headed("while "+g.pick("step(3)", "step(3) and $", "$ and step(4)", "not $ and step(2)")+" do tick()\n$end", s, g.loop(s, depth))
	case k == 18:
		within := append([]string{}, s...)
		g.loops++
		body := g.block(&within, depth-1, 1+g.IntN(2))
		g.loops--
		if endsEarly(body) {
			within = s
		}
		return nodef(stmtNode, "repeat tick()\n$until $ or not step(3)", body, g.expr(within, 2))
	case k == 19:
		f, x := g.name(), g.name()
		varied := g.one(3)
		rest := ""
		if varied {
			rest = ", ..."
		}
		body := g.closed(varied, func() *programNode { return g.inner(s, depth, f, x) })
		result := g.closed(varied, func() *programNode { return g.expr(append(append([]string{}, s...), f, x), 2) })
		*scope = append(s, f)
		return nodef(stmtNode, "local function "+f+"("+x+rest+") tick()\n$return $\nend\nlog("+f+"($, $))", body, result, e(1), e(1))
	case k == 20:
		f, x := g.name(), g.name()
		body := g.closed(false, func() *programNode { return g.inner(s, depth, x) })
		result := g.closed(false, func() *programNode { return g.expr(append(append([]string{}, s...), x), 2) })
		*scope = append(s, f)
		return nodef(stmtNode, "local "+f+" = function("+x+") tick()\n$return $\nend", body, result)
	case k == 21:
		return nodef(stmtNode, "keep(function()\n$return $\nend)", g.closed(false, func() *programNode { return g.inner(s, depth) }), g.closed(false, func() *programNode { return e(2) }))
	case k == 22:
		before, after := "log(", ")"
		if g.one(2) {
			before, after = g.targets(s, 2)+" = ", ""
		}
		return g.closed(false, func() *programNode {
			return nodef(stmtNode, before+"pcall(function()\n$if $ then error(str($), 0) end\nreturn $\nend)"+after, g.inner(s, depth), e(1), e(1), e(2))
		})
	case k == 23:
		return nodef(stmtNode, "log(co(function(y)\n$log(y($, 1))\nreturn $\nend))", g.closed(false, func() *programNode { return g.inner(s, depth, "y") }),
			g.closed(false, func() *programNode { return e(2) }), g.closed(false, func() *programNode { return e(2) }))
	case k == 24:
		return nodef(stmtNode, "function obj:m(x, ...) tick()\n$return self.v, x, $\nend log(obj:m($))",
			g.closed(true, func() *programNode { return g.inner(s, depth, "x", "self") }), g.closed(true, func() *programNode { return e(2) }), e(2))
	case k == 25 && g.loops > 0:
		return nodef(stmtNode, "if $ then break end", e(2))
	case k == 26:
		return nodef(stmtNode, "if $ then return $ end", e(2), g.exprs(s, 2, 1+g.IntN(2)))
	case k == 27:
		return nodef(stmtNode, "for _, f in ipairs{ function() $ = $ end, function() return $ end } do log(f()) end",
			g.target(s), g.closed(false, func() *programNode { return e(2) }), g.closed(false, func() *programNode { return e(1) }))
	}
	return g.simple(scope, g.IntN(simple))
}

// headed makes a loop whose head has expressions, and at last its block.
func (g *programGenerator) headed(text string, scope []string, block *programNode) *programNode {
	var children []any
	for range strings.Count(text, "$") - 1 {
		children = append(children, g.expr(scope, 1))
	}
	return nodef(stmtNode, text, append(children, block)...)
}

// endsEarly reports whether a block may be left by break, behind which the locals of
// the block aren't there for until.
func endsEarly(n *programNode) bool { return strings.Contains(n.String(), "break") }

func (g *programGenerator) simple(scope *[]string, k int) *programNode {
	s := *scope
	switch k {
	case 0, 1:
		names := []string{g.name()}
		for g.one(2) && len(names) < 3 {
			names = append(names, g.name())
		}
		if len(names) > 1 && g.one(6) {
			names[1] = names[0]
		}
		if g.one(5) && len(s) > 3 {
			names[0] = g.pick(s...)
		}
		n := nodef(stmtNode, "local "+strings.Join(names, ", "))
		if !g.one(6) {
			n = nodef(stmtNode, "local "+strings.Join(names, ", ")+" = $", g.exprs(s, 3, 1+g.IntN(3)))
		}
		if len(s) < 60 {
			*scope = append(append([]string{}, s...), names...)
		}
		return n
	case 2, 3:
		return nodef(stmtNode, g.target(s)+" = $", g.expr(s, 3))
	case 4, 5, 6:
		n := 2 + g.IntN(2)
		return nodef(stmtNode, g.targets(s, n)+" = $", g.exprs(s, 2, max(1, n+g.IntN(4)-2)))
	case 7:
		return nodef(stmtNode, g.pick("id($)", "M:get($)", "T.f($)", "log($)"), g.exprs(s, 2, 1+g.IntN(2)))
	}
	return nodef(stmtNode, "log($)", g.exprs(s, 2, 1+g.IntN(3)))
}

func (g *programGenerator) atom(scope []string) *programNode {
	text := g.pick("1", "2", "0", "-1", "3.5", "'a'", "'7'", "true", "false", "nil", "G", "T.x", "T.y", "T[1]", "T.f", "nil", "false", "(nil)", "'b'", "{}", "obj.v", "P[2]", "''")
	switch {
	case g.one(2):
		text = g.pick(scope...)
	case g.varied && g.one(8):
		text = g.pick("...", "(...)")
	}
	return nodef(exprNode, text)
}

func (g *programGenerator) expr(scope []string, depth int) *programNode {
	if depth <= 0 || g.one(6) {
		return g.atom(scope)
	}
	e := func() *programNode { return g.expr(scope, depth-1) }
	x := func(text string) *programNode {
		var children []any
		for range strings.Count(text, "$") {
			children = append(children, e())
		}
		return nodef(exprNode, text, children...)
	}
	switch g.IntN(26) {
	case 0, 1, 2:
		return x("($ " + g.pick("and", "or") + " $)")
	case 3, 4:
		return x("$ " + g.pick("and", "or") + " $")
	case 5:
		return x("not ($)")
	case 6:
		return x("num($) " + g.pick("+", "-", "*", "%", "/", "^") + " num($)")
	case 7:
		return x("(num($) " + g.pick("<", "<=", ">", ">=", "==", "~=") + " num($))")
	case 8:
		return x("(($) " + g.pick("==", "~=") + " ($))")
	case 9:
		return x(g.pick("str($) .. str($)", "str($) .. 1 .. str($)", "(str($) "+g.pick("<", "<=", ">", ">=")+" str($))"))
	case 10:
		return x(g.pick("id($)", "id($, $)", "(id($))"))
	case 11:
		return x("two($, $)")
	case 12:
		return x("(two($, $))")
	case 13:
		return x(g.pick("M:get($)", "obj:get($)", "(M:get($))"))
	case 14:
		return x(g.pick("tab{$, $, k = $, two($, 9)}", "tab{[1] = $, $, $}", "tab{[str($)] = $, id($)}", "{$, $, n = $}"))
	case 15:
		n := g.name()
		before := g.varied
		f := g.closed(false, func() *programNode {
			body := nodef(listNode, "")
			if depth > 1 {
				body = g.inner(scope, depth-1, n)
			}
			return nodef(exprNode, "(function("+n+") $return $ end)", body, g.expr(append(append([]string{}, scope...), n), depth-1))
		})
		g.varied = before
		return nodef(exprNode, "$($)", f, e())
	case 16:
		return x(g.pick("-num($)", "- -num($)", "not not ($)"))
	case 17:
		return x("sel($, $)")
	case 18:
		return x(g.pick("add($, $) + 1", "add($, 2) .. ''", "(add($, 1) < add($, 1))", "(add($, 1) == add($, 1))", "-add($, 1)"))
	case 19:
		return x("(nil or $ and $ or not $)")
	case 20:
		return x("($ == nil and $ or $)")
	case 22:
		return x("odd($) " + g.pick("+", "-", "*", "%", "/", "%", "%") + " " + g.pick("odd", "num") + "($)")
	case 23:
		return x(g.pick("1 / (num($) * odd($))", "1 / -odd($)", "odd($) % 3", "odd($) % -0.1", "(odd($) "+g.pick("<", "<=", ">", ">=", "==", "~=")+" odd($))"))
	case 21:
		return x("(num($) > 1 and str($) < 'm' or $ and 1)")
	}
	return x("($)")
}
