package host

import (
	"testing"
	"time"
)

func TestTypingIsPaced(t *testing.T) {
	var is indicators
	begun := time.Now()
	for _, c := range []struct {
		after time.Duration
		user  string
		on    bool
		tell  bool
	}{
		{0, "alice", false, false},
		{0, "alice", true, true},
		{0, "bob", true, true},
		{900 * time.Millisecond, "alice", true, false},
		{910 * time.Millisecond, "alice", false, true},
		{920 * time.Millisecond, "alice", false, false},
		{930 * time.Millisecond, "alice", true, false},
		{940 * time.Millisecond, "alice", false, false},
		{1100 * time.Millisecond, "alice", true, true},
		{6100 * time.Millisecond, "alice", true, true},
		{6200 * time.Millisecond, "bob", false, true},
	} {
		if tell := is.change(c.user, c.on, begun.Add(c.after)); tell != c.tell {
			t.Errorf("after %v, %s %v: told %v, want %v", c.after, c.user, c.on, tell, c.tell)
		}
	}
	is.change("carol", true, begun.Add(time.Hour))
	if n := len(is.users); n != 1 {
		t.Errorf("%d users are kept", n)
	}
}
