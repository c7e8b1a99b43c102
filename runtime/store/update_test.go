package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hold keeps the writer busy until the returned function is called.
func hold(t testing.TB, s *Store) (release func()) {
	t.Helper()
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		left <- s.Update(context.Background(), "hold", func(*Tx) error {
			close(entered)
			<-leave
			return nil
		})
	}()
	soon(t, entered, "the writer")
	return func() {
		t.Helper()
		close(leave)
		if err := soon(t, left, "the held write"); err != nil {
			t.Error(err)
		}
	}
}

// waitQueued waits until so many writes are queued.
func waitQueued(t testing.TB, s *Store, n int) {
	t.Helper()
	for range 1_000_000 {
		s.mu.Lock()
		have := len(s.queue)
		s.mu.Unlock()
		if have >= n {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("no %d writes were queued", n)
}

func TestGroupCommit(t *testing.T) {
	s := openStore(t, newPath(t), Options{MaxBatch: 50})
	release := hold(t, s)
	before := s.Stats()
	const writes = 120
	var wg sync.WaitGroup
	for i := range writes {
		wg.Go(func() {
			err := s.Update(t.Context(), "add", func(tx *Tx) error { return addSeen(tx, "b", fmt.Sprint(i)) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, s, writes)
	release()
	wg.Wait()
	after := s.Stats()
	// The held one, then 50, 50 and 20.
	if got := after.Commits - before.Commits; got != 4 {
		t.Errorf("%d commits, want 4", got)
	}
	if got := after.Updates - before.Updates; got != writes+1 {
		t.Errorf("%d updates, want %d", got, writes+1)
	}
	if n := len(seenKeys(t, s, "b")); n != writes {
		t.Errorf("%d rows, want %d", n, writes)
	}
}

func TestOrderOfACaller(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	var mu sync.Mutex
	got := make(map[string][]int)
	var wg sync.WaitGroup
	for g := range 16 {
		bot := fmt.Sprint("bot", g)
		wg.Go(func() {
			for i := range 30 {
				err := s.Update(t.Context(), "add", func(tx *Tx) error {
					tx.OnCommit(func() {
						mu.Lock()
						defer mu.Unlock()
						got[bot] = append(got[bot], i)
					})
					return addSeen(tx, bot, fmt.Sprintf("%03d", i))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for bot, order := range got {
		if len(order) != 30 || !slices.IsSorted(order) {
			t.Errorf("%s: %v", bot, order)
		}
	}
	if st := s.Stats(); st.Commits >= st.Updates {
		t.Errorf("no commit was shared: %+v", st)
	}
}

func TestOneWriteFailsAlone(t *testing.T) {
	var log strings.Builder
	s := openStore(t, newPath(t), Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	release := hold(t, s)
	wrong := errors.New("wrong")
	hooks := make(chan string, 10)
	cases := []struct {
		name string
		f    func(tx *Tx) error
		want string // part of the error
	}{
		{"a", func(*Tx) error { return nil }, ""},
		{"error", func(*Tx) error { return wrong }, "wrong"},
		{"b", func(*Tx) error { return nil }, ""},
		{"panic", func(*Tx) error { panic("the text of a message") }, "panic: a value of type string"},
		{"panic-runtime", func(*Tx) error { return []error{}[len(hooks)*0] }, "index out of range"},
		{"panic-hook", func(tx *Tx) error { tx.OnCommit(func() { panic("hook") }); return nil }, ""},
		{"sql", func(tx *Tx) error { _, err := tx.Exec(`INSERT INTO nowhere VALUES (1)`); return err }, "no such table"},
		{"constraint", func(tx *Tx) error { return addSeen(tx, "b", "constraint") }, "UNIQUE constraint failed"},
		{"rows-left-open", func(tx *Tx) error { _, err := tx.Query(`SELECT key FROM seen`); return errors.Join(err, wrong) }, "wrong"},
		{"c", func(*Tx) error { return nil }, ""},
	}
	errs := make([]error, len(cases))
	var wg sync.WaitGroup
	for i, c := range cases {
		wg.Go(func() {
			errs[i] = s.Update(t.Context(), "do "+c.name, func(tx *Tx) error {
				tx.OnCommit(func() { hooks <- c.name })
				if err := addSeen(tx, "b", c.name); err != nil {
					return err
				}
				return c.f(tx)
			})
		})
		waitQueued(t, s, i+1)
	}
	before := s.Stats().Commits
	release()
	wg.Wait()
	close(hooks)
	for i, c := range cases {
		switch {
		case c.want == "" && errs[i] != nil:
			t.Errorf("%s: %v", c.name, errs[i])
		case c.want != "" && (errs[i] == nil || !strings.Contains(errs[i].Error(), c.want)):
			t.Errorf("%s: error %v, want %q", c.name, errs[i], c.want)
		case c.want != "" && !strings.HasPrefix(errs[i].Error(), "do "+c.name+": "):
			t.Errorf("the error doesn't say what was done: %v", errs[i])
		}
	}
	if !errors.Is(errs[1], wrong) {
		t.Error("the error isn't the function's")
	}
	if got := s.Stats().Commits - before; got != 2 {
		t.Errorf("%d commits, want 2", got)
	}
	want := []string{"a", "b", "c", "panic-hook"}
	if got := seenKeys(t, s, "b"); !slices.Equal(got, want) {
		t.Errorf("written: %v, want %v", got, want)
	}
	var called []string
	for name := range hooks {
		called = append(called, name)
	}
	if want := []string{"a", "b", "panic-hook", "c"}; !slices.Equal(called, want) {
		t.Errorf("hooks called: %v, want %v", called, want)
	}
	if n := strings.Count(log.String(), "stack="); n != 3 {
		t.Errorf("%d stacks logged, want 3", n)
	}
}

func TestContextEndsBeforeStart(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	out := make(chan error, 1)
	go func() { out <- s.Update(ctx, "late", func(tx *Tx) error { return addSeen(tx, "b", "late") }) }()
	waitQueued(t, s, 1)
	cancel()
	if err := soon(t, out, "the cancelled write"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	release()
	if err := s.Update(ctx, "later", func(tx *Tx) error { return addSeen(tx, "b", "later") }); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if keys := seenKeys(t, s, "b"); len(keys) > 0 {
		t.Errorf("written: %v", keys)
	}
}

func TestContextEndsAfterStart(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, "add", func(tx *Tx) error {
		cancel()
		if _, err := tx.QueryContext(ctx, `SELECT 1`); err != nil {
			return err
		}
		return addSeen(tx, "b", "k")
	})
	if err != nil {
		t.Errorf("the outcome wasn't awaited: %v", err)
	}
	if keys := seenKeys(t, s, "b"); len(keys) != 1 {
		t.Errorf("written: %v", keys)
	}
}

func TestCloseFinishesQueuedWrites(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, Options{MaxBatch: 3})
	release := hold(t, s)
	out := make(chan error, 10)
	for i := range 10 {
		go func() {
			out <- s.Update(context.Background(), "add", func(tx *Tx) error { return addSeen(tx, "b", fmt.Sprint(i)) })
		}()
	}
	waitQueued(t, s, 10)
	closed := make(chan error, 2)
	go func() { closed <- s.Close() }()
	go func() { closed <- s.Close() }()
	<-s.closing
	if err := tryExec(s, `SELECT 1`); !errors.Is(err, ErrClosed) {
		t.Errorf("Update while closing: %v", err)
	}
	release()
	for range 10 {
		if err := soon(t, out, "a queued write"); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if err := soon(t, closed, "Close"); err != nil {
			t.Error(err)
		}
	}
	if err := s.View(t.Context(), "look", func(Queryer) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("View after Close: %v", err)
	}
	if err := s.LockDaemon(); !errors.Is(err, ErrClosed) {
		t.Errorf("LockDaemon after Close: %v", err)
	}
	if n := len(seenKeys(t, openStore(t, path, Options{}), "b")); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
}

// A function that ends its goroutine, as t.FailNow does, must not leave others
// waiting.
func TestGoexitInAWrite(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	err := s.Update(t.Context(), "leave", func(tx *Tx) error {
		if err := addSeen(tx, "b", "k"); err != nil {
			return err
		}
		runtime.Goexit()
		return nil
	})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	if err := tryExec(s, `SELECT 1`); !errors.Is(err, ErrClosed) {
		t.Errorf("the next: %v", err)
	}
}

func TestTx(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	for _, key := range []string{"1", "2", "3"} {
		mustExec(t, s, `INSERT INTO seen (bot, key, at) VALUES ('b', ?, 1)`, key)
	}
	var kept *Tx
	err := s.Update(t.Context(), "nest", func(tx *Tx) error {
		kept = tx
		const query = `SELECT key FROM seen WHERE bot = ? ORDER BY key`
		outer, err := tx.Query(query, "b")
		if err != nil {
			return err
		}
		defer outer.Close()
		for outer.Next() {
			var key string
			if err := outer.Scan(&key); err != nil {
				return err
			}
			// The same statement while its rows are being read.
			inner, err := tx.Query(query, "b")
			if err != nil {
				return err
			}
			keys, err := texts(inner)
			if err != nil {
				return err
			}
			var first string
			if err := tx.QueryRow(query, "b").Scan(&first); err != nil {
				return err
			}
			if len(keys) != 3 || first != "1" {
				t.Errorf("at %s: %v, first %s", key, keys, first)
			}
		}
		if err := outer.Err(); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT key FROM seen WHERE bot = 'nobody'`).Scan(new(string)); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("error %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := kept.Exec(`SELECT 1`); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("Exec after the end: %v", err)
	}
	if _, err := kept.Query(`SELECT 1`); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("Query after the end: %v", err)
	}
	if err := kept.QueryRow(`SELECT 1`).Scan(new(int)); err == nil {
		t.Error("QueryRow after the end succeeds")
	}
}

func TestManyStatements(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	err := s.Update(t.Context(), "ask", func(tx *Tx) error {
		for i := range 2 * maxStatements {
			var n int
			if err := tx.QueryRow(fmt.Sprintf(`SELECT %d`, i)).Scan(&n); err != nil || n != i {
				return fmt.Errorf("%d: %d, %w", i, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if n := len(s.writer.stmts); n > maxStatements {
		t.Errorf("%d statements kept", n)
	}
}
