package ilink

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxTextRunes is how long a text may be so that the server, which cuts near
// 2,000 characters without a word, leaves it whole (protocol §4).
const MaxTextRunes = 1800

// SplitText cuts a text into parts of at most limit code points, 0 meaning
// [MaxTextRunes]. It cuts at the last end of a paragraph that fits, else of a
// line, else of a sentence, else between words, and only where there is none of
// these inside a word; never inside a code point, and never between one and the
// marks that belong to it (combining marks, joiners, variation selectors). Links,
// addresses and rows of tables that fit stay whole. A block of code that is cut is
// closed, and opened again with its language. Blanks and line ends at a cut are
// dropped; nothing else is. A text of blanks has no parts.
func SplitText(text string, limit int) []string {
	if limit <= 0 {
		limit = MaxTextRunes
	}
	if utf8.RuneCountInString(text) > limit && (strings.Contains(text, "```") || strings.Contains(text, "~~~")) {
		return splitFenced(text, limit)
	}
	return splitPlain(text, limit)
}

// splitPlain is SplitText without regard to blocks of code.
func splitPlain(text string, limit int) []string {
	var parts []string
	rest := strings.TrimRightFunc(text, unicode.IsSpace)
	for rest != "" {
		window := runePrefix(rest, limit)
		if window == len(rest) {
			parts = append(parts, rest)
			break
		}
		cut := keepWhole(rest, cutPoint(rest, window))
		if part := strings.TrimRightFunc(rest[:cut], unicode.IsSpace); part != "" {
			parts = append(parts, part)
		}
		rest = dropCutBlanks(rest[cut:], rest[cut-1] == '\n')
	}
	return parts
}

// whole is what isn't cut where it fits into a part of its own: links of Markdown and
// addresses.
var whole = regexp.MustCompile(`!?\[[^\[\]\n]*\]\([^()\s]*\)|https?://[^\s<>"]+`)

// keepWhole moves a cut before the link, the address or the row of a table in which it
// is, if something is left before that.
func keepWhole(s string, cut int) int {
	from := strings.LastIndexByte(s[:cut], '\n') + 1
	line := s[from:]
	if end := strings.IndexByte(s[cut:], '\n'); end >= 0 {
		line = s[from : cut+end]
	}
	if row := strings.TrimSpace(line); from > 0 && cut > from && strings.HasPrefix(row, "|") && strings.HasSuffix(row, "|") {
		return from
	}
	for _, m := range whole.FindAllStringIndex(line, -1) {
		if start := from + m[0]; start < cut && cut < from+m[1] && strings.TrimSpace(s[:start]) != "" {
			return start
		}
	}
	return cut
}

// dropCutBlanks drops the blanks and empty lines with which a part would begin,
// but not the indentation of its first line.
func dropCutBlanks(rest string, lineStart bool) string {
	for {
		trimmed := trimBlanks(rest)
		if strings.HasPrefix(trimmed, "\n") {
			rest, lineStart = trimmed[1:], true
			continue
		}
		if lineStart {
			return rest
		}
		return trimmed
	}
}

// trimBlanks is s without the blanks at its beginning, but for one that carries
// a combining mark, which is how a mark is shown by itself.
func trimBlanks(s string) string {
	const blanks = " \t\r\u3000"
	trimmed := strings.TrimLeft(s, blanks)
	last, size := utf8.DecodeLastRuneInString(s[:len(s)-len(trimmed)])
	if next, _ := utf8.DecodeRuneInString(trimmed); size > 0 && next != '\n' && joins(last, next) {
		return s[len(s)-len(trimmed)-size:]
	}
	return trimmed
}

// runePrefix is the length in bytes of the first n code points of s.
func runePrefix(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// cutPoint is where to cut s so that the first part fits into window bytes. A cut
// in the first half of the window would make a needlessly short part, so a lesser
// boundary further on is preferred to it.
func cutPoint(s string, window int) int {
	head := s[:window]
	floor := window / 2
	behind := strings.TrimPrefix(s[window:], "\r")
	if strings.HasPrefix(behind, "\n\n") || strings.HasPrefix(behind, "\n\r\n") {
		return window
	}
	if i := max(strings.LastIndex(head, "\n\n"), strings.LastIndex(head, "\n\r\n")); i >= floor {
		return i + 1
	}
	if strings.HasPrefix(behind, "\n") {
		return window
	}
	if i := strings.LastIndexByte(head, '\n'); i >= floor {
		return i + 1
	}
	if i := lastSentenceEnd(s, window); i >= floor {
		return i
	}
	if i := lastBlank(s, window); i >= floor {
		return i
	}
	return graphemeStart(s, window)
}

// lastSentenceEnd is the end of the last sentence within window bytes, or -1. A
// Chinese full stop ends one by itself, a Latin one before a blank.
func lastSentenceEnd(s string, window int) int {
	for i := window; i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		next, _ := utf8.DecodeRuneInString(s[i:])
		switch {
		case joins(r, next):
		case strings.ContainsRune("。！？；…", r) && !strings.ContainsRune("。！？；…”’」』）", next):
			return i
		case strings.ContainsRune("”’」』）", r) && endsSentence(s[:i-size]):
			return i
		case strings.ContainsRune(".!?;", r) && unicode.IsSpace(next):
			return i
		}
		i -= size
	}
	return -1
}

func endsSentence(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return strings.ContainsRune("。！？；….!?", r)
}

// lastBlank is the end of the last run of blanks within window bytes, or -1.
// Between two Chinese characters any place is as good as a blank.
func lastBlank(s string, window int) int {
	for i := window; i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		next, _ := utf8.DecodeRuneInString(s[i:])
		switch {
		case joins(r, next):
		case unicode.IsSpace(r), unicode.IsSpace(next):
			return i
		case unicode.Is(unicode.Han, r) && unicode.Is(unicode.Han, next):
			return i
		}
		i -= size
	}
	return -1
}

// graphemeStart is the last place at or before i that doesn't separate a
// character from what belongs to it: marks, joiners, skin tones, the second half
// of a flag. It gives up, and cuts at i, when that would leave nothing.
func graphemeStart(s string, i int) int {
	for at := i; at > 0; {
		prev, size := utf8.DecodeLastRuneInString(s[:at])
		next, _ := utf8.DecodeRuneInString(s[at:])
		if !joins(prev, next) && !(isRegional(next) && regionalsBefore(s[:at])%2 == 1) {
			return at
		}
		at -= size
	}
	return i
}

func joins(prev, next rune) bool {
	const zeroWidthJoiner = '\u200d'
	return prev == zeroWidthJoiner || next == zeroWidthJoiner || unicode.Is(unicode.M, next) ||
		(next >= 0x1f3fb && next <= 0x1f3ff) || (next >= 0xe0020 && next <= 0xe007f) || (prev == '\r' && next == '\n')
}

func isRegional(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func regionalsBefore(s string) int {
	n := 0
	for {
		r, size := utf8.DecodeLastRuneInString(s)
		if !isRegional(r) {
			return n
		}
		s = s[:len(s)-size]
		n++
	}
}
