package runtime

import (
	"context"
	"sync"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// handlerRun is what the host must know of a handler: its sends are numbered, so
// that it finds them again when it is run again.
type handlerRun struct {
	inbound *store.Inbound
	again   bool
	// lane and message are where it can wait for answers, nil where it can't.
	lane    *conversation
	message *message

	mu   sync.Mutex
	next int
	// slot says that it has a place among those handled side by side.
	slot bool
}

// interruptOrdinals is where the numbers of on_interrupt's sends begin. They must
// not be those of the handler that may yet run for the same message.
const interruptOrdinals = 1 << 20

// errorOrdinals is where those of on_error begin.
const errorOrdinals = 2 << 20

// otherWay is added to an ordinal under which something else is in the outbox.
const otherWay = 4 << 20

// leave gives up the place among the handlers for as long as it waits.
func (r *handlerRun) leave(slots <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slot {
		<-slots
		r.slot = false
	}
}

// enter takes a place, unless ctx ends before there is one.
func (r *handlerRun) enter(ctx context.Context, slots chan<- struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case slots <- struct{}{}:
		r.slot = true
	case <-ctx.Done():
	}
}

// ordinal numbers the sends of handlers that keep no journal.
func (r *handlerRun) ordinal() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.next - 1
}

type runKey struct{}

func withRun(ctx context.Context, r *handlerRun) context.Context {
	return context.WithValue(ctx, runKey{}, r)
}

// runOf is the handler that a host call comes from, nil outside of one.
func runOf(ctx context.Context) *handlerRun {
	r, _ := ctx.Value(runKey{}).(*handlerRun)
	return r
}
