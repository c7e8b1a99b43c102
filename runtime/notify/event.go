package notify

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// maxMessage bounds a message, in bytes: it goes into an environment variable.
const maxMessage = 4096

// Event is a change of a bot's state. There is nothing in it that is secret, and
// no place for it: names, states, and a sentence of ours. Nothing that a user
// wrote goes into the message either.
type Event struct {
	Bot      string    `json:"bot"`
	State    string    `json:"state"`
	Previous string    `json:"previous"`
	Message  string    `json:"message"`
	At       time.Time `json:"time"` // the zero time means now
}

// States of events that are about a user. The bot's own state is in Previous.
const (
	// StateUserSuppressed says that the server accepts what they are sent and doesn't
	// deliver it.
	StateUserSuppressed = "user_suppressed"
	// StateUserHeld says that their messages are held, as the script hits its limits with
	// them again and again.
	StateUserHeld = "user_held"
)

func (ev Event) aboutUser() bool {
	return ev.State == StateUserSuppressed || ev.State == StateUserHeld
}

// clean returns the event as it can be delivered: in UTF-8, without the NUL
// characters that would keep a command from starting, bounded, in UTC.
func (ev Event) clean(now time.Time) Event {
	for _, s := range []*string{&ev.Bot, &ev.State, &ev.Previous, &ev.Message} {
		*s = bounded(strings.ReplaceAll(strings.ToValidUTF8(*s, "\ufffd"), "\x00", ""), maxMessage)
	}
	if ev.At.IsZero() {
		ev.At = now
	}
	ev.At = ev.At.UTC().Round(0) // without the monotonic clock
	return ev
}

// bounded cuts s, which is UTF-8, to at most limit bytes.
func bounded(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	const more = "…"
	cut := limit - len(more)
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + more
}

// environ is the event in a command's variables.
func (ev Event) environ() []string {
	return []string{
		"ILINKD_BOT=" + ev.Bot,
		"ILINKD_STATE=" + ev.State,
		"ILINKD_PREVIOUS=" + ev.Previous,
		"ILINKD_MESSAGE=" + ev.Message,
		"ILINKD_TIME=" + ev.At.Format(time.RFC3339),
	}
}

// body is the event as JSON, with a line end.
func (ev Event) body() ([]byte, error) {
	b, err := json.Marshal(ev)
	return append(b, '\n'), err
}
