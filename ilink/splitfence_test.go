package ilink

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestSplitFences(t *testing.T) {
	var code strings.Builder
	for i := range 30 {
		fmt.Fprintf(&code, "    line %d of the code\n", i)
	}
	text := "Some words before it.\n\n```lua\n" + code.String() + "```\n\nand after."
	parts := SplitText(text, 200)
	if len(parts) < 4 {
		t.Fatalf("%d parts", len(parts))
	}
	joined := ""
	for i, p := range parts {
		if n := len([]rune(p)); n > 200 {
			t.Errorf("part %d has %d", i, n)
		}
		if codeFence("").after(p) != "" {
			t.Errorf("part %d leaves a block open:\n%s", i, p)
		}
		if i > 0 && i < len(parts)-1 && !strings.HasPrefix(p, "```lua\n") {
			t.Errorf("part %d doesn't open the block again:\n%s", i, p)
		}
		joined += strings.NewReplacer("```lua\n", "", "\n```", "").Replace(p) + "\n"
	}
	for i := range 30 {
		if line := fmt.Sprintf("    line %d of the code\n", i); strings.Count(joined, line) != 1 {
			t.Errorf("%q stands %d times", line, strings.Count(joined, line))
		}
	}
	for i := range parts {
		if strings.HasSuffix(parts[i], "```lua\n```") {
			t.Errorf("part %d has nothing but a block's opening", i)
		}
	}
	if parts := SplitText("short ```go\nx\n```", 200); len(parts) != 1 {
		t.Errorf("%q", parts)
	}
}

// Whatever there is in a text: no part is too long, none leaves a block open, and all
// words are there in order.
func TestSplitFencesRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"```\n", "```go\n", "~~~~\n", "word ", "长文字。", "\n", "\n\n", "| a | b |\n", "https://x.example/a?b=c ", "👨\u200d👩 ", "    code()\n", "`x` "}
	for range 3000 {
		var b strings.Builder
		for i := range 10 + rng.IntN(120) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
			fmt.Fprintf(&b, " w%d ", i)
		}
		text, limit := b.String(), 60+rng.IntN(200)
		var words []string
		for _, p := range SplitText(text, limit) {
			if n := len([]rune(p)); n > limit {
				t.Fatalf("a part of %d, limit %d:\n%s\nof\n%s", n, limit, p, text)
			}
			for _, w := range strings.Fields(p) {
				if strings.HasPrefix(w, "w") && w != "word" {
					words = append(words, w)
				}
			}
		}
		for i, w := range words {
			if w != fmt.Sprintf("w%d", i) {
				t.Fatalf("%q at %d in parts of\n%s", w, i, text)
			}
		}
	}
}
