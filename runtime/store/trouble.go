package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrGone says that the database file was removed, or replaced by another, while it
// is in use. Nothing is written while that is so.
var ErrGone = errors.New("the store's file was removed or replaced while ilinkd uses it, so that nothing is stored: " +
	"put that file back, or stop ilinkd, put the right one in place, and start it")

// Trouble returns why the store takes nothing at the moment, such as an
// [ErrDiskFull], or that its file is gone, an [ErrGone]; nil if all is well. It ends
// by itself with the first write that succeeds.
func (s *Store) Trouble() error {
	if err := s.gone(); err != nil {
		return err
	}
	if t := s.trouble.Load(); t != nil {
		return *t
	}
	return nil
}

// gone returns an [ErrGone] where the database file isn't the one that was opened.
// Nothing may be written then: it would be acknowledged and never be found again.
func (s *Store) gone() error {
	if now, err := os.Stat(s.path); s.file != nil && (errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(s.file, now)) {
		return fmt.Errorf("%w (%s)", ErrGone, s.path)
	}
	return nil
}

// Try writes a little, to find out whether the store takes something again.
func (s *Store) Try(ctx context.Context) error {
	return s.Update(ctx, "try the store", func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO seen (bot, key, at) VALUES ('', 'try', ?1) ON CONFLICT DO UPDATE SET at = excluded.at`, ms(time.Now()))
		return err
	})
}

// noteTrouble notes why a transaction failed, if it is the store's own failure.
func (s *Store) noteTrouble(err error) {
	if err = classify(err); !errors.Is(err, ErrBusy) && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrGone) {
		s.trouble.Store(&err)
	}
}

// noteSuccess ends a trouble, if something was written.
func (s *Store) noteSuccess(writes []*write) {
	if s.trouble.Load() == nil {
		return
	}
	for _, w := range writes {
		if w.what != readVersion && w.err == nil {
			s.trouble.Store(nil)
			return
		}
	}
}
