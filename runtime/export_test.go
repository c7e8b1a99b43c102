package runtime

import (
	"context"
	"time"
)

// Refresh does what happens when another process wrote to the store.
func (r *Runtime) Refresh(ctx context.Context) { r.refresh(ctx) }

// Hurry makes the pauses after failed sends short.
func (c *Config) Hurry() { c.pauses = pauses{trouble: time.Millisecond, session: time.Millisecond} }
