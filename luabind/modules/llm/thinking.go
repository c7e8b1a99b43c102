package llm

import "strings"

// thinkingTags are those within which models write what they think, if their service
// doesn't take it apart.
var thinkingTags = []string{"think", "thinking", "thought"}

// thinking takes what a model thinks out of its answer, which comes in pieces. What
// it leaves doesn't depend on where the pieces are cut.
//
// A tag counts where it begins a line outside of blocks of code: there models put
// it. Elsewhere the answer is about such tags. What has no end is thought up to the end
// of the answer. Where the beginning is missing (some services put it into the prompt),
// all that came before the end is thought.
type thinking struct {
	held  string // what can't be told apart yet
	line  string // how the answer's last line begins
	fence string // the marks that end the block of code within which the answer is
	// within is the tag whose end is looked for, "" in the answer itself.
	within string
	// some says that there is some of the answer, and thought that there was a tag.
	some, thought bool
}

// maxLineStart is how much of a line is looked at: the marks of code are shorter.
const maxLineStart = 256

// add takes a piece and returns what is shown of it. If retract is set, what was shown
// before wasn't meant to be.
func (t *thinking) add(piece string) (shown string, retract bool) {
	var b strings.Builder
	rest := t.held + piece
	t.held = ""
	for rest != "" {
		if t.within != "" {
			rest = t.skip(rest)
			continue
		}
		if t.fence == "" && strings.TrimSpace(t.line) == "" {
			space := " \t\r"
			if !t.some {
				space += "\n"
			}
			text := strings.TrimLeft(rest, space)
			tag, ends, partial := tagAt(text)
			if !t.some && (text == "" || partial) {
				t.held = rest
				break
			}
			if tag != "" || partial || !t.some && t.thought {
				if t.some {
					t.show(&b, rest[:len(rest)-len(text)])
				}
				rest = text
			}
			if partial {
				t.held = rest
				break
			}
			if tag != "" {
				if ends && t.some && !t.thought {
					b.Reset()
					retract, t.some = true, false
				}
				if rest = rest[len("<>")+len(tag):]; ends {
					rest = rest[len("/"):]
				} else {
					t.within = tag
				}
				t.thought, t.line = true, ""
				continue
			}
		}
		end := strings.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		t.show(&b, rest[:end])
		rest = rest[end:]
	}
	return b.String(), retract
}

// show shows a line or a part of one.
func (t *thinking) show(b *strings.Builder, text string) {
	b.WriteString(text)
	t.some = t.some || strings.TrimSpace(text) != ""
	if len(t.line) < maxLineStart {
		t.line += text
	}
	if strings.HasSuffix(text, "\n") {
		t.fence = fenceAfter(t.fence, t.line)
		t.line = ""
	}
}

// skip returns what comes behind the end of what is thought, and holds back what may
// be the beginning of that end.
func (t *thinking) skip(text string) string {
	end := "</" + t.within + ">"
	if at := indexFold(text, end); at >= 0 {
		t.within = ""
		return text[at+len(end):]
	}
	for n := min(len(end)-1, len(text)); n > 0; n-- {
		if strings.EqualFold(text[len(text)-n:], end[:n]) {
			t.held = text[len(text)-n:]
			break
		}
	}
	return ""
}

// end returns what was held back, for nothing will come any more.
func (t *thinking) end() string {
	if t.within != "" {
		return ""
	}
	held := t.held
	t.held = ""
	if strings.TrimSpace(held) == "" {
		return ""
	}
	return held
}

// tagAt returns the name of the tag with which a text begins, "" if it doesn't, and
// whether it is one that ends. partial says that more of the text must be seen.
func tagAt(text string) (name string, ends, partial bool) {
	if text == "" || text[0] != '<' {
		return "", false, false
	}
	for _, name := range thinkingTags {
		for _, slash := range []string{"", "/"} {
			tag := "<" + slash + name + ">"
			if len(text) >= len(tag) && strings.EqualFold(text[:len(tag)], tag) {
				return name, slash != "", false
			}
			if len(text) < len(tag) && strings.EqualFold(text, tag[:len(text)]) {
				partial = true
			}
		}
	}
	return "", false, partial
}

// indexFold is strings.Index for small letters of ASCII in sub, whatever the case
// in s.
func indexFold(s, sub string) int {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], sub[0])
		if at < 0 || from+at+len(sub) > len(s) {
			return -1
		}
		if from += at; strings.EqualFold(s[from:from+len(sub)], sub) {
			return from
		}
		from++
	}
}
