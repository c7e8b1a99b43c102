package spec

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// difference says how got differs from what was wanted: in two lines, or line by
// line where either has several.
func difference(got, want lua.LValue) string {
	g, w := lines(got), lines(want)
	if len(g) == 1 && len(w) == 1 {
		return fmt.Sprintf("%s\n     got %s%s", w[0], g[0], whereApart(w[0], g[0]))
	}
	return "(-) and got (+):\n" + strings.Join(diff(w, g), "\n")
}

// lines writes a value for a comparison: a text of several lines as it is.
func lines(v lua.LValue) []string {
	if s, ok := v.(lua.LString); ok && strings.Contains(string(s), "\n") {
		return strings.Split(string(s), "\n")
	}
	return strings.Split(pretty(v), "\n")
}

// whereApart marks the place of the first difference of two long lines.
func whereApart(want, got string) string {
	const short = 20
	w, g := []rune(want), []rune(got)
	n := 0
	for n < len(w) && n < len(g) && w[n] == g[n] {
		n++
	}
	if n < short || n == len(w) && n == len(g) {
		return ""
	}
	return fmt.Sprintf("\n(they are the same for %d characters: …%s)", n-1, string(g[max(0, n-short):n]))
}

// diff compares two lists of lines by their longest common subsequence: lines of
// both begin with a space, those of a only with -, those of b only with +. Long
// stretches of common lines are left out.
func diff(a, b []string) []string {
	const most = 1000 // the table is of len(a) × len(b)
	if len(a) > most || len(b) > most {
		a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	}
	common := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, "  "+a[i])
			i, j = i+1, j+1
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			out = append(out, "- "+a[i])
			i++
		default:
			out = append(out, "+ "+b[j])
			j++
		}
	}
	return shortened(out)
}

// shortened leaves out common lines that are far from any difference.
func shortened(lines []string) []string {
	const around = 3
	near := make([]bool, len(lines))
	for i, l := range lines {
		if strings.HasPrefix(l, "  ") {
			continue
		}
		for j := max(0, i-around); j <= min(len(lines)-1, i+around); j++ {
			near[j] = true
		}
	}
	var out []string
	for i, l := range lines {
		switch {
		case near[i]:
			out = append(out, l)
		case i == 0 || near[i-1]:
			out = append(out, "  …")
		}
	}
	return out
}
