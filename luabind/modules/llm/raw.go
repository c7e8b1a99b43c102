package llm

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// raw is a text as it is in a service's JSON: it may begin or end in the middle of a
// character, since services cut what a model writes by its tokens. Half a surrogate
// pair is in it as three bytes, as if it were a character. A number stands for its
// digits, and what else is no text is empty.
type raw string

// UnmarshalJSON reads a value of any kind.
func (r *raw) UnmarshalJSON(data []byte) error {
	switch {
	case len(data) == 0:
	case data[0] == '"':
		*r = raw(unquote(data))
	case data[0] == '-', '0' <= data[0] && data[0] <= '9':
		*r = raw(data)
	}
	return nil
}

// clean is the text with marks in the place of what is no character.
func (r raw) clean() string {
	var j joiner
	return j.add(string(r)) + j.end()
}

// unquote is what a JSON string of correct syntax stands for.
func unquote(quoted []byte) string {
	s := string(quoted[1 : len(quoted)-1])
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if at := strings.IndexByte("bfnrt", s[i]); at >= 0 {
			b.WriteByte("\b\f\n\r\t"[at])
			continue
		}
		if s[i] != 'u' || i+4 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		code, err := strconv.ParseUint(s[i+1:i+5], 16, 16)
		if err != nil {
			b.WriteRune(utf8.RuneError)
			continue
		}
		i += 4
		if utf16.IsSurrogate(rune(code)) {
			b.Write([]byte{0xE0 | byte(code>>12), 0x80 | byte(code>>6)&0x3F, 0x80 | byte(code)&0x3F})
		} else {
			b.WriteRune(rune(code))
		}
	}
	return b.String()
}

// joiner makes texts of whole characters of pieces that may be cut anywhere.
type joiner struct {
	held string // the beginning of a character
}

// add takes a piece and returns the characters that are complete with it.
func (j *joiner) add(piece string) string {
	s := j.held + piece
	j.held = ""
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if r, size := utf8.DecodeRuneInString(s); r != utf8.RuneError || size > 1 {
			b.WriteString(s[:size])
			s = s[size:]
			continue
		}
		first := surrogate(s)
		switch {
		case !utf8.FullRuneInString(s), first != 0 && first < 0xDC00 && len(s) == 3:
			j.held = s
			return b.String()
		case first == 0:
			b.WriteRune(utf8.RuneError)
			s = s[1:]
			continue
		}
		r := utf8.RuneError
		if second := surrogate(s[3:]); second != 0 {
			r = utf16.DecodeRune(first, second)
		}
		b.WriteRune(r)
		if s = s[3:]; r != utf8.RuneError {
			s = s[3:]
		}
	}
	return b.String()
}

// end returns what stands for a character that hasn't become complete.
func (j *joiner) end() string {
	if j.held == "" {
		return ""
	}
	j.held = ""
	return "\uFFFD"
}

// surrogate is the half of a pair with which s begins, 0 if it doesn't.
func surrogate(s string) rune {
	if len(s) < 3 || s[0] != 0xED || s[1] < 0xA0 || s[1] > 0xBF || s[2] < 0x80 || s[2] > 0xBF {
		return 0
	}
	return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F)
}
