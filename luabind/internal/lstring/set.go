package lstring

// set is a set of bytes.
type set [8]uint32

func (s *set) has(c byte) bool { return s[c>>5]>>(c&31)&1 != 0 }

func (s *set) add(c byte) { s[c>>5] |= 1 << (c & 31) }

func (s *set) addRange(first, last byte) {
	for c := int(first); c <= int(last); c++ {
		s.add(byte(c))
	}
}

func (s *set) addSet(t *set) {
	for i := range s {
		s[i] |= t[i]
	}
}

func (s *set) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

func where(in func(c byte) bool) *set {
	s := new(set)
	for c := range 256 {
		if in(byte(c)) {
			s.add(byte(c))
		}
	}
	return s
}

// The classes of the C locale, which knows no letters but ASCII's. Like all that
// follows they are never written to.
var (
	letters  = where(func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' })
	controls = where(func(c byte) bool { return c < ' ' || c == 0x7f })
	digits   = where(func(c byte) bool { return c >= '0' && c <= '9' })
	lowers   = where(func(c byte) bool { return c >= 'a' && c <= 'z' })
	spaces   = where(isSpace)
	uppers   = where(func(c byte) bool { return c >= 'A' && c <= 'Z' })
	alnums   = where(func(c byte) bool { return letters.has(c) || digits.has(c) })
	puncts   = where(func(c byte) bool { return c > ' ' && c < 0x7f && !alnums.has(c) })
	hexes    = where(func(c byte) bool { return digits.has(c) || c|0x20 >= 'a' && c|0x20 <= 'f' })
	zero     = where(func(c byte) bool { return c == 0 })
)

// isSpace is C's isspace.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// classes are the sets that % and a byte stand for: a class, its complement for
// the capital letter, and else the byte itself.
var classes = func() (of [256]*set) {
	for c := range of {
		of[c] = &singles[c]
	}
	for letter, s := range map[byte]*set{
		'a': letters, 'c': controls, 'd': digits, 'l': lowers, 'p': puncts,
		's': spaces, 'u': uppers, 'w': alnums, 'x': hexes, 'z': zero,
	} {
		of[letter] = s
		others := *s
		others.invert()
		of[letter-'a'+'A'] = &others
	}
	return of
}()

// singles are the sets of one byte.
var singles = func() (of [256]set) {
	for c := range of {
		of[c].add(byte(c))
	}
	return of
}()

// everything is the set that a dot stands for.
var everything = where(func(byte) bool { return true })
