package text

import "testing"

func TestStripMarkdownInWords(t *testing.T) {
	for s, want := range map[string]string{
		"文件_名_字.txt 和 用户_订单_表":                  "文件_名_字.txt 和 用户_订单_表",
		"http://example.com/s?x=*a*":            "http://example.com/s?x=*a*",
		"**https://example.com/a_b_c** and _x_": "https://example.com/a_b_c and x",
		"见 https://example.com/_a_。*重点*":        "见 https://example.com/_a_。重点",
		"snake_case_name 2*3*4":                 "snake_case_name 2*3*4",
		"_强调_ 和 **粗体**":                         "强调 和 粗体",
	} {
		if got := StripMarkdown(s); got != want {
			t.Errorf("%q: %q, want %q", s, got, want)
		}
	}
}
