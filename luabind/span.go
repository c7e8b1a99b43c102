package luabind

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// Span reads a span of time as scripts give it, in seconds: a number, or a text that
// [ReadSpan] reads. ok says whether it is one.
func Span(v lua.LValue) (seconds float64, ok bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), v >= 0 && v <= longestSpan
	case lua.LString:
		return ReadSpan(string(v))
	}
	return 0, false
}

const (
	// longestSpan is that from 1970 to the end of the year 9999.
	longestSpan = 253402300799
	// longestSpanText is longer than people write.
	longestSpanText = 200
)

// spanUnits are the words that people write.
var spanUnits = []struct {
	seconds float64
	words   string
}{
	{7 * 86400, "w week weeks 周 星期 个星期 礼拜 个礼拜"},
	{86400, "d day days 天 日"},
	{3600, "h hr hrs hour hours 小时 个小时 钟头 个钟头"},
	{60, "m min mins minute minutes 分钟 分"},
	{1, "s sec secs second seconds 秒 秒钟"},
}

// ReadSpan reads numbers with units, each of which stands once at most, such as "90s",
// "1h30m", "2 days" or "10分钟".
func ReadSpan(text string) (seconds float64, ok bool) {
	if len(text) > longestSpanText {
		return 0, false
	}
	text = strings.ToLower(strings.TrimSpace(halfWidth(text)))
	seen := map[float64]bool{}
	for text != "" {
		n, rest, ok := readCount(text)
		if !ok {
			return 0, false
		}
		rest = strings.TrimLeft(rest, " ")
		end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) || strings.ContainsRune(numerals, r) })
		if end < 0 {
			end = len(rest)
		}
		unit := unitOf(rest[:end])
		if unit == 0 || seen[unit] {
			return 0, false
		}
		seen[unit] = true
		seconds += n * unit
		text = strings.TrimLeft(rest[end:], " ,")
	}
	return seconds, len(seen) > 0 && seconds <= longestSpan
}

// unitOf returns how many seconds a unit has, 0 if it is none.
func unitOf(word string) float64 {
	for _, u := range spanUnits {
		for w := range strings.FieldsSeq(u.words) {
			if w == word {
				return u.seconds
			}
		}
	}
	return 0
}

// numerals are Chinese numbers of one character, from a half and one on; 两 is two.
const numerals = "半一二三四五六七八九十两"

// readCount reads a number from the text's begin.
func readCount(text string) (n float64, rest string, ok bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		end = len(text)
	}
	if end > 0 {
		n, err := strconv.ParseFloat(text[:end], 64)
		return n, text[end:], err == nil
	}
	r, size := utf8.DecodeRuneInString(text)
	for i, c := range []rune(numerals) {
		switch {
		case c != r:
		case i == 0:
			return 0.5, text[size:], true
		case r == '两':
			return 2, text[size:], true
		default:
			return float64(i), text[size:], true
		}
	}
	return 0, "", false
}

// halfWidth writes full-width letters, digits and signs as those of ASCII, as they
// mean the same to who types them.
func halfWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, s)
}
