package bridge

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if s := GetSession("a"); s != nil {
			t.Errorf("a session from nowhere: %v", s)
		}
		first := &Session{QRCode: "one", StartedAt: time.Now()}
		SetSession("a", first)
		SetSession("a:b", &Session{QRCode: "other"}) // started now
		for range 2 {
			if GetSession("a") != first {
				t.Error("the session isn't there")
			}
		}
		second := &Session{QRCode: "two", StartedAt: time.Now()}
		SetSession("a", second)
		if TakeSession("a") != second || GetSession("a") != nil {
			t.Error("a session that is taken is gone")
		}
		if TakeSession("a") != nil {
			t.Error("a session is taken once")
		}
		if s := GetSession("a:b"); s == nil || s.QRCode != "other" {
			t.Errorf("the other sandbox's session: %v", s)
		}
		ClearSession("a:b")
		ClearSession("a:b")
		if GetSession("a:b") != nil {
			t.Error("cleared")
		}
		SetSession("a", first)
		SetSession("a", nil)
		if GetSession("a") != nil {
			t.Error("nil clears")
		}
	})
}

func TestSessionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		late := &Session{StartedAt: time.Now().Add(-2 * time.Minute)}
		SetSession("late", late)
		SetSession("now", &Session{})
		time.Sleep(8*time.Minute - time.Nanosecond)
		if GetSession("late") == nil || GetSession("now") == nil {
			t.Error("expired too early")
		}
		time.Sleep(time.Nanosecond)
		if GetSession("late") != nil {
			t.Error("ten minutes count from StartedAt")
		}
		time.Sleep(2 * time.Minute)
		if GetSession("now") != nil {
			t.Error("ten minutes count from SetSession")
		}
		// Whatever its age, it is taken, and once.
		if TakeSession("late") != late || TakeSession("late") != nil || TakeSession("now") == nil {
			t.Error("an old session is not given")
		}
		// Abandoned ones don't pile up.
		SetSession("old", &Session{})
		time.Sleep(sessionKept)
		SetSession("new", &Session{})
		sessions.mu.Lock()
		if n := len(sessions.entries); n != 1 {
			t.Errorf("%d sessions are kept, want 1", n)
		}
		sessions.mu.Unlock()
		ClearSession("new")
	})
}

func TestTakeSessionOnce(t *testing.T) {
	SetSession("x", &Session{QRCode: "q"})
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if TakeSession("x") != nil {
				taken.Add(1)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
}
