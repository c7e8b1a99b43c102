package llm

import (
	"regexp"
	"strings"
)

var (
	heading   = regexp.MustCompile(`^ {0,3}#{1,6} +`)
	bullet    = regexp.MustCompile(`^(\s*)[-*+] +(\[[ xX]\] +)?`)
	rule      = regexp.MustCompile(`^ {0,3}([-*_] *){3,}$`)
	quoted    = regexp.MustCompile(`^ {0,3}(> ?)+`)
	separator = regexp.MustCompile(`^\s*\|?[\s:|-]*--[\s:|-]*\|?\s*$`)
	link      = regexp.MustCompile(`!?\[([^\]\n]*)\]\(<?([^)\s>]+)>?[^)\n]*\)`)
	strong    = regexp.MustCompile(`(\*\*|__|~~)([^\s*_~](?:[^\n]*?[^\s*_~])?)(\*\*|__|~~)`)
	emphasis  = regexp.MustCompile(`(^|[^\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*`)
	code      = regexp.MustCompile("`+([^`\n]+)`+")
)

// isFence reports whether a line begins or ends a block of code.
func isFence(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~")
}

// plainText takes the marks of Markdown away, which would show as such. fence says
// that the text begins within a block of code, and the result that it ends in one.
func plainText(markdown string, fence bool) (text string, inFence bool) {
	var out []string
	for line := range strings.SplitSeq(markdown, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case isFence(line):
			fence = !fence
			continue
		case fence:
			out = append(out, line)
			continue
		case rule.MatchString(line), strings.Contains(line, "|") && separator.MatchString(line):
			continue
		}
		line = quoted.ReplaceAllString(line, "")
		line = heading.ReplaceAllString(line, "")
		line = bullet.ReplaceAllString(line, "$1• ")
		if cells := strings.TrimSpace(line); strings.HasPrefix(cells, "|") && strings.HasSuffix(cells, "|") && len(cells) > 2 {
			line = strings.TrimSpace(cells[1 : len(cells)-1])
		}
		out = append(out, inline(line))
	}
	text = strings.Join(out, "\n")
	for strings.Contains(text, "\n\n\n") {
		text = strings.ReplaceAll(text, "\n\n\n", "\n\n")
	}
	return strings.Trim(text, " \t\r\n"), fence
}

// inline takes the marks within a line away, but not those within code.
func inline(line string) string {
	const place = "\ue000"
	var kept []string
	line = code.ReplaceAllStringFunc(strings.ReplaceAll(line, place, ""), func(whole string) string {
		kept = append(kept, strings.Trim(whole, "`"))
		return place
	})
	line = spans(line)
	for _, text := range kept {
		line = strings.Replace(line, place, text, 1)
	}
	return line
}

func spans(s string) string {
	s = link.ReplaceAllStringFunc(s, func(whole string) string {
		m := link.FindStringSubmatch(whole)
		if m[1] == "" || m[1] == m[2] {
			return m[2]
		}
		return m[1] + " (" + m[2] + ")"
	})
	s = strong.ReplaceAllString(s, "$2")
	return emphasis.ReplaceAllString(s, "$1$2")
}
