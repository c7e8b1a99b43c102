package runtime_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// TestAStartWaitsForTheProcessBefore: a process that was just killed holds the
// store's lock for a moment, and one that runs on is named in the error.
func TestAStartWaitsForTheProcessBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for seconds")
	}
	data := t.TempDir()
	before, err := store.Open(t.Context(), filepath.Join(data, "ilinkd.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := before.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	rt, err := runtime.New(runtime.Config{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	var locked *store.LockedError
	if err := rt.Run(ctx); !errors.As(err, &locked) {
		t.Errorf("beside a process that runs: %v", err)
	}

	if rt, err = runtime.New(runtime.Config{Data: data}); err != nil {
		t.Fatal(err)
	}
	gone := time.AfterFunc(200*time.Millisecond, func() { before.Close() })
	defer gone.Stop()
	ctx, stop = context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if err := rt.Run(ctx); err != nil {
		t.Errorf("after a process that ends: %v", err)
	}
}
