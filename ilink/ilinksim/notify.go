package ilinksim

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Notification is one notifystart or notifystop.
type Notification struct {
	N    int    `json:"n"` // counts from 1
	Bot  string `json:"bot"`
	Kind string `json:"kind"` // "start" or "stop"
	AtMS int64  `json:"at_ms"`
}

// notify records a notifystart or notifystop (protocol §3).
func (s *Server) notify(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := strings.TrimPrefix(c.endpoint, "notify")
	if kind == "start" {
		c.bot.starts++
	} else {
		c.bot.stops++
	}
	s.notified = append(s.notified, Notification{
		N: len(s.notified) + 1, Bot: c.bot.id, Kind: kind, AtMS: s.clock.now().UnixMilli(),
	})
	s.touch()
	return object(map[string]any{"ret": 0, "errmsg": ""})
}

// Notifications returns the notifystart and notifystop calls with N > after,
// oldest first.
func (s *Server) Notifications(after int) []Notification {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Notification(nil), s.notified[min(max(after, 0), len(s.notified)):]...)
}

// recallMessage withdraws a message of this bot (protocol §4, "Recall"): ret
// -1 for ids of nobody's or another bot's. Doing it twice is fine. The time
// limit that WeChat may have isn't known and so isn't modelled.
func (s *Server) recallMessage(c *call) reply {
	var req struct {
		MsgID json.RawMessage `json:"msg_id"`
	}
	if json.Unmarshal(c.body, &req) != nil {
		return failure(-2, errInvalid)
	}
	if !present(req.MsgID) {
		return failure(-2, "msg_id required")
	}
	id, ok := parseID(req.MsgID)
	if !ok {
		return failure(-2, errInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	digits := strconv.FormatUint(id, 10)
	for i := range s.sent {
		if m := &s.sent[i]; m.MessageID == digits && m.Bot == c.bot.id {
			m.Recalled = true
			s.touch()
			return object(map[string]any{"ret": 0})
		}
	}
	return failure(-1, "")
}
