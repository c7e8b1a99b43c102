package luabind

import (
	"math"
	"strings"
)

// oracleDifferences are the documented differences from PUC Lua 5.1 that random
// cases meet. Beside them, and tested elsewhere: string.rep has a separator;
// results end at the limit on strings, searches at the limit on instructions, and
// patterns at 10,000 items; string.dump is missing.
var oracleDifferences = []struct {
	name   string
	reason string
	// applies says whether the difference may show in a case; it is asked where
	// the answers differ.
	applies func(c oracleCase, ours, theirs string) bool
}{
	{
		"zero byte in a pattern",
		"5.1 takes a pattern to end at a zero byte. To us it is a byte like others, as in 5.2.",
		func(c oracleCase, _, _ string) bool {
			return oneOf(c.op, "find", "match", "gmatch", "gsub") && strings.Contains(c.text(1), "\x00")
		},
	},
	{
		"zero byte in a number",
		"5.1 reads \"1\\0x\" as 1. To us it is no number, as in 5.2.",
		func(c oracleCase, ours, _ string) bool {
			return c.op == "tonumber" && strings.Contains(c.text(0), "\x00") && ours == "ok nil"
		},
	},
	{
		"zero byte in format",
		"C's printf ends a text at a zero byte, and writes none for %c. We keep it, as 5.2 does; and the format itself may have one.",
		func(c oracleCase, _, _ string) bool {
			if c.op != "format" {
				return false
			}
			zero := strings.Contains(c.text(0), "c") && c.hasNumber(1, func(f float64) bool {
				return !(math.Abs(f) < 1<<31) || byte(int(f)) == 0
			})
			for i := range c.args {
				zero = zero || strings.Contains(c.text(i), "\x00")
			}
			return zero
		},
	},
	{
		"tonumber of inf and nan",
		"5.1 has C read numbers, which takes \"inf\", \"infinity\" and \"nan\". A bot's user may well write such words: they are no numbers, as in 5.2.",
		func(c oracleCase, ours, theirs string) bool {
			s := strings.ToLower(c.text(0))
			return c.op == "tonumber" && ours == "ok nil" && (strings.Contains(s, "inf") || strings.Contains(s, "nan")) &&
				oneOf(theirs, "ok ninf", "ok n-inf", "ok nnan")
		},
	},
	{
		"negative number of a base",
		"5.1 has C's strtoul read tonumber(\"-ff\", 16), which makes it 2^64-255. To us it is -255, as in 5.2.",
		func(c oracleCase, ours, _ string) bool {
			return c.op == "tonumber" && strings.HasPrefix(ours, "ok n-") &&
				(strings.Contains(c.text(0), "-") || c.hasNumber(0, func(f float64) bool { return f < 0 }))
		},
	},
	{
		"numbers too large for an integer",
		"In 5.1 s:sub(1, math.huge) is empty, and counts such as gsub's wrap at 2^32. We end at the largest and the smallest integer.",
		func(c oracleCase, _, _ string) bool {
			from, bound := 1, math.Ldexp(1, 63)
			switch c.op {
			case "sub", "byte":
			case "find", "match":
				from = 2
			case "gsub":
				from, bound = 3, math.Ldexp(1, 31)
			case "rep":
				bound = math.Ldexp(1, 31)
			case "char":
				from, bound = 0, math.Ldexp(1, 31)
			default:
				return false
			}
			return c.hasNumber(from, func(f float64) bool { return !(math.Abs(f) < bound) })
		},
	},
	{
		"whole numbers as text",
		"5.1 writes 1e15 as 1e+15, since it writes 14 digits. We write whole numbers below 2^63 in full, for they may be ids or times, and -0 as 0.",
		func(c oracleCase, _, _ string) bool {
			return c.writesNumber() && c.hasNumber(0, func(f float64) bool {
				return f == math.Trunc(f) && math.Abs(f) >= 1e14 && math.Abs(f) <= math.Ldexp(1, 63) || f == 0 && math.Signbit(f)
			})
		},
	},
	{
		"addresses",
		"Where a table or function is.",
		func(c oracleCase, ours, theirs string) bool {
			_, ok := c.args[0].(oracleRef)
			return ok && c.op == "tostring" && ours[:10] == theirs[:10]
		},
	},
	{
		"sign of NaN",
		"Which sign 0/0 has depends on the processor. tostring never shows it.",
		func(c oracleCase, _, _ string) bool {
			return c.writesNumber() && c.hasNumber(0, math.IsNaN)
		},
	},
	{
		"%s takes any value",
		"In 5.1 %s wants a string or a number. To us it takes what tostring takes, with __tostring, as in 5.2.",
		func(c oracleCase, ours, theirs string) bool {
			return c.op == "format" && strings.Contains(c.text(0), "s") && strings.Contains(theirs, "(string expected, got ")
		},
	},
	{
		"%#g",
		"glibc 2.36 writes 999999.5 as 1.e+06 there, without the zeros that # is for. C asks for 1.00000e+06.",
		func(c oracleCase, _, theirs string) bool {
			return c.op == "format" && strings.Contains(c.text(0), "#") && strings.Contains(strings.ToLower(readable(theirs)), "1.e+")
		},
	},
	{
		"% at a replacement's end",
		"5.1 replaces it by a zero byte. To us it is an error, as in 5.2.",
		func(c oracleCase, ours, _ string) bool {
			return c.op == "gsub" && ours == "error invalid use of '%' in replacement string"
		},
	},
}

func oneOf(s string, list ...string) bool {
	for _, l := range list {
		if s == l {
			return true
		}
	}
	return false
}

// writesNumber reports whether the case may make a text of a number.
func (c oracleCase) writesNumber() bool {
	return oneOf(c.op, "tostring", "gsub", "tonumber") || c.op == "format" && strings.ContainsAny(c.text(0), "sq")
}

// text is argument i if it is a string, else "".
func (c oracleCase) text(i int) string {
	if i >= len(c.args) {
		return ""
	}
	s, _ := c.args[i].(string)
	return s
}

// hasNumber reports whether one of the arguments from the given on is a number of
// a kind.
func (c oracleCase) hasNumber(from int, kind func(f float64) bool) bool {
	for i := from; i < len(c.args); i++ {
		if f, ok := c.args[i].(float64); ok && kind(f) {
			return true
		}
	}
	return false
}

// documented names the difference that explains a case, "" if none does.
func documented(c oracleCase, ours, theirs string) string {
	for _, d := range oracleDifferences {
		if d.applies(c, ours, theirs) {
			return d.name
		}
	}
	return ""
}
