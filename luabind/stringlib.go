package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// stringLib is the string library of a VM, whose lock guards it. It is all our
// own: gopher-lua's patterns may take for ever, its gsub takes quadratic time, its
// format isn't C's, and its upper and lower change more than ASCII.
type stringLib struct {
	vm *VM
	// matcher is shared by all calls: none of them is under way while another
	// function is called.
	matcher lstring.Matcher
	meter   patternMeter
	// patterns are the compiled ones of late.
	patterns map[string]*lstring.Pattern
}

// stringLibrary leaves out dump, which there is no use for without load.
func stringLibrary(vm *VM) lib {
	l := &stringLib{vm: vm, patterns: make(map[string]*lstring.Pattern)}
	return lib{
		name: lua.StringLibName,
		open: func(*lua.LState) int { return 0 },
		own: map[string]lua.LGFunction{
			"byte": l.byte, "char": l.char, "find": l.find, "format": l.format, "gmatch": l.gmatch,
			"gsub": l.gsub, "len": stringLen, "lower": l.lower, "match": l.match, "rep": l.rep,
			"reverse": l.reverse, "sub": l.sub, "upper": l.upper,
		},
	}
}

// chargeBytes charges work on n bytes that is of the kind of copying them.
func (l *stringLib) chargeBytes(L *lua.LState, n int) {
	if n >= 16 {
		l.vm.Charge(L, n/16)
	}
}

// checkLength raises an error where a result would be too long.
func (l *stringLib) checkLength(L *lua.LState, n int) {
	if most := l.vm.limits.StringBytes; n > most {
		L.RaiseError("string longer than the limit of %s ([bot.sandbox] string)", byteSize(most))
	}
}

// part returns a part of s. It is copied, for otherwise it would keep all of s in
// memory, which nobody would see who looks for what the script holds.
func (l *stringLib) part(L *lua.LState, s string, from, to int) lua.LString {
	p := s[from:to]
	if len(s) >= 64 && len(p) < len(s) {
		l.chargeBytes(L, len(p))
		p = strings.Clone(p)
	}
	return lua.LString(p)
}

func stringLen(L *lua.LState) int {
	L.Push(lua.LNumber(len(checkText(L, 1))))
	return 1
}

func (l *stringLib) sub(L *lua.LState) int {
	s := checkText(L, 1)
	from := max(position(checkInteger(L, 2), len(s)), 1)
	to := min(position(optInteger(L, 3, -1), len(s)), len(s))
	if from > to {
		L.Push(lua.LString(""))
		return 1
	}
	L.Push(l.part(L, s, from-1, to))
	return 1
}

// maxResults is how many values one call returns, as in C.
const maxResults = 8000

func (l *stringLib) byte(L *lua.LState) int {
	s := checkText(L, 1)
	from := position(optInteger(L, 2, 1), len(s))
	to := min(position(optInteger(L, 3, from), len(s)), len(s))
	from = max(from, 1)
	if from > to {
		return 0
	}
	n := to - from + 1
	if L.GetTop()+n > maxResults {
		L.RaiseError("stack overflow (string slice too long)")
	}
	l.vm.Charge(L, n)
	for i := from - 1; i < to; i++ {
		L.Push(lua.LNumber(s[i]))
	}
	return n
}

func (l *stringLib) char(L *lua.LState) int {
	b := make([]byte, L.GetTop())
	l.vm.Charge(L, len(b))
	for i := range b {
		c := checkInteger(L, i+1)
		if c < 0 || c > 255 {
			L.ArgError(i+1, "invalid value")
		}
		b[i] = byte(c)
	}
	L.Push(lua.LString(b))
	return 1
}

// rep has Lua 5.2's separator.
func (l *stringLib) rep(L *lua.LState) int {
	s, n, sep := checkText(L, 1), checkInteger(L, 2), optText(L, 3, "")
	unit := len(s) + len(sep)
	if n <= 0 || unit == 0 {
		L.Push(lua.LString(""))
		return 1
	}
	n = min(n, l.vm.limits.StringBytes+2) // more are too many, and could overflow
	l.checkLength(L, n*unit-len(sep))
	l.chargeBytes(L, n*unit)
	if sep == "" {
		L.Push(lua.LString(strings.Repeat(s, n)))
	} else {
		L.Push(lua.LString(strings.Repeat(s+sep, n-1) + s))
	}
	return 1
}

func (l *stringLib) reverse(L *lua.LState) int {
	s := checkText(L, 1)
	l.chargeBytes(L, len(s))
	b := make([]byte, len(s))
	for i := range len(s) {
		b[len(s)-1-i] = s[i]
	}
	L.Push(lua.LString(b))
	return 1
}

func (l *stringLib) lower(L *lua.LState) int { return l.changeCase(L, 'A', 'Z') }
func (l *stringLib) upper(L *lua.LState) int { return l.changeCase(L, 'a', 'z') }

// changeCase changes ASCII letters only, as C does in its own locale: others may
// have another length in the other case.
func (l *stringLib) changeCase(L *lua.LState, first, last byte) int {
	s := checkText(L, 1)
	l.chargeBytes(L, len(s))
	i := 0
	for i < len(s) && (s[i] < first || s[i] > last) {
		i++
	}
	if i == len(s) {
		L.Push(lua.LString(s))
		return 1
	}
	b := []byte(s)
	for ; i < len(b); i++ {
		if b[i] >= first && b[i] <= last {
			b[i] ^= 0x20
		}
	}
	L.Push(lua.LString(b))
	return 1
}
