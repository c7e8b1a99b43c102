package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// lastTake is how long messages that came while the poller was being stopped may
// take to be taken.
const lastTake = 5 * time.Second

// deliver hands the pending batch over, trying until it is taken or the poller
// is to stop. The batch exists nowhere else.
func (p *poller) deliver() {
	var pause time.Duration
	for p.ctx.Err() == nil {
		taken := p.mem.pending.taken
		err := p.hand(p.ctx)
		if err == nil {
			p.report(p.trouble.phase(time.Now()), nil, 0)
			return
		}
		if p.ctx.Err() != nil {
			return
		}
		if p.mem.pending.taken > taken {
			pause = 0
		}
		pause = doubled(pause, deliverMin, deliverMax)
		wait := spread(pause)
		p.log.Error("messages were not taken", "err", err, "messages", p.mem.pending.left(), "retry_in", wait)
		p.report(p.trouble.phase(time.Now()), err, wait)
		_ = sleep(p.ctx, wait)
	}
}

// lastTry is the end of a poller that has a batch still: one try, with a context
// that outlives the poller's.
func (p *poller) lastTry() {
	if p.mem.pending == nil {
		return
	}
	if !p.forwards() && p.bridge.opts.Deliver == nil {
		return
	}
	if p.cut {
		p.log.Warn("the stop cancelled a message that was being forwarded; it is kept in memory for the bot's next poller",
			"messages", p.mem.pending.left())
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), lastTake)
	defer cancel()
	if err := p.hand(ctx); err != nil {
		p.log.Error("messages were not taken before the stop; they are kept in memory for the bot's next poller",
			"err", err, "messages", p.mem.pending.left())
		return
	}
	p.saveCursor()
}

// hand tries once to hand over what is left of the pending batch. When all is
// taken the cursor moves.
func (p *poller) hand(ctx context.Context) error {
	b := p.mem.pending
	if err := p.noteContextTokens(b); err != nil {
		return err
	}
	if p.forwards() {
		if err := p.forwardBatch(ctx, b); err != nil {
			return err
		}
	} else {
		if p.bridge.opts.Deliver == nil {
			return errNoTarget
		}
		err := guard(p.log, "Deliver", p.secrets, func() error {
			return p.bridge.opts.Deliver(ctx, p.binding, b.updates, b.meta)
		})
		if err != nil {
			return err
		}
	}
	for _, m := range b.updates.Messages {
		p.mem.seen.add(m.Key())
	}
	p.mem.pending, p.last = nil, b
	if b.token == p.binding.BotToken {
		p.cursor = b.updates.Cursor
	}
	return nil
}

// noteContextTokens stores the context tokens of a batch, before anybody can
// want to answer. A message that comes a second time may be an hour old, and its
// token with it.
func (p *poller) noteContextTokens(b *batch) error {
	if p.bridge.db == nil {
		return nil
	}
	for ; b.noted < len(b.updates.Messages); b.noted++ {
		m := b.updates.Messages[b.noted]
		if m.ContextToken == "" || m.From == "" || m.Type == ilink.MessageTypeBot || p.mem.seen.has(m.Key()) {
			continue
		}
		err := guard(p.log, "UpsertContextToken", p.secrets, func() error {
			return p.bridge.db.UpsertContextToken(p.key.sandboxID, p.key.botID, m.From, m.ContextToken)
		})
		if err != nil {
			return errors.Join(errors.New("bridge: store a context token"), err)
		}
	}
	return nil
}
