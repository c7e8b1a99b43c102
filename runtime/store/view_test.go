package store

import (
	"context"
	"errors"
	"testing"
)

func TestViewIsOneState(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	err := s.View(t.Context(), "look", func(q Queryer) error {
		count := func() (n int) {
			if err := q.QueryRowContext(t.Context(), `SELECT count(*) FROM seen`).Scan(&n); err != nil {
				t.Error(err)
			}
			return n
		}
		before := count()
		// A writer isn't held up by who reads.
		mustExec(t, s, `INSERT INTO seen (bot, key, at) VALUES ('b', 'k', 1)`)
		if after := count(); before != 0 || after != 0 {
			t.Errorf("%d rows, then %d", before, after)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n := number(t, s, `SELECT count(*) FROM seen`); n != 1 {
		t.Errorf("%d rows afterwards", n)
	}
}

func TestViewCannotWrite(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	err := s.View(t.Context(), "write", func(q Queryer) error {
		return q.QueryRowContext(t.Context(), `INSERT INTO seen (bot, key, at) VALUES ('b', 'k', 1) RETURNING key`).Scan(new(string))
	})
	if !errors.Is(err, ErrReadOnly) {
		t.Errorf("error %v", err)
	}
}

func TestViewLeavesNothingBehind(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	mustExec(t, s, `INSERT INTO seen (bot, key, at) VALUES ('b', 'k', 1), ('b', 'l', 1)`)
	wrong := errors.New("wrong")
	for range 2 * maxReaders {
		err := s.View(t.Context(), "look", func(q Queryer) error {
			rows, err := q.QueryContext(t.Context(), `SELECT key FROM seen`)
			if err != nil {
				return err
			}
			rows.Next()
			return wrong
		})
		if !errors.Is(err, wrong) {
			t.Error(err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			_ = s.View(t.Context(), "look", func(Queryer) error { panic("wrong") })
		}()
		ctx, cancel := context.WithCancel(t.Context())
		err = s.View(ctx, "look", func(q Queryer) error {
			cancel()
			return q.QueryRowContext(ctx, `SELECT key FROM seen`).Scan(new(string))
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	mustExec(t, s, `DELETE FROM seen`)
	for range 2 * maxReaders {
		if n := number(t, s, `SELECT count(*) FROM seen`); n != 0 {
			t.Fatal("a reader is stuck in an old state")
		}
	}
}

func TestViewWaitsForAReader(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	leave := make(chan struct{})
	entered, left := make(chan struct{}, maxReaders), make(chan error, maxReaders)
	for range maxReaders {
		go func() {
			left <- s.View(context.Background(), "look", func(Queryer) error {
				entered <- struct{}{}
				<-leave
				return nil
			})
		}()
	}
	for range maxReaders {
		soon(t, entered, "a reader")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.View(ctx, "look", func(Queryer) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.closing
	close(leave)
	for range maxReaders {
		if err := soon(t, left, "a View"); err != nil {
			t.Error(err)
		}
	}
	if err := soon(t, closed, "Close"); err != nil {
		t.Error(err)
	}
}
