package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Characters as people see them: a letter with its accents, a flag, a family of four
// are one each. The rules are Unicode's for what is met in chats, without tables of
// their own: a character goes on with marks, what is joined to it, and the second half
// of a flag.

const (
	joiner     = '\u200D'
	emojiStyle = '\uFE0F'
)

// next returns the size in bytes of a text's first character, and how wide it shows: 2
// for Chinese characters and emoji, 0 for what can't be seen.
func next(s string) (size, columns int) {
	r, size := utf8.DecodeRuneInString(s)
	columns = columnsOf(r)
	if r == '\r' && strings.HasPrefix(s, "\r\n") {
		return 2, 0
	}
	if unicode.IsControl(r) {
		return size, 0
	}
	if isFlagHalf(r) {
		if second, n := utf8.DecodeRuneInString(s[size:]); isFlagHalf(second) {
			size, columns = size+n, 2
		}
	}
	for size < len(s) {
		r, n := utf8.DecodeRuneInString(s[size:])
		switch {
		case r == joiner:
			size += n
			// Pictures are joined; in scripts such as Persian it changes letters only.
			if after, n := utf8.DecodeRuneInString(s[size:]); isPicture(after) {
				size, columns = size+n, 2
			}
		case r == emojiStyle || r >= 0x1F3FB && r <= 0x1F3FF: // colours of skin
			size, columns = size+n, 2
		case unicode.In(r, unicode.M) || r >= 0xE0020 && r <= 0xE007F || r >= 0x1160 && r <= 0x11FF: // tags of flags, and Korean vowels
			size += n
		default:
			return size, columns
		}
	}
	return size, columns
}

func isFlagHalf(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

func isPicture(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2190 && r <= 0x2BFF
}

func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc):
		return 0
	case r == utf8.RuneError:
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// measure counts the characters of a text and their columns.
func measure(s string) (characters, columns int) {
	for s != "" {
		size, c := next(s)
		s = s[size:]
		characters++
		columns += c
	}
	return characters, columns
}

// skip returns where the character number n begins, counted from 0, or the text's
// length.
func skip(s string, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		size, _ := next(s[at:])
		at += size
	}
	return at
}
