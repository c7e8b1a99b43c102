package bridge

import (
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	// memoryLife is for how long a binding that isn't polled is remembered. The
	// server's late duplicates come within an hour (protocol §3).
	memoryLife = 2 * time.Hour
	// maxSeen bounds the messages remembered for one binding, and maxChats the
	// chats.
	maxSeen  = 10_000
	maxChats = 10_000
)

// memory is what outlives a binding's poller. One poller at a time uses it: each
// waits for the end of the one before. users and idleSince are the Bridge's.
type memory struct {
	pending   *batch // not taken yet
	seen      *recentSet
	chats     *recentSet // whose metadata was taken, by target and chat
	announced bool       // the server was told of a start, and not of a stop

	users     int
	idleSince time.Time
}

func newMemory() *memory {
	return &memory{seen: newRecentSet(maxSeen), chats: newRecentSet(maxChats)}
}

// batch is what one poll brought, on its way.
type batch struct {
	updates *ilink.Updates
	meta    PollMeta
	token   string // the bot token it came by: with another one its cursor is void
	noted   int    // so many messages' context tokens are stored
	taken   int    // so many messages were forwarded
}

// left is how many messages are still to be taken.
func (b *batch) left() int { return len(b.updates.Messages) - b.taken }

// recentSet remembers the newest keys, up to a number of them.
type recentSet struct {
	limit int
	keys  map[string]struct{}
	order []string // a ring once it is full
	next  int
}

func newRecentSet(limit int) *recentSet {
	return &recentSet{limit: limit, keys: map[string]struct{}{}}
}

func (s *recentSet) has(key string) bool {
	_, ok := s.keys[key]
	return ok
}

func (s *recentSet) add(key string) {
	if s.has(key) {
		return
	}
	s.keys[key] = struct{}{}
	if len(s.order) < s.limit {
		s.order = append(s.order, key)
		return
	}
	delete(s.keys, s.order[s.next])
	s.order[s.next] = key
	s.next = (s.next + 1) % s.limit
}
