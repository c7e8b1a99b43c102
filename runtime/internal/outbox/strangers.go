package outbox

import (
	"context"
	"sync"
)

// maxStrangers is of how many users the log says that they have never written.
const maxStrangers = 100

// strangers are those of whom the log has said that they have never written.
type strangers struct {
	mu    sync.Mutex
	users map[string]bool
}

// add reports whether a user is new, and there is room to say so.
func (s *strangers) add(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[user] || len(s.users) >= maxStrangers {
		return false
	}
	if s.users == nil {
		s.users = map[string]bool{}
	}
	s.users[user] = true
	return true
}

// warnOfStranger says once that what a script sends to a user waits for somebody who has
// never written: it may well be that there is nobody of that id.
func (o *Outbox) warnOfStranger(ctx context.Context, user string) {
	token, err := o.opts.Store.ContextToken(ctx, o.opts.Bot, user)
	if err == nil && token == "" && o.strangers.add(user) {
		o.opts.Logger.Warn("the script sends to a user who has never written to the bot: it waits until they do. The id of whoever writes is msg.from", "to", user)
	}
}
