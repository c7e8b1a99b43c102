package json

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// parser reads JSON as RFC 8259 has it, and makes Lua values of it.
type parser struct {
	b     *binding
	L     *lua.LState
	text  string
	pos   int
	depth int
}

// fault is what is wrong, and where.
type fault struct {
	pos  int
	what string
}

func (b *binding) parse(L *lua.LState, text string) (lua.LValue, error) {
	p := &parser{b: b, L: L, text: strings.TrimPrefix(text, "\uFEFF")}
	v, f := p.document()
	if f == nil {
		return v, nil
	}
	before := p.text[:f.pos]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return nil, &luabind.HostError{Kind: "bad_json", Message: fmt.Sprintf("no JSON: line %d, column %d: %s", line, column, f.what)}
}

func (p *parser) document() (lua.LValue, *fault) {
	v, f := p.value()
	if f != nil {
		return nil, f
	}
	if p.space(); p.pos < len(p.text) {
		return nil, p.fault("there is %s behind the end", p.here())
	}
	return v, nil
}

func (p *parser) fault(format string, args ...any) *fault {
	return &fault{pos: p.pos, what: fmt.Sprintf(format, args...)}
}

// here is what the text has at the position, for errors.
func (p *parser) here() string {
	if p.pos >= len(p.text) {
		return "the end of the text"
	}
	r, size := utf8.DecodeRuneInString(p.text[p.pos:])
	if r == utf8.RuneError && size == 1 {
		return fmt.Sprintf("the byte %#x, which is no UTF-8", p.text[p.pos])
	}
	return strconv.Quote(string(r))
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next takes a character if it comes next.
func (p *parser) next(c byte) bool {
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) value() (lua.LValue, *fault) {
	before := p.pos
	p.space()
	p.b.vm.Charge(p.L, 4+(p.pos-before)/16)
	rest := p.text[p.pos:]
	if rest == "" {
		return nil, p.fault("the text ends where a value should be")
	}
	switch c := rest[0]; {
	case c == '{':
		return p.object()
	case c == '[':
		return p.list()
	case c == '"':
		s, f := p.string()
		return lua.LString(s), f
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for word, v := range map[string]lua.LValue{"true": lua.LTrue, "false": lua.LFalse, "null": p.b.null} {
		if strings.HasPrefix(rest, word) {
			p.pos += len(word)
			return v, nil
		}
	}
	return nil, p.fault("there is %s where a value should be", p.here())
}

// enter makes the table of a list or an object, which begins here. It is on the stack
// until leave: who weighs the script sees it grow there.
func (p *parser) enter() (*lua.LTable, *fault) {
	p.b.vm.Charge(p.L, 20)
	if p.depth++; p.depth > maxDepth {
		return nil, p.fault("lists and objects are nested deeper than %d", maxDepth)
	}
	p.pos++
	p.space()
	t := p.L.CreateTable(0, 0)
	p.L.Push(t)
	return t, nil
}

func (p *parser) leave() {
	p.depth--
	p.L.Pop(1)
}

func (p *parser) list() (lua.LValue, *fault) {
	t, f := p.enter()
	if f != nil {
		return nil, f
	}
	p.b.mark(t)
	for !p.next(']') {
		if t.Len() > 0 {
			if !p.next(',') {
				return nil, p.fault("there is %s where a comma or ] should be", p.here())
			}
		}
		v, f := p.value()
		if f != nil {
			return nil, f
		}
		t.Append(v)
		p.space()
	}
	p.leave()
	return t, nil
}

func (p *parser) object() (lua.LValue, *fault) {
	t, f := p.enter()
	if f != nil {
		return nil, f
	}
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return nil, p.fault("there is %s where a comma or } should be", p.here())
		}
		if p.space(); p.pos >= len(p.text) || p.text[p.pos] != '"' {
			return nil, p.fault("there is %s where a name in \" should be", p.here())
		}
		name, f := p.string()
		if f != nil {
			return nil, f
		}
		if p.space(); !p.next(':') {
			return nil, p.fault("there is %s where a colon should be", p.here())
		}
		v, f := p.value()
		if f != nil {
			return nil, f
		}
		if v == p.b.null {
			v = lua.LNil
		}
		p.b.vm.Charge(p.L, 4)
		t.RawSetString(name, v)
		p.space()
	}
	p.leave()
	return t, nil
}

func (p *parser) number() (lua.LValue, *fault) {
	start, whole := p.pos, true
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > from
	}
	p.next('-')
	if p.next('0') {
		if p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			return nil, p.fault("a number begins with 0")
		}
	} else if !digits() {
		return nil, p.fault("there is %s where a digit should be", p.here())
	}
	if p.next('.') {
		if whole = false; !digits() {
			return nil, p.fault("there is %s where a digit should be", p.here())
		}
	}
	if p.next('e') || p.next('E') {
		if whole = false; !p.next('-') {
			p.next('+')
		}
		if !digits() {
			return nil, p.fault("there is %s where a digit should be", p.here())
		}
	}
	text := p.text[start:p.pos]
	p.b.vm.Charge(p.L, len(text)/4)
	if whole && len(text) > 15 {
		// Up to 2^53 each integer is a number of its own.
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n > 1<<53 || n < -1<<53 {
			return lua.LString(text), nil
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		p.pos = start
		return nil, p.fault("the number is too large")
	}
	return lua.LNumber(n), nil
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// string reads a text. Where an escape is half of a pair only, there is U+FFFD.
func (p *parser) string() (string, *fault) {
	p.pos++
	start := p.pos
	var out []byte // what is before start, if there are escapes
	escaped := false
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			s := p.text[start:p.pos]
			p.b.vm.Charge(p.L, (len(out)+len(s))/16)
			if escaped {
				s = string(append(out, s...))
			}
			p.pos++
			return s, nil
		case c == '\\':
			out, escaped = append(out, p.text[start:p.pos]...), true
			if p.pos++; p.pos >= len(p.text) {
				return "", p.fault("the text ends within a string")
			}
			if c := p.text[p.pos]; c == 'u' {
				r, ok := p.unit()
				if !ok {
					return "", p.fault(`there is no \u with four hexadecimal digits`)
				}
				if utf16.IsSurrogate(r) {
					before := p.pos
					second, ok := rune(0), p.next('\\')
					if ok && p.pos < len(p.text) && p.text[p.pos] == 'u' {
						second, _ = p.unit()
					}
					if r = utf16.DecodeRune(r, second); r == utf8.RuneError {
						p.pos = before
					}
				}
				out = utf8.AppendRune(out, r)
			} else if e, ok := escapes[c]; ok {
				out = append(out, e)
				p.pos++
			} else {
				return "", p.fault(`there is no escape \%s`, strings.Trim(p.here(), `"`))
			}
			start = p.pos
		case c < ' ':
			return "", p.fault("a string has a control character (%#x), which is written as an escape such as \\n", c)
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRuneInString(p.text[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", p.fault("there is %s", p.here())
			}
			p.pos += size
		}
	}
	return "", p.fault("the text ends within a string")
}

// unit reads the u of an escape and its four digits.
func (p *parser) unit() (rune, bool) {
	if p.pos+5 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos+1:p.pos+5], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += 5
	return rune(n), true
}
