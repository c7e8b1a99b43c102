package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
)

// DefaultMaxBatch is how many writes share a transaction, and so an fsync, at
// most. Beyond some hundreds the fsync is no longer what a write costs, and the
// first of a batch would wait for the last.
const DefaultMaxBatch = 256

// Options are the options of [Open]. The zero value is what a daemon wants.
type Options struct {
	// Logger hears of what an operator should know; nil for silence.
	Logger *slog.Logger
	// Existing has Open fail with [ErrNoStore] where there is no store, instead of
	// making one: for commands that only look.
	Existing bool
	// Fresh starts with an empty store although a damaged one was set aside.
	Fresh bool
	// MaxBatch is the most writes in one transaction, 0 for [DefaultMaxBatch].
	MaxBatch int
	// Volatile does without fsync: a power failure then loses the latest
	// writes or damages the file. It is for benchmarks only.
	Volatile bool
}

// A Store is an open store. Its methods may be called from any goroutine.
type Store struct {
	file     os.FileInfo           // of the database, as it was opened
	trouble  atomic.Pointer[error] // why the last transaction failed, nil if it didn't
	path     string
	log      *slog.Logger
	maxBatch int

	writer     *conn // used by the writer's goroutine alone, see runWriter
	writerDone chan struct{}
	readers    chan *conn // maxReaders places; nil stands for one not opened yet
	closing    chan struct{}
	damage     chan error
	updates    atomic.Int64
	commits    atomic.Int64

	mu     sync.Mutex
	queued *sync.Cond // of mu: the queue is no longer empty, or closed is set
	queue  []*write
	closed bool
	lock   *fileLock // held by the daemon

	closeOnce sync.Once
	closeErr  error
}

// Stats are counts since the store was opened.
type Stats struct {
	Updates int64 // calls of Update answered
	Commits int64 // transactions, each at the cost of an fsync
}

// Stats returns the counts so far.
func (s *Store) Stats() Stats {
	return Stats{Updates: s.updates.Load(), Commits: s.commits.Load()}
}

// Path returns the path of the database file.
func (s *Store) Path() string { return s.path }

// Damaged returns a channel that receives an error, an [ErrDamaged], when
// damage is met while the store is in use. What else is met until it is taken
// is only returned to the caller concerned. The owner should then close the
// store: the next Open reports the damage and sets the file aside.
func (s *Store) Damaged() <-chan error { return s.damage }

// start makes the store of an open writer connection.
func (s *Store) start() {
	s.writerDone = make(chan struct{})
	s.closing = make(chan struct{})
	s.damage = make(chan error, 1)
	s.queued = sync.NewCond(&s.mu)
	s.readers = make(chan *conn, maxReaders)
	for range maxReaders {
		s.readers <- nil
	}
	go s.runWriter() // Close waits for it
}

// Close finishes the queued writes, moves the write-ahead log into the database
// file and releases the daemon's lock. Update and View fail with [ErrClosed]
// from then on. A second call waits for the first and returns the same.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	s.mu.Lock()
	s.closed = true
	s.queued.Signal()
	s.mu.Unlock()
	close(s.closing)
	<-s.writerDone
	var errs []error
	for range maxReaders { // each comes back when its View ends
		if c := <-s.readers; c != nil {
			errs = append(errs, c.close())
		}
	}
	// That another process reads and keeps the log from being emptied is no
	// error of the statement. What the log keeps isn't lost: the next process
	// finds it there.
	switch err := classify(s.control("PRAGMA wal_checkpoint(TRUNCATE)")); {
	case errors.Is(err, ErrDiskFull):
		s.log.Warn("the disk is full: the store keeps its write-ahead log", "path", s.path, "err", err)
	case err != nil:
		errs = append(errs, fmt.Errorf("checkpoint: %w", err))
	}
	errs = append(errs, s.writer.close())
	s.mu.Lock()
	errs = append(errs, s.lock.release())
	s.lock = nil
	s.mu.Unlock()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

// readVersion is what [Store.DataVersion] does, the one write that writes nothing.
const readVersion = "read the data version"

// DataVersion returns a number that differs from the one before if another
// process wrote to the store in between. Writes through s don't change it.
func (s *Store) DataVersion(ctx context.Context) (int64, error) {
	var n int64
	// The number is one of the connection that asks, and leaves out what that
	// one wrote itself: so it has to be the writer's.
	err := s.Update(ctx, readVersion, func(tx *Tx) error {
		return tx.QueryRow("PRAGMA data_version").Scan(&n)
	})
	return n, err
}

// LockDaemon makes s the store of the one daemon, until Close. It returns a
// [LockedError] if another process, or another Store of this one, has the lock.
// Other commands use the store beside the daemon and don't lock.
func (s *Store) LockDaemon() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return fmt.Errorf("lock the store: %w", ErrClosed)
	case s.lock != nil:
		return nil
	}
	lock, err := lockFile(s.path)
	if err != nil {
		return fmt.Errorf("lock the store: %w", err)
	}
	s.lock = lock
	return nil
}

// failure is the error of a call: what was being done and what kind of failure
// it is. Damage is passed on to the owner besides.
func (s *Store) failure(what string, err error) error {
	err = fmt.Errorf("%s: %w", what, classify(err))
	if errors.Is(err, ErrDamaged) {
		select {
		case s.damage <- err:
			s.log.Error("the store is damaged", "path", s.path, "err", err)
		default: // told already
		}
	}
	return err
}
