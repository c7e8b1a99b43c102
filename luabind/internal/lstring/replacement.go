package lstring

import (
	"errors"
	"strings"
)

var errTrailingEscape = errors.New("invalid use of '%' in replacement string")

// NextPart takes the first piece off a replacement of gsub's: text, and then a
// capture, where 0 is the whole match and -1 means that there is none.
func NextPart(s string) (text string, capture int, rest string, err error) {
	i := strings.IndexByte(s, '%')
	switch {
	case i < 0:
		return s, -1, "", nil
	case i+1 == len(s):
		return "", -1, "", errTrailingEscape
	case i > 0 && !digits.has(s[i+1]):
		return s[:i], -1, s[i:], nil
	case i == 0 && !digits.has(s[1]):
		return s[1:2], -1, s[2:], nil
	}
	return s[:i], int(s[i+1] - '0'), s[i+2:], nil
}
