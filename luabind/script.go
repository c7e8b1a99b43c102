package luabind

import "context"

// Script is a loaded script, as a host needs it: a [Sandbox] in this process, or one in a
// process of its own.
type Script interface {
	// OnMessage, OnTimer and OnInterrupt handle what came.
	OnMessage(ctx context.Context, ev *Event) error
	OnTimer(ctx context.Context, ev *TimerEvent) error
	OnInterrupt(ctx context.Context, ev *Event) (stop bool, err error)
	// HasInterrupt reports whether the script has an on_interrupt.
	HasInterrupt() bool
	// OnSessionExpired, OnSuppressed, OnStart, OnStop and OnError call the script's hooks,
	// if it has them.
	OnSessionExpired(ctx context.Context, info SessionInfo) error
	OnSuppressed(ctx context.Context, info SuppressedInfo) error
	OnStart(ctx context.Context, reason string) error
	OnStop(ctx context.Context, reason string) error
	OnError(ctx context.Context, ev *Event, failure error) error
	// Schedules are those that the script has set up while it was loaded.
	Schedules() []Schedule
	// OverLimit reports whether its variables hold more than they may.
	OverLimit() bool
	// State is what it leaves to the version after it, packed.
	State() ([]byte, error)
	// Files are those that it was loaded from.
	Files() []string
	// Close ends it, and handlers that still run when ctx ends.
	Close(ctx context.Context) error
}

var _ Script = (*Sandbox)(nil)
