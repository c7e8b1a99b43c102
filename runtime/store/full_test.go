package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// With no room left writes fail, and say so; what was acknowledged stays, and
// once there is room again the store goes on.
func TestDiskFull(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, Options{})
	mustExec(t, s, `INSERT INTO bots (bot, cursor) VALUES ('b', 'kept')`)
	limit := number(t, s, `PRAGMA page_count`) + 20
	mustExec(t, s, fmt.Sprintf(`PRAGMA max_page_count = %d`, limit))
	acknowledged := fillUp(t, s)
	if acknowledged == 0 {
		t.Fatal("it was full at once")
	}
	if n := number(t, s, `SELECT count(*) FROM quotes`); n != acknowledged {
		t.Errorf("%d rows, %d were acknowledged", n, acknowledged)
	}

	// All of a batch of which one fails so, fail: they are one transaction.
	release := hold(t, s)
	errs := make([]error, 4)
	hooks := make(chan int, len(errs))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Update(t.Context(), "add", func(tx *Tx) error {
				tx.OnCommit(func() { hooks <- i })
				if i != 1 {
					_, err := tx.Exec(`UPDATE bots SET cursor = ?`, fmt.Sprint(i))
					return err
				}
				_, err := tx.Exec(`INSERT INTO quotes (bot, message_id, item, at) VALUES ('b', 'big', zeroblob(1000000), 1)`)
				if !errors.Is(err, ErrDiskFull) {
					t.Errorf("error %v", err)
				}
				// A function that goes on regardless must not write outside of
				// the transaction, which may be gone.
				if _, err := tx.Exec(`UPDATE bots SET cursor = 'stray'`); !errors.Is(err, ErrDiskFull) {
					t.Errorf("error %v", err)
				}
				return nil
			})
		})
		waitQueued(t, s, i+1)
	}
	// The held write is in a batch of its own.
	release()
	wg.Wait()
	close(hooks)
	for i, err := range errs {
		switch {
		case i <= 1 && !errors.Is(err, ErrDiskFull):
			t.Errorf("write %d: %v", i, err)
		case i > 1 && err != nil: // in the next transaction
			t.Errorf("write %d: %v", i, err)
		}
	}
	for i := range hooks {
		if i <= 1 {
			t.Errorf("the commit hook of %d was called", i)
		}
	}
	if n := number(t, s, `SELECT count(*) FROM bots WHERE cursor = '3'`); n != 1 {
		t.Error("the last write isn't there")
	}

	mustExec(t, s, `PRAGMA max_page_count = 1000000`)
	mustExec(t, s, `INSERT INTO quotes (bot, message_id, item, at) VALUES ('b', 'room', zeroblob(1000000), 1)`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := number(t, openStore(t, path, Options{}), `SELECT count(*) FROM quotes`); n != acknowledged+1 {
		t.Errorf("%d rows after opening again, %d were acknowledged", n, acknowledged+1)
	}
}

// fillUp writes until there is no room, and returns how many writes were
// acknowledged.
func fillUp(t testing.TB, s *Store) (acknowledged int) {
	t.Helper()
	for i := range 100_000 {
		err := tryExec(s, `INSERT INTO quotes (bot, message_id, item, at) VALUES ('b', ?, zeroblob(3000), 1)`, fmt.Sprint(i))
		if errors.Is(err, ErrDiskFull) {
			return acknowledged
		}
		if err != nil {
			t.Fatal(err)
		}
		acknowledged++
	}
	t.Fatal("it never was full")
	return 0
}
