package world

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// User is somebody who writes to a bot.
type User struct {
	b  *Bot
	id string

	// The world's mu guards the rest.
	heard  []*Heard
	next   int // the first of heard that Hears hasn't returned
	typing bool
	window store.Window
	queue  []*waitingSend // what can't be sent yet
	// inbox are the messages that wait for the handler that runs to end.
	inbox  []*inbound
	active *handler
}

// Said is a message that a user writes. Fields that are set become its items, in
// this order.
type Said struct {
	Text  string
	Image *File
	Voice *Voice
	Video *File
	File  *File
	// Quote is what it quotes.
	Quote *luabind.Quote
}

// File is a file that a user sends.
type File struct {
	Name string
	Data []byte
}

// ReadFile makes a File of a file on the disk.
func ReadFile(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &File{Name: filepath.Base(path), Data: data}, nil
}

// Voice is a voice message.
type Voice struct {
	// Text is what the server understood.
	Text string
	// Duration is how long it plays.
	Duration time.Duration
	Data     []byte
}

// Heard is a message that a user got.
type Heard struct {
	ID   string
	Kind ilink.ItemType
	Text string
	// Name and Data are a file's.
	Name string
	Data []byte
	At   time.Time
	// Recalled says that the bot has taken it back.
	Recalled bool
	// thrown says that the server accepted it and threw it away.
	thrown bool
}

// User returns a user by the id, made if need be.
func (b *Bot) User(id string) *User {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	return b.user(id)
}

// user is User with mu held.
func (b *Bot) user(id string) *User {
	u := b.users[id]
	if u == nil {
		u = &User{b: b, id: id}
		b.users[id] = u
	}
	return u
}

// ID returns the user's id.
func (u *User) ID() string { return u.id }

// Says has the user write a message, and returns when the bot has dealt with it as
// far as it can: its handlers have ended or wait, and timers that are due at once, too.
func (u *User) Says(ctx context.Context, said Said) error {
	if err := u.b.w.Settle(ctx); err != nil {
		return err
	}
	b, w := u.b, u.b.w
	w.mu.Lock()
	m := &ilink.Message{
		ID: strconv.Itoa(w.id()), From: u.id, To: b.cfg.Name, Type: ilink.MessageTypeUser,
		CreateTimeMs: w.now.UnixMilli(), Items: b.items(said),
	}
	b.talk = append(b.talk, talkLine{user: u, said: said.short()})
	// What waited is sent first, as it was asked for before.
	u.window = store.Window{Opened: w.now, Suppressed: u.window.Suppressed, Probe: !u.window.Suppressed.IsZero()}
	u.flush()
	u.receive(&luabind.Event{Message: m, Quote: u.quoted(said.Quote)})
	w.mu.Unlock()
	return w.Advance(ctx, 0) // with timers that are due at once
}

// quoted is a quote with the file that the user quotes, if it is one that the user has
// got. mu must be held.
func (u *User) quoted(q *luabind.Quote) *luabind.Quote {
	if q == nil || q.ID == "" {
		return q
	}
	for _, m := range u.heard {
		if m.ID != q.ID || m.Kind == ilink.ItemTypeText {
			continue
		}
		f, said := &File{Name: m.Name, Data: m.Data}, Said{}
		switch m.Kind {
		case ilink.ItemTypeImage:
			said.Image = f
		case ilink.ItemTypeVideo:
			said.Video = f
		default:
			said.File = f
		}
		return &luabind.Quote{ID: q.ID, Item: &u.b.items(said)[0]}
	}
	return q
}

// items makes a message's items. mu must be held.
func (b *Bot) items(said Said) (items []ilink.Item) {
	if said.Text != "" || said.Image == nil && said.Voice == nil && said.Video == nil && said.File == nil {
		items = append(items, ilink.TextMessage(said.Text))
	}
	if f := said.Image; f != nil {
		items = append(items, ilink.ImageMessage(b.upload(*f)))
	}
	if v := said.Voice; v != nil {
		items = append(items, ilink.Item{Type: ilink.ItemTypeVoice, Voice: &ilink.VoiceItem{
			Media: b.upload(File{Name: "voice.silk", Data: v.Data}), EncodeType: ilink.VoiceEncodeSilk,
			RecognText: v.Text, PlaytimeMs: int(v.Duration.Milliseconds()),
		}})
	}
	if f := said.Video; f != nil {
		items = append(items, ilink.VideoMessage(b.upload(*f)))
	}
	if f := said.File; f != nil {
		items = append(items, ilink.Item{Type: ilink.ItemTypeFile, File: &ilink.FileItem{
			Media: b.upload(*f), FileName: f.Name, Size: int64(len(f.Data)),
		}})
	}
	return items
}

// upload keeps a file and returns what names it. mu must be held.
func (b *Bot) upload(f File) *ilink.CDNMedia {
	id := fmt.Sprintf("media-%d", b.w.id())
	b.media[id] = f
	return &ilink.CDNMedia{EncryptQueryParam: id, RawSize: int64(len(f.Data)), FileName: f.Name}
}

// Hears returns the first message that it hasn't returned yet; ok is false if there
// is none.
func (u *User) Hears() (m Heard, ok bool) {
	u.b.w.mu.Lock()
	defer u.b.w.mu.Unlock()
	if u.next >= len(u.heard) {
		return Heard{}, false
	}
	u.next++
	return *u.heard[u.next-1], true
}

// Heard returns all messages that the user got, and how many of them Hears has
// returned.
func (u *User) Heard() (all []Heard, returned int) {
	u.b.w.mu.Lock()
	defer u.b.w.mu.Unlock()
	for _, m := range u.heard {
		all = append(all, *m)
	}
	return all, u.next
}

// Typing reports whether the user sees "typing…".
func (u *User) Typing() bool {
	u.b.w.mu.Lock()
	defer u.b.w.mu.Unlock()
	return u.typing
}

// Waiting returns how many messages are kept for the user.
func (u *User) Waiting() int {
	u.b.w.mu.Lock()
	defer u.b.w.mu.Unlock()
	u.expire()
	return len(u.queue)
}

// SetWindow changes what the user's last message still allows: open says whether
// anything, and used how much of it was used. What waited is sent, if it may.
func (u *User) SetWindow(open bool, used int) {
	u.b.w.mu.Lock()
	defer u.b.w.mu.Unlock()
	u.window = store.Window{Opened: u.b.w.now, Used: used, Closed: !open}
	u.flush()
}

// receive has the bot handle a message: by the handler that waits for it, or by one
// of its own, now or once the one that runs has ended. mu must be held.
func (u *User) receive(ev *luabind.Event) {
	if u.active == nil {
		u.start(ev)
		return
	}
	in := &inbound{ev: ev}
	u.inbox = append(u.inbox, in)
	if g := u.b.current; g.sandbox.HasInterrupt() {
		in.shown = true
		u.b.w.begin()
		go u.interrupt(g, u.active, in)
		return
	}
	u.active.offer()
}

// inbound is a message that waits for a handler.
type inbound struct {
	ev *luabind.Event
	// shown says that on_interrupt has it.
	shown bool
}

func (in *inbound) answer() *luabind.Answer {
	return &luabind.Answer{Message: in.ev.Message, Quote: in.ev.Quote}
}

// interrupt asks the script whether a message should stop the handler that runs.
// If not, it is for that or for the next.
func (u *User) interrupt(g *generation, h *handler, in *inbound) {
	stop, err := g.sandbox.OnInterrupt(context.Background(), in.ev)
	w := u.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	defer w.end()
	if !g.killed {
		u.b.failed(err)
	}
	in.shown = false
	i := slices.Index(u.inbox, in)
	switch {
	case i < 0:
		return
	case u.active == nil:
		u.inbox = slices.Delete(u.inbox, i, i+1)
		if !stop {
			u.start(in.ev)
		}
		return
	case !stop || u.active != h:
		u.active.offer()
		return
	}
	u.inbox = slices.Delete(u.inbox, i, i+1)
	h.interrupted = true
	h.wake()
	h.cancel(luabind.ErrInterrupted)
}

// start begins a handler. mu must be held.
func (u *User) start(ev *luabind.Event) {
	w := u.b.w
	h := &handler{b: u.b, u: u, number: w.id(), done: map[int]any{}}
	h.event = *ev
	h.event.Waiting = func() *ilink.Message {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(u.inbox) == 0 {
			return nil
		}
		return u.inbox[0].ev.Message
	}
	h.event.Interrupted = func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return h.interrupted
	}
	u.active = h
	h.run()
}
