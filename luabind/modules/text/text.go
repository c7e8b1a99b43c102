// Package text is the Lua module text: what Lua's own string library, which knows
// bytes, can't do with the texts of people.
package text

import (
	"math"
	"strings"
	"unicode"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/width"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// Module is the module text.
type Module struct{}

// Name returns "text".
func (Module) Name() string { return "text" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := binding{vm}
	return vm.Table("text", map[string]lua.LGFunction{
		"split": b.split, "lines": b.lines, "trim": b.trim, "fold": b.fold,
		"contains": b.contains, "starts_with": b.startsWith, "ends_with": b.endsWith,
		"len": b.len, "sub": b.sub, "width": b.width, "truncate": b.truncate, "pad": b.pad,
		"chunks": b.chunks, "strip_markdown": b.stripMarkdown,
	}, nil), nil
}

type binding struct{ vm *luabind.VM }

// text returns the text that is argument 1, and charges for going through it at so
// many instructions a byte.
func (b binding) text(L *lua.LState, function string, rate float64) string {
	s := luabind.Text(L, 1, function, "a text")
	b.vm.Charge(L, int(float64(len(s))*rate))
	return s
}

func (b binding) push(L *lua.LState, function, s string) int {
	b.vm.CheckLength(L, function, len(s))
	L.Push(lua.LString(s))
	return 1
}

// whole returns the integer that argument n is, otherwise if it is nil.
func whole(L *lua.LState, n int, function, what string, least, otherwise int) int {
	v := L.Get(n)
	f, ok := v.(lua.LNumber)
	if v == lua.LNil && otherwise >= least {
		return otherwise
	}
	if !ok || f != lua.LNumber(math.Trunc(float64(f))) || f < lua.LNumber(least) || f > math.MaxInt32 {
		luabind.Mistake(L, "%s needs %s, got %s", function, what, luabind.Describe(v))
	}
	return int(f)
}

func (b binding) list(L *lua.LState, parts []string) int {
	t := L.CreateTable(len(parts), 0)
	for _, p := range parts {
		t.Append(lua.LString(p))
	}
	L.Push(t)
	return 1
}

func (b binding) split(L *lua.LState) int {
	const function = "text.split"
	s := b.text(L, function, 0.25)
	most := whole(L, 3, function, "how many pieces are wanted at most third", 1, math.MaxInt32)
	if L.Get(2) == lua.LNil {
		b.vm.Charge(L, 3*len(s))
		fields := strings.Fields(s)
		if len(fields) > most {
			luabind.Mistake(L, "%s needs a separator if there is a number of pieces", function)
		}
		return b.list(L, fields)
	}
	sep := luabind.Text(L, 2, function, `a separator second, such as ","`)
	if sep == "" {
		luabind.Mistake(L, "%s: the separator is empty; text.sub returns single characters", function)
	}
	b.vm.Charge(L, 10*min(strings.Count(s, sep), most))
	return b.list(L, strings.SplitN(s, sep, most))
}

func (b binding) lines(L *lua.LState) int {
	s := strings.TrimSuffix(strings.ReplaceAll(b.text(L, "text.lines", 0.25), "\r\n", "\n"), "\n")
	if s == "" {
		return b.list(L, nil)
	}
	b.vm.Charge(L, 10*strings.Count(s, "\n"))
	return b.list(L, strings.Split(s, "\n"))
}

// trim takes away what can't be seen at the ends, the wide space of Chinese and
// marks of zero width included.
func (b binding) trim(L *lua.LState) int {
	return b.push(L, "text.trim", trim(b.text(L, "text.trim", 0.1)))
}

func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF' })
}

func (b binding) fold(L *lua.LState) int {
	return b.push(L, "text.fold", trim(strings.ToLower(width.Fold.String(b.text(L, "text.fold", 1)))))
}

// both returns the two texts that functions of comparison get.
func (b binding) both(L *lua.LState, function string) (s, part string) {
	return b.text(L, function, 0.1), luabind.Text(L, 2, function, "two texts")
}

func (b binding) contains(L *lua.LState) int {
	s, part := b.both(L, "text.contains")
	L.Push(lua.LBool(strings.Contains(s, part)))
	return 1
}

func (b binding) startsWith(L *lua.LState) int {
	s, part := b.both(L, "text.starts_with")
	L.Push(lua.LBool(strings.HasPrefix(s, part)))
	return 1
}

func (b binding) endsWith(L *lua.LState) int {
	s, part := b.both(L, "text.ends_with")
	L.Push(lua.LBool(strings.HasSuffix(s, part)))
	return 1
}

func (b binding) len(L *lua.LState) int {
	n, _ := measure(b.text(L, "text.len", 1))
	L.Push(lua.LNumber(n))
	return 1
}

func (b binding) width(L *lua.LState) int {
	_, n := measure(b.text(L, "text.width", 1))
	L.Push(lua.LNumber(n))
	return 1
}

func (b binding) sub(L *lua.LState) int {
	const function = "text.sub"
	s := b.text(L, function, 2)
	from := whole(L, 2, function, "the number of the first character second", math.MinInt32, 1)
	to := whole(L, 3, function, "the number of the last character third", math.MinInt32, -1)
	if from < 0 || to < 0 {
		n, _ := measure(s)
		if from < 0 {
			from += n + 1
		}
		if to < 0 {
			to += n + 1
		}
	}
	s = s[skip(s, from-1):]
	return b.push(L, function, s[:skip(s, to-max(from, 1)+1)])
}

func (b binding) truncate(L *lua.LState) int {
	const function = "text.truncate"
	s := b.text(L, function, 1)
	most := whole(L, 2, function, "the largest number of characters second", 0, -1)
	mark := "…"
	if L.Get(3) != lua.LNil {
		mark = luabind.Text(L, 3, function, "a text for what is cut off third")
	}
	if skip(s, most) < len(s) {
		n, _ := measure(mark)
		if n > most {
			mark, n = "", 0
		}
		s = strings.TrimRight(s[:skip(s, most-n)], " ") + mark
	}
	return b.push(L, function, s)
}

func (b binding) pad(L *lua.LState) int {
	const function = "text.pad"
	s := b.text(L, function, 1)
	_, columns := measure(s)
	missing := whole(L, 2, function, "how wide the text shall be second", 0, -1) - columns
	b.vm.CheckLength(L, function, len(s)+max(missing, 0))
	b.vm.Charge(L, max(missing, 0)/16)
	left := 0
	switch align := L.Get(3); align {
	case lua.LNil, lua.LString("left"):
	case lua.LString("right"):
		left = missing
	case lua.LString("center"):
		left = missing / 2
	default:
		luabind.Mistake(L, `%s: the third is "left", "right" or "center", got %s`, function, luabind.Describe(align))
	}
	if missing > 0 {
		s = strings.Repeat(" ", left) + s + strings.Repeat(" ", missing-left)
	}
	return b.push(L, function, s)
}

// chunks cuts a long text as the host cuts one that is sent.
func (b binding) chunks(L *lua.LState) int {
	const function = "text.chunks"
	s := b.text(L, function, 1)
	limit := whole(L, 2, function, "the largest number of characters in a piece second", 1, ilink.MaxTextRunes)
	b.vm.Charge(L, 20*len(s)/limit)
	return b.list(L, ilink.SplitText(s, limit))
}

func (b binding) stripMarkdown(L *lua.LState) int {
	return b.push(L, "text.strip_markdown", StripMarkdown(b.text(L, "text.strip_markdown", 30)))
}
