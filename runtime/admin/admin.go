// Package admin is what the commands "ilinkd status", "inbox", "outbox" and "timers" do:
// they show how the bots are, and what waits or has failed, and decide about it.
//
// The state of the bots is asked of the running process, by its socket in the
// data folder. Inbox and outbox are read from the store and changed there, with
// or without a running process, which notices within a second.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
	"github.com/ilinkd/ilinkd/runtime/termlog"
)

// Options say whose bots these are, and how to answer.
type Options struct {
	// Config is the configuration, as [runtime.LoadConfig] returns it.
	Config runtime.Config
	// Out takes the answer.
	Out io.Writer
	// JSON asks for JSON in place of tables.
	JSON bool
}

// withStore calls f with the open store. It is an [store.ErrNoStore] if there is
// none.
func (o Options) withStore(ctx context.Context, f func(*store.Store) error) (err error) {
	st, err := store.Open(ctx, runtime.StorePath(o.Config.Data), store.Options{Existing: true})
	if errors.Is(err, store.ErrNoStore) {
		return fmt.Errorf("%w: nothing was received or sent yet, or [data] names another folder", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return f(st)
}

// checkBot refuses the name of a bot that neither the configuration nor the
// store knows; known says that the store does.
func (o Options) checkBot(bot string, known bool) error {
	if bot == "" || known {
		return nil
	}
	names := []string{}
	for _, b := range o.Config.Bots {
		if b.Name == bot {
			return nil
		}
		names = append(names, b.Name)
	}
	if len(names) == 0 {
		return fmt.Errorf("nothing is known of a bot %q", bot)
	}
	return fmt.Errorf("the configuration has no bot %q, only %s", bot, strings.Join(names, ", "))
}

// eachID does something for each of some ids. It goes on after one that fails,
// and returns all errors.
func (o Options) eachID(ctx context.Context, ids []int64, done string, do func(*store.Store, int64) error) error {
	return o.withStore(ctx, func(st *store.Store) error {
		var errs []error
		for _, id := range ids {
			err := do(st, id)
			if err == nil {
				fmt.Fprintf(o.Out, done+"\n", id)
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
}

// printJSON prints v, with what could steer a terminal escaped.
func (o Options) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return o.print(termlog.SafeJSON(string(text)) + "\n")
}

func (o Options) print(text string) error {
	if _, err := io.WriteString(o.Out, text); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// span is a length of time for people: the largest unit, and the next smaller
// one where that matters.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 10*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}
