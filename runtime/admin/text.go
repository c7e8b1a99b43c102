package admin

import (
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// textRunes is how much of a text a table shows.
const textRunes = 40

// line makes one line of a text that others wrote, without what could steer a
// terminal: control characters, and those that turn the direction of writing.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == zeroWidthJoiner || unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// zeroWidthJoiner holds the parts of an emoji together.
const zeroWidthJoiner = '\u200d'

// short is the beginning of a text, as one line.
func short(s string) string {
	runes := []rune(line(s))
	if len(runes) <= textRunes {
		return string(runes)
	}
	return strings.TrimRight(string(runes[:textRunes]), " ") + "…"
}

// paragraph is a text of several lines, each made safe and indented.
func paragraph(s string) string {
	var b strings.Builder
	for l := range strings.Lines(strings.TrimRight(s, "\r\n")) {
		indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]
		b.WriteString("    " + strings.ReplaceAll(indent, "\t", "    ") + line(l) + "\n")
	}
	return b.String()
}

// columns is how many columns of a terminal a line takes: Chinese characters and
// emoji take two.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == zeroWidthJoiner || unicode.In(r, unicode.Mn, unicode.Me):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// table aligns the cells of rows. Columns whose heading begins with > are
// aligned at their right end.
func table(headings []string, rows [][]string) string {
	right := make([]bool, len(headings))
	head := make([]string, len(headings))
	for i, h := range headings {
		head[i], right[i] = strings.CutPrefix(h, ">")
	}
	rows = append([][]string{head}, rows...)
	wide := make([]int, len(head))
	for _, row := range rows {
		for i, cell := range row {
			wide[i] = max(wide[i], columns(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var l strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", wide[i]-columns(cell))
			if right[i] {
				l.WriteString(space + cell + "  ")
			} else {
				l.WriteString(cell + space + "  ")
			}
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	return b.String()
}

// received is what a stored message says: its texts, and the names of what else
// is in it. It has no keys and no tokens.
func received(in *store.Inbound) string {
	if timer, ok := inbox.TimerText(in); ok {
		return timer
	}
	msg := new(ilink.Message)
	if err := msg.UnmarshalJSON(in.Message); err != nil {
		return "[unreadable]"
	}
	var parts []string
	for i := range msg.Items {
		parts = append(parts, content(&msg.Items[i]))
	}
	return strings.Join(parts, "\n")
}

// queued is what a send would say.
func queued(s *store.Send) string {
	if s.Kind == store.PayloadItem {
		item := new(ilink.Item)
		if err := item.UnmarshalJSON(s.Payload); err != nil {
			return "[unreadable]"
		}
		return content(item)
	}
	var file struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(s.Payload, &file) != nil {
		return "[" + s.Kind + "]"
	}
	return named(s.Kind, file.Name)
}

func content(it *ilink.Item) string {
	switch {
	case it.Text != nil:
		return it.Text.Text
	case it.Voice != nil:
		return named("voice", it.Voice.RecognText)
	case it.File != nil:
		return named("file", it.File.FileName)
	}
	return named(it.Type.String(), "")
}

func named(kind, name string) string {
	if name == "" {
		return "[" + kind + "]"
	}
	return "[" + kind + "] " + name
}
