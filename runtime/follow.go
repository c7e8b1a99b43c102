package runtime

import (
	"context"
	"path/filepath"

	"github.com/ilinkd/ilinkd/runtime/internal/watch"
)

// Follow applies the configuration file at path whenever it changes, and at once
// when something comes from reload (which may be nil), until ctx ends. A
// configuration with a mistake is logged with its line, and the one before stays
// in use.
//
// It begins with what the file is now, so that no change between loading it for
// [New] and the call of Follow is missed.
func (r *Runtime) Follow(ctx context.Context, path string, reload <-chan struct{}) {
	log := r.cfg.Logger.With("config", path)
	select {
	case <-r.ready:
	case <-ctx.Done():
		return
	}
	w := r.shared.watcher.Watch()
	defer w.Close()
	// Of the path alone: relative ones in the configuration stay relative to the
	// path as it was given, so that what didn't change compares as equal.
	file, err := filepath.Abs(path)
	if err != nil {
		file = path
	}
	files := []string{file}
	for first := true; ctx.Err() == nil; first = false {
		w.Set(files)
		// Taken before the file is read: whatever changes from here on is seen as a
		// change.
		before := watch.StateOf(files)
		cfg, err := LoadConfig(path)
		if err == nil {
			err = r.Apply(ctx, cfg)
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			for _, e := range each(err) {
				log.Error("the configuration is not taken over, the one before it stays in use", "err", e)
			}
		case !first:
			log.Info("configuration taken over")
		}
		for {
			cause := w.Wait(ctx, reload)
			if cause == watch.Ended {
				return
			}
			w.Set(files)
			if cause == watch.Asked || before.Differs(watch.StateOf(files)) {
				break
			}
		}
	}
}

// each takes joined errors apart.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
