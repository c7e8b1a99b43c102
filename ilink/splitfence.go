package ilink

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// codeFence is the line that opens a block of code in which a place of a text is, ""
// outside of one: three backticks or tildes, or more, and the language.
type codeFence string

// after is the fence in which a text ends that begins in f.
func (f codeFence) after(text string) codeFence {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		mark := fenceMark(line)
		switch {
		case mark == "":
		case f == "":
			f = codeFence(strings.TrimLeft(line, " \t"))
		case strings.HasPrefix(mark, fenceMark(string(f))) && strings.TrimLeft(line, " \t") == mark:
			f = ""
		}
	}
	return f
}

// end is what closes it.
func (f codeFence) end() string { return fenceMark(string(f)) }

// fenceMark is the run of backticks or tildes with which a line begins, "" if it is
// none.
func fenceMark(line string) string {
	line = strings.TrimLeft(line, " \t")
	for _, c := range []string{"`", "~"} {
		if rest := strings.TrimLeft(line, c); len(line)-len(rest) >= 3 && !(c == "`" && strings.Contains(rest, "`")) {
			return line[:len(line)-len(rest)]
		}
	}
	return ""
}

// splitFenced is SplitText for a text with blocks of code: one that is cut is closed
// at the end of a part, and opened again in the next one with its language.
func splitFenced(text string, limit int) []string {
	var parts []string
	var open codeFence
	closing := 1 // a line end, and the marks
	run := 0
	for i := range len(text) { // a cut may bring any of them to a line's beginning
		if c := text[i]; c != '`' && c != '~' || i > 0 && text[i-1] != c {
			run = 0
		}
		if c := text[i]; c == '`' || c == '~' {
			run++
			closing = max(closing, 1+run)
		}
	}
	rest := strings.TrimRightFunc(text, unicode.IsSpace)
	for rest != "" {
		head := ""
		if open != "" {
			head = string(open) + "\n"
		}
		room := limit - utf8.RuneCountInString(head)
		if utf8.RuneCountInString(rest) <= room && open.after(rest) == "" || room-closing < fencedLeast {
			// All of it, or there is no use in such small parts.
			return append(parts, splitPlain(head+rest, limit)...)
		}
		window := runePrefix(rest, max(1, room-closing))
		cut := keepWhole(rest, cutPoint(rest, window))
		if before, moved := beforeEmptyFence(rest[:cut], open); moved {
			cut = before
		}
		inside := open.after(rest[:cut])
		part := strings.TrimRightFunc(rest[:cut], unicode.IsSpace)
		if inside != "" {
			if part != "" {
				part += "\n"
			}
			part += inside.end()
		}
		if strings.TrimSpace(rest[:cut]) != "" {
			parts = append(parts, head+part)
		}
		if inside != "" { // a blank is part of the code
			rest = strings.TrimPrefix(rest[cut:], "\n")
		} else {
			rest = dropCutBlanks(rest[cut:], rest[cut-1] == '\n')
		}
		open = inside
	}
	return parts
}

// fencedLeast is how much room there must be for a part beside its fences.
const fencedLeast = 16

// beforeEmptyFence moves a cut that would leave nothing of a block but its opening.
func beforeEmptyFence(head string, open codeFence) (cut int, moved bool) {
	trimmed := strings.TrimRightFunc(head, unicode.IsSpace)
	at := strings.LastIndexByte(trimmed, '\n') + 1
	if at == 0 || fenceMark(trimmed[at:]) == "" || open.after(trimmed[:at]) != "" || open.after(trimmed) == "" {
		return 0, false
	}
	return at, strings.TrimSpace(trimmed[:at]) != ""
}
