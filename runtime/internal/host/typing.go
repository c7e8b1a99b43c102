package host

import (
	"context"
	"sync"
	"time"
)

// typingGap is the least time between two "typing…" to a user. A script that shows
// it in a loop must not flood the server, whose patience isn't known.
const typingGap = time.Second

// typingFades is when phones have long stopped showing it.
const typingFades = time.Minute

// indicators are the users who see "typing…", or saw it just now.
type indicators struct {
	mu    sync.Mutex
	users map[string]indicator
}

type indicator struct {
	at time.Time // when it was shown
	on bool
}

// change notes what a script wants shown, and reports whether the server has to be
// told. What is repeated too soon isn't, nor that what isn't shown is taken away.
func (is *indicators) change(user string, on bool, now time.Time) (tell bool) {
	is.mu.Lock()
	defer is.mu.Unlock()
	for other, i := range is.users {
		if age := now.Sub(i.at); age >= typingFades || !i.on && age >= typingGap {
			delete(is.users, other)
		}
	}
	i := is.users[user]
	if on && now.Sub(i.at) < typingGap || !on && !i.on {
		return false
	}
	if i.on = on; on {
		i.at = now
	}
	if is.users == nil {
		is.users = map[string]indicator{}
	}
	is.users[user] = i
	return true
}

// Typing shows or takes away "typing…".
func (h *Host) Typing(ctx context.Context, to string, on bool) error {
	client, err := h.opts.Account.Client()
	if err != nil || !h.typing.change(to, on, time.Now()) {
		return err
	}
	token, err := h.opts.Store.ContextToken(ctx, h.opts.Bot, to)
	if err != nil {
		return err
	}
	return client.Typing(ctx, to, token, on)
}
