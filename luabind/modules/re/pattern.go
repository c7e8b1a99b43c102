package re

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

const (
	// maxPattern is how long a pattern may be, in bytes, and maxSize how much it may
	// come to once repeats such as {100} are written out.
	maxPattern = 4096
	maxSize    = 5000
	// maxWork bounds one search, which can't be broken off: the bytes that are
	// searched times the pattern's size. It is about half a second at the worst.
	maxWork = 30_000_000
)

// pattern is a compiled one.
type pattern struct {
	*regexp.Regexp
	size  int
	names []string // of the groups, "" for those without
	// looksBack says that the pattern looks at what is before a match, as \b and ^ do:
	// then a search that goes on within a text is one with resume, which begins one
	// character earlier.
	looksBack bool
	resume    *regexp.Regexp
	used      int // for the cache
}

func compile(text string) (*pattern, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("it is longer than %d bytes", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		var se *syntax.Error
		if errors.As(err, &se) {
			return nil, fmt.Errorf("%s: %s", se.Code, se.Expr)
		}
		return nil, err
	}
	p := &pattern{}
	if p.size = p.measure(tree); p.size > maxSize {
		return nil, fmt.Errorf("it is too large: its repeats, written out, come to more than %d steps", maxSize)
	}
	if p.Regexp, err = regexp.Compile(text); err != nil {
		return nil, err
	}
	if p.looksBack {
		// Of the tree, as the text may have a \Q without its end.
		if p.resume, err = regexp.Compile(`\A(?s:.)(?s:.*?)(` + tree.String() + `)`); err != nil {
			return nil, err
		}
	}
	p.names = p.SubexpNames()
	return p, nil
}

// measure is about how many instructions a tree becomes, never much over maxSize.
func (p *pattern) measure(tree *syntax.Regexp) int {
	n := 1
	switch tree.Op {
	case syntax.OpLiteral:
		n = len(tree.Rune)
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		p.looksBack = true
	}
	for _, sub := range tree.Sub {
		n = min(n+p.measure(sub), maxSize+1)
	}
	if tree.Op == syntax.OpRepeat {
		n = min(n*max(tree.Max, tree.Min+1), maxSize+1)
	}
	return n
}

// work is what a search of so many bytes may come to.
func (p *pattern) work(bytes int) int { return bytes * p.size }

// search finds the first match from pos on, as the positions of the match and of its
// groups.
func (p *pattern) search(text string, pos int) []int {
	shift, re := pos, p.Regexp
	if pos > 0 && p.looksBack {
		_, width := utf8.DecodeLastRuneInString(text[:pos])
		shift, re = pos-width, p.resume
	}
	loc := re.FindStringSubmatchIndex(text[shift:])
	if loc == nil {
		return nil
	}
	if re == p.resume {
		loc = loc[2:]
	}
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += shift
		}
	}
	return loc
}

// cache keeps the patterns that were used last.
type cache struct {
	patterns map[string]*pattern
	clock    int
}

// maxCached is how many patterns a VM keeps.
const maxCached = 64

func (c *cache) get(text string) (p *pattern, fresh bool, err error) {
	c.clock++
	p = c.patterns[text]
	if p == nil {
		if p, err = compile(text); err != nil {
			return nil, true, err
		}
		fresh = true
		if len(c.patterns) >= maxCached {
			var oldest string
			for t, q := range c.patterns {
				if o := c.patterns[oldest]; o == nil || q.used < o.used {
					oldest = t
				}
			}
			delete(c.patterns, oldest)
		}
		c.patterns[text] = p
	}
	p.used = c.clock
	return p, fresh, nil
}
