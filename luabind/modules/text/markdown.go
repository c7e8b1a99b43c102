package text

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	heading   = regexp.MustCompile(`^ {0,3}#{1,6}(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$`)
	quoteMark = regexp.MustCompile(`^ {0,3}(?:>[ \t]?)+`)
	item      = regexp.MustCompile(`^([ \t]*)[-*+][ \t]+(?:\[([ xX])\][ \t]+)?(.*)$`)
	rule      = regexp.MustCompile(`^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$`)
	underline = regexp.MustCompile(`^ {0,3}(?:=+|-{2,})[ \t]*$`)
	fence     = regexp.MustCompile("^[ \t]*(`{3,}|~{3,})[^`]*$")
	divider   = regexp.MustCompile(`^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$`)
	tag       = regexp.MustCompile(`(?i)^</?(?:a|b|i|u|s|p|em|strong|del|ins|code|pre|sub|sup|div|span|center|details|summary|h[1-6]|ul|ol|li|hr|kbd|mark|small)(?:\s[^<>]*)?/?>`)
	lineBreak = regexp.MustCompile(`(?i)^<br\s*/?>`)
	autolink  = regexp.MustCompile(`^<([a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\s<>]+|[^\s<>@]+@[^\s<>@]+)>`)
	entity    = regexp.MustCompile(`^&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});`)
)

// StripMarkdown makes of Markdown, as language models write it, a text that reads well
// where it isn't rendered: WeChat shows plain text only.
func StripMarkdown(s string) string {
	var out []string
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	closing := "" // of the code that the line is in
	paragraph := false
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		mark := ""
		if m := fence.FindStringSubmatch(line); m != nil {
			mark = m[1]
		}
		switch {
		case closing != "":
			if strings.HasPrefix(mark, closing) && strings.Trim(line, " \t"+closing[:1]) == "" {
				closing = ""
			} else {
				out = append(out, line)
			}
			continue
		case mark != "":
			closing, paragraph = mark, false
			continue
		}
		line = quoteMark.ReplaceAllString(line, "")
		wasParagraph := paragraph
		paragraph = false
		switch m := item.FindStringSubmatch(line); {
		case strings.TrimSpace(line) == "":
			if len(out) > 0 && out[len(out)-1] != "" {
				out = append(out, "")
			}
		case wasParagraph && underline.MatchString(line):
		case rule.MatchString(line):
			out = append(out, "———")
		case heading.MatchString(line):
			out = append(out, inline(heading.FindStringSubmatch(line)[1], 0))
		case m != nil:
			bullet := map[string]string{"": "• ", " ": "☐ ", "x": "☑ ", "X": "☑ "}[m[2]]
			out = append(out, m[1]+bullet+inline(m[3], 0))
		case strings.Contains(line, "|") && i+1 < len(lines) && isDivider(lines[i+1]):
			out = append(out, row(line))
			for i += 2; i < len(lines) && strings.Contains(lines[i], "|"); i++ {
				out = append(out, row(lines[i]))
			}
			i--
		default:
			paragraph = true
			out = append(out, inline(strings.TrimRight(line, " \t"), 0))
		}
	}
	return strings.Trim(strings.Join(out, "\n"), "\n")
}

func isDivider(line string) bool {
	line = quoteMark.ReplaceAllString(line, "")
	return strings.Contains(line, "|") && divider.MatchString(line)
}

// row writes a table's row in one line.
func row(line string) string {
	line = strings.TrimSpace(quoteMark.ReplaceAllString(line, ""))
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
	for i, c := range cells {
		cells[i] = inline(strings.TrimSpace(strings.ReplaceAll(c, "\x00", `\|`)), 0)
	}
	return strings.Join(cells, " | ")
}

// piece is a text, or a run of marks that may be emphasis.
type piece struct {
	text        string
	mark        byte // 0 for a text
	open, close bool
	used        int // how many of the marks have a counterpart
}

// What is beyond these isn't taken for a link or for code, so that the work stays in
// proportion to the text: links in links' texts, a link's length, brackets in
// brackets, and backticks in a row.
const (
	maxNested    = 3
	maxLink      = 2000
	maxBrackets  = 8
	maxBackticks = 32
)

// inline takes the marks out of a line.
func inline(s string, depth int) string {
	var pieces []piece
	start := 0
	text := func(end int) {
		if start < end {
			pieces = append(pieces, piece{text: s[start:end]})
		}
	}
	unclosed := map[int]bool{} // numbers of backticks that have no end
	for i := 0; i < len(s); {
		replaced, size := "", 0
		switch c := s[i]; c {
		case '\\':
			if i+1 < len(s) && s[i+1] < utf8.RuneSelf && unicode.In(rune(s[i+1]), unicode.P, unicode.S) {
				replaced, size = s[i+1:i+2], 2
			}
		case '`':
			replaced, size = codeSpan(s[i:], unclosed)
			if size == 0 { // all of them are but backticks
				i += run(s[i:])
				continue
			}
		case '!':
			if strings.HasPrefix(s[i:], "![") {
				if replaced, size = link(s[i+1:], depth); size > 0 {
					size++
				}
			}
		case 'h':
			replaced = strings.TrimRight(address.FindString(s[i:]), "*_~.,;:!?)'\"，。！？；：）》」”")
			if size = len(replaced); size > 0 && i > 0 && wordBefore(s[:i]) {
				replaced, size = "", 0
			}
		case '[':
			replaced, size = link(s[i:], depth)
		case '<':
			if m := autolink.FindStringSubmatch(s[i:]); m != nil {
				replaced, size = strings.TrimPrefix(m[1], "mailto:"), len(m[0])
			} else if m := lineBreak.FindString(s[i:]); m != "" {
				replaced, size = "\n", len(m)
			} else {
				size = len(tag.FindString(s[i:]))
			}
		case '&':
			if m := entity.FindString(s[i:]); m != "" {
				replaced, size = strings.ReplaceAll(html.UnescapeString(m), "\u00A0", " "), len(m)
			}
		case '*', '_', '~':
			n := run(s[i:])
			if c != '~' || n == 2 {
				text(i)
				pieces = append(pieces, emphasis(s, i, n))
				start = i + n
			}
			i += n
			continue
		}
		if size == 0 {
			i++
			continue
		}
		text(i)
		pieces = append(pieces, piece{text: replaced})
		i += size
		start = i
	}
	text(len(s))
	match(pieces)
	var out strings.Builder
	for _, p := range pieces {
		out.WriteString(p.text[p.used:])
	}
	return out.String()
}

// address is one that stands by itself: what is in it are no marks.
var address = regexp.MustCompile(`^https?://[^\s<>"\x60\p{Han}]+`)

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// run is how many times a text's first byte is repeated.
func run(s string) int {
	n := 1
	for n < len(s) && s[n] == s[0] {
		n++
	}
	return n
}

// emphasis tells whether marks may begin or end it. Between two letters or digits of
// ASCII they are operators and parts of names: 2*3*4, snake_case.
func emphasis(s string, at, n int) piece {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at+n:])
	// _ never marks a part of a word, be it a Chinese one.
	word := func(r rune) bool {
		return (s[at] == '_' || r < utf8.RuneSelf) && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
	}
	p := piece{text: s[at : at+n], mark: s[at]}
	if word(before) && word(after) {
		return p
	}
	p.open = at+n < len(s) && !unicode.IsSpace(after)
	p.close = at > 0 && !unicode.IsSpace(before)
	if p.mark == '_' {
		p.open = p.open && !word(before)
		p.close = p.close && !word(after)
	}
	return p
}

// match finds the counterparts of marks.
func match(pieces []piece) {
	open := map[byte][]*piece{}
	for i := range pieces {
		p := &pieces[i]
		if p.mark == 0 {
			continue
		}
		stack := open[p.mark]
		for p.close && p.used < len(p.text) && len(stack) > 0 {
			o := stack[len(stack)-1]
			n := min(len(o.text)-o.used, len(p.text)-p.used)
			o.used += n
			p.used += n
			if o.used == len(o.text) {
				stack = stack[:len(stack)-1]
			}
		}
		if p.open && p.used < len(p.text) {
			stack = append(stack, p)
		}
		open[p.mark] = stack
	}
}

// codeSpan reads `code` at the text's begin; size 0 says that there is none.
func codeSpan(s string, unclosed map[int]bool) (code string, size int) {
	n := run(s)
	if n > maxBackticks || unclosed[n] {
		return "", 0
	}
	for at := n; at < len(s); {
		i := strings.IndexByte(s[at:], '`')
		if i < 0 {
			break
		}
		at += i
		m := run(s[at:])
		if m == n {
			code = s[n:at]
			if t := strings.TrimSpace(code); t != "" {
				code = t
			}
			return code, at + m
		}
		at += m
	}
	unclosed[n] = true
	return "", 0
}

// link reads [text](address "title") at the text's begin, and writes text (address);
// size 0 says that there is none.
func link(s string, depth int) (written string, size int) {
	limit := min(len(s), maxLink)
	level, at := 0, -1
	for i := 0; i < limit && at < 0; i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			if level++; level > maxBrackets {
				return "", 0
			}
		case ']':
			if level--; level == 0 {
				at = i
			}
		}
	}
	if depth == maxNested || at < 0 || at+1 >= len(s) || s[at+1] != '(' {
		return "", 0
	}
	label, rest := s[1:at], s[at+2:]
	level = 1
	end := -1
	for i := 0; i < min(len(rest), maxLink) && end < 0; i++ {
		switch rest[i] {
		case '\\':
			i++
		case '(':
			if level++; level > maxBrackets {
				return "", 0
			}
		case ')':
			if level--; level == 0 {
				end = i
			}
		}
	}
	if end < 0 {
		return "", 0
	}
	size = at + 2 + end + 1
	label = inline(label, depth+1)
	address := strings.TrimSpace(rest[:end])
	if a, found := strings.CutPrefix(address, "<"); found {
		address, _, _ = strings.Cut(a, ">")
	} else if fields := strings.Fields(address); len(fields) > 0 {
		address = fields[0] // a title may follow
	}
	switch {
	case label == "":
		return address, size
	case address == "" || strings.HasPrefix(address, "#"), address == label, address == "mailto:"+label:
		return label, size
	}
	return label + " (" + address + ")", size
}
