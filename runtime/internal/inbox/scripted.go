package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
	"github.com/ilinkd/ilinkd/runtime/isolate"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// ScriptedOptions are what a script that handles needs. All must be set.
type ScriptedOptions struct {
	Bot     string // in the store
	Store   *store.Store
	Logger  *slog.Logger
	Loader  *script.Loader
	Breaker *script.Breaker
	// Retries is how often a handler that failed is tried again, over RetryOver; less than
	// 0 is never.
	Retries   int
	RetryOver time.Duration
}

// The retries where nothing else is said.
const (
	DefaultRetries   = 3
	DefaultRetryOver = time.Minute
)

// NewScripted returns a handler that is a script's current generation.
func NewScripted(o ScriptedOptions) Handler { return &scripted{o} }

type scripted struct{ opts ScriptedOptions }

func (s *scripted) Wait(ctx context.Context, conversation string) error {
	if err := s.opts.Loader.Wait(ctx); err != nil {
		return err
	}
	return s.opts.Breaker.Wait(ctx, conversation)
}

func (s *scripted) Handle(ctx context.Context, d *Delivery) error {
	g := s.opts.Loader.Acquire()
	if g == nil {
		return ErrNotStarted // it was withdrawn just now
	}
	defer g.Release()
	d.Version = g.Number
	var journal []luabind.Record
	if d.Again {
		var err error
		if journal, err = replay.Journal(context.WithoutCancel(ctx), s.opts.Store, d.Inbound.ID); err != nil {
			return err
		}
	}
	heavy := g.Script.OverLimit() // the handler won't begin
	err := s.call(ctx, g, d, journal)
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Kind == luabind.KindChanged && !slices.ContainsFunc(journal, func(r luabind.Record) bool { return r.Await }) {
		// The script was changed since. The user has answered nothing yet that would be
		// lost, so that the handler begins anew; what it has sent is found.
		if err := s.opts.Store.Rewind(ctx, d.Inbound.ID); err != nil {
			return err
		}
		err = s.call(ctx, g, d, nil)
	}
	over := g.Script.OverLimit()
	renewed := over && s.opts.Loader.Renew(g)
	notBegun := heavy && over || errors.As(err, &se) && se.NotBegun
	switch {
	case g.Withdrawn() && killed(err):
		return ErrWithdrawn
	case notBegun:
		// The script's memory was full before: this is handled as soon as the script is
		// loaded anew, and that is no try.
		if renewed {
			s.opts.Breaker.Hit("", overLimit(err))
		}
		return ErrNotStarted
	case memoryFull(err) && !d.Alone():
		// The one that asks for a little more than there is need not be the one that took it.
		return fmt.Errorf("%w: %w", ErrHarmed, err)
	case renewed:
		s.opts.Breaker.Hit(d.Blame, overLimit(err))
	default:
		s.opts.Breaker.Ended(d.Blame, err)
	}
	return err
}

// memoryFull reports whether a handler ended because the script holds too much.
func memoryFull(err error) bool {
	var se *luabind.ScriptError
	return errors.As(err, &se) && se.Kind == luabind.KindLimit && se.Limit == luabind.LimitMemory
}

func (s *scripted) call(ctx context.Context, g *script.Generation, d *Delivery, journal []luabind.Record) error {
	if d.Message == nil {
		ev, err := timerEvent(ctx, s.lookup(), d.Inbound, journal)
		if err != nil {
			return err
		}
		return g.Script.OnTimer(ctx, ev)
	}
	ev := s.event(ctx, d)
	ev.Journal = journal
	return g.Script.OnMessage(ctx, ev)
}

func (s *scripted) lookup() lookup {
	return lookup{store: s.opts.Store, bot: s.opts.Bot, log: s.opts.Logger}
}

func (s *scripted) event(ctx context.Context, d *Delivery) *luabind.Event {
	return &luabind.Event{Message: d.Message, Quote: s.lookup().quote(ctx, d.Message), Waiting: d.Waiting, Interrupted: d.Interrupted}
}

// killed reports whether a handler ended because its script was closed.
func killed(err error) bool {
	var se *luabind.ScriptError
	var died *isolate.DiedError
	return errors.As(err, &se) && se.Kind == luabind.KindKilled || errors.As(err, &died)
}

// overLimit is the error of a handler that has left the script's variables too large:
// it may not have met the limit itself.
func overLimit(err error) error {
	var se *luabind.ScriptError
	if errors.As(err, &se) && se.Kind == luabind.KindLimit {
		return err
	}
	return &luabind.ScriptError{Kind: luabind.KindLimit, Limit: luabind.LimitMemory, Message: "the script's variables hold too much"}
}

func (s *scripted) Interrupt(ctx context.Context, d *Delivery) (stop bool) {
	g := s.opts.Loader.Acquire()
	if g == nil {
		return false
	}
	defer g.Release()
	if !g.Script.HasInterrupt() || !s.opts.Breaker.MayStart(d.Blame) {
		return false
	}
	stop, err := g.Script.OnInterrupt(ctx, s.event(ctx, d))
	if g.Script.OverLimit() && s.opts.Loader.Renew(g) {
		s.opts.Breaker.Hit(d.Blame, overLimit(err))
	} else {
		s.opts.Breaker.Hit(d.Blame, err)
	}
	if err != nil {
		script.LogError(s.opts.Logger, "on_interrupt failed", err, "inbox", d.Inbound.ID, "from", d.Inbound.User)
		return false
	}
	return stop
}

func (s *scripted) Retry(err error, attempts int) (r Retry) {
	var se *luabind.ScriptError
	if errors.As(err, &se) {
		r.Detail, r.WithNextVersion, r.Afresh = se.Detail(), se.Certain(), se.Kind == luabind.KindChanged
	}
	if !r.WithNextVersion && !r.Afresh && attempts <= s.opts.Retries {
		r.Again, r.After = true, retryDelay(attempts, s.opts.Retries, s.opts.RetryOver)
	}
	return r
}

// retryDelay spreads n tries over a time, each waiting longer than the one
// before: with 3 over a minute 10 s, 20 s and 30 s.
func retryDelay(attempt, n int, over time.Duration) time.Duration {
	return over * time.Duration(attempt) / time.Duration(n*(n+1)/2)
}

func (s *scripted) GaveUp(ctx, accept context.Context, d *Delivery, failure error) {
	g := s.opts.Loader.Next(accept)
	if g == nil {
		return
	}
	defer g.Release()
	var ev *luabind.Event
	if d.Message != nil {
		ev = s.event(ctx, d)
	}
	if err := g.Script.OnError(ctx, ev, failure); err != nil {
		s.opts.Breaker.Hit(d.Blame, err)
		script.LogError(s.opts.Logger, "on_error failed", err, "inbox", d.Inbound.ID, "from", d.Inbound.User)
	}
}

func (s *scripted) Version() int { return s.opts.Loader.Number() }

func (s *scripted) Kill() { s.opts.Loader.Kill() }
