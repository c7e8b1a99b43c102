package ilinksim

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Sent is a message that a bot sent and the server accepted.
type Sent struct {
	N            int             `json:"n"` // counts from 1 over all bots
	Bot          string          `json:"bot"`
	To           string          `json:"to"`
	Text         string          `json:"text"` // of a text item, as delivered; "" for media
	Items        json.RawMessage `json:"items"`
	ClientID     string          `json:"client_id"`
	MessageID    string          `json:"message_id"` // decimal uint64
	ContextToken string          `json:"context_token"`
	RunID        string          `json:"run_id,omitempty"`
	AtMS         int64           `json:"at_ms"` // Unix milliseconds of the simulator's clock

	// Cut: the text was longer than 2,000 characters, and Text is what is left.
	Cut bool `json:"cut,omitempty"`
	// Repeat: the bot has used this client_id before.
	Repeat bool `json:"repeat,omitempty"`
	// Shown is false for what phones don't show though the server takes it:
	// voice.
	Shown bool `json:"shown"`
	// Late: a FaultLate kept it back, and AtMS is when it was delivered.
	Late bool `json:"late,omitempty"`
	// Recalled: recallmessage withdrew it.
	Recalled bool `json:"recalled,omitempty"`
	// Media tells of the media items what the user would see.
	Media []SentMedia `json:"media,omitempty"`
}

// At is AtMS as a time.
func (m Sent) At() time.Time { return time.UnixMilli(m.AtMS) }

// Rejected is a send that the server refused, or that a fault kept from it.
type Rejected struct {
	N        int    `json:"n"`   // counts from 1
	Bot      string `json:"bot"` // "" when the token is unknown
	To       string `json:"to"`
	Text     string `json:"text"`
	ClientID string `json:"client_id"`
	Ret      int    `json:"ret"` // as answered; 0 when a fault answered otherwise
	Errmsg   string `json:"errmsg"`
	Reason   Reason `json:"reason"`
	Detail   string `json:"detail"` // the reason in words
	AtMS     int64  `json:"at_ms"`
}

// A Reason is why a send was refused; the protocol's own -2 doesn't tell.
type Reason string

const (
	ReasonWindow     Reason = "window_closed" // or never opened
	ReasonQuota      Reason = "quota"
	ReasonThrottled  Reason = "throttled"
	ReasonBadRequest Reason = "bad_request"
	ReasonSession    Reason = "session"
	ReasonToken      Reason = "context_token"
	ReasonFault      Reason = "fault"
)

// sendRequest is the body of sendmessage.
type sendRequest struct {
	Msg struct {
		ToUserID     string            `json:"to_user_id"`
		ClientID     string            `json:"client_id"`
		MessageType  int               `json:"message_type"`
		MessageState int               `json:"message_state"`
		ItemList     []json.RawMessage `json:"item_list"`
		ContextToken string            `json:"context_token"`
		RunID        string            `json:"run_id"`
		GroupID      string            `json:"group_id"`
		MessageID    json.RawMessage   `json:"message_id"`
	} `json:"msg"`
}

// A refusal is a sendmessage answer other than success.
type refusal struct {
	ret    int
	errmsg string
	reason Reason
	detail string
}

// sendMessage is protocol §4. Checks come in this order: shape of the request,
// burst throttle, context token, window, quota.
func (s *Server) sendMessage(c *call) reply {
	var req sendRequest
	decodeErr := json.Unmarshal(c.body, &req)
	s.mu.Lock()
	defer s.mu.Unlock()
	item, bad := outboundItem{}, (*refusal)(nil)
	if decodeErr != nil {
		bad = &refusal{-2, errInvalid, ReasonBadRequest, "the body has a field of the wrong type: " + decodeErr.Error()}
	} else {
		item, bad = s.checkSend(req)
	}
	if bad == nil && c.bot.generating[req.Msg.ClientID] {
		bad = &refusal{-2, errInvalid, ReasonBadRequest, "a message was sent as generating under this client_id: no other state follows"}
	}
	if bad == nil {
		bad = s.checkLimits(c.bot, req)
	}
	if bad != nil {
		s.rejectCall(c, bad.ret, bad.errmsg, bad.reason, bad.detail)
		return failure(bad.ret, bad.errmsg)
	}
	if req.Msg.MessageState == stateGenerating {
		if c.bot.generating == nil {
			c.bot.generating = map[string]bool{}
		}
		c.bot.generating[req.Msg.ClientID] = true
	}
	return s.accept(c.bot, req, item)
}

// knowsCase tells whether a user is known by an id that differs in its case alone.
func (b *bot) knowsCase(user string) bool {
	for known := range b.windows {
		if known != user && strings.EqualFold(known, user) {
			return true
		}
	}
	return false
}

// checkLimits applies what limits sending. mu must be held, as for all below.
func (s *Server) checkLimits(b *bot, req sendRequest) *refusal {
	l, now := s.opts.limits, s.clock.now()
	if !b.throttle.admit(l, now) {
		s.counts.throttled++
		errmsg := []string{errThrottledFirst, errThrottledSecond, errPrepareFailed}[(s.counts.throttled-1)%3]
		return &refusal{-2, errmsg, ReasonThrottled, "until " + b.throttle.until.Format(time.RFC3339)}
	}
	w := b.windows[req.Msg.ToUserID]
	if w == nil && b.knowsCase(req.Msg.ToUserID) {
		return &refusal{-3, "", ReasonBadRequest, "user ids are case-sensitive"}
	}
	if token := req.Msg.ContextToken; token != "" && !w.knows(token) && !s.has(AnyContextToken) {
		return &refusal{-2, errUnknown, ReasonToken, "the context token was never given out for this bot and user"}
	}
	if w == nil {
		return &refusal{-2, errUnknown, ReasonWindow, "the user never wrote to this bot"}
	}
	if !w.open(l, now) {
		return &refusal{-2, errPrepareFailed, ReasonWindow, "closed since " + w.expires(l).Format(time.RFC3339)}
	}
	if w.left(l) == 0 {
		return &refusal{-2, errQuotaUsedUp, ReasonQuota, strconv.Itoa(w.used) + " sent since the user's last message"}
	}
	return nil
}

// knows tells whether the context token was given out for this user.
func (w *window) knows(token string) bool {
	if w == nil {
		return false
	}
	_, ok := w.tokens[token]
	return ok
}

// accept records a send that passed all checks and answers it.
func (s *Server) accept(b *bot, req sendRequest, item outboundItem) reply {
	if item.kind == itemToolCallStart || item.kind == itemToolCallResult {
		s.counts.dropped++
		return s.sendAnswer(s.ids.next())
	}
	first, repeated := b.clientIDs[req.Msg.ClientID]
	dropped := repeated && s.opts.repeated == RepeatDrop
	id := first
	if !dropped {
		id = s.ids.next()
		b.windows[req.Msg.ToUserID].used++
	}
	m := Sent{
		Bot:          b.id,
		To:           req.Msg.ToUserID,
		Items:        rawList(req.Msg.ItemList),
		ClientID:     req.Msg.ClientID,
		MessageID:    strconv.FormatUint(id, 10),
		ContextToken: req.Msg.ContextToken,
		RunID:        req.Msg.RunID,
		AtMS:         s.clock.now().UnixMilli(),
		Repeat:       repeated,
		Shown:        item.kind != itemVoice,
	}
	m.Text, m.Cut = s.deliveredText(item.text)
	if dropped {
		m.N = len(s.repeats) + 1
		s.repeats = append(s.repeats, m)
		s.touch()
		return s.sendAnswer(id)
	}
	if item.kind != itemText {
		m.Media = []SentMedia{s.inspectMedia(b, item)}
	}
	if !repeated {
		b.clientIDs[m.ClientID] = id
	}
	if f := s.throwFault(b, b.windows[m.To]); f != nil {
		return s.throwAway(f, m)
	}
	if !s.lateFault(b, m) {
		m.N = len(s.sent) + 1
		s.sent = append(s.sent, m)
	}
	s.messages[id] = quotable{bot: b.id, text: m.Text, item: req.Msg.ItemList[0], at: s.clock.now(), setID: setID(req.Msg.MessageID)}
	s.touch()
	return s.sendAnswer(id)
}

// sendAnswer is a success, in the forms the real server uses in turns: the id
// as number or string, with ret or without.
func (s *Server) sendAnswer(id uint64) reply {
	n := s.counts.sendAnswers
	s.counts.sendAnswers++
	fields := map[string]any{"message_id": jsonID(id, s.has(StringIDs) && n%2 == 1)}
	if n/2%2 == 0 {
		fields["ret"] = 0
	}
	return object(fields)
}

// deliveredText is what of a text reaches the user.
func (s *Server) deliveredText(text string) (delivered string, cut bool) {
	most := maxDeliveredRunes
	if s.has(LongTexts) {
		most = maxLongRunes
	}
	if utf8.RuneCountInString(text) <= most {
		return text, false
	}
	return string([]rune(text)[:most]), true
}

// setID is a message_id as a client wrote it, "" for none.
func setID(raw json.RawMessage) string {
	if text := strings.Trim(string(raw), `" `); text != "null" && text != "0" {
		return text
	}
	return ""
}

func rawList(items []json.RawMessage) json.RawMessage {
	raw, err := json.Marshal(items)
	if err != nil {
		return json.RawMessage("[]")
	}
	return raw
}

// rejectCall records a refused sendmessage; other endpoints leave no trace.
func (s *Server) rejectCall(c *call, ret int, errmsg string, reason Reason, detail string) {
	if c.endpoint != "sendmessage" {
		return
	}
	var req sendRequest
	_ = json.Unmarshal(c.body, &req) // what can be read of it
	text := ""
	if len(req.Msg.ItemList) > 0 {
		var item struct {
			Text struct {
				Text string `json:"text"`
			} `json:"text_item"`
		}
		_ = json.Unmarshal(req.Msg.ItemList[0], &item)
		text = item.Text.Text
	}
	s.rejected = append(s.rejected, Rejected{
		N: len(s.rejected) + 1, Bot: c.botID(), To: req.Msg.ToUserID, Text: text,
		ClientID: req.Msg.ClientID, Ret: ret, Errmsg: errmsg, Reason: reason, Detail: detail,
		AtMS: s.clock.now().UnixMilli(),
	})
	s.log.Debug("ilinksim refuses a send", "bot", c.botID(), "to", req.Msg.ToUserID,
		"ret", ret, "errmsg", errmsg, "reason", reason, "detail", detail)
	s.touch()
}

// A Filter selects sends; "" matches all, and short names are completed.
type Filter struct {
	Bot string
	To  string
}

func (f Filter) match(m Sent) bool {
	return (f.Bot == "" || botID(f.Bot) == m.Bot) && (f.To == "" || userID(f.To) == m.To)
}

// Sent returns the accepted sends with N > after, oldest first.
func (s *Server) Sent(after int) []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sentSince(Filter{}, after)
}

// WaitSent waits for an accepted send with N > after that f selects, and
// returns all of them. It fails with ctx's error or ErrClosed.
func (s *Server) WaitSent(ctx context.Context, f Filter, after int) ([]Sent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if got := s.sentSince(f, after); len(got) > 0 {
			return got, nil
		}
		if err := s.waitChange(ctx, 0); err != nil {
			return nil, err
		}
	}
}

func (s *Server) sentSince(f Filter, after int) []Sent {
	s.deliverLate()
	var got []Sent
	for _, m := range s.sent[min(max(after, 0), len(s.sent)):] {
		if f.match(m) {
			got = append(got, m)
		}
	}
	return got
}

// Rejected returns the refused sends with N > after, oldest first.
func (s *Server) Rejected(after int) []Rejected {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Rejected(nil), s.rejected[min(max(after, 0), len(s.rejected)):]...)
}

// Repeats returns the sends with N > after that RepeatDrop swallowed.
func (s *Server) Repeats(after int) []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.repeats[min(max(after, 0), len(s.repeats)):]...)
}
