package runtime

import (
	"context"
	"sync"
)

// stats are what is known of a bot itself: its state, and its script. What its rooms count
// is theirs; see bot.status.
type stats struct {
	mu      sync.Mutex
	s       Status
	changed chan struct{} // closed at the next change, nil if nobody waits
}

func (st *stats) update(f func(s *Status)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f(&st.s)
	if st.changed != nil {
		close(st.changed)
		st.changed = nil
	}
}

// poke has those who wait look again.
func (st *stats) poke() { st.update(func(*Status) {}) }

// wait blocks until ok says so, or ctx ends. ok is called at each change.
func (st *stats) wait(ctx context.Context, ok func() bool) error {
	for {
		st.mu.Lock()
		if st.changed == nil {
			st.changed = make(chan struct{})
		}
		changed := st.changed
		st.mu.Unlock()
		if ok() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (st *stats) setState(state string, err error) {
	st.update(func(s *Status) {
		s.State, s.Error = state, ""
		if err != nil {
			s.Error = err.Error()
		}
	})
}

func (st *stats) snapshot() Status {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.s
}
