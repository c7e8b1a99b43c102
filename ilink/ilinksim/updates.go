package ilinksim

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// A poll is a getupdates call being held.
type poll struct {
	displaced bool // by a later poll of the same token
}

// settle is how long a poll that a message wakes up looks whether its client
// is still there. A client that hung up just before the message would lose it
// otherwise, by nothing but the order in which this process hears of the two.
const settle = 2 * time.Millisecond

// getUpdates is protocol §3. Messages are consumed when they are taken for an
// answer: the cursor the client sends brings nothing back.
func (s *Server) getUpdates(c *call) reply {
	var req struct {
		Buf *string `json:"get_updates_buf"`
	}
	if json.Unmarshal(c.body, &req) != nil {
		return failure(-2, errInvalid)
	}
	token := bearer(c.r)
	ctx := c.r.Context()

	s.mu.Lock()
	defer s.mu.Unlock()
	b := c.bot
	s.checkCursor(b, req.Buf)
	p := &poll{}
	if b.poll != nil {
		b.poll.displaced = true
		s.counts.displaced++
	}
	b.poll = p
	s.touch()
	defer func() {
		if b.poll == p {
			b.poll = nil
			s.touch()
		}
	}()

	deadline := time.Now().Add(s.opts.hold)
	for held := false; ; held = true {
		if p.displaced {
			return s.sessionTimeout(causeDisplaced)
		}
		if cause := s.tokenProblem(b, token); cause != "" {
			return s.sessionTimeout(cause)
		}
		if s.heldFault(c) {
			return s.faultedLocked(c)
		}
		if held && s.due(b) {
			s.settle(ctx)
		}
		if ctx.Err() != nil {
			return reply{cut: true} // nobody listens: consume nothing
		}
		if p.displaced {
			continue
		}
		if batch := s.take(b); len(batch) > 0 {
			return s.deliver(c, batch)
		}
		left := time.Until(deadline)
		if left <= 0 || s.waitChange(ctx, s.nextDue(b, left)) == ErrClosed {
			return s.emptyUpdate(b)
		}
	}
}

// settle lets go of mu for a moment; see the constant.
func (s *Server) settle(ctx context.Context) {
	s.mu.Unlock()
	defer s.mu.Lock()
	pause(ctx, s.done, settle)
}

// due tells whether b has a message to deliver now. mu must be held, as for
// all below.
func (s *Server) due(b *bot) bool {
	now := s.clock.now()
	for _, in := range b.queue {
		if !in.due.After(now) {
			return true
		}
	}
	return false
}

// nextDue is how much of at most left to wait until b's next late copy.
func (s *Server) nextDue(b *bot, left time.Duration) time.Duration {
	now := s.clock.now()
	for _, in := range b.queue {
		if !in.due.After(now) {
			continue
		}
		if d := s.clock.until(in.due); d > 0 {
			left = min(left, d)
		}
	}
	return left
}

// take removes and returns what is due, in order.
func (s *Server) take(b *bot) []*inbound {
	now := s.clock.now()
	var batch, later []*inbound
	for _, in := range b.queue {
		if in.due.After(now) {
			later = append(later, in)
		} else {
			batch = append(batch, in)
		}
	}
	b.queue = later
	return batch
}

// deliver answers with a batch that has been taken; from here on it is gone.
func (s *Server) deliver(c *call, batch []*inbound) reply {
	b := c.bot
	b.cursor++
	b.taken += len(batch)
	msgs := make([]map[string]any, len(batch))
	for i, in := range batch {
		msgs[i] = s.render(b, in)
		if again := s.duplicateFault(b, in); again != nil {
			b.queue = append(b.queue, again)
		}
	}
	fields := map[string]any{"msgs": msgs, "get_updates_buf": b.cursorText()}
	s.finishUpdate(b, fields)
	rep := object(fields)
	rep.cut = s.loseFault(b)
	return rep
}

// emptyUpdate answers a poll that nothing came for: now with the cursor, now
// with an empty one, which means "keep yours"; with msgs empty or left out.
func (s *Server) emptyUpdate(b *bot) reply {
	fields := map[string]any{"get_updates_buf": ""}
	if b.answers%2 == 1 {
		fields["get_updates_buf"] = b.cursorText()
		fields["msgs"] = []any{}
	}
	s.finishUpdate(b, fields)
	return object(fields)
}

// finishUpdate adds what every successful answer may have.
func (s *Server) finishUpdate(b *bot, fields map[string]any) {
	if s.has(RetOfUpdates) {
		fields["ret"] = 0
	}
	fields["sync_buf"] = fields["get_updates_buf"] // of older clients
	if s.opts.suggested > 0 {
		fields["longpolling_timeout_ms"] = s.opts.suggested.Milliseconds()
	}
	b.answers++
}

// cursorText is the opaque cursor: which login it belongs to, and how many
// batches it has seen.
func (b *bot) cursorText() string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s/%d/%d", b.id, b.logins, b.cursor))
}

// checkCursor warns of cursors that this server can't have given out or that
// should have been cleared; they do no harm, since no cursor rewinds.
func (s *Server) checkCursor(b *bot, buf *string) {
	if buf == nil {
		s.warn("getupdates: get_updates_buf missing; it is \"\" on the first call")
		return
	}
	if *buf == "" {
		return
	}
	text, err := base64.StdEncoding.DecodeString(*buf)
	if err != nil {
		s.warn("getupdates: get_updates_buf is no cursor of this server")
		return
	}
	prefix := fmt.Sprintf("%s/%d/", b.id, b.logins)
	if len(text) < len(prefix) || string(text[:len(prefix)]) != prefix {
		s.warn("getupdates: the cursor belongs to an earlier login or another server")
	}
}

// Undelivered returns the ids of the messages of a bot (the only one where bot
// is "") that no poll has taken yet, the late copies of a duplicate fault
// included: what is neither here nor with the client is lost.
func (s *Server) Undelivered(bot string) (messageIDs []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.oneBot(bot)
	if err != nil {
		return nil, err
	}
	for _, in := range b.queue {
		messageIDs = append(messageIDs, strconv.FormatUint(in.id, 10))
	}
	return messageIDs, nil
}

// WaitPolling waits until a getupdates call of the bot (the only one where
// bot is "") is being held. It fails when ctx ends, when the simulator is
// closed (ErrClosed) or when there is no such bot.
func (s *Server) WaitPolling(ctx context.Context, bot string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		b, err := s.oneBot(bot)
		if err != nil {
			return err
		}
		if b.poll != nil {
			return nil
		}
		if err := s.waitChange(ctx, 0); err != nil {
			return err
		}
	}
}
