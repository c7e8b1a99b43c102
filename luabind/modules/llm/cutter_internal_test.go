package llm

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/ilink"
)

// cutAll cuts a text that comes n bytes at a time.
func cutAll(text string, n int) []outgoing {
	c := newCutter()
	var all []outgoing
	for len(text) > 0 {
		at := min(n, len(text))
		for at < len(text) && !utf8.RuneStart(text[at]) {
			at++
		}
		all = append(all, c.add(text[:at])...)
		text = text[at:]
	}
	return append(all, c.end()...)
}

func TestCutter(t *testing.T) {
	english := strings.Repeat("This is a sentence with a handful of words. ", 2)
	chinese := strings.Repeat("今天的天气很好，我们去公园散步吧。", 4)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"short", "Hello!", []string{"Hello!"}},
		{"nothing", " \n ", nil},
		{"short paragraphs stay together", "Hi.\n\nHow are you?", []string{"Hi.\n\nHow are you?"}},
		{"a paragraph goes out as soon as it ends", english[:44] + "\n\nMore.", []string{strings.TrimSpace(english[:44]), "More."}},
		{"Chinese", chinese + "\n\n" + "再见", []string{chinese, "再见"}},
		{"a long paragraph is cut at a sentence", strings.Repeat(english, 3), []string{
			"This is a sentence with a handful of words.", strings.TrimSpace(strings.Repeat(english, 3)[44:])}},
		{"numbers end no sentence", strings.Repeat("x", 50) + " 3.5 and 1. one" + strings.Repeat(" y", 30), []string{
			strings.Repeat("x", 50) + " 3.5 and 1. one" + strings.Repeat(" y", 30)}},
		{"a closing quote stays", "他说：「" + strings.Repeat("好", 90) + "。」然后走了，再也没有回来，大家都很想念他。", []string{"他说：「" + strings.Repeat("好", 90) + "。」", "然后走了，再也没有回来，大家都很想念他。"}},
		{"code isn't cut at an empty line", "```\n" + strings.Repeat("a = 1\n\n", 12) + "```\n\nDone.", []string{
			strings.TrimSpace(strings.Repeat("a = 1\n\n", 12)), "Done."}},
	} {
		for _, n := range []int{1, 7} {
			var got []string
			for _, m := range cutAll(c.text, n) {
				got = append(got, m.text)
			}
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%s, %d at a time:\n got %q\nwant %q", c.name, n, got, c.want)
			}
		}
	}
}

// TestCutterKeepsAll: of long texts nothing is lost, and they make few messages, of
// which none but the last is too long.
func TestCutterKeepsAll(t *testing.T) {
	for name, text := range map[string]string{
		"Chinese":        strings.Repeat(strings.Repeat("这是一个很长的回答，", 9)+"完了。\n\n", 110),
		"English":        strings.Repeat(strings.Repeat("This is a long answer, ", 9)+"that's it.\n\n", 140),
		"no end":         strings.Repeat("x", 30_000),
		"no end Chinese": strings.Repeat("好", 10_000),
		"one code block": "```\n" + strings.Repeat("print('hello')\n", 2000) + "```",
	} {
		bare := strings.Join(strings.Fields(strings.ReplaceAll(text, "```", "")), "")
		for _, n := range []int{5, 100, 1 << 20} {
			all := cutAll(text, n)
			var joined strings.Builder
			for i, m := range all {
				joined.WriteString(m.text)
				if !m.last && utf8.RuneCountInString(m.text) > ilink.MaxTextRunes {
					t.Errorf("%s: message %d is too long", name, i)
				}
			}
			if got := strings.Join(strings.Fields(joined.String()), ""); got != bare {
				t.Errorf("%s, %d at a time: %d characters became %d", name, n, len(bare), len(got))
			}
			if len(all) > maxMessages {
				t.Errorf("%s, %d at a time: %d messages", name, n, len(all))
			}
		}
	}
}

func TestPlainText(t *testing.T) {
	for markdown, want := range map[string]string{
		"# Title\n\ntext":                          "Title\n\ntext",
		"###### T":                                 "T",
		"#tag":                                     "#tag",
		"**bold** and *italic* and __b__":          "bold and italic and b",
		"**你好**世界":                                 "你好世界",
		"~~gone~~":                                 "gone",
		"2 * 3 * 4 = 24":                           "2 * 3 * 4 = 24",
		"snake_case_name and a*b":                  "snake_case_name and a*b",
		"`code` and ``more``":                      "code and more",
		"`a * b * c` **`x`**":                      "a * b * c x",
		"[text](https://a.org/x)":                  "text (https://a.org/x)",
		"[https://a.org](https://a.org)":           "https://a.org",
		"![cat](https://a.org/cat.png \"t\")":      "cat (https://a.org/cat.png)",
		"- one\n- two\n  * three":                  "• one\n• two\n  • three",
		"- [ ] todo\n- [x] done":                   "• todo\n• done",
		"1. one\n2. two":                           "1. one\n2. two",
		"> quoted\n> > twice":                      "quoted\ntwice",
		"above\n\n---\n\nbelow":                    "above\n\nbelow",
		"| a | b |\n|---|:-:|\n| 1 | 2 |":          "a | b\n1 | 2",
		"```lua\nlocal a = '**x**'\n# y\n```\nend": "local a = '**x**'\n# y\nend",
		"a\n\n\n\nb":                               "a\n\nb",
		"\n  x  \n":                                "x",
	} {
		if got, _ := plainText(markdown, false); got != want {
			t.Errorf("%q: %q, want %q", markdown, got, want)
		}
	}
	if got, in := plainText("# a\n```\n# b", true); got != "# a\nb" || in {
		t.Errorf("from within a block of code: %q %v", got, in)
	}
}
