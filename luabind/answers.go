package luabind

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// visible is a text without the characters that nobody sees and that come with copied
// text, such as U+200B.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u200b' && r <= '\u200f' && r != '\u200d' || r == '\u2060' || r == '\ufeff' || r >= '\u202a' && r <= '\u202e' {
			return -1
		}
		return r
	}, s)
}

// matchText is what a pattern sees of an answer that it doesn't match as it is: without
// the spaces around it, and with full-width letters and digits as those of ASCII.
func matchText(s string) string { return strings.TrimSpace(halfWidth(visible(s))) }

// plainAnswer is a text as it is compared: without regard to case, full-width
// letters and digits, and what stands around it, such as an emoji behind it.
func plainAnswer(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 0x1f3fb && r <= 0x1f3ff || r == '\ufe0f' { // a skin's tone, a way of showing
			return -1
		}
		return r
	}, keycaps.Replace(halfWidth(visible(s))))
	s = strings.ToLower(strings.Trim(s, " \t\r\n.!。！~,，、"))
	if words := strings.TrimRightFunc(s, isDecoration); words != "" {
		s = words
	}
	return strings.Trim(s, " \t\r\n.!。！~,，、")
}

// isDecoration reports whether a character is part of an emoji, or between two.
func isDecoration(r rune) bool {
	return unicode.Is(unicode.So, r) && (r < '①' || r > '⓿') || r >= 0x1f3fb && r <= 0x1f3ff || r == '\ufe0f' || r == '\u200d' || r == ' '
}

// keycaps takes away what makes the emoji of a digit.
var keycaps = strings.NewReplacer("\ufe0f\u20e3", "", "\u20e3", "")

// chosen finds the choice that an answer means, by its number or its text, or by the
// beginning of just one; -1 if there is none.
func chosen(choices []string, answer string) int {
	answer = plainAnswer(answer)
	if n := numberOf(answer, false); n >= 1 && n <= len(choices) {
		return n - 1
	}
	begin := -1
	for i, c := range choices {
		c = plainAnswer(c)
		if c == answer {
			return i
		}
		if answer != "" && strings.HasPrefix(c, answer) {
			if begin >= 0 {
				begin = len(choices)
			} else {
				begin = i
			}
		}
	}
	switch {
	case begin == len(choices):
		return -1
	case begin >= 0:
		return begin
	}
	if n := numberOf(answer, true); n >= 1 && n <= len(choices) {
		return n - 1
	}
	return -1
}

var (
	bracketed = regexp.MustCompile(`^[(\[【（「《]\s*(.+?)\s*[)\]】）」》]$`)
	choosing  = regexp.MustCompile(`^(?:我?要?选择?|我要|答案是?|no\.?|number|option|#)\s*`)
)

// numberOf is the number that an answer is, 0 if it is none: 2, ②, (2), 2., 2.0. With
// words it may also be written as in 选2, 第二个 or 2号.
func numberOf(answer string, words bool) int {
	if m := bracketed.FindStringSubmatch(answer); m != nil {
		answer = m[1]
	}
	if r := []rune(answer); len(r) == 1 {
		for _, first := range []rune{'①', '⑴', '⒈', '❶'} {
			if n := int(r[0] - first); n >= 0 && n < 20 && (first != '❶' || n < 10) {
				return n + 1
			}
		}
	}
	if n, err := strconv.ParseFloat(strings.TrimRight(answer, ".)、"), 64); err == nil && n == math.Trunc(n) && n > 0 && n < 1000 {
		return int(n)
	}
	if !words {
		return 0
	}
	rest := choosing.ReplaceAllString(answer, "")
	n, behind, ok := readCount(strings.TrimPrefix(rest, "第"))
	if ok && n == math.Trunc(n) && n < 1000 && slices.Contains([]string{"", "个", "项", "号", "种", "条", "题", "吧", "个吧", "号吧"}, behind) {
		return int(n)
	}
	if rest != answer {
		return numberOf(rest, false)
	}
	return 0
}

var (
	yesWords = strings.Fields("y yes yeah yep yup ok okay okok okey ok的 ok啊 sure 1 是 是的 是啊 是呀 好 好的 好呀 好啊 好吧 好嘞 好滴 对 对的 对啊 对呀 没错 行 行的 行啊 行吧 " +
		"可以 可以的 可以啊 嗯 嗯呢 嗯好 嗯好的 确认 确定 要 要的 需要 没问题 当然 当然可以 同意 愿意 来吧 👍 👌 ✅ 🆗 🙆 of_course yes_please")
	noWords = strings.Fields("n no nope nah 0 2 否 不 不是 不要 不要了 不行 不用 不用了 不需要 不必 不必了 不了 不对 不可以 不好 不同意 不愿意 不确定 算了 算了吧 取消 没有 别 别了 先不 先不用 暂时不用 " +
		"👎 ❌ 🙅 no_thanks no_thank_you not_now")
)

// agrees tells what an answer to a question of yes or no is; known is false if it is
// neither.
func agrees(answer string) (yes, known bool) {
	word := strings.Join(strings.FieldsFunc(plainAnswer(answer), func(r rune) bool { return r == ' ' || r == ',' || r == '，' }), "_")
	// 嗯嗯 and 好好好 are 嗯 and 好.
	if r := []rune(word); len(r) > 1 && unicode.Is(unicode.Han, r[0]) && !slices.ContainsFunc(r, func(x rune) bool { return x != r[0] }) {
		word = string(r[0])
	}
	switch {
	case slices.Contains(yesWords, word):
		return true, true
	case slices.Contains(noWords, word):
		return false, true
	}
	return false, false
}
