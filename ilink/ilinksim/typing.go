package ilinksim

import (
	"encoding/json"
	"time"
)

// ticketLife is how long a typing ticket is good (protocol §4, "Typing").
const ticketLife = 24 * time.Hour

// Status of a Typing.
const (
	TypingOn  = 1
	TypingOff = 2
)

// Typing is one accepted sendtyping.
type Typing struct {
	N      int    `json:"n"` // counts from 1
	Bot    string `json:"bot"`
	To     string `json:"to"`
	Status int    `json:"status"` // TypingOn or TypingOff
	AtMS   int64  `json:"at_ms"`
}

// A ticket is what getconfig gives out for one user.
type ticket struct {
	value string
	until time.Time
}

// getConfig gives out the user's typing ticket, the same one for a day.
func (s *Server) getConfig(c *call) reply {
	var req struct {
		UserID       string `json:"ilink_user_id"`
		ContextToken string `json:"context_token"`
	}
	if json.Unmarshal(c.body, &req) != nil {
		return failure(-2, errInvalid)
	}
	if req.UserID == "" {
		return failure(-2, "ilink_user_id required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.bot.windows[req.UserID] == nil {
		if c.bot.knowsCase(req.UserID) {
			return failure(-3, "")
		}
		return failure(-4, "")
	}
	if req.ContextToken != "" && !c.bot.windows[req.UserID].knows(req.ContextToken) && !s.has(AnyContextToken) {
		s.warn("getconfig: the context token was never given out for this bot and user")
		return failure(-2, errUnknown)
	}
	now := s.clock.now()
	t := c.bot.tickets[req.UserID]
	if t == nil || !now.Before(t.until) {
		t = &ticket{value: randomBase64(18), until: now.Add(ticketLife)}
		c.bot.tickets[req.UserID] = t
	}
	return object(map[string]any{"ret": 0, "typing_ticket": t.value})
}

// sendTyping checks the ticket and records. Success is {"ret":0} and {} in
// turns.
func (s *Server) sendTyping(c *call) reply {
	var req struct {
		UserID string `json:"ilink_user_id"`
		Ticket string `json:"typing_ticket"`
		Status int    `json:"status"`
	}
	if json.Unmarshal(c.body, &req) != nil {
		return failure(-2, errInvalid)
	}
	if req.Status == 0 {
		req.Status = TypingOn // the protocol's default
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := c.bot.tickets[req.UserID]
	now := s.clock.now()
	switch {
	case req.UserID == "":
		return failure(-2, "ilink_user_id required")
	case req.Ticket == "":
		return failure(-2, "typing_ticket required")
	case req.Status != TypingOn && req.Status != TypingOff:
		return failure(-2, errInvalid)
	case t == nil || t.value != req.Ticket || !now.Before(t.until):
		s.warn("sendtyping: the ticket isn't this user's, or older than a day")
		return failure(-2, errInvalid)
	}
	s.typing = append(s.typing, Typing{
		N: len(s.typing) + 1, Bot: c.bot.id, To: req.UserID, Status: req.Status, AtMS: now.UnixMilli(),
	})
	s.touch()
	s.counts.typingAnswers++
	if s.counts.typingAnswers%2 == 0 {
		return object(map[string]any{})
	}
	return object(map[string]any{"ret": 0})
}

// Typing returns the accepted sendtyping calls with N > after, oldest first.
func (s *Server) Typing(after int) []Typing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Typing(nil), s.typing[min(max(after, 0), len(s.typing)):]...)
}
