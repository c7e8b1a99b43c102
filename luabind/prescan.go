package luabind

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// gotoName stands in the source that gopher-lua's parser gets for goto where that
// is a name, as in Lua 5.1, which has no such statement.
const gotoName = "goto__is__a__name"

// prescan mends what gopher-lua's scanner reads otherwise than Lua 5.1: form feeds
// and vertical tabs are spaces, goto may be a name, and an escape such as \300 is
// an error. Lines stay as they are. line and why say what is wrong, "" for nothing.
func prescan(text string) (mended string, line int, why string) {
	if !strings.ContainsAny(text, "\f\v\\") && !strings.Contains(text, "goto") {
		return text, 0, ""
	}
	s := prescanner{text: text, line: 1}
	for s.at < len(text) && s.why == "" {
		s.token()
	}
	s.out.WriteString(text[s.copied:])
	return s.out.String(), s.line, s.why
}

type prescanner struct {
	text   string
	at     int
	copied int // how much of the text is in out
	line   int
	out    strings.Builder
	before string // the last token, or a letter for its kind
	why    string
}

// replace puts something else in place of the next n bytes.
func (s *prescanner) replace(n int, by string) {
	s.out.WriteString(s.text[s.copied:s.at])
	s.out.WriteString(by)
	s.at += n
	s.copied = s.at
}

func (s *prescanner) token() {
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case c == '\f' || c == '\v':
		s.replace(1, " ")
	case c == '\n':
		s.line++
		s.at++
	case strings.HasPrefix(rest, "--"):
		if n := longBracket(rest[2:]); n > 0 {
			s.skip(2 + n)
		} else if end := strings.IndexByte(rest, '\n'); end >= 0 {
			s.at += end
		} else {
			s.at = len(s.text)
		}
	case c == '"' || c == '\'':
		s.str(c)
		s.before = "value"
	case c == '[' && longBracket(rest) > 0:
		s.skip(longBracket(rest))
		s.before = "value"
	case isWordByte(c):
		n := 1
		for n < len(rest) && (isWordByte(rest[n]) || rest[n] == '.' && c <= '9') {
			n++
		}
		s.word(rest[:n])
	case c == ' ' || c == '\t' || c == '\r':
		s.at++
	default:
		s.before = string(c)
		s.at++
	}
}

// skip goes over n bytes of a string or a comment.
func (s *prescanner) skip(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// str goes over a string, and looks at its escapes.
func (s *prescanner) str(quote byte) {
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == quote:
			s.at = i + 1
			return
		case c == '\n': // the scanner complains
			s.at = i
			return
		case c == '\\' && i+1 < len(s.text):
			i++
			if s.text[i] == '\n' {
				s.line++
			}
			end := i
			for end < len(s.text) && end < i+3 && s.text[end] >= '0' && s.text[end] <= '9' {
				end++
			}
			if end == i+3 && s.text[i:end] > "255" {
				s.why = fmt.Sprintf("escape sequence too large near '\\%s': \\000 to \\255 are bytes", s.text[i:end])
				return
			}
		}
	}
	s.at = len(s.text)
}

// word goes over a name, a keyword or a number.
func (s *prescanner) word(word string) {
	if word != "goto" {
		s.before = "value"
		if precedesExpression[word] {
			s.before = word
		}
		s.at += len(word)
		return
	}
	next := strings.TrimLeft(s.text[s.at+len(word):], " \t\r\n\f\v")
	jumps := next != "" && isWordByte(next[0]) && next[0] > '9' && (s.before == "" || strings.Contains("value ; ) ] } :", s.before))
	s.before = "value"
	if jumps {
		s.at += len(word)
		return
	}
	s.replace(len(word), gotoName)
}

// precedesExpression are the keywords behind which no statement can begin.
var precedesExpression = map[string]bool{
	"local": true, "function": true, "and": true, "or": true, "not": true, "return": true, "in": true, "if": true, "elseif": true,
	"while": true, "until": true, "for": true,
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// longBracket is how long the long bracket is with which a text begins, 0 if it
// begins with none.
func longBracket(text string) int {
	if len(text) < 2 || text[0] != '[' {
		return 0
	}
	level := 1
	for level < len(text) && text[level] == '=' {
		level++
	}
	if level == len(text) || text[level] != '[' {
		return 0
	}
	end := strings.Index(text, "]"+text[1:level]+"]")
	if end < 0 {
		return len(text)
	}
	return end + level + 1
}

// renameGoto gives the names in a syntax tree back that prescan took.
func renameGoto(chunk []ast.Stmt) {
	renameIn(reflect.ValueOf(chunk))
}

func renameIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			renameIn(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				renameIn(f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			renameIn(v.Index(i))
		}
	case reflect.String:
		if v.String() == gotoName {
			v.SetString("goto")
		}
	}
}
