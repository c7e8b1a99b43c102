package world

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// host is what a bot's script may do: [luabind.Host] over the world.
type host struct{ b *Bot }

var _ luabind.Host = (*host)(nil)

// waitingSend is a message that can't be sent yet.
type waitingSend struct {
	m       *Heard
	nudge   bool // the user shall be told that more is waiting
	push    bool // it answers nothing, and goes behind what does
	expires time.Time
}

// Send delivers the parts to the user as far as the window allows, and keeps the
// rest, as the runtime does (docs/delivery.md).
func (x *host) Send(ctx context.Context, req luabind.SendRequest) (luabind.SendResult, error) {
	w := x.b.w
	messages, err := x.b.messages(req.Parts)
	if err != nil {
		return luabind.SendResult{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return once(ctx, func() (luabind.SendResult, error) { return x.send(ctx, req, messages) })
}

// send is Send with mu held.
func (x *host) send(ctx context.Context, req luabind.SendRequest, messages []*Heard) (luabind.SendResult, error) {
	b, w := x.b, x.b.w
	if req.As != "" {
		if b = w.bot(req.As); b == nil {
			return luabind.SendResult{}, &luabind.HostError{Kind: "not_found", Message: fmt.Sprintf("there is no bot %q", req.As)}
		}
	}
	u := b.user(req.To)
	result := luabind.SendResult{Status: luabind.StatusSent, Parts: len(messages)}
	if f := u.fault(); f != nil && (f.Kind == luabind.StatusBadRequest || f.Kind == luabind.StatusUncertain) {
		b.faultUsed()
		result.Status, result.Uncertain = f.Kind, f.Kind == luabind.StatusUncertain
		return result, &luabind.HostError{Kind: f.Kind}
	}
	h := handlerOf(ctx)
	push := h == nil || h.u != u
	room, why := u.room(push)
	ahead := len(u.queue)
	mode := cmp.Or(req.Mode, b.cfg.Limits.WhenFull)
	if mode == luabind.ModeFail && ahead+len(messages) > room {
		if f := u.fault(); f != nil && f.Kind != luabind.StatusUnconfirmed {
			b.faultUsed()
		}
		return luabind.SendResult{}, &luabind.HostError{Kind: cmp.Or(why, luabind.StatusQuota)}
	}
	if most := b.cfg.Limits.MaxQueued; most > 0 && ahead+len(messages)-room > most {
		return luabind.SendResult{}, &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf(
			"%d messages are waiting for %s to write again, and no more are kept ([limits] max_queued)", ahead, req.To)}
	}
	life := cmp.Or(req.Lifetime, time.Duration(b.cfg.Limits.Lifetime))
	for _, m := range messages {
		s := &waitingSend{
			m: m, nudge: mode == luabind.ModeNudge, push: push, expires: w.now.Add(life),
		}
		at := len(u.queue)
		for at > 0 && u.queue[at-1].push && !s.push {
			at--
		}
		u.queue = slices.Insert(u.queue, at, s)
	}
	u.flush()
	thrown := false
	for _, m := range messages {
		thrown = thrown || m.thrown
		if m.ID != "" {
			result.MessageIDs = append(result.MessageIDs, m.ID)
		}
	}
	if result.Sent = len(result.MessageIDs); thrown {
		result.Status = luabind.StatusUnconfirmed
	} else if result.Sent < len(messages) {
		_, why = u.room(push)
		result.Status, result.Reason = luabind.StatusDeferred, cmp.Or(why, luabind.ReasonQuota)
		if f := u.fault(); f != nil && f.Kind != luabind.StatusUnconfirmed {
			b.faultUsed()
		}
	}
	return result, nil
}

// messages makes the messages of a send's parts: several of a long text.
func (b *Bot) messages(parts []luabind.Part) (all []*Heard, err error) {
	for _, p := range parts {
		if p.Kind == ilink.ItemTypeText {
			texts := ilink.SplitText(p.Text, b.cfg.Limits.TextRunes)
			if len(texts) == 0 {
				return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "the text is empty"}
			}
			for _, text := range texts {
				all = append(all, &Heard{Kind: p.Kind, Text: text})
			}
			continue
		}
		m := &Heard{Kind: p.Kind, Name: p.Name}
		switch {
		case p.File != nil:
			if m.Data, err = readAll(p.File); err != nil {
				return nil, err
			}
			m.Name = cmp.Or(m.Name, p.File.Name)
		case p.Media != nil:
			b.w.mu.Lock()
			f := b.media[p.Media.EncryptQueryParam]
			b.w.mu.Unlock()
			m.Data, m.Name = f.Data, cmp.Or(m.Name, f.Name)
		default:
			return nil, &luabind.HostError{Kind: luabind.StatusBadRequest, Message: "there is no file to send"}
		}
		all = append(all, m)
	}
	return all, nil
}

func readAll(f *luabind.File) ([]byte, error) {
	src, err := os.Open(f.Path)
	if err != nil {
		return nil, fileError(f.Name, err)
	}
	defer src.Close()
	if info, err := src.Stat(); err == nil && info.Size() > ilink.MaxMediaSize {
		return nil, &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q is over %d MiB, more than can be sent", f.Name, ilink.MaxMediaSize>>20)}
	}
	data, err := io.ReadAll(src)
	if err != nil {
		return nil, fileError(f.Name, err)
	}
	return data, nil
}

// room returns how many messages may be sent to the user, and why not more. push says
// that the first one answers nothing.
func (u *User) room(push bool) (n int, why string) {
	if f := u.fault(); f != nil && f.Kind != luabind.StatusBadRequest && f.Kind != luabind.StatusUncertain && f.Kind != luabind.StatusUnconfirmed {
		return 0, f.Kind
	}
	n, why = u.b.cfg.Limits.Room(u.window, u.b.w.now)
	switch {
	case u.window.Suppressed.IsZero():
		return n, why
	case u.window.Probe && !push && n > 0:
		return 1, luabind.ReasonSuppressed
	}
	return 0, luabind.ReasonSuppressed
}

// fault is what goes wrong with sends to the user, nil for nothing. mu must be held.
func (u *User) fault() *Fault {
	if f := u.b.fault; f != nil && (f.To == "" || f.To == u.id) {
		return f
	}
	return nil
}

// faultUsed counts a send that had the fault. mu must be held.
func (b *Bot) faultUsed() {
	if f := b.fault; f != nil && f.Times > 0 {
		if f.Times--; f.Times == 0 {
			b.fault = nil
		}
	}
}

// flush sends what waits for anybody, as far as it may be sent. mu must be held.
func (b *Bot) flush() {
	for _, u := range b.users {
		u.flush()
	}
}

// flush sends what waits for the user, as far as the window allows. The last message
// that fits may be a nudge. mu must be held.
func (u *User) flush() {
	u.expire()
	for len(u.queue) > 0 {
		room, _ := u.room(u.queue[0].push)
		if room == 0 {
			return
		}
		u.window.Used++
		if f := u.fault(); f != nil && f.Kind == luabind.StatusUnconfirmed {
			u.queue[0].m.thrown = true
			u.queue = u.queue[1:]
			u.suppress()
			continue
		}
		if u.window.Suppressed.IsZero() && room == 1 && len(u.queue) > 1 && !u.window.Nudged && slices.ContainsFunc(u.queue, func(s *waitingSend) bool { return s.nudge }) {
			u.window.Nudged = true
			u.deliver(&Heard{Kind: ilink.ItemTypeText, Text: u.b.cfg.Limits.NudgeText})
			return
		}
		u.deliver(u.queue[0].m)
		u.queue = u.queue[1:]
		u.window.Suppressed, u.window.Probe = time.Time{}, false
	}
}

// suppress notes that the server has thrown a message to the user away, and the
// first time tells the script. mu must be held.
func (u *User) suppress() {
	u.b.faultUsed()
	first := u.window.Suppressed.IsZero()
	u.window.Probe = false
	if !first {
		return
	}
	u.window.Suppressed = u.b.w.now
	g, info := u.b.current, luabind.SuppressedInfo{User: u.id, Since: u.b.w.now}
	u.b.call(func() error { return g.sandbox.OnSuppressed(context.Background(), info) })
}

// expire gives up what has waited too long. mu must be held.
func (u *User) expire() {
	now := u.b.w.now
	u.queue = slices.DeleteFunc(u.queue, func(s *waitingSend) bool { return !now.Before(s.expires) })
}

// deliver has the user get a message. mu must be held.
func (u *User) deliver(m *Heard) {
	m.ID, m.At = strconv.Itoa(u.b.w.id()), u.b.w.now
	u.heard = append(u.heard, m)
	u.b.talk = append(u.b.talk, talkLine{user: u, m: m})
}

// Typing shows or takes away "typing…".
func (x *host) Typing(_ context.Context, to string, on bool) error {
	x.b.w.mu.Lock()
	defer x.b.w.mu.Unlock()
	x.b.user(to).typing = on
	return nil
}

// Recall takes a message back.
func (x *host) Recall(_ context.Context, messageID string) error {
	x.b.w.mu.Lock()
	defer x.b.w.mu.Unlock()
	for _, u := range x.b.users {
		for _, m := range u.heard {
			if m.ID == messageID {
				m.Recalled = true
				return nil
			}
		}
	}
	return &luabind.HostError{Kind: "not_found", Message: "the bot has sent no message " + messageID}
}
