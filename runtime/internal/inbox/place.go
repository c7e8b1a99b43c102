package inbox

import (
	"context"
	"sync"
)

// place is where a handler runs, as the inbox must know it when the handler waits for an
// answer: in which conversation, for which message, and whether it takes one of the
// places of those that are handled side by side.
type place struct {
	conversation *conversation
	message      *message

	mu    sync.Mutex
	taken bool
}

type placeKey struct{}

func withPlace(ctx context.Context, p *place) context.Context {
	return context.WithValue(ctx, placeKey{}, p)
}

// placeOf is where the handler runs that a host call comes from, nil outside of one that
// can wait.
func placeOf(ctx context.Context) *place {
	p, _ := ctx.Value(placeKey{}).(*place)
	return p
}

// leave gives up the place among the handlers for as long as it waits.
func (p *place) leave(slots <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken {
		<-slots
		p.taken = false
	}
}

// enter takes a place, unless ctx ends before there is one.
func (p *place) enter(ctx context.Context, slots chan<- struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case slots <- struct{}{}:
		p.taken = true
	case <-ctx.Done():
	}
}
