package check

import (
	"fmt"
	"strings"
)

// kind of a token.
type kind int

const (
	tokenEOF kind = iota
	tokenName
	tokenKeyword
	tokenNumber
	tokenString
	tokenOp
)

// token is a piece of a source. text is the name, the keyword or the operator, and
// a string's value as far as it is plain.
type token struct {
	kind kind
	text string
	at   int // byte offset
}

var keywords = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true, "false": true, "for": true,
	"function": true, "goto": true, "if": true, "in": true, "local": true, "nil": true, "not": true, "or": true,
	"repeat": true, "return": true, "then": true, "true": true, "until": true, "while": true,
}

// sourceError is what is no Lua.
type sourceError struct {
	at      int
	message string
}

func (e *sourceError) Error() string { return e.message }

// lex splits a source into tokens, of which the last is tokenEOF.
func lex(text string) ([]token, error) {
	l := &lexer{text: text}
	l.at = len(text) - len(strings.TrimPrefix(text, "\uFEFF"))
	if strings.HasPrefix(text[l.at:], "#") { // for a shell
		if l.at = strings.IndexByte(text, '\n'); l.at < 0 {
			l.at = len(text)
		}
	}
	var list []token
	for {
		t, err := l.next()
		if err != nil {
			return list, err
		}
		list = append(list, t)
		if t.kind == tokenEOF {
			return list, nil
		}
	}
}

type lexer struct {
	text string
	at   int
}

// line skips to the end of the line.
func (l *lexer) line() {
	for l.at < len(l.text) && l.text[l.at] != '\n' && l.text[l.at] != '\r' {
		l.at++
	}
}

// peek returns the byte that is n bytes ahead, 0 at the end.
func (l *lexer) peek(n int) byte {
	if l.at+n < len(l.text) {
		return l.text[l.at+n]
	}
	return 0
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.text) {
		c := l.text[l.at]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			l.at++
			continue
		case c == '-' && l.peek(1) == '-':
			l.at += 2
			if level := l.longBracket(); level >= 0 {
				if _, err := l.long(level); err != nil {
					return token{}, err
				}
			} else {
				l.line()
			}
			continue
		}
		break
	}
	t := token{at: l.at}
	c := l.peek(0)
	switch {
	case l.at >= len(l.text):
		return t, nil
	case isLetter(c):
		for isLetter(l.peek(0)) || isDigit(l.peek(0)) {
			l.at++
		}
		t.kind, t.text = tokenName, l.text[t.at:l.at]
		if keywords[t.text] {
			t.kind = tokenKeyword
		}
	case isDigit(c) || c == '.' && isDigit(l.peek(1)):
		l.number()
		t.kind, t.text = tokenNumber, l.text[t.at:l.at]
	case c == '"' || c == '\'':
		s, err := l.quoted(c)
		if err != nil {
			return t, err
		}
		t.kind, t.text = tokenString, s
	case c == '[' && l.longBracket() >= 0:
		s, err := l.long(l.longBracket())
		if err != nil {
			return t, err
		}
		t.kind, t.text = tokenString, s
	default:
		for _, op := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
			if strings.HasPrefix(l.text[l.at:], op) {
				t.kind, t.text = tokenOp, op
				l.at += len(op)
				return t, nil
			}
		}
		if strings.IndexByte("+-*/%^#<>=(){}[];:,.", c) < 0 {
			return t, &sourceError{l.at, fmt.Sprintf("what is %q?", l.text[l.at:l.at+1])}
		}
		t.kind, t.text = tokenOp, l.text[l.at:l.at+1]
		l.at++
	}
	return t, nil
}

// number takes a number, in any of Lua's forms.
func (l *lexer) number() {
	if l.peek(0) == '0' && (l.peek(1) == 'x' || l.peek(1) == 'X') {
		for l.at += 2; isDigit(l.peek(0)) || strings.IndexByte("abcdefABCDEF", l.peek(0)) >= 0; {
			l.at++
		}
		return
	}
	for isDigit(l.peek(0)) {
		l.at++
	}
	if l.peek(0) == '.' {
		for l.at++; isDigit(l.peek(0)); {
			l.at++
		}
	}
	if c := l.peek(0); c == 'e' || c == 'E' {
		l.at++
		if c := l.peek(0); c == '+' || c == '-' {
			l.at++
		}
		for isDigit(l.peek(0)) {
			l.at++
		}
	}
}

// quoted takes a string. Of the escapes only the plain ones are put in place:
// names and texts that are looked at have no others.
func (l *lexer) quoted(quote byte) (string, error) {
	start := l.at
	var b strings.Builder
	for l.at++; ; l.at++ {
		c := l.peek(0)
		switch {
		case l.at >= len(l.text) || c == '\n' || c == '\r':
			return "", &sourceError{start, "the string doesn't end"}
		case c == quote:
			l.at++
			return b.String(), nil
		case c == '\\':
			l.at++
			c := l.peek(0)
			if c == '\r' && l.peek(1) == '\n' || c == '\n' && l.peek(1) == '\r' {
				l.at++
			}
			if i := strings.IndexByte("nrt", c); i >= 0 && c != 0 {
				c = "\n\r\t"[i]
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}

// longBracket returns the level of the long bracket that comes next, as of [==[,
// or -1.
func (l *lexer) longBracket() int {
	if l.peek(0) != '[' {
		return -1
	}
	n := 0
	for l.peek(n+1) == '=' {
		n++
	}
	if l.peek(n+1) != '[' {
		return -1
	}
	return n
}

// long takes a long string or comment.
func (l *lexer) long(level int) (string, error) {
	start := l.at
	l.at += level + 2
	end := strings.Index(l.text[l.at:], "]"+strings.Repeat("=", level)+"]")
	if end < 0 {
		return "", &sourceError{start, "the long string or comment doesn't end"}
	}
	s := l.text[l.at : l.at+end]
	l.at += end + level + 2
	return strings.TrimPrefix(strings.TrimPrefix(s, "\r"), "\n"), nil
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
