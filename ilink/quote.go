package ilink

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
)

// ResolveQuote returns the part of text that p selects, and whether there is
// one (protocol §3, Quotes). End's occurrence is counted either from the text's
// beginning or from behind Start; QuoteMD5 decides between the two readings, and
// without it the first that gives a part is taken.
func ResolveQuote(text string, p *PartialText) (string, bool) {
	if p == nil || p.Start == "" || p.End == "" {
		return "", false
	}
	start := nthIndex(text, p.Start, p.StartIndex)
	if start < 0 {
		return "", false
	}
	behind := start + len(p.Start)
	ends := []int{nthIndex(text, p.End, p.EndIndex), -1}
	if i := nthIndex(text[behind:], p.End, p.EndIndex); i >= 0 {
		ends[1] = behind + i
	}
	for _, end := range ends {
		if end < start {
			continue
		}
		part := text[start : end+len(p.End)]
		sum := md5.Sum([]byte(part))
		if p.QuoteMD5 == "" || strings.EqualFold(p.QuoteMD5, hex.EncodeToString(sum[:])) {
			return part, true
		}
	}
	return "", false
}

// nthIndex is the byte index of the nth occurrence, from 0, of part in text;
// occurrences don't overlap.
func nthIndex(text, part string, n int) int {
	if n < 0 {
		return -1
	}
	at := 0
	for {
		i := strings.Index(text[at:], part)
		if i < 0 {
			return -1
		}
		if n == 0 {
			return at + i
		}
		at += i + len(part)
		n--
	}
}
