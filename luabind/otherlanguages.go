package luabind

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/yuin/gopher-lua/parse"
)

// otherSyntax says what is meant by what other languages write, and a source has
// where it stops being Lua: the end of a message.
func otherSyntax(source string) string {
	for _, s := range []struct{ there, advice string }{
		{"!=", "not equal is ~= in Lua"}, {"!", "it is not x in Lua, and ~= for not equal"}, {"&&", "it is and in Lua"}, {"||", "it is or in Lua"},
		{"++", "write x = x + 1"}, {"+=", "write x = x + y"}, {"-=", "write x = x - y"}, {"//", "comments begin with -- in Lua"},
		{"{", "blocks have no braces in Lua, and finish with end"},
	} {
		if strings.HasPrefix(source, s.there) {
			return "; " + s.advice
		}
	}
	return ""
}

// sourceAt returns the rest of the line from where the parser gave up; it may be one
// character further than where the mistake begins.
func sourceAt(text string, pe *parse.Error) string {
	line, from := lineOf(text, pe)
	i := strings.Index(line[from:], pe.Token)
	if i < 0 {
		return ""
	}
	i += from
	if i > 0 && strings.ContainsRune("+-/&|!", rune(line[i-1])) {
		i--
	}
	return line[i:]
}

// lineOf returns the line at which the parser gave up, and where in it the last token
// is or begins before.
func lineOf(text string, pe *parse.Error) (line string, from int) {
	lines := strings.SplitAfterN(withoutHeader(text), "\n", pe.Pos.Line+1)
	if pe.Pos.Line < 1 || pe.Pos.Line > len(lines) {
		return "", 0
	}
	line = lines[pe.Pos.Line-1]
	return line, min(max(0, pe.Pos.Column-len(pe.Token)-1), len(line))
}

// wideRune returns the character at which the parser gave up, if it is none of
// ASCII: of that the parser shows one byte. 0 if it is another error.
func wideRune(text string, pe *parse.Error) rune {
	if len(pe.Token) != 1 || pe.Token[0] < utf8.RuneSelf {
		return 0
	}
	line, from := lineOf(text, pe)
	for i := from; i < len(line); i++ {
		if r, _ := utf8.DecodeRuneInString(line[i:]); line[i] == pe.Token[0] && r != utf8.RuneError {
			return r
		}
	}
	return 0
}

// wideMessage says what to write for a character that a Chinese keyboard gives
// in place of one of Lua's.
func wideMessage(r rune) string {
	instead := ""
	switch {
	case strings.ContainsRune("“”「」『』", r):
		instead = `"`
	case strings.ContainsRune("‘’", r):
		instead = "'"
	case r == '。':
		instead = "."
	case r == '、':
		instead = ","
	case r == '\u00a0' || r == '\u3000':
		return "there is a wide space, which Lua doesn't know: write a plain one"
	case r >= '！' && r <= '～': // the full-width forms of ASCII
		instead = string(r - '！' + '!')
	default:
		return fmt.Sprintf("unexpected character '%c': texts stand between quotation marks, and names have a-z, 0-9 and _", r)
	}
	return fmt.Sprintf("unexpected character '%c': write %s", r, instead)
}
