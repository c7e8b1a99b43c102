package admin

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// mostTimers is how many are listed.
const mostTimers = 1000

// Timer is what is to be done later, as JSON shows it.
type Timer struct {
	ID       int64     `json:"id"`
	Bot      string    `json:"bot"`
	Due      time.Time `json:"due"`
	Schedule string    `json:"schedule,omitempty"` // its name, if it is one
	Function string    `json:"function,omitempty"`
	Line     string    `json:"line,omitempty"` // where it was made
}

// ListTimers prints what comes when, of one bot or, with "", of all.
func ListTimers(ctx context.Context, o Options, bot string) error {
	all := []Timer{}
	err := o.withStore(ctx, func(st *store.Store) error {
		timers, err := st.NextTimers(ctx, bot, mostTimers)
		for _, t := range timers {
			all = append(all, Timer{ID: t.ID, Bot: t.Bot, Due: t.Due, Schedule: t.Name, Function: t.Function, Line: t.Line})
		}
		if err != nil {
			return err
		}
		return o.checkBot(bot, len(timers) > 0)
	})
	if err != nil {
		return err
	}
	if o.JSON {
		return o.printJSON(all)
	}
	if len(all) == 0 {
		return o.print("Nothing is to be done later.\n")
	}
	now := time.Now()
	var rows [][]string
	for _, t := range all {
		what := "a timer"
		switch {
		case t.Schedule != "":
			what = t.Schedule
		case t.Function != "":
			what += " for " + t.Function
		}
		rows = append(rows, []string{t.Bot, t.Due.Local().Format("2006-01-02 15:04:05"), span(t.Due.Sub(now)), short(what), line(t.Line)})
	}
	return o.print(table([]string{"BOT", "DUE", ">IN", "WHAT", "MADE AT"}, rows))
}
