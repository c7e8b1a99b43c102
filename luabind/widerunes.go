package luabind

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/gopher-lua/parse"
)

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
	case !unicode.IsPrint(r):
		name := map[rune]string{'\u200b': " (zero width space)", '\ufeff': " (byte order mark)", '\u200d': " (zero width joiner)", '\u200c': " (zero width non-joiner)", '\u00ad': " (soft hyphen)"}[r]
		return fmt.Sprintf("there is an invisible character, U+%04X%s: delete it, it came with copied text", r, name)
	case r >= '！' && r <= '～': // the full-width forms of ASCII
		instead = string(r - '！' + '!')
	default:
		return fmt.Sprintf("unexpected character '%c': texts stand between quotation marks, and names have a-z, 0-9 and _", r)
	}
	return fmt.Sprintf("unexpected character '%c': write %s", r, instead)
}
