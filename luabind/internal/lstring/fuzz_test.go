package lstring

import (
	"errors"
	"math"
	"strings"
	"testing"
)

var errSpent = errors.New("spent")

// purse is a Meter that holds a number of steps.
type purse struct{ left, most int }

func (p *purse) Charge(n int) error {
	p.most = max(p.most, n)
	if p.left -= n; p.left < 0 {
		return errSpent
	}
	return nil
}

func FuzzMatcher(f *testing.F) {
	for _, p := range []string{
		"", "^(%a+)%s*(.-)$", "%b()", "%f[%w]%w+", "()a()", "(a*)%1", "[%]a-c%-]", "a-b?", "(", ")", "%", "[", "[^", "%f", "%b", "%1", "^^$$", ".-.-.-b",
		strings.Repeat("a?", 30) + strings.Repeat("a", 30), strings.Repeat("(", 40), "[]-a]", "[a-%z]",
	} {
		f.Add(p, "hello (world) 你好 aaa", 0)
		f.Add(p, strings.Repeat("a", 40), 3)
	}
	f.Fuzz(func(t *testing.T, pattern, s string, from int) {
		if from < 0 || from > len(s) {
			from = 0
		}
		var m Matcher
		for _, anchors := range []bool{true, false} {
			p := Compile(pattern, anchors)
			meter := &purse{left: 100_000}
			begin, end, ok, err := m.Find(p, s, from, meter)
			// The meter hears of each thousand steps; one step may do what the
			// whole subject and pattern make it do.
			if most := flushAt + 2*len(s) + len(pattern); meter.most > most {
				t.Errorf("%d steps at once", meter.most)
			}
			if len(m.choices) > maxItems {
				t.Errorf("%d choices", len(m.choices))
			}
			if err != nil || !ok {
				continue
			}
			if begin < from || end < begin || end > len(s) {
				t.Fatalf("a match from %d to %d, of %d to %d", begin, end, from, len(s))
			}
			for i := range p.Captures() {
				a, b, isPosition, err := m.Capture(p, i)
				if err == nil && !isPosition && (a < begin || b < a || b > end) {
					t.Fatalf("capture %d from %d to %d, in a match from %d to %d", i, a, b, begin, end)
				}
			}
			// What matched as a part matches alone, if nothing looks around.
			if !strings.Contains(pattern, "%f") && !strings.Contains(pattern, "$") {
				again, end2, ok, err := m.Find(p, s[begin:], 0, &purse{left: 1_000_000})
				if err != nil || !ok || again != 0 || end2 != end-begin {
					t.Fatalf("alone: %d to %d, %v, %v", again, end2, ok, err)
				}
			}
		}
	})
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"d", "5.1f", "-+ #05.3x", "g", "#.0e", "99.99f", ".", "5", "", "123d", "------d", "c", "%", "q"} {
		f.Add(s, 1.5)
		f.Add(s, math.Inf(-1))
		f.Add(s, math.NaN())
		f.Add(s, -1e300)
	}
	f.Fuzz(func(t *testing.T, spec string, x float64) {
		sp, n, err := ParseSpec(spec)
		if n > len(spec) {
			t.Fatalf("%d of %d bytes", n, len(spec))
		}
		if err != nil {
			return
		}
		if sp.width > 99 || sp.precision > 99 {
			t.Fatalf("width %d, precision %d", sp.width, sp.precision)
		}
		var out []byte
		switch sp.Verb {
		case 'd', 'i', 'o', 'u', 'x', 'X':
			out = sp.AppendInteger(nil, x)
		case 'e', 'E', 'f', 'g', 'G':
			out = sp.AppendFloat(nil, x)
		case 'c':
			out = sp.AppendByte(nil, x)
		case 's':
			out = sp.AppendString(nil, spec)
		default:
			if sp.Invalid() == nil {
				t.Fatal("no error")
			}
			return
		}
		if len(out) < sp.width || len(out) > 512+len(spec) { // C has a buffer of 512
			t.Fatalf("%d bytes: %s", len(out), out)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", " -1.5e-3 ", "0x1.8p3", "0x", "1e", ".", "+.5", "1_0", "inf", "ff", "-zz", strings.Repeat("9", 400)} {
		f.Add(s, 16)
	}
	f.Fuzz(func(t *testing.T, s string, base int) {
		x, ok := ParseNumber(s)
		if ok && (x != x || strings.ContainsAny(s, "_\x00iI")) {
			t.Fatalf("%q is %v", s, x)
		}
		if base >= 2 && base <= 36 {
			if x, ok := ParseInteger(s, base); ok && (x != math.Trunc(x) || math.Abs(x) > 1<<64) {
				t.Fatalf("%q in %d is %v", s, base, x)
			}
		}
		if n := Integer(x); x == math.Trunc(x) && math.Abs(x) < 1<<53 && float64(n) != x {
			t.Fatalf("%v becomes %d", x, n)
		}
	})
}

func FuzzReplacement(f *testing.F) {
	f.Add("a%1b%%c%")
	f.Fuzz(func(t *testing.T, s string) {
		for s != "" {
			_, n, rest, err := NextPart(s)
			if err != nil {
				return
			}
			if len(rest) >= len(s) || n > 9 {
				t.Fatalf("%q leaves %q", s, rest)
			}
			s = rest
		}
	})
}
