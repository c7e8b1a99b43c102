package ilink

import (
	"crypto/md5"
	"encoding/hex"
	"math"
	"strings"
	"testing"
)

func md5Of(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestResolveQuote(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		p    PartialText
		want string // "" for none
	}{
		"simple":                        {"hello big world", PartialText{Start: "big", End: "world"}, "big world"},
		"chinese":                       {"今天天气很好，我们去公园吧", PartialText{Start: "天气", End: "公园"}, "天气很好，我们去公园"},
		"emoji":                         {"a👍🏽b👍🏽c", PartialText{Start: "👍🏽", End: "👍🏽", StartIndex: 0, EndIndex: 1}, "👍🏽b👍🏽"},
		"one text for both ends":        {"a word b", PartialText{Start: "word", End: "word"}, "word"},
		"second occurrence":             {"一二一三一四", PartialText{Start: "一", End: "四", StartIndex: 1}, "一三一四"},
		"end from the beginning":        {"a1b1c1", PartialText{Start: "b", End: "1", EndIndex: 1}, "b1"},
		"end from behind start":         {"1a1b1c", PartialText{Start: "a", End: "1", EndIndex: 0}, "a1"},
		"md5 picks the first reading":   {"x-y-z-y", PartialText{Start: "x", End: "y", EndIndex: 1, QuoteMD5: md5Of("x-y-z-y")}, "x-y-z-y"},
		"md5 picks the second reading":  {"y x y z y", PartialText{Start: "x", End: "y", EndIndex: 1, QuoteMD5: md5Of("x y z y")}, "x y z y"},
		"no md5, first reading":         {"y x y z y", PartialText{Start: "x", End: "y", EndIndex: 1}, "x y"},
		"md5 in capitals":               {"x y", PartialText{Start: "x", End: "y", QuoteMD5: strings.ToUpper(md5Of("x y"))}, "x y"},
		"md5 of something else":         {"x y", PartialText{Start: "x", End: "y", QuoteMD5: md5Of("x  y")}, ""},
		"occurrences don't overlap":     {"aaaa", PartialText{Start: "aa", End: "aa", StartIndex: 1, EndIndex: 1}, "aa"},
		"too few occurrences":           {"aaaa", PartialText{Start: "aa", End: "aa", StartIndex: 2}, ""},
		"end before start only":         {"end start", PartialText{Start: "start", End: "end"}, ""},
		"no such start":                 {"abc", PartialText{Start: "x", End: "c"}, ""},
		"no such end":                   {"abc", PartialText{Start: "a", End: "x"}, ""},
		"negative index":                {"abc", PartialText{Start: "a", End: "c", StartIndex: -1}, ""},
		"negative end":                  {"abc", PartialText{Start: "a", End: "c", EndIndex: -1}, ""},
		"huge index":                    {"abc", PartialText{Start: "a", End: "c", StartIndex: math.MaxInt}, ""},
		"empty start":                   {"abc", PartialText{End: "c"}, ""},
		"empty end":                     {"abc", PartialText{Start: "a"}, ""},
		"empty text":                    {"", PartialText{Start: "a", End: "c"}, ""},
		"md5, start at second, chinese": {"好的好的吗", PartialText{Start: "好", End: "吗", StartIndex: 1, QuoteMD5: md5Of("好的吗")}, "好的吗"},
	} {
		got, found := ResolveQuote(tc.text, &tc.p)
		if got != tc.want || found != (tc.want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, found, tc.want)
		}
	}
	if got, found := ResolveQuote("abc", nil); found {
		t.Errorf("nil: %q", got)
	}
}
