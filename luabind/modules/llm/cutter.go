package llm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind/modules/text"
)

const (
	// maxMessages leaves two of the ten messages that a user's message allows to the
	// script.
	maxMessages = 8
	// firstRunes is how long the first message is at least: the user soon sees that
	// something comes. Those after it are longer and longer, so that they suffice.
	firstRunes = 40
	growth     = 3
)

// outgoing is a message that is ready. Of the last one it isn't known how long it
// is.
type outgoing struct {
	text string
	last bool
}

// cutter cuts an answer, which comes in pieces and in Markdown, into messages of
// plain text. Where it cuts depends on the pieces alone and not on when they come, so
// that a handler that is run again sends the same.
type cutter struct {
	n    int // how many messages have been cut off
	want int // how long the next one is at least
	rest strings.Builder
	// fence are the marks with which the block of code ends within which rest begins,
	// "" if it doesn't.
	fence string
	// since is how much has come since it was looked at last.
	since int
}

func newCutter() *cutter { return &cutter{want: firstRunes} }

// lookEvery is how many bytes come before it is worth while to look for a cut again,
// if no line ends.
const lookEvery = 32

// add takes a piece and returns the messages that are complete with it.
func (c *cutter) add(piece string) (ready []outgoing) {
	c.rest.WriteString(piece)
	if c.since += len(piece); c.since < lookEvery && !strings.Contains(piece, "\n") {
		return nil
	}
	c.since = 0
	for c.n < maxMessages-1 {
		at := c.cut(c.rest.String())
		if at == 0 {
			break
		}
		ready = append(ready, c.take(at, false)...)
	}
	return ready
}

// pause returns what there is, for nothing will come for a while.
func (c *cutter) pause() []outgoing {
	if c.n >= maxMessages-1 {
		c.rest.WriteString("\n\n")
		return nil
	}
	return c.end()
}

// drop forgets what isn't cut off yet.
func (c *cutter) drop() {
	c.rest.Reset()
	c.fence, c.since = "", 0
}

// end returns what is left.
func (c *cutter) end() []outgoing { return c.take(c.rest.Len(), true) }

// take cuts the first bytes off.
func (c *cutter) take(at int, last bool) []outgoing {
	raw := c.rest.String()
	c.rest.Reset()
	c.rest.WriteString(raw[at:])
	raw = raw[:at]
	markdown := strings.TrimLeftFunc(raw, unicode.IsSpace)
	if c.fence != "" { // a line's indentation is part of it
		markdown = c.fence + "\n" + raw
	}
	for line := range strings.SplitSeq(raw, "\n") {
		c.fence = fenceAfter(c.fence, line)
	}
	text := strings.TrimRightFunc(text.StripMarkdown(markdown), unicode.IsSpace)
	if text == "" {
		return nil
	}
	c.n++
	c.want = min(c.want*growth, ilink.MaxTextRunes)
	return []outgoing{{text: text, last: last && c.n >= maxMessages}}
}

// cut is where the next message ends, 0 if that isn't known yet: at the end of a
// paragraph, or of a sentence where paragraphs are long.
func (c *cutter) cut(rest string) int {
	runes := utf8.RuneCountInString(rest)
	if runes < c.want {
		return 0
	}
	floor := runeOffset(rest, c.want)
	fence := c.fence
	sentence := 0
	head := rest[:runeOffset(rest, ilink.MaxTextRunes)]
	for start := 0; start < len(head); {
		line, _, complete := strings.Cut(head[start:], "\n")
		end := start + len(line)
		if complete {
			end++
		}
		within := fence != ""
		fence = fenceAfter(fence, line)
		switch {
		case within || fence != "":
		case complete && end >= floor && strings.TrimSpace(line) == "":
			return end
		default:
			if sentence == 0 && end > floor {
				sentence = sentenceEnd(head, max(start, floor), end)
			}
		}
		start = end
	}
	switch {
	case sentence > 0 && runes >= min(2*c.want, ilink.MaxTextRunes):
		return sentence
	case runes >= ilink.MaxTextRunes:
		first := ilink.SplitText(rest, ilink.MaxTextRunes)[0]
		if at := strings.Index(rest, first); at >= 0 {
			return at + len(first)
		}
		return runeOffset(rest, ilink.MaxTextRunes)
	}
	return 0
}

// fenceAfter is what fence is after a line.
func fenceAfter(fence, line string) string {
	line = strings.TrimSpace(line)
	if fence == "" {
		for _, mark := range []string{"```", "~~~"} {
			if strings.HasPrefix(line, mark) {
				return line[:len(line)-len(strings.TrimLeft(line, mark[:1]))]
			}
		}
		return ""
	}
	if strings.HasPrefix(line, fence) && strings.Trim(line, fence[:1]) == "" {
		return ""
	}
	return fence
}

// runeOffset is where the first n characters of s end.
func runeOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

const (
	wideStops = "。！？…"
	closing   = "”’」』）)\"'*_`"
)

// sentenceEnd is where the first sentence of a line ends that ends behind from; 0
// if none does, or if what comes next isn't there yet.
func sentenceEnd(s string, from, end int) int {
	for from > 0 && from < len(s) && !utf8.RuneStart(s[from]) {
		from--
	}
	for i, r := range s[from:end] {
		at := from + i + utf8.RuneLen(r)
		wide := strings.ContainsRune(wideStops, r)
		if !wide && !strings.ContainsRune(".!?", r) {
			continue
		}
		for at < end {
			next, size := utf8.DecodeRuneInString(s[at:])
			if !strings.ContainsRune(closing+wideStops, next) {
				break
			}
			at += size
		}
		if at >= len(s) {
			return 0
		}
		if next, _ := utf8.DecodeRuneInString(s[at:]); wide || unicode.IsSpace(next) && !isNumber(s[:at-1]) {
			return at
		}
	}
	return 0
}

// isNumber reports whether a text's last word is a number, as in the lists "1. a".
func isNumber(s string) bool {
	word := s[strings.LastIndexAny(s, " \n")+1:]
	return word != "" && strings.Trim(word, "0123456789") == ""
}
