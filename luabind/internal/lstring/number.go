package lstring

import (
	"math"
	"strconv"
	"strings"
)

// ParseNumber reads a number as Lua does, which is what C's strtod takes, with
// spaces around it: decimals, and hexadecimals that may have a fraction and an
// exponent of two. It doesn't take "inf" and "nan".
func ParseNumber(s string) (f float64, ok bool) {
	s = trimSpace(s)
	body := s
	if body != "" && (body[0] == '+' || body[0] == '-') {
		body = body[1:]
	}
	if len(body) >= 2 && body[0] == '0' && body[1]|0x20 == 'x' {
		exponent, ok := isFloat(body[2:], hexes, 'p')
		if !ok {
			return 0, false
		}
		if !exponent {
			s += "p0" // strconv needs one
		}
	} else if _, ok := isFloat(body, digits, 'e'); !ok {
		return 0, false
	}
	// What is out of range is infinite, as for strtod.
	f, _ = strconv.ParseFloat(s, 64)
	return f, true
}

// isFloat reports whether s is digits with a dot among them and an exponent after
// them, and whether there is the exponent.
func isFloat(s string, digit *set, e byte) (exponent, ok bool) {
	n, i := 0, 0
	dot := false
	for ; i < len(s); i++ {
		if digit.has(s[i]) {
			n++
		} else if s[i] == '.' && !dot {
			dot = true
		} else {
			break
		}
	}
	if n == 0 {
		return false, false
	}
	if i == len(s) {
		return false, true
	}
	if s[i]|0x20 != e {
		return false, false
	}
	i++
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if i == len(s) {
		return false, false
	}
	for ; i < len(s); i++ {
		if !digits.has(s[i]) {
			return false, false
		}
	}
	return true, true
}

// ParseInteger reads a whole number of a base from 2 to 36, as C's strtoul does
// but for the sign: -1 is that, and not 2^64-1. Beyond 64 bits it ends at the
// largest.
func ParseInteger(s string, base int) (f float64, ok bool) {
	s = trimSpace(s)
	negative := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if s == "" {
		return 0, false
	}
	var n uint64
	most := uint64(math.MaxUint64)
	for i := range len(s) {
		d := digitValue(s[i])
		if d >= base {
			return 0, false
		}
		if n > (most-uint64(d))/uint64(base) {
			n = most
		} else {
			n = n*uint64(base) + uint64(d)
		}
	}
	if negative {
		return -float64(n), true
	}
	return float64(n), true
}

// digitValue is what a digit is worth, 36 for what is none.
func digitValue(c byte) int {
	switch {
	case digits.has(c):
		return int(c - '0')
	case letters.has(c):
		return int(c|0x20-'a') + 10
	}
	return 36
}

// trimSpace cuts off what is space in C.
func trimSpace(s string) string { return strings.Trim(s, " \t\n\v\f\r") }

// Integer is a number without its fraction. Those beyond int end at the
// largest or smallest, and NaN is 0.
func Integer(f float64) int {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt:
		return math.MaxInt
	case f <= math.MinInt:
		return math.MinInt
	}
	return int(f)
}
