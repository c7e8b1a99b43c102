package luabind

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// stepsPerInstruction is how many steps of pattern matching take as long as an
// instruction.
const stepsPerInstruction = 2

// chargePerMatch is what handing a match to the script costs, in instructions.
const chargePerMatch = 4

// patternMeter charges the steps of one search to the handler.
type patternMeter struct {
	L     *lua.LState
	spent int64 // instructions so far
}

// Charge raises an error, and doesn't return, when the handler must end.
func (m *patternMeter) Charge(steps int) error {
	b := budgetOf(m.L)
	if b == nil {
		return nil
	}
	n := (steps + stepsPerInstruction - 1) / stepsPerInstruction
	m.spent += int64(n)
	limit := b.run.vm.limits.Instructions
	// Say what it is that takes long, if it is this search.
	if b.left < int64(n) && m.spent > limit/10 {
		b.run.stop(&stopReason{
			kind: KindLimit, limit: LimitInstructions,
			message: fmt.Sprintf("%s ran more than %d instructions: pattern matching takes too many steps; "+
				"a pattern with fewer *, + and - may do, or [bot.sandbox] instructions must be raised", b.run.what(), limit),
		})
	}
	b.charge(m.L, n)
	return nil
}

// search finds a match at or after from. The captures are the matcher's until
// the next search.
func (l *stringLib) search(L *lua.LState, p *lstring.Pattern, s string, from int) (begin, end int, ok bool) {
	l.meter = patternMeter{L: L}
	begin, end, ok, err := l.matcher.Find(p, s, from, &l.meter)
	l.meter.L = nil
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	return begin, end, ok
}

const (
	maxCachedPattern  = 128 // bytes
	maxCachedPatterns = 32
	// chargePerPattern is what compiling costs at least, in instructions.
	chargePerPattern = 10
)

// pattern compiles a pattern, or remembers it.
func (l *stringLib) pattern(L *lua.LState, text string, anchors bool) *lstring.Pattern {
	// In gmatch a ^ in front has another meaning.
	cached := len(text) <= maxCachedPattern && (anchors || !strings.HasPrefix(text, "^"))
	if cached {
		if p := l.patterns[text]; p != nil {
			return p
		}
		text = strings.Clone(text) // it may be a part of something large
	}
	l.vm.Charge(L, chargePerPattern+len(text)/4)
	p := lstring.Compile(text, anchors)
	if !cached {
		return p
	}
	if len(l.patterns) >= maxCachedPatterns {
		clear(l.patterns)
	}
	l.patterns[text] = p
	return p
}

// pushCapture pushes capture n of a match.
func (l *stringLib) pushCapture(L *lua.LState, p *lstring.Pattern, s string, n int) {
	from, to, isPosition, err := l.matcher.Capture(p, n)
	switch {
	case err != nil:
		L.RaiseError("%s", err.Error())
	case isPosition:
		L.Push(lua.LNumber(from))
	default:
		L.Push(l.part(L, s, from, to))
	}
}

// pushMatch pushes a match's captures, or all of it if there are none.
func (l *stringLib) pushMatch(L *lua.LState, p *lstring.Pattern, s string, begin, end int) int {
	n := p.Captures()
	if n == 0 {
		L.Push(l.part(L, s, begin, end))
		return 1
	}
	for i := range n {
		l.pushCapture(L, p, s, i)
	}
	return n
}

func (l *stringLib) find(L *lua.LState) int {
	s, text := checkText(L, 1), checkText(L, 2)
	from := startOf(L, s)
	if L.ToBool(4) || lstring.IsPlain(text) {
		i := strings.Index(s[from:], text)
		if i < 0 {
			l.chargeBytes(L, len(s)-from)
			L.Push(lua.LNil)
			return 1
		}
		l.chargeBytes(L, i)
		L.Push(lua.LNumber(from + i + 1))
		L.Push(lua.LNumber(from + i + len(text)))
		return 2
	}
	p := l.pattern(L, text, true)
	begin, end, ok := l.search(L, p, s, from)
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(begin + 1))
	L.Push(lua.LNumber(end))
	for i := range p.Captures() {
		l.pushCapture(L, p, s, i)
	}
	return 2 + p.Captures()
}

func (l *stringLib) match(L *lua.LState) int {
	s, text := checkText(L, 1), checkText(L, 2)
	from := startOf(L, s)
	p := l.pattern(L, text, true)
	begin, end, ok := l.search(L, p, s, from)
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	return l.pushMatch(L, p, s, begin, end)
}

// startOf is where find and match begin, which their third argument says.
func startOf(L *lua.LState, s string) int {
	return min(max(position(optInteger(L, 3, 1), len(s))-1, 0), len(s))
}

func (l *stringLib) gmatch(L *lua.LState) int {
	s, text := checkText(L, 1), checkText(L, 2)
	p := l.pattern(L, text, false)
	at := 0
	// The text is an upvalue, so that what the script holds can be seen.
	L.Push(L.NewClosure(func(L *lua.LState) int {
		if at > len(s) {
			L.Push(lua.LNil)
			return 1
		}
		begin, end, ok := l.search(L, p, s, at)
		if !ok {
			at = len(s) + 1
			L.Push(lua.LNil)
			return 1
		}
		l.vm.Charge(L, chargePerMatch)
		at = end
		if end == begin {
			at++ // an empty match is found once
		}
		return l.pushMatch(L, p, s, begin, end)
	}, lua.LString(s)))
	return 1
}
