package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	// ErrClosed says that the store was closed before the call could be done.
	ErrClosed = errors.New("the store is closed")
	// ErrNoStore says that there is no store in that place, and none was to be
	// made.
	ErrNoStore = errors.New("there is no store")
	// ErrDamaged says that the database file isn't what was written to it.
	ErrDamaged = errors.New("the store is damaged")
	// ErrDiskFull says that there is no room left: nothing of the call was
	// applied, and the same call succeeds once there is room again.
	ErrDiskFull = errors.New("the disk is full")
	// ErrReadOnly says that the file or its folder can't be written.
	ErrReadOnly = errors.New("the store can't be written")
	// ErrBusy says that another process held the write lock for longer than
	// busyTimeout.
	ErrBusy = errors.New("the store is in use by another process")
)

// A DamagedError is returned by [Open] for a damaged store. It is an
// [ErrDamaged].
type DamagedError struct {
	Path     string
	SetAside string // where the file is now; empty if it could not be moved
	Err      error  // what is wrong with it
	MoveErr  error  // why it could not be moved
}

func (e *DamagedError) Error() string {
	text := fmt.Sprintf("the store %s is damaged (%v)", e.Path, e.Err)
	if e.SetAside == "" {
		return fmt.Sprintf("%s and could not be set aside (%v): stop ilinkd, keep a copy of the file and restore a backup", text, e.MoveErr)
	}
	return fmt.Sprintf("%s and was set aside as %s: restore a backup to %s, or start afresh with an empty store by \"ilinkd run --fresh-store\"", text, e.SetAside, e.Path)
}

func (e *DamagedError) Unwrap() []error {
	return []error{ErrDamaged, e.Err, e.MoveErr}
}

// A SetAsideError is returned by [Open] while there is no store but a damaged
// one that was set aside earlier, unless [Options.Fresh] is set.
type SetAsideError struct {
	Path     string
	SetAside string // the newest one
}

func (e *SetAsideError) Error() string {
	return fmt.Sprintf("there is no store at %s, as the last one was damaged and set aside as %s: restore a backup, or start afresh with an empty store by \"ilinkd run --fresh-store\"", e.Path, e.SetAside)
}

// A NewerSchemaError is returned by [Open] for a store of a later ilinkd.
type NewerSchemaError struct {
	Path       string
	Have, Know int
}

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the store %s has schema version %d, this ilinkd knows versions up to %d: use the newer ilinkd that wrote it", e.Path, e.Have, e.Know)
}

// A ForeignError is returned by [Open] for a SQLite database that ilinkd did
// not make. The file is left as it is.
type ForeignError struct {
	Path string
	ID   int // its application_id
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is a SQLite database of another program (application id %#x): give ilinkd a file of its own", e.Path, uint32(e.ID))
}

// A LockedError is returned by [Store.LockDaemon] when another daemon runs on
// the same store.
type LockedError struct {
	Path string
	PID  int // 0 if not known
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the store %s is already used by %s: stop it first", e.Path, who)
}

// code returns the primary result code of SQLite in err, 0 if there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// classify adds the sentinel that tells a caller what kind of failure an error
// of SQLite is.
func classify(err error) error {
	if err == nil {
		return nil
	}
	for _, known := range []error{ErrDamaged, ErrDiskFull, ErrReadOnly, ErrBusy} {
		if errors.Is(err, known) {
			return err
		}
	}
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
		// The shared-memory file could not grow.
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// classifyFile is classify for what happens to the files of the store itself.
func classifyFile(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) && !errors.Is(err, ErrDiskFull):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	case (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) && !errors.Is(err, ErrReadOnly):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	return classify(err)
}

// ends tells whether SQLite may have rolled back the whole transaction on its
// own when it returned this error, rather than the one statement.
func ends(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}
