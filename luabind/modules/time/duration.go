package time

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// unit is one in which spans of time are told.
type unit struct {
	seconds float64
	english string
	chinese string
	// words are what people write.
	words string
}

var units = []unit{
	{86400, "day", "天", "d day days 天 日"},
	{3600, "hour", "小时", "h hr hrs hour hours 小时 个小时 钟头 个钟头"},
	{60, "minute", "分钟", "m min mins minute minutes 分钟 分"},
	{1, "second", "秒", "s sec secs second seconds 秒 秒钟"},
	{7 * 86400, "", "", "w week weeks 周 星期 个星期 礼拜 个礼拜"}, // read and not written
}

// duration tells a span of time in its two largest units.
func (b *binding) duration(L *lua.LState) int {
	n, ok := L.Get(1).(lua.LNumber)
	if !ok || math.IsNaN(float64(n)) || math.Abs(float64(n)) > latest {
		luabind.Mistake(L, "time.duration needs a number of seconds, got %s", luabind.Describe(L.Get(1)))
	}
	chinese := false
	switch lang := L.Get(2); {
	case lang == lua.LString("zh"):
		chinese = true
	case lang != lua.LNil && lang != lua.LString("en"):
		luabind.Mistake(L, `time.duration: the language is "en" or "zh", got %s`, luabind.Describe(lang))
	}
	L.Push(lua.LString(tell(float64(n), chinese)))
	return 1
}

func tell(seconds float64, chinese bool) string {
	sign, left := "", int64(math.Abs(seconds))
	if seconds <= -1 {
		sign = "-"
	}
	var told []string
	for _, u := range units[:4] {
		n := left / int64(u.seconds)
		left %= int64(u.seconds)
		last := u.seconds == 1 && len(told) == 0
		switch {
		case n == 0 && !last:
			if len(told) > 0 {
				return sign + join(told, chinese) // a smaller unit beside this gap says too much
			}
			continue
		case chinese:
			told = append(told, fmt.Sprintf("%d%s", n, u.chinese))
		case n == 1:
			told = append(told, "1 "+u.english)
		default:
			told = append(told, fmt.Sprintf("%d %ss", n, u.english))
		}
		if len(told) == 2 {
			break
		}
	}
	return sign + join(told, chinese)
}

func join(told []string, chinese bool) string {
	if chinese {
		return strings.Join(told, "")
	}
	return strings.Join(told, " ")
}

// seconds reads a span of time.
func (b *binding) seconds(L *lua.LState) int {
	text := luabind.Text(L, 1, "time.seconds", `a text such as "1h30m" or "10分钟"`)
	b.vm.Charge(L, 20+min(len(text), maxText))
	n, ok := readSpan(text)
	if !ok {
		return b.vm.Fail(L, &luabind.HostError{Kind: "bad_duration",
			Message: fmt.Sprintf("%q is no span of time: it looks like 90s, 1h30m, 2 days or 10分钟", clip(text))})
	}
	L.Push(lua.LNumber(n))
	return 1
}

// readSpan reads numbers with units, each of which stands once at most.
func readSpan(text string) (sum float64, ok bool) {
	if len(text) > maxText {
		return 0, false
	}
	text = strings.ToLower(strings.TrimSpace(text))
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
		u, found := unitOf(rest[:end])
		if !found || seen[u.seconds] {
			return 0, false
		}
		seen[u.seconds] = true
		sum += n * u.seconds
		text = strings.TrimLeft(rest[end:], " ,")
	}
	return sum, len(seen) > 0 && sum <= latest
}

func unitOf(word string) (unit, bool) {
	for _, u := range units {
		for _, w := range strings.Fields(u.words) {
			if w == word {
				return u, true
			}
		}
	}
	return unit{}, false
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
