// Package replay lets a handler run again after a crash as if it had never stopped.
//
// A handler's calls of the host are numbered and recorded (see [luabind.Step]). What
// changes something is done once: the records and the change are saved in one
// transaction, and a handler that is run again finds what came of it. Before what can't
// be part of a transaction, the intention is saved.
package replay

import (
	"context"
	"sync"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// Run is one run of a handler, as the host's parts must know it: its sends are numbered,
// so that it finds them again when it is run again.
type Run struct {
	// Inbound is the message, or timer, that is handled.
	Inbound *store.Inbound
	// Again says that a handler may have run for it before, and have sent something.
	Again bool

	mu   sync.Mutex
	next int
}

// Where the numbers of sends begin that aren't the handler's own: they must not be those
// of the handler that may yet run for the same message.
const (
	InterruptOrdinals = 1 << 20 // of on_interrupt
	ErrorOrdinals     = 2 << 20 // of on_error
	// OtherWay is added to a number under which something else is in the outbox.
	OtherWay = 4 << 20
)

// NewRun is a run whose sends are numbered from first on, where they are not numbered by
// a journal.
func NewRun(in *store.Inbound, again bool, first int) *Run {
	return &Run{Inbound: in, Again: again, next: first}
}

// Ordinal numbers the sends of handlers that keep no journal.
func (r *Run) Ordinal() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return r.next - 1
}

type runKey struct{}

// With returns a context for the handler's calls of the host.
func With(ctx context.Context, r *Run) context.Context {
	return context.WithValue(ctx, runKey{}, r)
}

// Of is the run that a call of the host comes from, nil outside of one.
func Of(ctx context.Context) *Run {
	r, _ := ctx.Value(runKey{}).(*Run)
	return r
}
