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

	mu   sync.Mutex
	next int
}

// interruptOrdinals is where the numbers of on_interrupt's sends begin. They must
// not be those of the handler that may yet run for the same message.
const interruptOrdinals = 1 << 20

// ordinal numbers the handler's sends.
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
