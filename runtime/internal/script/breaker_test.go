package script

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// told is what a breaker told.
type told struct {
	reason string
	until  time.Time
}

func newBreaker() (*Breaker, *[]told) {
	list := &[]told{}
	return NewBreaker(BreakerOptions{
		Pause:    DefaultPause,
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		OnChange: func(reason string, until time.Time) { *list = append(*list, told{reason, until}) },
	}), list
}

var errLimit = &luabind.ScriptError{Kind: luabind.KindLimit, Limit: luabind.LimitCPU, File: "bot.lua", Line: 3, Message: "too long"}

// waited is how long the next handler has to wait.
func waited(t *testing.T, b *Breaker) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := b.Wait(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	return time.Since(begun)
}

func TestBreakerSlowsAndSuspends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, told := newBreaker()
		var pauses []time.Duration
		for len(*told) == 0 {
			pauses = append(pauses, waited(t, b))
			b.Ended("", errLimit)
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
			if got := waited(t, b); got != period {
				t.Errorf("suspended for %v, want %v", got, period)
			}
			if last := (*told)[len(*told)-1]; last.reason != "" {
				t.Errorf("not told of the end: %+v", last)
			}
			b.Ended("", errLimit)
			period = min(2*period, suspendMax)
		}
	})
}

func TestBreakerForgives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, told := newBreaker()
		for i := range 1000 { // one in ten
			if d := waited(t, b); d != 0 {
				t.Fatalf("handler %d had to wait %v", i, d)
			}
			if b.Ended("", errors.New("another error")); i%10 == 0 {
				b.Ended("", errLimit)
			}
		}
		for i := range 1000 { // one an hour
			if d := waited(t, b); d != 0 {
				t.Fatalf("handler %d had to wait %v", i, d)
			}
			b.Ended("", errLimit)
			time.Sleep(time.Hour)
		}
		if len(*told) != 0 {
			t.Errorf("%+v", *told)
		}
	})
}

// TestBreakerBeginsAfresh: a script that was changed isn't its predecessor.
func TestBreakerBeginsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, told := newBreaker()
		for range 2 * suspendAt {
			b.Ended("", errLimit)
		}
		begun := time.Now()
		done := make(chan error)
		go func() { done <- b.Wait(context.Background(), "") }()
		time.Sleep(time.Second)
		b.Forget()
		if err := <-done; err != nil || time.Since(begun) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if len(*told) != 2 || (*told)[1].reason != "" {
			t.Errorf("%+v", *told)
		}
		if d := waited(t, b); d != 0 {
			t.Errorf("waited %v", d)
		}
	})
}

// TestBreakerLetsInOneAtATime: where there are pauses, not all that have waited
// start at once.
func TestBreakerLetsInOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBreaker()
		for range slowAt {
			b.Ended("", errLimit)
		}
		begun := time.Now()
		started := make(chan time.Duration)
		for range 5 {
			go func() {
				b.Wait(context.Background(), "")
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

func TestBreakerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, _ := newBreaker()
		for range suspendAt {
			b.Ended("", errLimit)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := b.Wait(ctx, ""); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestBreakerOfOneUser: what one user's messages do is held against that user alone, and
// what those of many do against the script.
func TestBreakerOfOneUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var held []string
		b, told := newBreaker()
		b.opts.OnHeld = func(conversation, _ string, until time.Time) {
			held = append(held, fmt.Sprint(conversation, " for ", time.Until(until)))
		}
		wait := func(conversation string) time.Duration {
			begun := time.Now()
			if err := b.Wait(t.Context(), conversation); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		for range suspendAt {
			wait("mallory")
			b.Ended("mallory", errLimit)
			if w := wait("alice"); w != 0 {
				t.Fatalf("another waits for %v", w)
			}
			b.Ended("alice", nil)
		}
		if fmt.Sprint(held) != "[mallory for 5m0s]" || b.Held() != 1 || len(*told) != 0 {
			t.Errorf("held %v, %d; told %v", held, b.Held(), *told)
		}
		if b.MayStart("mallory") || !b.MayStart("alice") {
			t.Error("not the one is held who should be")
		}
		if w := wait("mallory"); w != suspendMin {
			t.Errorf("mallory waits for %v", w)
		}

		// A second one beside several for whom it works changes nothing.
		for _, user := range []string{"bob", "carol", "dave"} {
			wait(user)
			b.Ended(user, nil)
		}
		for range suspendAt {
			b.Ended("oscar", errLimit)
		}
		if len(*told) != 0 || wait("bob") != 0 || b.Held() != 1 {
			t.Errorf("told %v, %d are held", *told, b.Held())
		}

		// If it works for nobody, it is the script.
		for i := range 30 {
			b.Ended(fmt.Sprint("user", i), errLimit)
		}
		if len(*told) != 1 || b.MayStart("alice") {
			t.Errorf("told %v", *told)
		}
		b.Forget()
		if !b.MayStart("mallory") || !b.MayStart("alice") || b.Held() != 0 {
			t.Error("not all is forgotten")
		}
	})
}

// TestBreakerForgetsCulprits: counts are kept of so many conversations only.
func TestBreakerForgetsCulprits(t *testing.T) {
	b, _ := newBreaker()
	for i := range 2 * maxCulprits {
		b.Ended(fmt.Sprint("user", i), errLimit)
	}
	if len(b.each) > maxCulprits {
		t.Errorf("%d are kept", len(b.each))
	}
}
