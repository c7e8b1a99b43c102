package world

import (
	"context"
	"strconv"

	"github.com/ilinkd/ilinkd/luabind"
)

// timer is one that a handler has started.
type timer struct {
	alarm *alarm
}

// StartTimer has the script called at a time of the world's clock.
func (x *host) StartTimer(_ context.Context, req luabind.TimerRequest) (string, error) {
	w := x.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	id := strconv.Itoa(w.id())
	x.b.timers[id] = &timer{w.at(req.At, func() { delete(x.b.timers, id) })}
	return id, nil
}

// StopTimer takes a timer back.
func (x *host) StopTimer(_ context.Context, id string) (bool, error) {
	w := x.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	t, found := x.b.timers[id]
	if found {
		delete(x.b.timers, id)
		w.cancel(t.alarm)
	}
	return found, nil
}
