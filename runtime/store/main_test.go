package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childEnv makes the test binary a child process of a test: it tells what to
// do, and childPath the store to do it to.
const (
	childEnv  = "ILINKD_STORE_TEST_CHILD"
	childPath = "ILINKD_STORE_TEST_PATH"
	// The race detector makes a process wait for a second at its end.
	childGORACE = "GORACE=atexit_sleep_ms=0"
)

func TestMain(m *testing.M) {
	if what := os.Getenv(childEnv); what != "" {
		if err := child(what, os.Getenv(childPath)); err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func child(what, path string) error {
	ctx := context.Background()
	switch what {
	case "count":
		return childCount(ctx, path)
	case "read-only":
		return childReadOnly(ctx, path)
	}
	return errors.New("unknown task " + what)
}

// newPath is the path of a store that doesn't exist yet.
func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "store.db") }

func openStore(t testing.TB, path string, opts Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// mustExec runs one statement in an Update of its own.
func mustExec(t testing.TB, s *Store, query string, args ...any) {
	t.Helper()
	if err := tryExec(s, query, args...); err != nil {
		t.Fatal(err)
	}
}

func tryExec(s *Store, query string, args ...any) error {
	return s.Update(context.Background(), "test", func(tx *Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

// number reads one number.
func number(t testing.TB, s *Store, query string, args ...any) int {
	t.Helper()
	var n int
	err := s.View(context.Background(), "test", func(q Queryer) error {
		return q.QueryRowContext(context.Background(), query, args...).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// addSeen is a write that is easily told from others.
func addSeen(tx *Tx, bot, key string) error {
	_, err := tx.Exec(`INSERT INTO seen (bot, key, at) VALUES (?, ?, 1)`, bot, key)
	return err
}

func seenKeys(t testing.TB, s *Store, bot string) []string {
	t.Helper()
	var keys []string
	err := s.View(t.Context(), "test", func(q Queryer) error {
		rows, err := q.QueryContext(t.Context(), `SELECT key FROM seen WHERE bot = ? ORDER BY key`, bot)
		if err != nil {
			return err
		}
		keys, err = texts(rows)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func texts(rows *sql.Rows) ([]string, error) {
	defer rows.Close() // Err tells
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// soon receives from c, or fails the test.
func soon[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("timeout: ", what)
	}
	return v
}
