package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// sideFiles are the suffixes of the files that SQLite keeps beside a database.
func sideFiles() []string { return []string{"-wal", "-shm", "-journal"} }

// asideMark is between the path and the time in the name of a store that was
// set aside.
const asideMark = ".damaged-"

// setAside renames a damaged store and the files beside it, which belong
// together, and says so in its error. Nothing is moved from under another
// daemon, which would go on to write to it.
func setAside(path string, damage error, log *slog.Logger) *DamagedError {
	result := &DamagedError{Path: path, Err: damage}
	lock, err := lockFile(path)
	if err != nil {
		result.MoveErr = err
		return result
	}
	defer lock.release() // nothing was written that counts
	target := path + asideMark + time.Now().UTC().Format("20060102T150405.000Z")
	var errs []error
	moved := false
	// The database first: should this be interrupted, a log alone is known to
	// be a remain, but a database without its log would pass for whole.
	for _, suffix := range append([]string{""}, sideFiles()...) {
		switch err := os.Rename(path+suffix, target+suffix); {
		case err == nil:
			moved = true
		case !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	}
	result.MoveErr = errors.Join(errs...)
	if !moved {
		if result.MoveErr == nil {
			result.MoveErr = errors.New("it is gone")
		}
		return result
	}
	result.SetAside = target
	log.Error("set a damaged store aside", "path", path, "set_aside", target, "err", errors.Join(damage, result.MoveErr))
	if err := syncDir(filepath.Dir(path)); err != nil {
		log.Warn("sync the folder of the store", "err", err)
	}
	return result
}

// lastSetAside returns the newest store that was set aside, or an empty string.
func lastSetAside(path string) (string, error) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(dir) // sorted, and so are the times
	if err != nil {
		return "", fmt.Errorf("look for stores set aside: %w", err)
	}
	last := ""
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base+asideMark) {
			continue
		}
		for _, suffix := range sideFiles() {
			name = strings.TrimSuffix(name, suffix)
		}
		last = filepath.Join(dir, name)
	}
	return last, nil
}
