package ilink

import (
	"context"
	"io"
	"sync"
	"time"
)

// stallGuard cancels a transfer in which nothing moved for a while. A limit on
// the whole transfer would be wrong for large files on slow lines. The guard
// counts only while the network is to move: a caller who takes a rest between
// two reads of a download stalls nothing.
type stallGuard struct {
	cancel context.CancelFunc
	limit  time.Duration

	mu      sync.Mutex
	timer   *time.Timer
	stalled bool
	stopped bool
}

// newStallGuard returns a guard that is armed, for the connection and the first
// answer, and the context that it cancels.
func newStallGuard(ctx context.Context, limit time.Duration) (context.Context, *stallGuard) {
	ctx, cancel := context.WithCancel(ctx)
	g := &stallGuard{cancel: cancel, limit: limit}
	g.timer = time.AfterFunc(limit, g.fire)
	return ctx, g
}

func (g *stallGuard) fire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopped {
		g.stalled = true
		g.cancel()
	}
}

// arm starts the wait anew. net/http may still read a body when the transfer is
// over: a timer that was stopped stays so.
func (g *stallGuard) arm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopped {
		g.timer.Reset(g.limit)
	}
}

func (g *stallGuard) disarm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.timer.Stop()
}

// incoming guards the reads of a download.
func (g *stallGuard) incoming(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		g.arm()
		defer g.disarm()
		return r.Read(p)
	})
}

// outgoing guards the time between the reads of an upload: net/http reads on
// when the network has taken what it had.
func (g *stallGuard) outgoing(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.Read(p)
		g.arm()
		return n, err
	})
}

// explain makes a time-out of the cancellation that the guard itself caused.
func (g *stallGuard) explain(err *TransportError) *TransportError {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stalled {
		return &TransportError{Op: err.Op, Kind: FailureTimeout, Detail: "nothing moved for " + g.limit.String()}
	}
	return err
}

func (g *stallGuard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	g.timer.Stop()
	g.cancel()
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
