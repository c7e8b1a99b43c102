package ilink

import (
	"strings"
	"testing"
)

func TestSanitizeBotAgent(t *testing.T) {
	long := strings.Repeat("a", 32) + "/" + strings.Repeat("1", 32) // 65 bytes
	for _, tc := range []struct{ raw, want string }{
		{"", "ilinkd/1"}, {"   ", "ilinkd/1"}, {"nonsense", "ilinkd/1"}, {"名字/1", "ilinkd/1"}, {"(alone)", "ilinkd/1"},
		{"MyBot/1.2", "MyBot/1.2"},
		{"  MyBot/1.2\tOther/3 ", "MyBot/1.2 Other/3"},
		{"MyBot/1.2 (for tests; linux)", "MyBot/1.2 (for tests; linux)"},
		{"MyBot/1.2 (a) (b) X/1", "MyBot/1.2 (a) X/1"},
		{"MyBot/1.2 bad/ /bad b@d/1 Good/2", "MyBot/1.2 Good/2"},
		{"MyBot/1.2 junk (comment)", "MyBot/1.2"},
		{"MyBot/1.2 (never closed", "MyBot/1.2"},
		{"MyBot/1.2 ()", "MyBot/1.2"},
		{"MyBot/1.2 (中文)", "MyBot/1.2"},
		{"MyBot/1.2 (" + strings.Repeat("c", 65) + ")", "MyBot/1.2"},
		{"a/1+2-3_4.5", "a/1+2-3_4.5"}, {"a+b/1", "ilinkd/1"},
		{strings.Repeat("a", 33) + "/1", "ilinkd/1"}, {"a/" + strings.Repeat("1", 33), "ilinkd/1"},
		{long + " " + long + " " + long + " " + long, long + " " + long + " " + long},
		{"a/1\r\nX-Evil: 1", "a/1"},
	} {
		if got := SanitizeBotAgent(tc.raw); got != tc.want {
			t.Errorf("%q:\n got %q\nwant %q", tc.raw, got, tc.want)
		}
	}
}
