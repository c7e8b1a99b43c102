package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// Inbound is a message in the inbox, as JSON shows it.
type Inbound struct {
	ID            int64     `json:"id"`
	Bot           string    `json:"bot"`
	From          string    `json:"from"`
	State         string    `json:"state"` // waiting or dead
	Received      time.Time `json:"received"`
	Attempts      int       `json:"attempts"`
	NextAt        time.Time `json:"next_at,omitzero"`
	RetryOnReload bool      `json:"retry_on_reload,omitempty"`
	Text          string    `json:"text"`
	Error         string    `json:"error,omitempty"`
	Traceback     string    `json:"traceback,omitempty"`
}

func inbound(in *store.Inbound) Inbound {
	from := in.User
	if from == "" {
		from = "timer"
	}
	return Inbound{
		ID: in.ID, Bot: in.Bot, From: from, State: in.State, Received: in.Received, Attempts: in.Attempts, NextAt: in.NextAt,
		RetryOnReload: in.RetryOnReload, Text: received(in), Error: in.Error, Traceback: in.Traceback,
	}
}

// what says what a message waits for.
func (in Inbound) what(now time.Time) string {
	switch {
	case in.State == store.StateDead && in.RetryOnReload:
		return "dead until the script is changed"
	case in.State == store.StateDead:
		return "dead"
	case in.NextAt.After(now):
		return "tried again in " + span(in.NextAt.Sub(now))
	}
	return in.State
}

// unhandled reads the messages of one bot, or of all, that are waiting or dead.
func (o Options) unhandled(ctx context.Context, st *store.Store, bot string) ([]store.Inbound, error) {
	all, err := st.Unhandled(ctx, bot)
	if err != nil {
		return nil, err
	}
	return all, o.checkBot(bot, len(all) > 0)
}

// ListInbox prints the messages that wait to be handled or at which the script
// failed for good, of one bot or, with "", of all.
func ListInbox(ctx context.Context, o Options, bot string) error {
	all := []Inbound{}
	err := o.withStore(ctx, func(st *store.Store) error {
		messages, err := o.unhandled(ctx, st, bot)
		for i := range messages {
			all = append(all, inbound(&messages[i]))
		}
		return err
	})
	if err != nil {
		return err
	}
	if o.JSON {
		return o.printJSON(all)
	}
	if len(all) == 0 {
		return o.print("The inbox is empty: no message is waiting or dead.\n")
	}
	now := time.Now()
	var rows [][]string
	for _, in := range all {
		first, _, _ := strings.Cut(in.Error, "\n")
		rows = append(rows, []string{fmt.Sprint(in.ID), in.Bot, in.what(now), span(now.Sub(in.Received)), fmt.Sprint(in.Attempts),
			short(in.From), short(in.Text), line(first)})
	}
	return o.print(table([]string{">ID", "BOT", "STATE", ">AGE", ">TRIES", "FROM", "TEXT", "ERROR"}, rows))
}

// ShowInbox prints all of one message, and why the script failed at it.
func ShowInbox(ctx context.Context, o Options, id int64) error {
	return o.withStore(ctx, func(st *store.Store) error {
		all, err := st.Unhandled(ctx, "")
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].ID != id {
				continue
			}
			in := inbound(&all[i])
			if o.JSON {
				return o.printJSON(in)
			}
			return o.print(in.text(time.Now()))
		}
		return fmt.Errorf("there is no dead or waiting message %d", id)
	})
}

// text is all of a message for people.
func (in Inbound) text(now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "message %d to bot %s\n", in.ID, in.Bot)
	fmt.Fprintf(&b, "from      %s\n", line(in.From))
	fmt.Fprintf(&b, "received  %s, %s ago\n", in.Received.Local().Format("2006-01-02 15:04:05"), span(now.Sub(in.Received)))
	fmt.Fprintf(&b, "state     %s, tried %d times\n", in.what(now), in.Attempts)
	b.WriteString("text\n" + paragraph(in.Text))
	if in.Error != "" {
		b.WriteString("error\n" + paragraph(in.Error))
	}
	if in.Traceback != "" {
		b.WriteString("traceback\n" + paragraph(in.Traceback))
	}
	return b.String()
}

// RetryInbox has messages tried again: dead ones, and those that wait for their
// next try.
func RetryInbox(ctx context.Context, o Options, ids []int64) error {
	return o.eachID(ctx, ids, "message %d is tried again", func(st *store.Store, id int64) error { return st.Revive(ctx, id) })
}

// RetryDead has all dead messages tried again, of one bot or, with "", of all.
func RetryDead(ctx context.Context, o Options, bot string) error {
	return o.withStore(ctx, func(st *store.Store) error {
		all, err := o.unhandled(ctx, st, bot)
		if err != nil {
			return err
		}
		n := 0
		var errs []error
		for _, in := range all {
			if in.State != store.StateDead {
				continue
			}
			if err := st.Revive(ctx, in.ID); err != nil {
				errs = append(errs, err)
				continue
			}
			n++
		}
		errs = append(errs, o.print(fmt.Sprintf("%d messages are tried again\n", n)))
		return errors.Join(errs...)
	})
}

// DropInbox ends messages unhandled.
func DropInbox(ctx context.Context, o Options, ids []int64) error {
	return o.eachID(ctx, ids, "message %d is dropped", func(st *store.Store, id int64) error { return st.Drop(ctx, id, time.Now()) })
}
