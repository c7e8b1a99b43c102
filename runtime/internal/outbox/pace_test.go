package outbox

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestPacerNeverExceedsTheBurst looks at each moment at which a request may
// reach the server, with answers that take different times: never more than
// burst of them lie within burst gaps.
func TestPacerNeverExceedsTheBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const gap, burst = 350 * time.Millisecond, 3
		p := newPacer(gap, burst)
		var reached []time.Time
		for i := range 20 {
			release, err := p.acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i%4) * 70 * time.Millisecond) // on its way
			reached = append(reached, time.Now())
			release(true)
		}
		for i := burst; i < len(reached); i++ {
			if d := reached[i].Sub(reached[i-burst]); d < burst*gap {
				t.Errorf("sends %d to %d reached the server within %v", i-burst, i, d)
			}
		}
		if d := reached[2].Sub(reached[0]); d > gap {
			t.Errorf("the first burst took %v", d)
		}
	})
}

func TestPacerGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(time.Hour, 1)
		release, _ := p.acquire(t.Context())
		release(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.acquire(ctx); err == nil {
			t.Error("no error")
		}
		time.Sleep(time.Hour)
		if _, err := p.acquire(t.Context()); err != nil {
			t.Errorf("the slot was lost: %v", err)
		}
	})
}
