package runtime

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// told is what a conduct told.
type told struct {
	reason string
	until  time.Time
}

func newConduct() (*conduct, *[]told) {
	list := &[]told{}
	return &conduct{
		slow: slowMin,
		log:  slog.New(slog.NewTextHandler(io.Discard, nil)),
		tell: func(reason string, until time.Time) { *list = append(*list, told{reason, until}) },
	}, list
}

var errLimit = &luabind.ScriptError{Kind: luabind.KindLimit, Limit: luabind.LimitCPU, File: "bot.lua", Line: 3, Message: "too long"}

// waited is how long the next handler has to wait.
func waited(t *testing.T, c *conduct) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := c.wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return time.Since(begun)
}

func TestConductSlowsAndSuspends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, told := newConduct()
		var pauses []time.Duration
		for len(*told) == 0 {
			pauses = append(pauses, waited(t, c))
			c.ended(errLimit)
		}
		want := []time.Duration{0, 0, 0, 1, 2, 4, 8, 16}
		if len(pauses) < len(want) {
			t.Fatalf("the pauses were %v", pauses)
		}
		for i := range want {
			if pauses[i] != want[i]*time.Second {
				t.Errorf("pause %d was %v, want %d s: %v", i, pauses[i], want[i], pauses)
			}
		}
		if (*told)[0].reason == "" || !(*told)[0].until.Equal(time.Now().Add(suspendMin)) {
			t.Errorf("%+v", *told)
		}
		// Each further suspension is longer, up to a limit.
		period := suspendMin
		for range 8 {
			if got := waited(t, c); got != period {
				t.Errorf("suspended for %v, want %v", got, period)
			}
			if last := (*told)[len(*told)-1]; last.reason != "" {
				t.Errorf("not told of the end: %+v", last)
			}
			c.ended(errLimit)
			period = min(2*period, suspendMax)
		}
	})
}

func TestConductForgives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, told := newConduct()
		for i := range 1000 { // one in ten
			if d := waited(t, c); d != 0 {
				t.Fatalf("handler %d had to wait %v", i, d)
			}
			if c.ended(errors.New("another error")); i%10 == 0 {
				c.ended(errLimit)
			}
		}
		for i := range 1000 { // one an hour
			if d := waited(t, c); d != 0 {
				t.Fatalf("handler %d had to wait %v", i, d)
			}
			c.ended(errLimit)
			time.Sleep(time.Hour)
		}
		if len(*told) != 0 {
			t.Errorf("%+v", *told)
		}
	})
}

// TestConductBeginsAfresh: a script that was changed isn't its predecessor.
func TestConductBeginsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, told := newConduct()
		for range 2 * suspendAt {
			c.ended(errLimit)
		}
		begun := time.Now()
		done := make(chan error)
		go func() { done <- c.wait(context.Background()) }()
		time.Sleep(time.Second)
		c.forget()
		if err := <-done; err != nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if len(*told) != 2 || (*told)[1].reason != "" {
			t.Errorf("%+v", *told)
		}
		if d := waited(t, c); d != 0 {
			t.Errorf("waited %v", d)
		}
	})
}

// TestConductLetsInOneAtATime: where there are pauses, not all that have waited
// start at once.
func TestConductLetsInOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newConduct()
		for range slowAt {
			c.ended(errLimit)
		}
		begun := time.Now()
		started := make(chan time.Duration)
		for range 5 {
			go func() {
				c.wait(context.Background())
				started <- time.Since(begun)
			}()
		}
		last := time.Duration(0)
		for range 5 {
			at := <-started
			if at > 0 && at == last {
				t.Errorf("two handlers started after %v", at)
			}
			last = at
		}
	})
}

func TestConductEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newConduct()
		for range suspendAt {
			c.ended(errLimit)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := c.wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}
