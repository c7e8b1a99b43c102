package ilink

import (
	"strings"
	"testing"
)

func TestSplitKeepsWhole(t *testing.T) {
	for _, tt := range []struct{ name, text, whole string }{
		{"an address", strings.Repeat("word ", 6) + "https://example.com/a/very/long/path/with-many-parts?and=query tail", "https://example.com/a/very/long/path/with-many-parts?and=query"},
		{"a link", strings.Repeat("字", 50) + "[a link with words](https://example.com/x) more", "[a link with words](https://example.com/x)"},
		{"a row", "| a | b |\n|---|---|\n" + strings.Repeat("| some words here. And | more of them |\n", 5), "| some words here. And | more of them |"},
	} {
		parts := SplitText(tt.text, 70)
		n := 0
		for _, p := range parts {
			n += strings.Count(p, tt.whole)
			if r := len([]rune(p)); r > 70 {
				t.Errorf("%s: a part of %d", tt.name, r)
			}
		}
		if n != strings.Count(tt.text, tt.whole) {
			t.Errorf("%s: %q", tt.name, parts)
		}
	}
	if parts := SplitText("https://"+strings.Repeat("x", 200), 70); len(parts) != 3 {
		t.Errorf("an address that doesn't fit: %q", parts)
	}
}
