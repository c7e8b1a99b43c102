package spec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/modules"
	"github.com/ilinkd/ilinkd/runtime/spec/world"
)

// Recording is what a bot and its users have said to each other, as
// "ilinkd record" writes it and bot:replay reads it. Of files it has the names only.
type Recording struct {
	Bot     string    `json:"bot"`
	Script  string    `json:"script,omitempty"`
	Started time.Time `json:"started"`
	// Messages are in order.
	Messages []RecordedMessage `json:"messages"`
}

// RecordedMessage is a message of a user's to the bot, or of the bot's to a user.
type RecordedMessage struct {
	// After is when, in seconds since the recording started.
	After float64 `json:"after"`
	User  string  `json:"user"`
	// FromBot says that the bot sent it.
	FromBot bool `json:"from_bot,omitempty"`
	// Kind is "" for a text.
	Kind string `json:"kind,omitempty"`
	// Text is what was written, or said in a voice message.
	Text string `json:"text,omitempty"`
	// Name is a file's.
	Name string `json:"name,omitempty"`
	// Quote is the text that it quotes.
	Quote string `json:"quote,omitempty"`
}

// ReadRecording reads a file that "ilinkd record" wrote.
func ReadRecording(path string) (*Recording, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a recording: %w", err)
	}
	r := new(Recording)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is no recording: %w", path, err)
	}
	if len(r.Messages) == 0 {
		return nil, fmt.Errorf("%s is no recording: it has no messages", path)
	}
	for i, m := range r.Messages {
		if m.User == "" || math.IsNaN(m.After) || m.After < 0 || m.After > (365*24*time.Hour).Seconds() {
			return nil, fmt.Errorf("%s: message %d has no user, or a time out of range", path, i+1)
		}
	}
	return r, nil
}

// play has the users say again what they said, at the same times, and returns how
// what they hear differs from what they heard, "" if it doesn't.
func (r *Recording) play(ctx context.Context, w *world.World, b *world.Bot) (difference string, err error) {
	began := w.Now()
	if r.Started.After(began) {
		began = r.Started
	}
	heardBefore := map[string]int{}
	for _, id := range r.users() {
		_, n := b.User(id).Heard()
		heardBefore[id] = n
	}
	for _, m := range r.Messages {
		if at := began.Add(time.Duration(m.After * float64(time.Second))); at.After(w.Now()) {
			if err := w.Set(ctx, at); err != nil {
				return "", err
			}
		}
		if !m.FromBot {
			if err := b.User(m.User).Says(ctx, m.said()); err != nil {
				return "", err
			}
		}
	}
	if err := w.Settle(ctx); err != nil {
		return "", err
	}
	var parts []string
	for _, id := range r.users() {
		var want, got []string
		for _, m := range r.Messages {
			if m.User == id && m.FromBot {
				want = append(want, strings.Split(m.line(), "\n")...)
			}
		}
		all, _ := b.User(id).Heard()
		for _, h := range all[heardBefore[id]:] {
			got = append(got, strings.Split(heardText(h), "\n")...)
		}
		if !slices.Equal(want, got) {
			parts = append(parts, fmt.Sprintf("%s heard (-) and hears now (+):\n%s", id, strings.Join(diff(want, got), "\n")))
		}
	}
	return strings.Join(parts, "\n"), nil
}

// users are those who are in it, in the order in which they came.
func (r *Recording) users() (ids []string) {
	for _, m := range r.Messages {
		if !slices.Contains(ids, m.User) {
			ids = append(ids, m.User)
		}
	}
	return ids
}

// line is what a message shows in a comparison; see heardText.
func (m *RecordedMessage) line() string {
	if m.Kind == "" {
		return m.Text
	}
	return "[" + strings.TrimSpace(m.Kind+" "+m.Name) + "]"
}

// said makes a message of the recorded one. A file has something in it, as its own
// bytes weren't recorded.
func (m *RecordedMessage) said() (s world.Said) {
	file := &world.File{Name: m.Name, Data: []byte("recorded")}
	switch m.Kind {
	case ilink.ItemTypeImage.String():
		s.Image = file
	case ilink.ItemTypeVideo.String():
		s.Video = file
	case ilink.ItemTypeFile.String():
		s.File = file
	case ilink.ItemTypeVoice.String():
		s.Voice = &world.Voice{Text: m.Text}
	}
	if s.Voice == nil {
		s.Text = m.Text
	}
	if m.Quote != "" {
		item := ilink.TextMessage(m.Quote)
		s.Quote = &luabind.Quote{Text: m.Quote, Item: &item}
	}
	return s
}

// replay has a recording played to the case's bot.
func (h *botHandle) replay(L *lua.LState) int {
	path := luabind.Text(L, 1, "bot:replay", "a recording's path from the spec's folder")
	r, err := ReadRecording(h.f.path(path))
	if err != nil {
		luabind.Mistake(L, "bot:replay: %v", err)
	}
	b := h.bot(L, "bot:replay")
	var difference string
	h.f.drive(L, func(ctx context.Context) (err error) {
		difference, err = r.play(ctx, h.f.now.world, b)
		return err
	})
	if difference != "" {
		L.RaiseError("%s", difference)
	}
	return 0
}

// noWeb is the web of a replay: there is none.
type noWeb struct{}

// RoundTrip fails.
func (noWeb) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("a replay asks no web services: write a spec with http.stub and bot:replay")
}

// Replay plays a recording to a script and returns how the bot's answers differ from
// those recorded, "" if they don't. With script "" it is the recording's. The error
// is the script's fault if it is a [*luabind.ScriptError].
func Replay(ctx context.Context, recording, script string, opts Options) (difference string, err error) {
	r, err := ReadRecording(recording)
	if err != nil {
		return "", err
	}
	if script == "" {
		script = filepath.FromSlash(r.Script)
	}
	w := world.New()
	defer func() { err = errors.Join(err, w.Close()) }()
	b, err := w.Add(ctx, world.Config{
		Name: r.Bot, Script: script, Load: opts.Load,
		Options: modules.Options{HTTP: anywhere, Transport: noWeb{}, Pause: w.Sleep}, Modules: opts.Modules,
	})
	if err != nil {
		return "", err
	}
	difference, err = r.play(ctx, w, b)
	return difference, errors.Join(append(b.TakeErrors(), err)...)
}
