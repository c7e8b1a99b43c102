package luabind

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// replacing is a gsub under way.
type replacing struct {
	*stringLib
	L *lua.LState
	p *lstring.Pattern
	s string
	// with is a string, a table or a function.
	with lua.LValue
	// out is the result so far, for s up to done.
	out     strings.Builder
	done    int
	uncount int // bytes of it that weren't charged yet
}

func (l *stringLib) gsub(L *lua.LState) int {
	s, text := checkText(L, 1), checkText(L, 2)
	with := L.Get(3)
	most := optInteger(L, 4, len(s)+1)
	switch v := with.(type) {
	case lua.LNumber:
		with = lua.LString(numberText(v))
	case lua.LString, *lua.LTable, *lua.LFunction:
	default:
		L.ArgError(3, "string/function/table expected")
	}
	r := &replacing{stringLib: l, L: L, p: l.pattern(L, text, true), s: s, with: with}
	if with.Type() != lua.LTString {
		hold(L, r)
	}
	n := r.all(most)
	L.Push(lua.LString(r.result()))
	L.Push(lua.LNumber(n))
	return 2
}

func (r *replacing) weight() int64 { return int64(r.out.Cap()) }

// all replaces as many matches as there are, most at the most.
func (r *replacing) all(most int) (n int) {
	for at := 0; n < most && at <= len(r.s); {
		begin, end, ok := r.search(r.L, r.p, r.s, at)
		if !ok {
			break
		}
		n++
		r.one(begin, end)
		if at = end; end == begin {
			at++
		}
		if r.p.Anchored() {
			break
		}
	}
	return n
}

// one replaces a match.
func (r *replacing) one(begin, end int) {
	if text, ok := r.with.(lua.LString); ok {
		r.write(r.s[r.done:begin])
		r.done = end
		r.expand(string(text), begin, end)
		return
	}
	switch v := r.value(begin, end).(type) {
	case lua.LString:
		r.write(r.s[r.done:begin])
		r.write(string(v))
		r.done = end
	case lua.LNumber:
		r.write(r.s[r.done:begin])
		r.write(numberText(v))
		r.done = end
	default:
		if lua.LVAsBool(v) {
			r.L.RaiseError("invalid replacement value (a %s)", v.Type())
		}
		// The match stays as it is.
	}
}

// value asks the table or function what a match becomes. The matcher may serve
// others meanwhile.
func (r *replacing) value(begin, end int) lua.LValue {
	L := r.L
	r.vm.Charge(L, chargePerMatch)
	if t, ok := r.with.(*lua.LTable); ok {
		if r.p.Captures() == 0 {
			L.Push(r.part(L, r.s, begin, end))
		} else {
			r.pushCapture(L, r.p, r.s, 0)
		}
		key := L.Get(-1)
		L.Pop(1)
		return L.GetTable(t, key)
	}
	L.Push(r.with)
	L.Call(r.pushMatch(L, r.p, r.s, begin, end), 1)
	v := L.Get(-1)
	L.Pop(1)
	return v
}

// expand writes a replacement with the captures in it.
func (r *replacing) expand(with string, begin, end int) {
	for with != "" {
		text, n, rest, err := lstring.NextPart(with)
		if err != nil {
			r.L.RaiseError("%s", err.Error())
		}
		r.write(text)
		switch {
		case n == 0, n == 1 && r.p.Captures() == 0:
			r.write(r.s[begin:end])
		case n > 0:
			from, to, isPosition, err := r.matcher.Capture(r.p, n-1)
			switch {
			case err != nil:
				r.L.RaiseError("%s", err.Error())
			case isPosition:
				r.write(numberText(lua.LNumber(from)))
			default:
				r.write(r.s[from:to])
			}
		}
		with = rest
	}
}

func (r *replacing) write(s string) {
	if r.out.Cap() == 0 {
		r.chargeBytes(r.L, len(r.s))
		r.out.Grow(len(r.s))
	}
	r.checkLength(r.L, r.out.Len()+len(s))
	r.out.WriteString(s)
	const often, fixed = 1 << 12, 32
	if r.uncount += len(s) + fixed; r.uncount >= often {
		r.chargeBytes(r.L, r.uncount)
		r.uncount = 0
	}
}

func (r *replacing) result() string {
	if r.done == 0 && r.out.Len() == 0 {
		return r.s
	}
	r.write(r.s[r.done:])
	r.chargeBytes(r.L, r.uncount)
	return r.out.String()
}
