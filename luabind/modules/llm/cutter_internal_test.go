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

// TestCutterInCode: a block of code that makes several messages is code in each.
func TestCutterInCode(t *testing.T) {
	code := strings.Repeat("# ``` **a**\n\n", 300)
	var got strings.Builder
	all := cutAll("~~~lua\n"+code+"~~~\n\n**Done**.", 7)
	for _, m := range all {
		got.WriteString(m.text)
	}
	bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if bare(got.String()) != bare(code+"Done.") || len(all) < 3 {
		t.Errorf("%d messages: %s", len(all), got.String())
	}
}
