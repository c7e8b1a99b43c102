package inbox

import (
	"context"
	"errors"
	"time"

	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/runtime/internal/backoff"
)

// While the process to which messages are forwarded doesn't take one, ForwardRetryMin
// doubles to ForwardRetryMax between the tries.
const (
	ForwardRetryMin = 500 * time.Millisecond
	ForwardRetryMax = 30 * time.Second
)

// NewForwarded returns a handler that hands messages on to another process.
func NewForwarded(f *bridge.Forwarder) Handler { return forwarded{f} }

type forwarded struct{ to *bridge.Forwarder }

func (forwarded) Wait(ctx context.Context, _ string) error { return ctx.Err() }

func (f forwarded) Handle(ctx context.Context, d *Delivery) error {
	return f.to.Forward(ctx, d.Message, d.Inbound.Received)
}

func (forwarded) Interrupt(context.Context, *Delivery) bool { return false }

func (forwarded) Retry(err error, attempts int) Retry {
	if errors.As(err, new(*bridge.RefusedError)) || errors.Is(err, ErrUnreadable) {
		return Retry{} // it would never be taken, and others wait behind it
	}
	// The other process is away: the message waits for it, however long.
	return Retry{Again: true, After: backoff.Backoff{Min: ForwardRetryMin, Max: ForwardRetryMax}.After(attempts)}
}

func (forwarded) GaveUp(context.Context, context.Context, *Delivery, error) {}

func (forwarded) Version() int { return 0 }

func (forwarded) Kill() {}
