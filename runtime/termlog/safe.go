package termlog

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Safe makes a text that others wrote fit for one line of a terminal or a log: what
// could end the line, steer a terminal or turn the direction of writing is shown as an
// escape such as \n, \x1b or \u202e. Tabs stay, and what Chinese text and emoji need.
func Safe(s string) string { return safe(s, "") }

// SafeLines is [Safe] for a text of several lines, which stay so. Each but the first
// gets indent in front, so that none can pass for a line of its own.
func SafeLines(s, indent string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(safe(s, "\n"), "\n", "\n"+indent)
}

// safe leaves the characters of keep as they are.
func safe(s, keep string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if !strings.ContainsFunc(s, func(r rune) bool { return !harmless(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if harmless(r) || strings.ContainsRune(keep, r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// The joiner holds the parts of an emoji together; the other keeps letters of some
// scripts apart.
const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// harmless reports whether a character is no more than a letter, a mark, a symbol or a
// space within a line; among the latter is the wide one of Chinese text.
func harmless(r rune) bool {
	return r == '\t' || r == zeroWidthJoiner || r == zeroWidthNonJoiner || unicode.IsPrint(r) || unicode.Is(unicode.Zs, r)
}

// SafeJSON escapes in a text in JSON what encoding/json leaves as it is and a terminal
// doesn't.
func SafeJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == ' ' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
