package runtime

import (
	"time"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// After a refusal for sending too fast a bot sends nothing for throttleMin,
// doubling to throttleMax with each further one; then a single probe goes first
// (protocol §4).
const (
	throttleMin = 30 * time.Second
	throttleMax = 10 * time.Minute
)

// throttled returns the throttle after one more refusal.
func throttled(t store.Throttle, now time.Time) store.Throttle {
	pause := throttleMax
	if t.Step < 10 {
		pause = min(throttleMin<<t.Step, throttleMax)
	}
	return store.Throttle{Until: now.Add(pause), Step: t.Step + 1}
}
