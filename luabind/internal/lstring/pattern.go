package lstring

import (
	"errors"
	"slices"
	"strings"
)

const (
	// maxCaptures is Lua's LUA_MAXCAPTURES.
	maxCaptures = 32
	// maxItems bounds the memory that a pattern takes, to about 1 MB. Plain text
	// is one item, however long.
	maxItems = 10_000
)

// Errors of patterns, in Lua 5.1's words.
var (
	errEndsWithEscape = errors.New("malformed pattern (ends with '%')")
	errMissingBracket = errors.New("malformed pattern (missing ']')")
	errFrontier       = errors.New("missing '[' after '%f' in pattern")
	errBalance        = errors.New("unbalanced pattern")
	errManyCaptures   = errors.New("too many captures")
	errClose          = errors.New("invalid pattern capture")
	errIndex          = errors.New("invalid capture index")
	errUnfinished     = errors.New("unfinished capture")
	errTooComplex     = errors.New("pattern too complex")
)

// op is what an item of a pattern does.
type op uint8

const (
	opText     op = iota // matches text
	opSet                // matches a byte of set
	opMost               // as many bytes of set as can be, at least min
	opFewest             // as few as can be
	opMaybe              // one or none, one rather
	opOpen               // begins capture n
	opClose              // ends capture n
	opPosition           // captures the position, as n
	opAgain              // matches what capture n did
	opNever              // matches nothing
	opBalance            // from byte low to its byte high
	opFrontier           // between a byte not in set and one in set
	opEnd                // at the subject's end
	opMatched            // all has matched
	opError              // raises err
)

// item is a step of a pattern.
type item struct {
	op        op
	min       uint8
	n         uint8
	low, high byte
	set       *set
	text      string
	err       error
}

// captureKind is what becomes of a capture.
type captureKind uint8

const (
	captureOpen captureKind = iota // it is never closed
	captureText
	capturePosition
)

// Pattern is a compiled pattern. Patterns are linear: what follows an item is the
// same however it was reached, so that all about captures is known beforehand.
//
// A faulty pattern compiles, too: as in Lua, the fault is an error only once
// matching gets there.
type Pattern struct {
	items    []item
	anchored bool
	captures []captureKind
	// A match begins with prefix, or with a byte of first, where there is such a
	// thing.
	prefix string
	first  *set
}

// Err returns a fault that the pattern has anywhere, also where matching may never
// get; nil if it has none.
func (p *Pattern) Err() error {
	for i := range p.items {
		if err := p.items[i].err; err != nil {
			return err
		}
	}
	if slices.Contains(p.captures, captureOpen) {
		return errUnfinished
	}
	return nil
}

// Captures returns how many captures there are.
func (p *Pattern) Captures() int { return len(p.captures) }

// Anchored reports whether the pattern matches at the first place only.
func (p *Pattern) Anchored() bool { return p.anchored }

// special are the bytes that make a pattern more than a plain text.
const special = "^$*+?.([%-"

// IsPlain reports whether a pattern is a plain text for string.find. The bracket
// that closes a capture alone doesn't make it a pattern there.
func IsPlain(pattern string) bool {
	for i := range len(pattern) {
		if strings.IndexByte(special, pattern[i]) >= 0 {
			return false
		}
	}
	return true
}

// Compile compiles a pattern. If anchors is false, a ^ in front stands for itself,
// as for gmatch.
func Compile(pattern string, anchors bool) *Pattern {
	p := &Pattern{}
	if anchors && strings.HasPrefix(pattern, "^") {
		p.anchored, pattern = true, pattern[1:]
	}
	c := compiler{pattern: pattern}
	for c.next() {
		if len(c.items) >= maxItems {
			c.fail(errTooComplex)
			break
		}
	}
	p.items, p.captures = c.items, c.captures
	p.findStart()
	return p
}

// findStart sets prefix or first.
func (p *Pattern) findStart() {
	for i := range p.items {
		switch it := &p.items[i]; it.op {
		case opOpen, opPosition:
			continue // take no bytes
		case opText:
			p.prefix = it.text
		case opSet:
			p.first = it.set
		case opMost:
			if it.min > 0 {
				p.first = it.set
			}
		}
		break
	}
	if p.first == everything {
		p.first = nil
	}
}

// compiler makes items of a pattern, from the left to the right.
type compiler struct {
	pattern  string
	at       int
	items    []item
	captures []captureKind
	// literal says that the last item is a text that may be lengthened.
	literal bool
}

func (c *compiler) emit(it item) {
	c.literal = false
	c.items = append(c.items, it)
}

// fail emits an error, which is the last item.
func (c *compiler) fail(err error) bool {
	c.emit(item{op: opError, err: err})
	return false
}

// next compiles an item, and reports whether there may be another.
func (c *compiler) next() bool {
	if c.at == len(c.pattern) {
		c.emit(item{op: opMatched})
		return false
	}
	switch c.pattern[c.at] {
	case '(':
		return c.open()
	case ')':
		return c.close()
	case '$':
		if c.at+1 == len(c.pattern) {
			c.at++
			c.emit(item{op: opEnd})
			return true
		}
	case '%':
		if c.at+1 == len(c.pattern) {
			return c.fail(errEndsWithEscape)
		}
		switch e := c.pattern[c.at+1]; {
		case e == 'b':
			return c.balance()
		case e == 'f':
			return c.frontier()
		case e >= '0' && e <= '9':
			return c.again(int(e - '1'))
		}
	}
	return c.one()
}

func (c *compiler) open() bool {
	if len(c.captures) == maxCaptures {
		return c.fail(errManyCaptures)
	}
	n := uint8(len(c.captures))
	c.at++
	if c.at < len(c.pattern) && c.pattern[c.at] == ')' {
		c.at++
		c.captures = append(c.captures, capturePosition)
		c.emit(item{op: opPosition, n: n})
		return true
	}
	c.captures = append(c.captures, captureOpen)
	c.emit(item{op: opOpen, n: n})
	return true
}

func (c *compiler) close() bool {
	for n := len(c.captures) - 1; n >= 0; n-- {
		if c.captures[n] == captureOpen {
			c.at++
			c.captures[n] = captureText
			c.emit(item{op: opClose, n: uint8(n)})
			return true
		}
	}
	return c.fail(errClose)
}

func (c *compiler) balance() bool {
	if c.at+3 >= len(c.pattern) {
		return c.fail(errBalance)
	}
	c.emit(item{op: opBalance, low: c.pattern[c.at+2], high: c.pattern[c.at+3]})
	c.at += 4
	return true
}

func (c *compiler) frontier() bool {
	c.at += 2
	if c.at == len(c.pattern) || c.pattern[c.at] != '[' {
		return c.fail(errFrontier)
	}
	s, err := c.bracket()
	if err != nil {
		return c.fail(err)
	}
	c.emit(item{op: opFrontier, set: s})
	return true
}

func (c *compiler) again(n int) bool {
	if n < 0 || n >= len(c.captures) || c.captures[n] == captureOpen {
		return c.fail(errIndex)
	}
	c.at += 2
	if c.captures[n] == capturePosition {
		c.emit(item{op: opNever}) // what Lua makes of it
		return true
	}
	c.emit(item{op: opAgain, n: uint8(n)})
	return true
}

// one compiles a set or a byte, with what says how often.
func (c *compiler) one() bool {
	b := c.pattern[c.at]
	var s *set
	literal := false
	switch b {
	case '.':
		c.at++
		s = everything
	case '[':
		var err error
		if s, err = c.bracket(); err != nil {
			return c.fail(err)
		}
	case '%':
		b = c.pattern[c.at+1]
		c.at += 2
		s = classes[b]
		literal = s == &singles[b]
	default:
		c.at++
		s = &singles[b]
		literal = true
	}
	if c.at < len(c.pattern) {
		switch c.pattern[c.at] {
		case '*':
			c.at++
			c.emit(item{op: opMost, set: s})
			return true
		case '+':
			c.at++
			c.emit(item{op: opMost, set: s, min: 1})
			return true
		case '-':
			c.at++
			c.emit(item{op: opFewest, set: s})
			return true
		case '?':
			c.at++
			c.emit(item{op: opMaybe, set: s})
			return true
		}
	}
	if !literal {
		c.emit(item{op: opSet, set: s})
		return true
	}
	c.text()
	return true
}

// text compiles the byte just read, which stands for itself, and further ones with
// it.
func (c *compiler) text() {
	first := c.at - 1
	for c.at < len(c.pattern) {
		if d := c.pattern[c.at]; d == ')' || d != '^' && strings.IndexByte(special, d) >= 0 {
			break
		}
		if c.at+1 < len(c.pattern) && strings.IndexByte("*+-?", c.pattern[c.at+1]) >= 0 {
			break // it is repeated
		}
		c.at++
	}
	run := c.pattern[first:c.at]
	// Escaped bytes come one by one.
	const short = 64
	if c.literal {
		if last := &c.items[len(c.items)-1]; len(last.text) < short {
			last.text += run
			return
		}
	}
	c.emit(item{op: opText, text: run})
	c.literal = true
}

// bracket compiles a set in brackets. It ends at the first ] that is neither its
// first byte nor escaped.
func (c *compiler) bracket() (*set, error) {
	p := c.pattern
	i := c.at + 1
	inverted := i < len(p) && p[i] == '^'
	if inverted {
		i++
	}
	first := i
	for {
		if i >= len(p) {
			return nil, errMissingBracket
		}
		escaped := p[i] == '%'
		i++
		if escaped && i < len(p) {
			i++
		}
		if i < len(p) && p[i] == ']' {
			break
		}
	}
	end := i
	s := new(set)
	for i = first; i < end; i++ {
		switch {
		case p[i] == '%':
			i++
			s.addSet(classes[p[i]])
		case i+2 < end && p[i+1] == '-':
			s.addRange(p[i], p[i+2])
			i += 2
		default:
			s.add(p[i])
		}
	}
	if inverted {
		s.invert()
	}
	c.at = end + 1
	return s, nil
}
