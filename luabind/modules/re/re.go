// Package re is the Lua module re: RE2's regular expressions, which have
// alternatives, named groups and Unicode classes, where Lua's patterns have none.
//
// Matching takes time in proportion to the text, and a pattern is bounded, so that
// a single search is: see maxWork.
package re

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module re.
type Module struct{}

// Name returns "re".
func (Module) Name() string { return "re" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := &binding{vm: vm, cache: cache{patterns: map[string]*pattern{}}}
	return vm.Table("re", map[string]lua.LGFunction{
		"test": b.test, "match": b.match, "find": b.find, "find_all": b.findAll,
		"replace": b.replace, "split": b.split, "escape": b.escape,
	}, nil), nil
}

// binding is the module in one VM, whose lock guards it.
type binding struct {
	vm    *luabind.VM
	cache cache
}

// arguments returns the text and the pattern that each function begins with.
func (b *binding) arguments(L *lua.LState, function string) (string, *pattern) {
	text := luabind.Text(L, 1, function, "a text and a pattern")
	expr := luabind.Text(L, 2, function, "a text and a pattern")
	p, fresh, err := b.cache.get(expr)
	if err != nil {
		b.vm.Charge(L, 20*len(expr))
		if len(expr) > 100 {
			expr = strings.ToValidUTF8(expr[:100], "") + "…"
		}
		luabind.Mistake(L, "%s: the pattern %q is wrong: %v", function, expr, err)
	}
	if fresh {
		b.vm.Charge(L, 20*len(expr)+50*p.size)
	}
	return text, p
}

// search is the pattern's, charged.
func (b *binding) search(L *lua.LState, function string, p *pattern, text string, pos int) []int {
	if p.work(len(text)-pos) > maxWork {
		L.RaiseError("%s: the pattern is too large for a text of %d bytes: search in parts of it, or for something simpler", function, len(text))
	}
	b.vm.Charge(L, 20) // also finds out whether the handler must end
	loc := p.search(text, pos)
	looked := len(text) - pos
	if loc != nil {
		looked = loc[1] - pos
	}
	b.vm.Charge(L, looked*(1+p.size/16)/4)
	return loc
}

// each calls f with the matches, at most so many, none of which overlap.
func (b *binding) each(L *lua.LState, function string, p *pattern, text string, most int, f func(loc []int)) {
	pos, end := 0, -1
	for n := 0; n < most && pos <= len(text); {
		loc := b.search(L, function, p, text, pos)
		if loc == nil {
			return
		}
		empty := loc[0] == loc[1]
		if pos = loc[1]; empty {
			_, width := utf8.DecodeRuneInString(text[pos:])
			pos += max(width, 1)
		}
		// A match of nothing right behind another one isn't one.
		if !empty || loc[0] != end {
			n++
			f(loc)
		}
		end = loc[1]
	}
}

// most returns the number of matches that argument n allows.
func most(L *lua.LState, n int, function string) int {
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
		return math.MaxInt
	case lua.LNumber:
		if v >= 1 && v < 1<<31 {
			return int(v)
		}
	}
	luabind.Mistake(L, "%s takes how many matches are wanted at most, got %s", function, luabind.Describe(L.Get(n)))
	return 0
}

func (b *binding) test(L *lua.LState) int {
	text, p := b.arguments(L, "re.test")
	L.Push(lua.LBool(b.search(L, "re.test", p, text, 0) != nil))
	return 1
}

func (b *binding) match(L *lua.LState) int {
	text, p := b.arguments(L, "re.match")
	loc := b.search(L, "re.match", p, text, 0)
	if loc == nil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(b.groups(L, p, text, loc))
	return 1
}

// groups makes the table of a match: the whole of it at 0, and the groups by their
// numbers and names.
func (b *binding) groups(L *lua.LState, p *pattern, text string, loc []int) *lua.LTable {
	b.vm.Charge(L, 50+5*len(p.names)+(loc[1]-loc[0])/16)
	t := L.CreateTable(len(p.names)-1, 1)
	for i, name := range p.names {
		if loc[2*i] < 0 {
			continue // a group of an alternative that wasn't taken
		}
		v := lua.LString(text[loc[2*i]:loc[2*i+1]])
		t.RawSetInt(i, v)
		if name != "" {
			t.RawSetString(name, v)
		}
	}
	return t
}

func (b *binding) find(L *lua.LState) int {
	text, p := b.arguments(L, "re.find")
	pos := 0
	switch v := L.Get(3).(type) {
	case *lua.LNilType:
	case lua.LNumber:
		if pos = int(v) - 1; v < 0 {
			pos = len(text) + int(v)
		}
		pos = max(pos, 0)
	default:
		luabind.Mistake(L, "re.find takes the position at which to begin, got %s", luabind.Describe(v))
	}
	var loc []int
	if pos <= len(text) {
		loc = b.search(L, "re.find", p, text, pos)
	}
	if loc == nil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(loc[0] + 1))
	L.Push(lua.LNumber(loc[1]))
	L.Push(b.groups(L, p, text, loc))
	return 3
}

func (b *binding) findAll(L *lua.LState) int {
	text, p := b.arguments(L, "re.find_all")
	n := most(L, 3, "re.find_all")
	list := L.CreateTable(0, 0)
	L.Push(list) // who weighs the script sees it grow
	b.each(L, "re.find_all", p, text, n, func(loc []int) {
		list.Append(b.groups(L, p, text, loc))
	})
	return 1
}

func (b *binding) replace(L *lua.LState) int {
	const function = "re.replace"
	text, p := b.arguments(L, function)
	var with func(loc []int) string
	switch v := L.Get(3).(type) {
	case *lua.LFunction:
		with = func(loc []int) string {
			switch r := luabind.CallFunction(L, v, b.groups(L, p, text, loc)).(type) {
			case lua.LString, lua.LNumber:
				return r.String()
			default:
				if lua.LVAsBool(r) {
					luabind.Mistake(L, "re.replace: the function must return a text, or nothing to leave the match as it is; it returned %s", luabind.Describe(r))
				}
			}
			return text[loc[0]:loc[1]]
		}
	case lua.LString, lua.LNumber:
		b.vm.Charge(L, len(v.String())/2)
		t := parseTemplate(L, p, v.String())
		with = func(loc []int) string {
			b.vm.CheckLength(L, function, t.size(loc)) // before it is made
			return t.fill(text, loc)
		}
	default:
		luabind.Mistake(L, `re.replace needs a text such as "$2 $1", or a function, got %s`, luabind.Describe(v))
	}
	var out strings.Builder
	done, count := 0, 0
	b.each(L, function, p, text, most(L, 4, function), func(loc []int) {
		count++
		part := with(loc)
		b.vm.Charge(L, (loc[0]-done+len(part))/16)
		b.vm.CheckLength(L, function, out.Len()+loc[0]-done+len(part))
		out.WriteString(text[done:loc[0]])
		out.WriteString(part)
		done = loc[1]
	})
	b.vm.CheckLength(L, function, out.Len()+len(text)-done)
	out.WriteString(text[done:])
	L.Push(lua.LString(out.String()))
	L.Push(lua.LNumber(count))
	return 2
}

// template is what matches are replaced by: texts, and groups between them.
type template struct {
	texts  []string
	groups []int // one fewer
}

// parseTemplate reads $1, ${1}, ${name} and $$.
func parseTemplate(L *lua.LState, p *pattern, text string) template {
	t := template{}
	var literal strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		literal.WriteString(before)
		if !found {
			t.texts = append(t.texts, literal.String())
			return t
		}
		if text = strings.TrimPrefix(rest, "$"); text != rest {
			literal.WriteByte('$')
			continue
		}
		var name string
		if inner, ok := strings.CutPrefix(rest, "{"); ok {
			name, text, _ = strings.Cut(inner, "}")
		} else {
			end := 0
			for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
				end++
			}
			name, text = rest[:end], rest[end:]
		}
		group, err := strconv.Atoi(name)
		if name == "" {
			luabind.Mistake(L, "re.replace: write $$ for a $, or $1 or ${name} for a group")
		} else if err != nil {
			group = p.SubexpIndex(name)
		}
		if group < 0 || group >= len(p.names) {
			luabind.Mistake(L, "re.replace: the pattern has no group %s, which the replacement refers to", name)
		}
		t.texts, t.groups = append(t.texts, literal.String()), append(t.groups, group)
		literal.Reset()
	}
}

// size is how long fill makes it.
func (t template) size(loc []int) int {
	n := 0
	for _, s := range t.texts {
		n += len(s)
	}
	for _, g := range t.groups {
		n += loc[2*g+1] - loc[2*g]
	}
	return n
}

func (t template) fill(text string, loc []int) string {
	if len(t.groups) == 0 {
		return t.texts[0]
	}
	var out strings.Builder
	for i, g := range t.groups {
		out.WriteString(t.texts[i])
		if loc[2*g] >= 0 {
			out.WriteString(text[loc[2*g]:loc[2*g+1]])
		}
	}
	out.WriteString(t.texts[len(t.groups)])
	return out.String()
}

func (b *binding) split(L *lua.LState) int {
	const function = "re.split"
	text, p := b.arguments(L, function)
	pieces := most(L, 3, function)
	list := L.CreateTable(0, 0)
	L.Push(list) // who weighs the script sees it grow
	add := func(piece string) {
		b.vm.Charge(L, 5+len(piece)/16)
		list.Append(lua.LString(piece))
	}
	begin, end := 0, 0
	b.each(L, function, p, text, pieces-1, func(loc []int) {
		end = loc[0]
		if loc[1] > 0 { // nothing is before a match of nothing at the begin
			add(text[begin:end])
		}
		begin = loc[1]
	})
	if end < len(text) || text == "" {
		add(text[begin:])
	}
	return 1
}

func (b *binding) escape(L *lua.LState) int {
	text := luabind.Text(L, 1, "re.escape", "a text")
	b.vm.Charge(L, len(text)/8)
	b.vm.CheckLength(L, "re.escape", 2*len(text))
	L.Push(lua.LString(regexp.QuoteMeta(text)))
	return 1
}
