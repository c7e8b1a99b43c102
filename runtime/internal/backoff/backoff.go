// Package backoff has the pauses before something is tried again.
package backoff

import (
	"context"
	"time"
)

// Backoff is a pause that doubles with each failure in a row, from Min to Max.
type Backoff struct{ Min, Max time.Duration }

// After returns the pause after so many failures in a row, 1 being the first.
func (b Backoff) After(failures int) time.Duration {
	pause := b.Min
	for range failures - 1 {
		if pause >= b.Max/2 {
			return b.Max
		}
		pause *= 2
	}
	return min(pause, b.Max)
}

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
