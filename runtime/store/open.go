package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Open opens the store at path and makes it if there is none. The folder must
// exist and should be the owner's alone.
//
// It returns a [DamagedError], a [SetAsideError], a [NewerSchemaError] or a
// [ForeignError] for a file that can't be used, and [ErrReadOnly], [ErrDiskFull]
// or [ErrBusy] for the place it is in.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	s := &Store{log: opts.Logger, maxBatch: opts.MaxBatch}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.maxBatch <= 0 {
		s.maxBatch = DefaultMaxBatch
	}
	var err error
	if s.path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := s.open(ctx, opts); err != nil {
		err = classifyFile(err)
		if damaged, ok := errors.AsType[*DamagedError](err); ok {
			return nil, fmt.Errorf("open the store: %w", damaged)
		}
		if errors.Is(err, ErrDamaged) {
			err = setAside(s.path, err, s.log)
		}
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), s.writer.close())
	}
	s.start()
	return s, nil
}

func (s *Store) open(ctx context.Context, opts Options) error {
	exists, err := s.find(opts.Fresh)
	if opts.Existing && errors.Is(err, fs.ErrNotExist) {
		err = nil // not even the folder is there
	}
	if err != nil {
		return err
	}
	if !exists && opts.Existing {
		return fmt.Errorf("%w at %s", ErrNoStore, s.path)
	}
	if !exists {
		if err := makeStore(ctx, s.path); err != nil {
			return fmt.Errorf("make %s: %w", s.path, err)
		}
		s.log.Info("made a new store", "path", s.path)
	}
	if err := inspect(ctx, s.path); err != nil {
		return err
	}
	synchronous := "synchronous(FULL)"
	if opts.Volatile {
		synchronous = "synchronous(OFF)"
	}
	c, err := connect(ctx, dsn(s.path, readWrite,
		synchronous,
		"fullfsync(ON)", "checkpoint_fullfsync(ON)", // where fsync alone leaves it in the drive's cache
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages),
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
	))
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, c); err != nil {
		return errors.Join(err, c.close())
	}
	s.writer = c
	return nil
}

// prepare makes the writer's connection ready and the schema the latest.
func (s *Store) prepare(ctx context.Context, c *conn) error {
	var mode string
	if err := c.sql.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return fmt.Errorf("set the journal mode: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("the file system allows no write-ahead log (journal mode %q): put the store on a local disk", mode)
	}
	// SQLite opens a file that it may not write for reading, without a word,
	// and makes no more than that of a BEGIN IMMEDIATE. So it has to be a
	// write; undone, it doesn't touch the disk.
	try := fmt.Sprintf("BEGIN IMMEDIATE; PRAGMA application_id = %d; ROLLBACK", applicationID)
	if _, err := c.sql.ExecContext(ctx, try); err != nil {
		return fmt.Errorf("try to write: %w", err)
	}
	from, to, err := migrate(ctx, c, s.path, migrations())
	if err != nil {
		return fmt.Errorf("bring the schema from version %d to %d: %w", from, to, err)
	}
	if from != to {
		s.log.Info("brought the store's schema up to date", "path", s.path, "from", from, "to", to)
	}
	return nil
}

// minPageSize is the size of the smallest page, and so of the smallest
// database, that SQLite knows.
const minPageSize = 512

// find looks at what is in the file's place before anything opens it. It never
// opens the file itself: closing it again would give up the locks that SQLite
// holds for another Store of this process.
func (s *Store) find(fresh bool) (exists bool, err error) {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, s.findRemains(fresh)
	case err != nil:
		return false, fmt.Errorf("look at the file: %w", err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s is no regular file", s.path)
	case info.Size() < minPageSize:
		// Not one of ours that was never filled: a new store gets its name
		// only once it has its tables. SQLite takes such a file for empty.
		return false, fmt.Errorf("%w: the file has only %d bytes", ErrDamaged, info.Size())
	}
	for _, suffix := range append([]string{""}, sideFiles()...) {
		if err := s.makePrivate(s.path + suffix); err != nil {
			return false, err
		}
	}
	// Last, as SQLite would make its files where it can: beside a read-only
	// database they are read-only as well, and stay so.
	return true, mayWrite(filepath.Dir(s.path))
}

// findRemains decides whether a new store may be made where there is none.
func (s *Store) findRemains(fresh bool) error {
	if info, err := os.Stat(s.path + "-wal"); err == nil && info.Size() > 0 {
		// A new database would take it for its own log.
		lost := fmt.Errorf("%w: the file is gone and only its write-ahead log is left", ErrDamaged)
		if !fresh {
			return lost
		}
		damaged := setAside(s.path, lost, s.log)
		if damaged.SetAside == "" {
			return damaged
		}
	}
	if fresh {
		return nil
	}
	last, err := lastSetAside(s.path)
	if err != nil {
		return err
	}
	if last != "" {
		return &SetAsideError{Path: s.path, SetAside: last}
	}
	return nil
}

// makePrivate refuses a file that may not be written, and takes away what
// others may do with it: it holds people's messages.
func (s *Store) makePrivate(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a side file
	}
	if err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	if err := mayWrite(path); err != nil {
		return err
	}
	if !othersMay(info) {
		return nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("make %s the owner's alone: %w", path, err)
	}
	s.log.Warn("the store could be used by others: its mode is 0600 now", "path", path, "mode", info.Mode().Perm().String())
	return nil
}

// inspect refuses, without changing anything, a file that is not a sound store
// of a version we know.
func inspect(ctx context.Context, path string) (err error) {
	c, err := connect(ctx, dsn(path, readOnly))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	id, err := c.number(ctx, "application_id")
	if err != nil {
		return err
	}
	if id != applicationID {
		return &ForeignError{Path: path, ID: id}
	}
	version, err := c.number(ctx, "user_version")
	if err != nil {
		return err
	}
	if know := len(migrations()); version > know {
		return &NewerSchemaError{Path: path, Have: version, Know: know}
	}
	var verdict string
	if err := c.sql.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(strings.Fields(verdict), " "))
	}
	return nil
}

// staleAfter is the age at which the half-made store of another process is
// taken for abandoned.
const staleAfter = time.Hour

// makeStore makes an empty store with all its tables under another name and
// then gives it its own: a crash in between leaves no half of one.
func makeStore(ctx context.Context, path string) (err error) {
	dir, base := filepath.Split(path)
	removeStale(dir, base+".new-")
	f, err := os.CreateTemp(dir, base+".new-*") // made exclusively, mode 0600
	if err != nil {
		return err
	}
	tmp := f.Name()
	defer func() {
		for _, suffix := range append([]string{""}, sideFiles()...) {
			os.Remove(tmp + suffix) // most don't exist
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	if err := makeTables(ctx, tmp); err != nil {
		return err
	}
	if err := giveName(tmp, path); err != nil {
		return err
	}
	return syncDir(dir)
}

func makeTables(ctx context.Context, path string) (err error) {
	// Incremental auto_vacuum can only be chosen before there are tables.
	c, err := connect(ctx, dsn(path, readWrite, "auto_vacuum(INCREMENTAL)", "synchronous(FULL)", "fullfsync(ON)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if _, err := c.sql.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	if _, _, err := migrate(ctx, c, path, migrations()); err != nil {
		return err
	}
	// Last, so that the tables are in the file and not in a log beside it.
	_, err = c.sql.ExecContext(ctx, "PRAGMA journal_mode = WAL")
	return err
}

// giveName gives the new store its name, unless another process was first: its
// store must not be replaced.
func giveName(tmp, path string) error {
	err := os.Link(tmp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// A file system without links.
	if _, statErr := os.Lstat(path); statErr == nil {
		return nil
	}
	return os.Rename(tmp, path)
}

func removeStale(dir, prefix string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // making the new one tells why
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			os.Remove(filepath.Join(dir, e.Name())) // it is in nobody's way
		}
	}
}
