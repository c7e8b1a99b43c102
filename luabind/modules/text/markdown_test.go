package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStripMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\n\n\ntext":                                 "plain\n\ntext",
		"# Title\n## 小标题 ##\n####### no":                    "Title\n小标题\n####### no",
		"#tag":                                              "#tag",
		"Title\n===\nText\n---\n\n---\n* * *":               "Title\nText\n\n———\n———",
		"**重点**：这是*强调*的。":                                   "重点：这是强调的。",
		"***both*** __bold__ _it_ ~~gone~~":                 "both bold it gone",
		"**a *b* c**":                                       "a b c",
		"2*3*4 = 24, 2 * 3, a_b_c, snake_case":              "2*3*4 = 24, 2 * 3, a_b_c, snake_case",
		"好的~ ~ **open":                                      "好的~ ~ **open",
		`\*not\* \\ \a`:                                     `*not* \ \a`,
		"- one\n  - two\n* three\n+ four":                   "• one\n  • two\n• three\n• four",
		"- [ ] to do\n- [x] done":                           "☐ to do\n☑ done",
		"1. one\n2) two":                                    "1. one\n2) two",
		"> quoted\n> > twice":                               "quoted\ntwice",
		"`a*b*` and ``c`d``":                                "a*b* and c`d",
		"`open *x*":                                         "`open x",
		"```lua\nlocal **x** = 1\n\n\n# y\n```\nafter":      "local **x** = 1\n\n\n# y\nafter",
		"~~~\n```\n~~~\nx":                                  "```\nx",
		"```\nunclosed *x*":                                 "unclosed *x*",
		"[text](https://a.org/x_y_z)":                       "text (https://a.org/x_y_z)",
		"[https://a.org](https://a.org)":                    "https://a.org",
		`[t](https://a.org "title") [u](<b c>) [](c) [d]()`: "t (https://a.org) u (b c) c d",
		"[a@b.c](mailto:a@b.c) [top](#top)":                 "a@b.c top",
		"![a **cat**](cat.png)! [x] [y][z] a[1](2)":         "a cat (cat.png)! [x] [y][z] a1 (2)",
		"[wiki](https://a.org/A_(b))":                       "wiki (https://a.org/A_(b))",
		"[![badge](b.png)](https://a.org)":                  "badge (b.png) (https://a.org)",
		"<https://a.org/*x*> <me@a.org> a < b > c":          "https://a.org/*x* me@a.org a < b > c",
		"a<br>b <b>c</b> <i class=\"x\">d</i> <x>":          "a\nb c d <x>",
		"Tom &amp; Jerry &lt;3 &nbsp;&#20320; &copy=1 &x;":  "Tom & Jerry <3  你 &copy=1 &x;",
		"| 名称 | **价** |\n|---|:-:|\n| 茶 | `5` |\n| a \\| b | |\n\nend": "名称 | 价\n茶 | 5\na | b | \n\nend",
		"a | b\n--- | ---\n1 | 2": "a | b\n1 | 2",
		"a | b\nc | d":            "a | b\nc | d",
		"a\r\nb":                  "a\nb",
		"":                        "",
	} {
		if got := StripMarkdown(in); got != want {
			t.Errorf("%q\nbecame %q\n and should %q", in, got, want)
		}
	}
}

// FuzzStripMarkdown: it makes no faulty UTF-8, adds little, and leaves texts without
// marks as they are.
func FuzzStripMarkdown(f *testing.F) {
	for _, s := range []string{"**a** [b](c) `d`\n- e\n|f|\n|-|\n|g|", "```\nx\n```", "[[[[](((", "*_~`\\<&", "你好 **世界**", "> # - [ ] x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := StripMarkdown(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", s, got)
		}
		if len(got) > 3*len(s)+10 {
			t.Errorf("%q became longer: %q", s, got)
		}
		if strings.TrimSpace(s) != "" && !strings.ContainsAny(s, "#>-+*_=`~|[]<&\\!\r\n\t ") && got != s {
			t.Errorf("%q became %q", s, got)
		}
		// Characters: they cover the text.
		for rest := s; rest != ""; {
			size, columns := next(rest)
			if size <= 0 || columns < 0 || columns > 2 {
				t.Fatalf("%q: %d, %d", rest, size, columns)
			}
			rest = rest[size:]
		}
	})
}
