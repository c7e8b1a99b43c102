package check

import (
	"path/filepath"
	"slices"
	"strings"
)

// required is what a file requires, as far as its text says.
type required struct {
	// prefix and suffix are those of the module's name; exact says that it is
	// prefix alone. What is neither known may be any file.
	prefix, suffix string
	exact          bool
}

// matches reports whether a module of this name may be meant.
func (r required) matches(name string) bool {
	if r.exact {
		return name == r.prefix
	}
	return len(name) >= len(r.prefix)+len(r.suffix) && strings.HasPrefix(name, r.prefix) && strings.HasSuffix(name, r.suffix)
}

// means reports whether it is likely that a module of this name is meant: what isn't
// known of the name is a text in one of the sources, or the name of the module that
// requires it, or of its folder.
func (r required) means(name, by string, sources []*source) bool {
	if !r.matches(name) {
		return false
	}
	open := name[len(r.prefix) : len(name)-len(r.suffix)]
	folder := by[:strings.LastIndex(by, ".")+1]
	if r.suffix != "" && (open == by || open == folder || open+"." == folder) {
		return true
	}
	return slices.ContainsFunc(sources, func(s *source) bool { return s.texts[open] })
}

// findRequires looks for calls of require, and for what hands it on.
func findRequires(tokens []token) (list []required) {
	is := func(i int, text string) bool {
		return i >= 0 && i < len(tokens) && tokens[i].kind != tokenString && tokens[i].text == text
	}
	for i, t := range tokens {
		if t.kind != tokenName || t.text != "require" || is(i-1, ".") && !is(i-2, "_G") || is(i-1, ":") || is(i-1, "function") {
			continue
		}
		switch next := i + 1; {
		case next < len(tokens) && tokens[next].kind == tokenString:
			list = append(list, required{prefix: tokens[next].text, exact: true})
		case is(next, "("):
			list = append(list, argument(tokens, next+1))
		case is(next, ",") && (is(i-1, "(") && (is(i-2, "pcall") || is(i-2, "xpcall"))):
			if is(i-2, "xpcall") { // its handler comes before the name
				next = skipArgument(tokens, next+1)
			}
			list = append(list, argument(tokens, next+1))
		case renamed(tokens, i):
			list = append(list, required{})
		}
	}
	return list
}

// argument reads a call's argument: a name, or what it begins or ends with.
func argument(tokens []token, i int) (r required) {
	end := skipArgument(tokens, i)
	if end <= i || end > len(tokens) {
		return r
	}
	list := tokens[i:end]
	first, last := list[0], list[len(list)-1]
	joined := func(at int) bool { return list[at].kind == tokenOp && list[at].text == ".." }
	switch {
	case len(list) == 1 && first.kind == tokenString:
		return required{prefix: first.text, exact: true}
	case len(list) < 3:
		return r
	}
	if first.kind == tokenString && joined(1) {
		r.prefix = first.text
	}
	if last.kind == tokenString && joined(len(list)-2) {
		r.suffix = last.text
	}
	return r
}

// skipArgument returns where an argument ends that begins at i.
func skipArgument(tokens []token, i int) int {
	depth := 0
	for ; i < len(tokens); i++ {
		if tokens[i].kind == tokenEOF {
			return i
		}
		if tokens[i].kind == tokenString {
			continue
		}
		switch tokens[i].text {
		case "(", "{", "[", "function", "do", "then":
			depth++
		case ")", "}", "]", "end":
			if depth--; depth < 0 {
				return i
			}
		case ",":
			if depth == 0 {
				return i
			}
		}
	}
	return i
}

// renamed reports whether the i-th token, require as a value, gets another name by
// which it may be called: all but local require = require, and questions.
func renamed(tokens []token, i int) bool {
	if i == 0 {
		return false
	}
	before, after := tokens[i-1], tokens[min(i+1, len(tokens)-1)]
	switch before.text {
	case "local", "if", "elseif", "and", "or", "not", "while", "until":
		return false
	case "(":
		return i < 2 || tokens[i-2].kind != tokenName || tokens[i-2].text != "type"
	}
	switch after.text {
	case "and", "==", "~=", "then":
		return false
	case "=": // it gets another value, or is a field's name
		return false
	}
	// In local a, require = x, require the places are the same.
	place := 0
	for ; i > 0 && (tokens[i-1].text == "," || tokens[i-1].kind == tokenName && tokens[i-1].text != "require" || tokens[i-1].text == "."); i-- {
		if tokens[i-1].text == "," {
			place++
		}
	}
	if i == 0 || tokens[i-1].text != "=" {
		return after.text != "," || place == 0 // among the names of a local
	}
	end := i - 1
	start := end
	for start > 0 && (tokens[start-1].kind == tokenName || tokens[start-1].text == ",") {
		start--
	}
	at := start + 2*place
	return at >= end || tokens[at].text != "require"
}

// moduleName is the name by which require loads a file below a folder.
func moduleName(folder, path string) string {
	rel, err := filepath.Rel(folder, path)
	if err != nil {
		return ""
	}
	rel = strings.TrimSuffix(filepath.ToSlash(rel), ".lua")
	return strings.ReplaceAll(strings.TrimSuffix(rel, "/init"), "/", ".")
}

// isBot reports whether a file has a handler of its own.
func isBot(tokens []token) bool {
	for i, t := range tokens {
		if t.kind != tokenName || t.text != "on_message" || i+1 == len(tokens) {
			continue
		}
		before := ""
		if i > 0 {
			before = tokens[i-1].text
		}
		if before == "function" || before != "." && before != "local" && tokens[i+1].text == "=" {
			return true
		}
	}
	return false
}
