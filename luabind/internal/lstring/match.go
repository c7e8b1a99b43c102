package lstring

import "strings"

// flushAt is after how many steps the meter is told.
const flushAt = 1000

// capture is where a capture begins and ends.
type capture struct{ from, to int }

// choice is a place to which matching goes back when what follows has failed.
type choice struct {
	item int
	// at is the end of what the item has taken, and least the smallest end that
	// it may have.
	at, least int
}

// Matcher matches patterns. It may be used again, and is for one goroutine.
type Matcher struct {
	captures [maxCaptures]capture
	// choices are kept here rather than on the Go stack: a pattern can't make the
	// matcher recurse.
	choices []choice
	steps   int
	meter   Meter
}

// flush charges the steps taken so far.
func (m *Matcher) flush() error {
	n := m.steps
	m.steps = 0
	return m.meter.Charge(n)
}

// Find finds the first match at or after from, and returns where it begins and
// ends. ok is false if there is none.
func (m *Matcher) Find(p *Pattern, s string, from int, meter Meter) (begin, end int, ok bool, err error) {
	m.meter, m.steps = meter, 0
	for {
		if !p.anchored {
			if from = m.skip(p, s, from); from < 0 {
				return 0, 0, false, m.flush()
			}
		}
		end, err := m.match(p, s, from)
		if err != nil {
			return 0, 0, false, err
		}
		if end >= 0 {
			return from, end, true, m.flush()
		}
		if from++; from > len(s) || p.anchored {
			return 0, 0, false, m.flush()
		}
	}
}

// skip returns the first place at or after from where a match may begin, -1 if
// there is none.
func (m *Matcher) skip(p *Pattern, s string, from int) int {
	switch {
	case p.prefix != "":
		i := strings.Index(s[from:], p.prefix)
		if i < 0 {
			m.steps += (len(s) - from) / searched
			return -1
		}
		m.steps += i / searched
		return from + i
	case p.first != nil:
		for i := from; i < len(s); i++ {
			if p.first.has(s[i]) {
				m.steps += (i - from) / scanned
				return i
			}
		}
		m.steps += (len(s) - from) / scanned
		return -1
	}
	return from
}

// How many bytes of a simple loop take as long as a step.
const (
	scanned  = 4 // looked up in a set
	searched = 8 // passed by a search for a text
)

// match matches at a place and returns the match's end, -1 if there is none.
func (m *Matcher) match(p *Pattern, s string, at int) (end int, err error) {
	m.choices = m.choices[:0]
	for pc := 0; ; {
		if m.steps++; m.steps >= flushAt {
			if err := m.flush(); err != nil {
				return -1, err
			}
		}
		ok := true
		switch it := &p.items[pc]; it.op {
		case opText:
			m.steps += len(it.text) / searched
			if ok = strings.HasPrefix(s[at:], it.text); ok {
				at += len(it.text)
			}
		case opSet:
			if ok = at < len(s) && it.set.has(s[at]); ok {
				at++
			}
		case opMost:
			least := at + int(it.min)
			at = m.span(it.set, s, at)
			if ok = at >= least; ok && at > least {
				m.choices = append(m.choices, choice{item: pc, at: at, least: least})
			}
		case opMaybe:
			if at < len(s) && it.set.has(s[at]) {
				m.choices = append(m.choices, choice{item: pc, at: at + 1, least: at})
				at++
			}
		case opFewest:
			m.choices = append(m.choices, choice{item: pc, at: at})
		case opOpen:
			m.captures[it.n].from = at
		case opClose:
			m.captures[it.n].to = at
		case opPosition:
			m.captures[it.n] = capture{from: at, to: at}
		case opAgain:
			c := m.captures[it.n]
			n := c.to - c.from
			if ok = n <= len(s)-at; ok {
				m.steps += n / searched
				ok = s[at:at+n] == s[c.from:c.to]
				at += n
			}
		case opNever:
			ok = false
		case opBalance:
			at, ok = m.balance(it.low, it.high, s, at)
		case opFrontier:
			ok = !it.set.has(byteAt(s, at-1)) && it.set.has(byteAt(s, at))
		case opEnd:
			ok = at == len(s)
		case opMatched:
			return at, nil
		case opError:
			return -1, it.err
		}
		if ok {
			pc++
			continue
		}
		if pc, at = m.back(p, s); pc < 0 {
			return -1, nil
		}
	}
}

// back makes the last choice again, and returns where matching goes on; the item
// is negative if there is nothing left to choose.
func (m *Matcher) back(p *Pattern, s string) (pc, at int) {
	for last := len(m.choices) - 1; last >= 0; last-- {
		c := &m.choices[last]
		it := &p.items[c.item]
		if it.op == opFewest {
			if c.at < len(s) && it.set.has(s[c.at]) {
				c.at++
				m.choices = m.choices[:last+1]
				return c.item + 1, c.at
			}
			m.steps++
			continue
		}
		c.at--
		m.choices = m.choices[:last+1]
		pc, at = c.item+1, c.at
		if at == c.least {
			m.choices = m.choices[:last] // this was the last way
		}
		return pc, at
	}
	return -1, 0
}

// span returns the end of the bytes of set that begin at a place.
func (m *Matcher) span(in *set, s string, at int) int {
	if in == everything {
		return len(s)
	}
	i := at
	for i < len(s) && in.has(s[i]) {
		i++
	}
	m.steps += (i - at) / scanned
	return i
}

// balance returns the end of the balanced text that begins at a place.
func (m *Matcher) balance(low, high byte, s string, at int) (end int, ok bool) {
	if at >= len(s) || s[at] != low {
		return at, false
	}
	depth := 1
	for i := at + 1; i < len(s); i++ {
		switch s[i] {
		case high:
			if depth--; depth == 0 {
				m.steps += (i - at) / scanned
				return i + 1, true
			}
		case low:
			depth++
		}
	}
	m.steps += (len(s) - at) / scanned
	return at, false
}

// byteAt is a byte of s, which has zeros around it.
func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}

// Capture returns what capture n of the last match is: a part of the subject, or
// a position, counted from 1.
func (m *Matcher) Capture(p *Pattern, n int) (from, to int, isPosition bool, err error) {
	if n >= len(p.captures) {
		return 0, 0, false, errIndex
	}
	c := m.captures[n]
	switch p.captures[n] {
	case captureOpen:
		return 0, 0, false, errUnfinished
	case capturePosition:
		return c.from + 1, 0, true, nil
	}
	return c.from, c.to, false, nil
}
