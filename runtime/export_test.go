package runtime

import (
	"context"
	"time"

	"github.com/ilinkd/ilinkd/runtime/metrics"
)

// Refresh does what happens when another process wrote to the store.
func (r *Runtime) Refresh(ctx context.Context) { r.refresh(ctx) }

// Hurry makes the pauses short: after failed sends, and of scripts that hit limits.
func (c *Config) Hurry() {
	c.pauses = pauses{trouble: time.Millisecond, session: time.Millisecond, slow: time.Millisecond}
}

// Snapshot is what the metrics tell.
func (r *Runtime) Snapshot() metrics.Snapshot { return r.snapshot() }
