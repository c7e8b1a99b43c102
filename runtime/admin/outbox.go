package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Outbound is a send in the outbox, as JSON shows it.
type Outbound struct {
	ID        int64     `json:"id"`
	Bot       string    `json:"bot"`
	To        string    `json:"to"`
	State     string    `json:"state"` // queued, sending, held, or unconfirmed: accepted and thrown away
	Why       string    `json:"why"`   // it waits
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"`
	Uncertain bool      `json:"uncertain,omitempty"` // it may have arrived
	Attempts  int       `json:"attempts"`
	Part      int       `json:"part"` // from 1
	Parts     int       `json:"parts"`
	Text      string    `json:"text"`
	Error     string    `json:"error,omitempty"` // of the last try
}

// ListOutbox prints what is to be sent, and why it waits, of one bot or, with
// "", of all.
func ListOutbox(ctx context.Context, o Options, bot string) error {
	all := []Outbound{}
	err := o.withStore(ctx, func(st *store.Store) error {
		sends, err := st.Unsent(ctx, bot)
		if err != nil {
			return err
		}
		lost, err := st.Unconfirmed(ctx, bot)
		if err != nil {
			return err
		}
		sends = append(sends, lost...)
		if err := o.checkBot(bot, len(sends) > 0); err != nil {
			return err
		}
		w, err := o.whys(ctx, st, sends)
		if err != nil {
			return err
		}
		for i := range sends {
			s := &sends[i]
			all = append(all, Outbound{
				ID: s.ID, Bot: s.Bot, To: s.User, State: s.State, Why: w.of(s), Created: s.Created, Expires: s.Expires,
				Uncertain: s.Uncertain, Attempts: s.Attempts, Part: s.Part + 1, Parts: s.Parts, Text: queued(s), Error: s.Error,
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if o.JSON {
		return o.printJSON(all)
	}
	if len(all) == 0 {
		return o.print("The outbox is empty: nothing waits to be sent.\n")
	}
	now := time.Now()
	var rows [][]string
	for _, s := range all {
		expires, uncertain, part := "", "", ""
		if !s.Expires.IsZero() && s.State != store.SendHeld && s.State != store.SendUnconfirmed {
			expires = "in " + span(s.Expires.Sub(now))
		}
		if s.Uncertain {
			uncertain = "may have arrived"
		}
		if s.Parts > 1 {
			part = fmt.Sprintf("%d/%d", s.Part, s.Parts)
		}
		rows = append(rows, []string{fmt.Sprint(s.ID), s.Bot, s.State, short(s.To), span(now.Sub(s.Created)), expires, part, uncertain,
			line(s.Why), short(s.Text)})
	}
	return o.print(table([]string{">ID", "BOT", "STATE", "TO", ">AGE", "EXPIRES", "PART", "UNCERTAIN", "WAITS", "TEXT"}, rows))
}

// whys knows why sends wait.
type whys struct {
	limits  runtime.LimitsConfig
	now     time.Time
	running bool
	states  map[string]string          // of the bots, where ilinkd is running
	pauses  map[string]time.Time       // of throttled bots
	windows map[[2]string]store.Window // by bot and conversation
	ahead   map[[2]string]int
}

func (o Options) whys(ctx context.Context, st *store.Store, sends []store.Send) (*whys, error) {
	w := &whys{
		limits: o.Config.Limits, now: time.Now(), states: map[string]string{}, pauses: map[string]time.Time{},
		windows: map[[2]string]store.Window{}, ahead: map[[2]string]int{},
	}
	// Whatever keeps the process from answering, the list is asked for.
	bots, err := ask(ctx, o.Config.Data)
	w.running = err == nil
	for _, s := range bots {
		w.states[s.Bot] = s.State
	}
	for _, s := range sends {
		if _, known := w.pauses[s.Bot]; known {
			continue
		}
		t, err := st.Throttle(ctx, s.Bot)
		if err != nil {
			return nil, err
		}
		w.pauses[s.Bot] = t.Until
		windows, err := st.Windows(ctx, s.Bot)
		if err != nil {
			return nil, err
		}
		for _, win := range windows {
			w.windows[[2]string{s.Bot, win.Conversation}] = win
		}
	}
	return w, nil
}

// of says why a send waits. It is called once for each, in their order.
func (w *whys) of(s *store.Send) string {
	if s.State == store.SendUnconfirmed {
		return "not at all: the server accepted it and, most likely, threw it away"
	}
	if s.State == store.SendHeld {
		return fmt.Sprintf("for \"ilinkd outbox send %d\" or \"drop %d\"", s.ID, s.ID)
	}
	key := [2]string{s.Bot, s.Conversation}
	position := w.ahead[key]
	w.ahead[key]++
	room, why := w.limits.Room(w.windows[key], w.now)
	state, known := w.states[s.Bot]
	switch {
	case !w.running:
		return "ilinkd is not running"
	case !known:
		return "the bot is not in the configuration"
	case s.State == store.SendSending:
		return ""
	case state != runtime.StateRunning:
		return "the bot is " + state
	case !w.windows[key].Suppressed.IsZero():
		return fmt.Sprintf("the server doesn't deliver to the user since %s: they have to write", clock(w.windows[key].Suppressed, w.now))
	case w.pauses[s.Bot].After(w.now):
		return "throttled until " + clock(w.pauses[s.Bot], w.now)
	case why == luabind.StatusWindowClosed:
		return "the window is closed: the user has to write"
	case position >= room:
		return "the window is full: the user has to write"
	case s.Error != "":
		return fmt.Sprintf("tried %d times: %s", s.Attempts, s.Error)
	}
	return "its turn"
}

// SendOutbox has held sends sent.
func SendOutbox(ctx context.Context, o Options, ids []int64) error {
	return o.eachID(ctx, ids, "%d is queued to be sent", func(st *store.Store, id int64) error { return st.Release(ctx, id, true, time.Now()) })
}

// DropOutbox drops sends that are queued or held.
func DropOutbox(ctx context.Context, o Options, ids []int64) error {
	return o.eachID(ctx, ids, "%d is dropped", func(st *store.Store, id int64) error { return st.Release(ctx, id, false, time.Now()) })
}
