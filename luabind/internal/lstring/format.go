package lstring

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Errors of formats, in Lua 5.1's words.
var (
	errFlags = errors.New("invalid format (repeated flags)")
	errWidth = errors.New("invalid format (width or precision too long)")
)

// Spec is an item of a format.
type Spec struct {
	Verb byte // 0 at the format's end

	left, plus, space, alternate, zeros bool

	width     int
	precision int // -1 if there is none
}

// ParseSpec reads an item of a format, from behind its %, and returns how long it
// is. Widths and precisions have two digits at most.
func ParseSpec(s string) (sp Spec, n int, err error) {
flags:
	for ; n < len(s); n++ {
		switch s[n] {
		case '-':
			sp.left = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '#':
			sp.alternate = true
		case '0':
			sp.zeros = true
		default:
			break flags
		}
	}
	if n > len("-+ #0") {
		return sp, n, errFlags
	}
	number := func() (value int) {
		for most := n + 2; n < len(s) && n < most && digits.has(s[n]); n++ {
			value = value*10 + int(s[n]-'0')
		}
		return value
	}
	sp.width, sp.precision = number(), -1
	if n < len(s) && s[n] == '.' {
		n++
		sp.precision = number()
	}
	if n == len(s) {
		return sp, n, nil
	}
	if digits.has(s[n]) {
		return sp, n, errWidth
	}
	sp.Verb = s[n]
	return sp, n + 1, nil
}

// Precision is how many digits %e and %f write behind the point.
func (sp Spec) Precision() int {
	if sp.precision < 0 {
		return 6
	}
	return sp.precision
}

// Invalid is the error for an item of which Lua knows nothing.
func (sp Spec) Invalid() error {
	if sp.Verb == 0 {
		return errors.New("invalid option '%' to 'format'")
	}
	return fmt.Errorf("invalid option '%%%s' to 'format'", []byte{sp.Verb})
}

// pad appends prefix and body, brought to the width; zeros go between them.
func (sp Spec) pad(dst []byte, prefix, body string, zeros bool) []byte {
	missing := sp.width - len(prefix) - len(body)
	fill := func(c byte) {
		for ; missing > 0; missing-- {
			dst = append(dst, c)
		}
	}
	if !sp.left && !zeros {
		fill(' ')
	}
	dst = append(dst, prefix...)
	if !sp.left {
		fill('0')
	}
	dst = append(dst, body...)
	fill(' ')
	return dst
}

// AppendString appends a text, for %s.
func (sp Spec) AppendString(dst []byte, s string) []byte {
	if sp.precision >= 0 && len(s) > sp.precision {
		s = s[:sp.precision]
	}
	return sp.pad(dst, "", s, false)
}

// AppendByte appends the byte that f is, for %c.
func (sp Spec) AppendByte(dst []byte, f float64) []byte {
	var c byte
	if f > math.MinInt32-1 && f < math.MaxInt32+1 { // else C's int is -2^31
		c = byte(int32(f))
	}
	return sp.pad(dst, "", string([]byte{c}), false)
}

// AppendInteger appends a whole number, for %d, %i, %o, %u, %x and %X. A fraction
// is cut off; numbers out of range become what x86-64 makes of them.
func (sp Spec) AppendInteger(dst []byte, f float64) []byte {
	prefix, body := "", ""
	switch sp.Verb {
	case 'd', 'i':
		n := int64(math.MinInt64)
		if f >= -1<<63 && f < 1<<63 {
			n = int64(f)
		}
		prefix = sp.sign(n < 0)
		magnitude := uint64(n)
		if n < 0 {
			magnitude = -magnitude
		}
		body = strconv.FormatUint(magnitude, 10)
	case 'o':
		body = strconv.FormatUint(unsigned(f), 8)
	case 'u':
		body = strconv.FormatUint(unsigned(f), 10)
	default:
		body = strconv.FormatUint(unsigned(f), 16)
		if sp.alternate && body != "0" {
			prefix = "0x"
		}
		if sp.Verb == 'X' {
			prefix, body = strings.ToUpper(prefix), strings.ToUpper(body)
		}
	}
	if sp.precision == 0 && body == "0" {
		body = ""
	}
	if missing := sp.precision - len(body); missing > 0 {
		body = strings.Repeat("0", missing) + body
	}
	if sp.Verb == 'o' && sp.alternate && !strings.HasPrefix(body, "0") {
		body = "0" + body
	}
	return sp.pad(dst, prefix, body, sp.zeros && sp.precision < 0)
}

// unsigned is C's conversion to an unsigned 64-bit number, on x86-64.
func unsigned(f float64) uint64 {
	switch {
	case f >= 1<<64:
		return 0
	case f >= 1<<63:
		return uint64(f-1<<63) + 1<<63
	case f >= -1<<63:
		return uint64(int64(f))
	}
	return 1 << 63 // NaN, too
}

// sign is what goes before a number.
func (sp Spec) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case sp.plus:
		return "+"
	case sp.space:
		return " "
	}
	return ""
}

// AppendFloat appends a number, for %e, %E, %f, %g and %G.
func (sp Spec) AppendFloat(dst []byte, f float64) []byte {
	prefix := sp.sign(math.Signbit(f))
	f = math.Abs(f)
	upper := sp.Verb == 'E' || sp.Verb == 'G'
	var body string
	finite := false
	switch {
	case f != f:
		body = "nan"
	case math.IsInf(f, 0):
		body = "inf"
	default:
		finite = true
		body = sp.digits(f)
	}
	if upper {
		body = strings.ToUpper(body)
	}
	return sp.pad(dst, prefix, body, sp.zeros && finite)
}

// digits writes a finite number without its sign.
func (sp Spec) digits(f float64) string {
	precision := sp.Precision()
	switch sp.Verb {
	case 'e', 'E':
		return sp.point(strconv.FormatFloat(f, 'e', precision, 64))
	case 'f':
		return sp.point(strconv.FormatFloat(f, 'f', precision, 64))
	}
	// %g: precision is that of all digits, and the exponent after rounding to
	// them decides the form.
	precision = max(precision, 1)
	text := strconv.FormatFloat(f, 'e', precision-1, 64)
	e := strings.IndexByte(text, 'e')
	exponent, _ := strconv.Atoi(text[e+1:])
	if exponent >= -4 && exponent < precision {
		text = strconv.FormatFloat(f, 'f', precision-1-exponent, 64)
		e = len(text)
	}
	if sp.alternate {
		return sp.point(text)
	}
	if strings.IndexByte(text[:e], '.') < 0 {
		return text
	}
	return strings.TrimRight(strings.TrimRight(text[:e], "0"), ".") + text[e:]
}

// point adds the point that the flag # asks for where there is none.
func (sp Spec) point(text string) string {
	if !sp.alternate || strings.IndexByte(text, '.') >= 0 {
		return text
	}
	e := strings.IndexByte(text, 'e')
	if e < 0 {
		e = len(text)
	}
	return text[:e] + "." + text[e:]
}

// AppendQuoted appends a string as a Lua source may have it, for %q.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			dst = append(dst, '\\', c)
		case '\r':
			dst = append(dst, `\r`...)
		case 0:
			dst = append(dst, `\000`...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
