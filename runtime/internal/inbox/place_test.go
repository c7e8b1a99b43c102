package inbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// guest has a place, or waits for one.
type guest struct {
	places *places
	in     chan struct{}
	waiter *waiter // nil where it gave up; set when in is closed
}

func (p *places) guest(enter func(ctx context.Context, timer bool) *waiter, ctx context.Context, timer bool) *guest {
	g := &guest{places: p, in: make(chan struct{})}
	go func() {
		g.waiter = enter(ctx, timer)
		close(g.in)
	}()
	synctest.Wait()
	return g
}

func (p *places) message() *guest { return p.guest(p.enter, context.Background(), false) }
func (p *places) timer() *guest   { return p.guest(p.enter, context.Background(), true) }
func (p *places) suspect(ctx context.Context) *guest {
	return p.guest(p.enterAlone, ctx, false)
}

func (g *guest) has() bool {
	synctest.Wait()
	select {
	case <-g.in:
		return g.waiter != nil
	default:
		return false
	}
}

func (g *guest) leave() { g.places.leave(g.waiter) }

func (p *places) wantEmpty(t *testing.T) {
	t.Helper()
	if p.taken != 0 || p.timers != 0 || p.held != 0 || p.alone || p.sole != nil || len(p.messages)+len(p.due)+len(p.suspects) != 0 {
		t.Errorf("not empty: %+v", p)
	}
}

func TestPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 2}
		a := p.message()
		if !a.has() || !p.wasAlone(a.waiter) {
			t.Error("the first isn't alone")
		}
		b, c, d := p.message(), p.message(), p.message()
		if !b.has() || c.has() || d.has() {
			t.Error("not two of four")
		}
		if p.wasAlone(a.waiter) || p.wasAlone(b.waiter) {
			t.Error("two are alone")
		}
		a.leave()
		if !c.has() || d.has() {
			t.Error("not in the order of coming")
		}
		b.leave()
		c.leave()
		if !d.has() || p.wasAlone(d.waiter) {
			t.Error("the last was alone, or has no place")
		}
		d.leave()
		p.wantEmpty(t)
	})
}

// TestPlacesOfTimers: any number of timers leaves half of the places to messages.
func TestPlacesOfTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 4}
		var timers []*guest
		for range 5 {
			timers = append(timers, p.timer())
		}
		if !timers[1].has() || timers[2].has() {
			t.Error("timers don't have half of the places")
		}
		m, n := p.message(), p.message()
		if !m.has() || !n.has() {
			t.Error("a message waits behind timers")
		}
		m.leave()
		if timers[2].has() {
			t.Error("timers have more than half")
		}
		for i, timer := range timers {
			if !timer.has() {
				t.Errorf("timer %d waits", i)
			}
			timer.leave()
		}
		n.leave()
		p.wantEmpty(t)
	})
}

// TestSuspectsRunAlone: a suspect waits until no other runs and lets no other in beside
// it; if others run all the time they are held for a moment, and if one of them doesn't
// end, it runs beside that.
func TestSuspectsRunAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &places{most: 4}
		first := p.message()
		suspect := p.suspect(t.Context())
		second := p.message()
		if suspect.has() || !second.has() {
			t.Error("another waits for the suspect")
		}
		first.leave()
		second.leave()
		if !suspect.has() || !p.wasAlone(suspect.waiter) {
			t.Error("it isn't alone")
		}
		third := p.message()
		if third.has() {
			t.Error("another runs beside it")
		}
		suspect.leave()
		if !third.has() {
			t.Error("the other still waits")
		}

		// Now that one runs on.
		suspect = p.suspect(t.Context())
		time.Sleep(suspectPatience - time.Second)
		if other := p.message(); !other.has() {
			t.Error("others are held too early")
		} else {
			other.leave()
		}
		time.Sleep(time.Second + suspectHold/2)
		fourth := p.message()
		if fourth.has() || suspect.has() {
			t.Error("others aren't held")
		}
		time.Sleep(suspectHold / 2)
		if !suspect.has() || p.wasAlone(suspect.waiter) || !fourth.has() {
			t.Error("they don't all run")
		}
		suspect.leave()
		fourth.leave()

		// One that gives up leaves no trace.
		ctx, cancel := context.WithCancel(t.Context())
		suspect = p.suspect(ctx)
		cancel()
		if suspect.has() {
			t.Error("it has a place")
		}
		third.leave()
		p.wantEmpty(t)
	})
}
