package luabind

import (
	"fmt"
	"regexp"
	"strings"
)

// syntaxAdvice says what to write where a source stops being Lua, as what is there
// comes from another language or is a slip that many make: the end of a message, ""
// if nothing is known. line and column are where the token begins
// at which the parser gave up, from 1.
func syntaxAdvice(text string, line, column int) string {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	at := lines[line-1]
	before, rest := "", at
	if column >= 1 && column <= len(at) {
		before, rest = at[:column-1], at[column-1:]
	}
	if strings.HasSuffix(before, "/") && strings.HasPrefix(rest, "/") && strings.TrimSpace(before) != "/" {
		return "; Lua 5.1 has no //: write math.floor(a / b), and comments with --"
	}
	if attribute.MatchString(at) {
		return "; Lua 5.1 has no <const> and <close>: leave them out"
	}
	if continueWord.MatchString(code(before)) || strings.TrimSpace(before) == "" && line > 1 && continueWord.MatchString(code(lines[line-2])) {
		return "; Lua has no continue: put what follows into an if, or write goto next with ::next:: at the loop's end"
	}
	if strings.HasSuffix(before, "<") && strings.HasPrefix(rest, "<") || strings.HasSuffix(before, ">") && strings.HasPrefix(rest, ">") {
		return "; Lua 5.1 has no operators of bits: bit.lshift(a, n) and bit.rshift(a, n) do that"
	}
	for _, s := range []struct{ there, advice string }{
		{"!=", "not equal is ~= in Lua"}, {"!", "it is not x in Lua, and ~= for not equal"}, {"&&", "it is and in Lua"}, {"||", "it is or in Lua"},
		{"++", "write x = x + 1"}, {"+=", "write x = x + y"}, {"-=", "write x = x - y"}, {"//", "comments begin with -- in Lua"},
		{"&", "Lua 5.1 has no operators of bits: it is bit.band(a, b), and and for conditions"},
		{"|", "Lua 5.1 has no operators of bits: it is bit.bor(a, b), and or for conditions"},
		{"~", "Lua 5.1 has no operators of bits: it is bit.bxor(a, b), bit.bnot(a), and ~= for not equal"},
		{"?", "in Lua a ? b : c is a and b or c"}, {"{", "blocks have no braces in Lua, and finish with end"},
	} {
		if strings.HasPrefix(rest, s.there) {
			return "; " + s.advice
		}
	}
	if strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "==") && conditionLine.MatchString(before) {
		return "; == compares, = assigns"
	}
	if m := declaration.FindStringSubmatch(at); m != nil {
		return fmt.Sprintf("; in Lua it is local in place of %s", m[1])
	}
	// What is missing is noticed at the next word, which may be in the next line.
	begin := at
	if strings.TrimSpace(before) == "" && line > 1 {
		begin = lines[line-2]
	}
	switch {
	case conditionLine.MatchString(begin) && !strings.Contains(begin, "then"):
		return "; is a then missing before it?"
	case loopLine.MatchString(begin) && !doWord.MatchString(begin):
		return "; is a do missing before it?"
	}
	return ""
}

// unclosedAdvice is syntaxAdvice for a file that ends within a block.
func unclosedAdvice(text string) string {
	for i, line := range strings.Split(text, "\n") {
		code, _, _ := strings.Cut(line, "--")
		if elseIf.MatchString(code) {
			return fmt.Sprintf("; else if in line %d is one word in Lua, elseif, or needs an end of its own", i+1)
		}
	}
	return ""
}

// code is a line without its comment.
func code(line string) string {
	before, _, _ := strings.Cut(line, "--")
	return before
}

var (
	attribute     = regexp.MustCompile(`^\s*local\s+[\w, ]+<\s*(?:const|close)\s*>`)
	continueWord  = regexp.MustCompile(`(?:^|[\s;])continue\s*;?\s*$`)
	conditionLine = regexp.MustCompile(`^\s*(?:if|elseif)\b`)
	loopLine      = regexp.MustCompile(`^\s*(?:while|for)\b`)
	doWord        = regexp.MustCompile(`\bdo\b`)
	declaration   = regexp.MustCompile(`^\s*(const|let|var)\s+\w`)
	elseIf        = regexp.MustCompile(`^\s*else[ \t]+if\b`)
)
