package ilinksim

import (
	"slices"
	"strings"
)

// State is a summary of everything.
type State struct {
	NowMS    int64      `json:"now_ms"` // of the simulator's clock
	URL      string     `json:"url"`
	CDNURL   string     `json:"cdn_url"`
	Bots     []BotState `json:"bots"`
	Windows  []Window   `json:"windows"`
	QRCodes  []QRCode   `json:"qrcodes"`
	Counts   Counts     `json:"counts"`
	Warnings []Warning  `json:"warnings"`
}

// BotState is one bot account.
type BotState struct {
	ID               string `json:"id"`
	Token            string `json:"token"`
	SessionOK        bool   `json:"session_ok"` // false: its token gets -14
	Logins           int    `json:"logins"`
	Polling          bool   `json:"polling"`   // a getupdates is being held
	Queued           int    `json:"queued"`    // messages no poll has taken yet, late copies among them
	Delivered        int    `json:"delivered"` // messages taken
	ThrottledUntilMS int64  `json:"throttled_until_ms,omitempty"`
	Starts           int    `json:"notifystarts"`
	Stops            int    `json:"notifystops"`
}

// Window is what a user's last message lets a bot send.
type Window struct {
	Bot       string `json:"bot"`
	User      string `json:"user"`
	Open      bool   `json:"open"` // in time; Left may be 0 all the same
	Used      int    `json:"used"`
	Left      int    `json:"left"`                 // -1: any number
	ExpiresMS int64  `json:"expires_ms,omitempty"` // 0: never
}

// Counts count what happened.
type Counts struct {
	Sent      int `json:"sent"`
	Rejected  int `json:"rejected"`
	Repeats   int `json:"repeats"` // client ids used again, delivered or dropped
	Thrown    int `json:"thrown"`  // accepted and thrown away
	Dropped   int `json:"dropped"` // tool call items: accepted, never shown
	Recalled  int `json:"recalled"`
	Throttled int `json:"throttled"`
	Displaced int `json:"displaced"` // polls ended by another poll of the same bot
	Typing    int `json:"typing"`
	Uploads   int `json:"uploads"`
	Downloads int `json:"downloads"`
}

// A Warning is something a client does that the real server may not forgive,
// or a refusal for which no other record exists.
type Warning struct {
	Text  string `json:"text"`
	Count int    `json:"count"`
}

// State summarises the simulator.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, now := s.opts.limits, s.clock.now()
	st := State{
		NowMS: now.UnixMilli(), URL: s.URL, CDNURL: s.CDNURL,
		Bots: []BotState{}, Windows: []Window{}, Warnings: []Warning{},
		QRCodes: s.qrCodes(),
		Counts: Counts{
			Sent: len(s.sent), Rejected: len(s.rejected), Repeats: len(s.repeats),
			Dropped: s.counts.dropped, Throttled: s.counts.throttled, Displaced: s.counts.displaced,
			Typing: len(s.typing), Uploads: s.counts.uploaded, Downloads: s.counts.downloads,
		},
	}
	s.deliverLate()
	st.Counts.Sent, st.Counts.Thrown = len(s.sent), len(s.thrown)
	for _, m := range s.sent {
		if m.Repeat {
			st.Counts.Repeats++
		}
		if m.Recalled {
			st.Counts.Recalled++
		}
	}
	for _, b := range s.bots {
		bs := BotState{
			ID: b.id, Token: b.token, SessionOK: s.tokenProblem(b, b.token) == "", Logins: b.logins,
			Polling: b.poll != nil, Queued: len(b.queue), Delivered: b.taken, Starts: b.starts, Stops: b.stops,
		}
		if now.Before(b.throttle.until) {
			bs.ThrottledUntilMS = b.throttle.until.UnixMilli()
		}
		st.Bots = append(st.Bots, bs)
		for _, w := range b.windows {
			win := Window{Bot: b.id, User: w.user, Open: w.open(l, now), Used: w.used, Left: w.left(l)}
			if !l.Disabled && l.Window > 0 {
				win.ExpiresMS = w.expires(l).UnixMilli()
			}
			st.Windows = append(st.Windows, win)
		}
	}
	slices.SortFunc(st.Windows, func(a, b Window) int {
		return strings.Compare(a.Bot+" "+a.User, b.Bot+" "+b.User)
	})
	for text, n := range s.warnings {
		st.Warnings = append(st.Warnings, Warning{Text: text, Count: n})
	}
	slices.SortFunc(st.Warnings, func(a, b Warning) int { return strings.Compare(a.Text, b.Text) })
	return st
}
