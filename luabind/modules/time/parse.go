package time

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

func badTime(format string, args ...any) error {
	return &luabind.HostError{Kind: "bad_time", Message: fmt.Sprintf(format, args...)}
}

// usual are the forms that are read where no layout is given: those of ISO 8601 and
// what people and feeds write.
var usual = []string{
	"2006-1-2", "2006-1-2 15:04", "2006-1-2 15:04:05", "2006-1-2T15:04", "2006-1-2T15:04:05",
	"2006-1-2T15:04Z07:00", "2006-1-2T15:04:05Z07:00", "2006-1-2 15:04:05Z07:00", "2006-1-2 15:04:05 -0700", "2006-1-2T15:04:05-0700",
	"2006/1/2", "2006/1/2 15:04", "2006/1/2 15:04:05",
	"2006年1月2日", "2006年1月2日 15:04", "2006年1月2日15:04", "2006年1月2日15点", "2006年1月2日15点4分", "2006年1月2日 15点", "2006年1月2日 15点4分",
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT", "2 Jan 2006", "2 January 2006",
}

// read reads a date in one of the usual forms.
func read(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, form := range usual {
		in := zone
		if strings.HasSuffix(form, "GMT") {
			in = time.UTC
		}
		if t, err := time.ParseInLocation(form, text, in); err == nil {
			return t, nil
		}
	}
	return time.Time{}, badTime("%q is no date: it looks like 2026-05-01, 2026-05-01 09:30 or 2026-05-01T09:30:00+08:00", clip(text))
}

func clip(text string) string {
	if r := []rune(strings.ToValidUTF8(text, "\uFFFD")); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return text
}

// parser reads a text by a layout.
type parser struct {
	text string
	// year and so on are what was read, -1 for what wasn't.
	year, month, day, yday int
	hour, min, sec         int
	pm                     int // 0 and 1
	unix                   string
	zone                   *time.Location
}

// parse reads a date by a layout of strftime's kind. What the layout doesn't have is
// today's, or 0 for the time of day. unknown is about the layout.
func parse(text, layout string, zone *time.Location, now func() time.Time) (t time.Time, err, unknown error) {
	p := &parser{text: strings.TrimSpace(text), year: -1, month: -1, day: -1, yday: -1, pm: -1, zone: zone}
	ok, unknown := p.layout(strings.TrimSpace(layout), 0)
	if unknown != nil {
		return t, nil, unknown
	}
	if !ok || p.text != "" {
		return t, badTime("%q is not of the form %q", clip(strings.TrimSpace(text)), clip(layout)), nil
	}
	if p.unix != "" {
		n, err := strconv.ParseInt(p.unix, 10, 64)
		if err != nil || n > latest {
			return t, badTime("%q is no time", clip(text)), nil
		}
		return time.Unix(n, 0), nil, nil
	}
	if p.pm >= 0 {
		p.hour = p.hour%12 + 12*p.pm
	}
	if p.year < 0 || p.month < 0 && p.yday < 0 {
		today := now().In(p.zone)
		if p.year < 0 {
			p.year = today.Year()
			if p.month < 0 && p.yday < 0 && p.day < 0 {
				p.day = today.Day()
			}
			if p.month < 0 {
				p.month = int(today.Month())
			}
		}
	}
	if p.yday > 0 && p.month < 0 {
		p.month, p.day = 1, p.yday
	} else {
		p.month, p.day = max(p.month, 1), max(p.day, 1)
		if p.day > time.Date(p.year, time.Month(p.month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
			return t, badTime("%q: the month has no day %d", clip(text), p.day), nil
		}
	}
	return time.Date(p.year, time.Month(p.month), p.day, p.hour, p.min, p.sec, 0, p.zone), nil, nil
}

// composed are letters that stand for several.
var composed = map[byte]string{'T': "%H:%M:%S", 'X': "%H:%M:%S", 'D': "%m/%d/%y", 'x': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M", 'r': "%I:%M:%S %p", 'c': "%a %b %e %H:%M:%S %Y"}

// layout reads what a layout says from the text's begin. depth guards against
// nothing but our own table.
func (p *parser) layout(layout string, depth int) (ok bool, unknown error) {
	for i := 0; i < len(layout); i++ {
		c := layout[i]
		if c == ' ' || c == '\t' || c == '\n' {
			p.text = strings.TrimLeft(p.text, " \t\r\n")
			continue
		}
		if c != '%' {
			if p.text == "" || p.text[0] != c {
				return false, p.check(layout[i:])
			}
			p.text = p.text[1:]
			continue
		}
		if i++; i == len(layout) {
			return false, fmt.Errorf("the layout ends in %%: write %%%% for a %%")
		}
		if more, is := composed[layout[i]]; is && depth == 0 {
			if ok, unknown := p.layout(more, 1); !ok || unknown != nil {
				return false, p.check(layout[i+1:])
			}
			continue
		}
		ok, known := p.letter(layout[i])
		if !known {
			return false, fmt.Errorf("the layout has %%%c, which can't be read", layout[i])
		}
		if !ok {
			return false, p.check(layout[i+1:])
		}
	}
	return true, nil
}

// check looks for letters that aren't known in the rest of a layout, so that a
// faulty one is found whatever the text.
func (p *parser) check(rest string) error {
	for i := 0; i+1 < len(rest); i++ {
		if rest[i] != '%' {
			continue
		}
		i++
		if _, is := composed[rest[i]]; is {
			continue
		}
		if _, known := (&parser{}).letter(rest[i]); !known {
			return fmt.Errorf("the layout has %%%c, which can't be read", rest[i])
		}
	}
	return nil
}

func (p *parser) letter(letter byte) (ok, known bool) {
	switch letter {
	case 'Y':
		return p.number(&p.year, 4, 0, 9999), true
	case 'y':
		if ok := p.number(&p.year, 2, 0, 99); !ok {
			return false, true
		}
		if p.year += 1900; p.year < 1969 {
			p.year += 100
		}
		return true, true
	case 'm':
		return p.number(&p.month, 2, 1, 12), true
	case 'd', 'e':
		return p.number(&p.day, 2, 1, 31), true
	case 'j':
		return p.number(&p.yday, 3, 1, 366), true
	case 'H', 'k':
		return p.number(&p.hour, 2, 0, 23), true
	case 'I', 'l':
		return p.number(&p.hour, 2, 1, 12), true
	case 'M':
		return p.number(&p.min, 2, 0, 59), true
	case 'S':
		return p.number(&p.sec, 2, 0, 60), true
	case 'p', 'P':
		n, ok := p.word("am", "pm")
		p.pm = n
		return ok, true
	case 'b', 'B', 'h':
		var names []string
		for m := time.January; m <= time.December; m++ {
			names = append(names, m.String())
		}
		n, ok := p.word(names...)
		p.month = n + 1
		return ok, true
	case 'a', 'A':
		var names []string
		for d := time.Sunday; d <= time.Saturday; d++ {
			names = append(names, d.String())
		}
		_, ok := p.word(names...)
		return ok, true
	case 's':
		n := 0
		for n < len(p.text) && p.text[n] >= '0' && p.text[n] <= '9' {
			n++
		}
		p.unix, p.text = p.text[:n], p.text[n:]
		return n > 0, true
	case 'z':
		for _, form := range []string{"Z07:00", "-0700", "-07"} {
			n := min(len(p.text), len(strings.TrimPrefix(form, "Z"))+1)
			if strings.HasPrefix(form, "Z") && strings.HasPrefix(p.text, "Z") {
				n = 1
			} else if form[0] == '-' {
				n = min(len(p.text), len(form))
			}
			if t, err := time.Parse(form, p.text[:n]); err == nil {
				_, offset := t.Zone()
				p.zone, p.text = time.FixedZone("", offset), p.text[n:]
				return true, true
			}
		}
		return false, true
	case 'n', 't':
		p.text = strings.TrimLeft(p.text, " \t\r\n")
		return true, true
	case '%':
		rest, ok := strings.CutPrefix(p.text, "%")
		p.text = rest
		return ok, true
	}
	return false, false
}

// number reads at most so many digits, behind spaces.
func (p *parser) number(into *int, digits, low, high int) bool {
	p.text = strings.TrimLeft(p.text, " ")
	n := 0
	for n < min(digits, len(p.text)) && p.text[n] >= '0' && p.text[n] <= '9' {
		n++
	}
	v, err := strconv.Atoi(p.text[:n])
	if err != nil || v < low || v > high {
		return false
	}
	*into, p.text = v, p.text[n:]
	return true
}

// word reads one of some words, or its first three letters, and returns its place.
func (p *parser) word(words ...string) (int, bool) {
	for _, length := range []int{99, 3} {
		for i, w := range words {
			w = w[:min(len(w), length)]
			if len(p.text) >= len(w) && strings.EqualFold(p.text[:len(w)], w) {
				p.text = p.text[len(w):]
				return i, true
			}
		}
	}
	return 0, false
}
