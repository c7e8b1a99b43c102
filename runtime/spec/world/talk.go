package world

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/ilinkd/ilinkd/ilink"
)

// talkLine is a message of a conversation: a user's, or the bot's.
type talkLine struct {
	user *User
	said string
	m    *Heard // the bot's, nil for a user's
}

// Talk is what users and the bot have said so far, a line each: with what a spec has
// heard of it already, and at the end what waits to be sent and why.
func (b *Bot) Talk() []string {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	var lines []string
	seen := map[*User]int{}
	for _, t := range b.talk {
		if t.m == nil {
			lines = append(lines, fmt.Sprintf("%s: %s", t.user.id, t.said))
			continue
		}
		state := "not heard yet"
		if seen[t.user] < t.user.next {
			state = "heard"
		}
		seen[t.user]++
		lines = append(lines, fmt.Sprintf("bot to %s: %s (%s)", t.user.id, t.m.short(), state))
	}
	for _, u := range b.users {
		for _, s := range u.queue {
			_, why := u.room(s.push)
			lines = append(lines, fmt.Sprintf("bot to %s: %s (waits: %s)", u.id, s.m.short(), cmp.Or(why, "quota")))
		}
	}
	return lines
}

// short is a message in one line.
func (m *Heard) short() string {
	if m.Kind == ilink.ItemTypeText {
		return inLine(m.Text)
	}
	return strings.TrimSpace(fmt.Sprintf("[%s] %s", m.Kind, m.Name))
}

func (s Said) short() string {
	var parts []string
	if s.Text != "" {
		parts = append(parts, inLine(s.Text))
	}
	for name, f := range map[string]*File{"image": s.Image, "video": s.Video, "file": s.File} {
		if f != nil {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("[%s] %s", name, f.Name)))
		}
	}
	if s.Voice != nil {
		parts = append(parts, "[voice]")
	}
	return strings.Join(parts, " ")
}

// inLine shows a text's lines in one, and its beginning if it is long.
func inLine(text string) string {
	const most = 100
	text = strings.ReplaceAll(text, "\n", " ⏎ ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
