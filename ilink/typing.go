package ilink

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

const (
	// ticketLife is how long a typing ticket is used at most; each is renewed at a
	// random point in it, so that many users' don't fall due together.
	ticketLife = 24 * time.Hour
	// After a failure to get a ticket the next try waits, from ticketRetryMin
	// doubling to ticketRetryMax.
	ticketRetryMin = 2 * time.Second
	ticketRetryMax = time.Hour
	// maxTickets bounds the cache; beyond it any user is dropped and asked for again.
	maxTickets = 10_000
)

// errNoTicket says that a ticket could not be had lately and is not asked for
// again yet.
var errNoTicket = errors.New("ilink: sendtyping: no typing ticket, the last try failed and the next one waits")

// SendTyping shows "typing…" to a user, or takes it away. The indicator fades
// within seconds: repeat it every 5 s while working, and always take it away.
func (c *Client) SendTyping(ctx context.Context, userID string, status bool) error {
	return c.Typing(ctx, userID, "", status)
}

// Typing is [Client.SendTyping] with the context token of the user's message,
// which the server may want for the ticket. Tickets are cached per user.
func (c *Client) Typing(ctx context.Context, userID, contextToken string, on bool) error {
	ticket, err := c.typingTicket(ctx, userID, contextToken)
	if err != nil {
		return err
	}
	const typing, cancel = 1, 2
	state := cancel
	if on {
		state = typing
	}
	req := struct {
		UserID   string   `json:"ilink_user_id"`
		Ticket   string   `json:"typing_ticket"`
		Status   int      `json:"status"`
		BaseInfo baseInfo `json:"base_info"`
	}{userID, ticket, state, c.baseInfo()}
	var resp status
	err = c.call(ctx, "sendtyping", "/ilink/bot/sendtyping", req, &resp, configTimeout, true, ticket)
	var refused *APIError
	if errors.As(err, &refused) && !errors.Is(err, ErrSessionTimeout) && !errors.Is(err, ErrThrottled) {
		// The ticket may be what it didn't like.
		c.tickets.forget(userID)
	}
	return err
}

func (c *Client) typingTicket(ctx context.Context, userID, contextToken string) (string, error) {
	entry := c.tickets.entry(userID)
	select {
	case entry.busy <- struct{}{}:
		defer func() { <-entry.busy }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if time.Now().Before(entry.next) {
		if entry.ticket == "" {
			return "", errNoTicket
		}
		return entry.ticket, nil
	}
	ticket, err := c.getConfig(ctx, userID, contextToken)
	if err == nil {
		entry.ticket, entry.retry = ticket, 0
		entry.next = time.Now().Add(time.Duration(mathrand.Float64() * float64(ticketLife)))
		return ticket, nil
	}
	if ctx.Err() != nil {
		return "", err
	}
	entry.retry = min(max(ticketRetryMin, 2*entry.retry), ticketRetryMax)
	entry.next = time.Now().Add(entry.retry)
	if entry.ticket != "" {
		// An old ticket may still do.
		return entry.ticket, nil
	}
	return "", err
}

// getConfig fetches a user's typing ticket (protocol §4).
func (c *Client) getConfig(ctx context.Context, userID, contextToken string) (string, error) {
	req := struct {
		UserID       string   `json:"ilink_user_id"`
		ContextToken string   `json:"context_token,omitempty"`
		BaseInfo     baseInfo `json:"base_info"`
	}{userID, contextToken, c.baseInfo()}
	var resp struct {
		status
		TypingTicket string `json:"typing_ticket"`
	}
	err := c.call(ctx, "getconfig", "/ilink/bot/getconfig", req, &resp, configTimeout, false, contextToken)
	if err != nil {
		return "", err
	}
	if resp.TypingTicket == "" {
		return "", errors.New("ilink: getconfig: the answer has no typing ticket")
	}
	return resp.TypingTicket, nil
}

type ticketCache struct {
	mu    sync.Mutex
	users map[string]*ticketEntry
}

type ticketEntry struct {
	// busy is a lock, over the call for a ticket too, that doesn't outlast the
	// context of whoever waits for it. It guards the rest.
	busy   chan struct{}
	ticket string
	next   time.Time     // when to ask for a ticket again
	retry  time.Duration // the last pause after a failure
}

func newTicketCache() *ticketCache { return &ticketCache{users: map[string]*ticketEntry{}} }

func (t *ticketCache) entry(userID string) *ticketEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.users[userID]
	if e == nil {
		for victim := range t.users {
			if len(t.users) < maxTickets {
				break
			}
			delete(t.users, victim)
		}
		e = &ticketEntry{busy: make(chan struct{}, 1)}
		t.users[userID] = e
	}
	return e
}

func (t *ticketCache) forget(userID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.users, userID)
}
