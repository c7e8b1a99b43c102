package ilink

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSplitText(t *testing.T) {
	const (
		family = "👨‍👩‍👧‍👦" // 7 code points
		flag   = "🇩🇪"      // 2
		thumb  = "👍🏽"      // 2
		acute  = "e\u0301" // 2: e and a combining mark
	)
	for name, tc := range map[string]struct {
		text  string
		limit int
		want  []string
	}{
		"empty":                       {"", 5, nil},
		"blanks":                      {" \n\t ", 5, nil},
		"fits":                        {"hello", 5, []string{"hello"}},
		"fits, with a tail of blanks": {"hello \n\n", 5, []string{"hello"}},
		"chinese fits":                {"你好世界吗", 5, []string{"你好世界吗"}},
		"paragraph before line":       {"aaaaaaa\n\nb\ncc dd", 12, []string{"aaaaaaa", "b\ncc dd"}},
		"paragraph of windows":        {"aaaaaaaa\r\n\r\nb\r\ncc dd", 15, []string{"aaaaaaaa", "b\r\ncc dd"}},
		"paragraph ends at the limit": {"aaaa\nbbbbb\n\ncc", 10, []string{"aaaa\nbbbbb", "cc"}},
		"line before sentence":        {"aaa. bb\ncc. dd", 13, []string{"aaa. bb", "cc. dd"}},
		"line ends at the limit":      {"aaa. bbb\ncccc", 8, []string{"aaa. bbb", "cccc"}},
		"sentence before word":        {"one two. three four", 15, []string{"one two.", "three four"}},
		"a chinese sentence":          {"今天很好。明天也很好", 8, []string{"今天很好。", "明天也很好"}},
		"a quoted sentence":           {"他说“好。”然后走了", 8, []string{"他说“好。”", "然后走了"}},
		"not within an ellipsis":      {"走吧……然后呢好", 4, []string{"走吧……", "然后呢好"}},
		"no sentence in 3.14":         {"pi is 3.14159 yes", 11, []string{"pi is", "3.14159 yes"}},
		"word":                        {"alpha beta gamma", 12, []string{"alpha beta", "gamma"}},
		"no boundary":                 {"aaaaaaaaaaaa", 5, []string{"aaaaa", "aaaaa", "aa"}},
		"a boundary too far off":      {"a bbbbbbbbbbbbbb", 10, []string{"a bbbbbbbb", "bbbbbb"}},
		"indentation stays":           {"if xyz:\n  return", 12, []string{"if xyz:", "  return"}},
		"chinese anywhere":            {"天地玄黄宇宙洪荒", 3, []string{"天地玄", "黄宇宙", "洪荒"}},
		"family":                      {"aaaa" + family + "b", 8, []string{"aaaa", family + "b"}},
		"family longer than a part":   {family, 3, []string{"👨\u200d👩", "\u200d👧\u200d", "👦"}},
		"flags":                       {strings.Repeat(flag, 4), 5, []string{flag + flag, flag + flag}},
		"skin":                        {"aaa" + thumb + thumb, 4, []string{"aaa", thumb + thumb}},
		"combining":                   {"xx" + acute + acute + acute, 5, []string{"xx" + acute, acute + acute}},
		"keycap":                      {"aaaa1️⃣", 5, []string{"aaaa", "1️⃣"}},
		"mark on a full stop":         {"aaa！\ufe0fbbb", 4, []string{"aaa", "！\ufe0fbb", "b"}},
		"mark on a blank":             {"aaaaa \u0301bb", 6, []string{"aaaaa", " \u0301bb"}},
		"crlf":                        {"aaaa\r\nbbbb", 5, []string{"aaaa", "bbbb"}},
		"one at a time":               {"ab c", 1, []string{"a", "b", "c"}},
		"bad bytes":                   {"\xff\xfe\xfd", 2, []string{"\xff\xfe", "\xfd"}},
	} {
		if got := SplitText(tc.text, tc.limit); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tc.want)
		}
	}
}

func TestSplitTextDefaultLimit(t *testing.T) {
	for _, limit := range []int{0, -1} {
		parts := SplitText(strings.Repeat("界", 4000), limit)
		if len(parts) != 3 || utf8.RuneCountInString(parts[0]) != MaxTextRunes {
			t.Errorf("limit %d: %d parts", limit, len(parts))
		}
	}
	if MaxTextRunes > 1800 {
		t.Error("the protocol says 1,800")
	}
}

func TestSplitTextLong(t *testing.T) {
	sentence := "第一句话说完了。Then some English words follow, and a 👨‍👩‍👧‍👦 too! "
	text := strings.Repeat(sentence, 400) + "\n\n" + strings.Repeat("line\n", 500)
	checkSplit(t, text, 500)
	for _, part := range SplitText(text, 500)[:10] {
		if utf8.RuneCountInString(part) < 250 {
			t.Errorf("a part of %d: %q", utf8.RuneCountInString(part), part)
		}
	}
}

// checkSplit is what holds of every text.
func checkSplit(t *testing.T, text string, limit int) {
	t.Helper()
	parts := SplitText(text, limit)
	at := 0
	for i, p := range parts {
		if n := utf8.RuneCountInString(p); n > limit || n == 0 {
			t.Errorf("part %d has %d of %d code points", i, n, limit)
		}
		if utf8.ValidString(text) && !utf8.ValidString(p) {
			t.Errorf("part %d is broken: %q", i, p)
		}
		if strings.TrimFunc(p, unicode.IsSpace) == "" {
			t.Errorf("part %d is blank: %q", i, p)
		}
		start := at + strings.Index(text[at:], p)
		gap := text[at:start]
		at = start + len(p)
		if i == 0 {
			continue
		}
		// A cut between what belongs together is due only where it is longer than
		// a part.
		before, _ := utf8.DecodeLastRuneInString(parts[i-1] + gap)
		after, _ := utf8.DecodeRuneInString(p)
		whole := clusterLen(parts[i-1]+gap) + 1
		if before != '\n' && joins(before, after) && limit >= whole && clusterLen(parts[i-1]) < utf8.RuneCountInString(parts[i-1]) {
			t.Errorf("cut within a character: %q, %q, %q (limit %d)", parts[i-1], gap, p, limit)
		}
	}
	got := ""
	for _, p := range parts { // one by one: the halves of broken UTF-8 mustn't meet
		got += withoutSpace(p)
	}
	if want := withoutSpace(text); got != want {
		t.Errorf("limit %d: the text changed:\n got %q\nwant %q", limit, got, want)
	}
}

// clusterLen is how many code points at the end of s belong together.
func clusterLen(s string) int {
	n := 0
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
		n++
		prev, _ := utf8.DecodeLastRuneInString(s)
		if s == "" || !joins(prev, r) {
			break
		}
	}
	return n
}

func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
