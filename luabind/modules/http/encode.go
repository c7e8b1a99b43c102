package http

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// encoded writes what may not stand in a request line as %-codes, such as Chinese
// characters in a query; servers answer 400 to them. What is encoded stays so.
func encoded(rawURL string) string {
	var b strings.Builder
	for i := range len(rawURL) {
		if c := rawURL[i]; c >= utf8.RuneSelf && hostEnds(rawURL[:i]) || c == '"' || c == '<' || c == '>' || c == '`' || c == '{' || c == '}' || c == '|' || c == '^' || c == '\\' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hostEnds reports whether a URL's host is over: in that, other rules hold.
func hostEnds(before string) bool {
	_, rest, _ := strings.Cut(before, "://")
	return strings.ContainsAny(rest, "/?#")
}
