package luabind

import (
	"math"
	"math/rand/v2"
	"strings"
)

// oracleGenerator makes cases, most of them of the kind where implementations go
// wrong.
type oracleGenerator struct{ *rand.Rand }

func (g *oracleGenerator) one(in percent) bool { return g.IntN(100) < int(in) }

type percent int

func (g *oracleGenerator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *oracleGenerator) next() oracleCase {
	c := g.plain()
	if g.one(2) && len(c.args) > 0 { // an argument of another kind
		c.args[g.IntN(len(c.args))] = []any{nil, true, false, oracleRef("empty"), oracleRef("all"), 12.5, "5", "x"}[g.IntN(8)]
	}
	if g.one(1) && len(c.args) > 0 {
		c.args = c.args[:len(c.args)-1]
	}
	return c
}

func (g *oracleGenerator) plain() oracleCase {
	switch n := g.IntN(100); {
	case n < 18:
		return g.find("find")
	case n < 30:
		return g.find("match")
	case n < 42:
		return oracleCase{"gmatch", []any{g.subject(), g.pattern()}}
	case n < 60:
		return g.gsub()
	case n < 80:
		return g.format()
	case n < 88:
		return g.tonumber()
	case n < 91:
		return oracleCase{"tostring", []any{g.number()}}
	case n < 93:
		return oracleCase{"sub", []any{g.subject(), g.index(), g.index()}}
	case n < 95:
		return oracleCase{"byte", []any{g.subject(), g.index(), g.index()}}
	case n < 97:
		return oracleCase{"rep", []any{g.subject(), g.times()}}
	case n < 98:
		c := oracleCase{op: "char"}
		for range g.IntN(4) {
			c.args = append(c.args, []any{65.0, 0.0, 255.0, float64(g.IntN(256)), float64(g.IntN(300) - 20), 66.9, "67", -0.5}[g.IntN(8)])
		}
		return c
	}
	return oracleCase{g.pick("len", "lower", "upper", "reverse"), []any{g.subject()}}
}

func (g *oracleGenerator) find(op string) oracleCase {
	c := oracleCase{op, []any{g.subject(), g.pattern()}}
	if g.one(35) {
		c.args = append(c.args, g.index())
		if op == "find" && g.one(40) {
			c.args = append(c.args, []any{true, false, nil, 1.0}[g.IntN(4)])
		}
	}
	return c
}

func (g *oracleGenerator) gsub() oracleCase {
	var with any
	switch g.IntN(10) {
	case 0, 1, 2, 3:
		var b strings.Builder
		for range g.IntN(5) {
			b.WriteString(g.pick("x", "%0", "%1", "%1", "%2", "%3", "%%", "%9", "%a", "-", "中", ""))
		}
		if g.one(1) {
			b.WriteString("%")
		}
		with = b.String()
	case 4:
		with = g.number()
	case 5, 6:
		with = oracleRef(g.pick("empty", "letters", "letters", "wrong", "inherits"))
	default:
		with = oracleRef(g.pick("nothing", "all", "all", "all", "number", "no", "yes", "table", "fails"))
	}
	c := oracleCase{"gsub", []any{g.subject(), g.pattern(), with}}
	if g.one(25) {
		c.args = append(c.args, g.index())
	}
	return c
}

func (g *oracleGenerator) subject() string {
	var b strings.Builder
	switch g.IntN(4) {
	case 0: // few different bytes, so that much matches
		for range g.IntN(20) + g.IntN(2)*g.IntN(20) {
			b.WriteString(g.pick("a", "a", "b", "ab", "c"))
		}
	case 1:
		for range g.IntN(12) {
			b.WriteString(g.pick("a", "b", "(", ")", "((", "))", "[", "]", "%", "-", "^", "$", ".", "*", "+", "?", "x=1", " ", "\n"))
		}
	case 2:
		for range g.IntN(8) {
			b.WriteString(g.pick("hello", "world", " ", ", ", "12", "3.5", "/help", "你好", "天气", "。", "A", "B1", "\t", "\x00", "_", "é", "\xff", "\r\n"))
		}
	default:
		for range g.IntN(16) {
			b.WriteByte(byte(g.IntN(256)))
		}
	}
	return b.String()
}

func (g *oracleGenerator) pattern() string {
	if g.one(10) { // anything at all
		var b strings.Builder
		for range g.IntN(8) {
			b.WriteString(g.pick("^", "$", "*", "+", "?", ".", "(", ")", "[", "]", "%", "-", "a", "b", "1", "f", "%b", "[^", "%f", "\x00"))
		}
		return b.String()
	}
	var b strings.Builder
	if g.one(15) {
		b.WriteByte('^')
	}
	open := 0
	length := g.IntN(6)
	if g.one(15) {
		length += g.IntN(12)
	}
	for range length {
		switch n := g.IntN(100); {
		case n < 12 && open < 6:
			b.WriteByte('(')
			open++
			if g.one(15) {
				b.WriteByte(')')
				open--
			}
			continue
		case n < 20 && open > 0:
			b.WriteByte(')')
			open--
			continue
		case n < 24:
			b.WriteString(g.pick("%1", "%1", "%2", "%3", "%0", "%9"))
			continue
		case n < 28:
			b.WriteString(g.pick("%b()", "%b()", "%bab", "%baa", "%b[]", "%b", "%b("))
			continue
		case n < 34:
			b.WriteString("%f" + g.bracket())
			continue
		case n < 60:
			b.WriteString(g.pick("a", "b", "c", "ab", " ", "x", "1", "你", "]", "}", ",", "^", "$", "é", "\xff"))
		case n < 75:
			b.WriteString("%" + g.pick("a", "c", "d", "l", "p", "s", "u", "w", "x", "z", "A", "C", "D", "L", "P", "S", "U", "W", "X", "Z",
				".", "%", "-", "(", ")", "]", "^", "$", "e", "g", "n"))
		case n < 88:
			b.WriteString(g.bracket())
		default:
			b.WriteByte('.')
		}
		if g.one(50) {
			b.WriteString(g.pick("*", "+", "-", "?", "-", "*"))
		}
	}
	for ; open > 0 && g.one(95); open-- {
		b.WriteByte(')')
	}
	if g.one(15) {
		b.WriteByte('$')
	}
	if g.one(1) {
		b.WriteString("%")
	}
	return b.String()
}

func (g *oracleGenerator) bracket() string {
	var b strings.Builder
	b.WriteByte('[')
	if g.one(30) {
		b.WriteByte('^')
	}
	for range 1 + g.IntN(4) {
		b.WriteString(g.pick("a", "b", "-", "a-c", "0-9", "A-Z", "%a", "%d", "%s", "%w", "%W", "%-", "%]", "%%", "%z", "]", "[", "^", "c-a", "a-%",
			"\x80-\xff", "你", "-z", "%a-z", ".", "*", " -~"))
	}
	if g.one(97) {
		b.WriteByte(']')
	}
	return b.String()
}

// index is a position, mostly near the start.
func (g *oracleGenerator) index() any {
	switch g.IntN(12) {
	case 0:
		return nil
	case 1:
		return g.number()
	case 2:
		return []any{"2", "-1", " 3 ", "0x2", "x", ""}[g.IntN(6)]
	case 3:
		return float64(g.IntN(20)-10) + g.Float64()
	case 4:
		return -float64(g.IntN(300))
	}
	return float64(g.IntN(28) - 8)
}

// times is how often to repeat; neither side should take long or much.
func (g *oracleGenerator) times() any {
	if g.one(10) {
		return []any{nil, "3", 2.7, -1.0, -1e300, math.Inf(-1), 0.99, 1.0, "0x3", "y"}[g.IntN(10)]
	}
	return float64(g.IntN(30) - 5)
}

// number is any number.
func (g *oracleGenerator) number() float64 {
	switch g.IntN(9) {
	case 0:
		special := []float64{
			0, math.Copysign(0, -1), 1, -1, 0.5, -0.5, 1.5, 2.5, 0.1, 100, 1e5, 123456, 1e6, 1234567, 1e14, 1e15, 1e16, 123456789012345, 999999999999999,
			1e17, 1e100, 1e300, 5e-324, 2.2250738585072014e-308, 1e-4, 1e-5, 9.9999e-5, 0.00001234, 1 << 31, -1 << 31, 1<<31 - 1, 1 << 32, 1 << 53, 1<<53 - 1,
			1 << 62, 1 << 63, -1 << 63, 1 << 64, math.MaxFloat64, 1 - 1e-16, 999999.5, 9999995, 99999.95, 0.3, 2.0 / 3, 1700000000.5, 1700000000123,
			math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(math.NaN(), -1),
		}
		return special[g.IntN(len(special))]
	case 1:
		return math.Float64frombits(g.Uint64()) // of any size, maybe a NaN
	case 2:
		return math.Trunc(g.NormFloat64() * math.Pow(10, float64(g.IntN(22))))
	case 3:
		return g.NormFloat64() * math.Pow(10, float64(g.IntN(30)-12))
	case 4:
		return math.Round(g.NormFloat64()*1000) / 100
	case 5:
		return float64(g.IntN(20)) + 0.5
	}
	return float64(g.IntN(2000) - 1000)
}

func (g *oracleGenerator) format() oracleCase {
	var b strings.Builder
	c := oracleCase{"format", []any{""}}
	for range 1 + g.IntN(3) {
		b.WriteString(g.pick("", "", "x", "%%", "你", " "))
		b.WriteByte('%')
		if g.one(40) {
			for range 1 + g.IntN(2) {
				b.WriteString(g.pick("-", "+", " ", "#", "0"))
			}
		}
		if g.one(2) {
			b.WriteString("00000")
		}
		if g.one(40) {
			b.WriteString(g.pick("1", "2", "5", "10", "20", "99"))
		}
		if g.one(40) {
			b.WriteString("." + g.pick("", "0", "1", "2", "3", "5", "10", "14", "17", "20", "99"))
		}
		if g.one(1) {
			b.WriteString("123")
		}
		verb := g.pick("d", "d", "i", "u", "o", "x", "X", "c", "e", "E", "f", "f", "g", "g", "G", "s", "s", "q")
		if g.one(2) {
			verb = g.pick("", "a", "F", "y", "%", "n", "p", "l", "*", "D", "5d", "\xff", "\x00")
		}
		b.WriteString(verb)
		if g.one(1) {
			continue // an argument too few
		}
		switch {
		case g.one(3):
			c.args = append(c.args, []any{nil, true, oracleRef("empty"), "12", " 0x1F ", "1e3", "z"}[g.IntN(7)])
		case verb == "s" || verb == "q":
			if g.one(70) {
				c.args = append(c.args, g.subject())
			} else {
				c.args = append(c.args, g.number())
			}
		case verb == "c":
			c.args = append(c.args, float64(g.IntN(256)))
		default:
			c.args = append(c.args, g.number())
		}
	}
	if g.one(1) {
		b.WriteByte('%')
	}
	c.args[0] = b.String()
	return c
}

func (g *oracleGenerator) tonumber() oracleCase {
	var b strings.Builder
	base := any(nil)
	if g.one(35) {
		base = []any{10.0, 16.0, 16.0, 2.0, 8.0, 36.0, 3.0, 35.0, 1.0, 37.0, 0.0, -1.0, "16", 16.5}[g.IntN(14)]
		for range g.IntN(3) {
			b.WriteString(g.pick(" ", "", "\t"))
		}
		b.WriteString(g.pick("", "", "", "-", "+", "0x", "0X", "-0x", "--"))
		for range g.IntN(8) {
			b.WriteByte("0123456789abcdefABCDEFzZgG01"[g.IntN(28)])
		}
		if g.one(5) {
			b.WriteString(strings.Repeat(g.pick("f", "1", "z"), g.IntN(70)))
		}
		b.WriteString(g.pick("", "", "", " ", " \n", ".", " x"))
	} else if g.one(60) { // about right
		b.WriteString(g.pick("", "", "", " ", "\n\t", "\v", "\f\r"))
		b.WriteString(g.pick("", "", "-", "+"))
		b.WriteString(g.pick("", "", "", "0x", "0X"))
		for range g.IntN(6) {
			b.WriteByte("0123456789012345"[g.IntN(16)])
		}
		b.WriteString(g.pick("", ".", ".", ".5", ".25", ".a"))
		for range g.IntN(3) {
			b.WriteString(g.pick("1", "25", "f", "000000000000000000000001", "99999999999999999999"))
		}
		b.WriteString(g.pick("", "", "e5", "E-3", "e+2", "e", "e400", "e-400", "p3", "P-2", "p", "e99999999999"))
		b.WriteString(g.pick("", "", "", " ", "\r\n", "x", " 1"))
	} else {
		for range g.IntN(7) {
			b.WriteString(g.pick("0", "1", "9", ".", "e", "E", "x", "0x", "p", "-", "+", " ", "\n", "a", "f", "inf", "nan", "INF", "infinity", "_", "\x00", ",", "(", ")",
				"１", "\u00a0"))
		}
	}
	c := oracleCase{"tonumber", []any{b.String()}}
	if base != nil || g.one(3) {
		c.args = append(c.args, base)
	}
	if g.one(4) {
		c.args[0] = g.number()
	}
	return c
}
