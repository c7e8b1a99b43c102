package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOpenMakesAStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder with spaces, 100 % of ? and #")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "store.db")
	s := openStore(t, path, Options{})
	if s.Path() != path {
		t.Error(s.Path())
	}
	mustExec(t, s, `INSERT INTO bots (bot) VALUES ('b')`)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "store.db" {
		t.Errorf("left in the folder: %v", entries)
	}
	s = openStore(t, path, Options{})
	if n := number(t, s, `SELECT count(*) FROM bots`); n != 1 {
		t.Errorf("%d rows after opening again", n)
	}
}

func TestPragmas(t *testing.T) {
	t.Parallel()
	durable := openStore(t, newPath(t), Options{})
	volatile := openStore(t, newPath(t), Options{Volatile: true})
	for _, c := range []struct {
		volatile bool
		pragma   string
		want     string
	}{
		{false, "journal_mode", "wal"},
		{false, "synchronous", "2"},
		{true, "synchronous", "0"},
		{false, "foreign_keys", "1"},
		{false, "busy_timeout", "5000"},
		{false, "auto_vacuum", "2"},
		{false, "temp_store", "2"},
		{false, "application_id", fmt.Sprint(applicationID)},
		{false, "user_version", fmt.Sprint(len(migrations()))},
		{false, "wal_autocheckpoint", "1000"},
	} {
		s := durable
		if c.volatile {
			s = volatile
		}
		var got string
		err := s.Update(t.Context(), "ask", func(tx *Tx) error { return tx.QueryRow("PRAGMA " + c.pragma).Scan(&got) })
		if err != nil || got != c.want {
			t.Errorf("%s (volatile: %v) is %s, want %s (%v)", c.pragma, c.volatile, got, c.want, err)
		}
	}
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes here")
	}
	path := newPath(t)
	s := openStore(t, path, Options{})
	if err := s.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, `INSERT INTO bots (bot) VALUES ('b')`)
	check := func(names ...string) {
		t.Helper()
		for _, suffix := range names {
			info, err := os.Stat(path + suffix)
			if err != nil {
				t.Error(err)
			} else if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("store%s has mode %v", suffix, mode)
			}
		}
	}
	check("", "-wal", "-shm", ".lock")
	// A second one while the side files are there.
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Chmod(path+suffix, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var log strings.Builder
	openStore(t, path, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	check("", "-wal", "-shm")
	if n := strings.Count(log.String(), "could be used by others"); n != 3 {
		t.Errorf("%d warnings, want 3:\n%s", n, &log)
	}
}

// Several processes that start at the same time share one new store.
func TestOpenAtTheSameTime(t *testing.T) {
	path := newPath(t)
	var wg sync.WaitGroup
	stores := make([]*Store, 6)
	for i := range stores {
		wg.Go(func() {
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
			if err := tryExec(s, `INSERT INTO bots (bot) VALUES (?)`, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range stores {
		if s == nil {
			continue
		}
		if n := number(t, s, `SELECT count(*) FROM bots`); n != len(stores) {
			t.Errorf("%d rows, want %d", n, len(stores))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A crash while a store was being made leaves nothing that counts as one.
func TestHalfMadeStore(t *testing.T) {
	path := newPath(t)
	left := path + ".new-123"
	for _, name := range []string{left, left + "-journal"} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-2 * staleAfter)
		if err := os.Chtimes(name, long, long); err != nil {
			t.Fatal(err)
		}
	}
	openStore(t, path, Options{})
	for _, name := range []string{left, left + "-journal"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(t.Context(), dir, Options{}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "nowhere", "store.db"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, filepath.Join(dir, "store.db"), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "store.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a cancelled Open left something: %v", err)
	}
}

// raw runs statements on the file behind the store's back.
func raw(t testing.TB, path string, statements ...string) {
	t.Helper()
	c, err := connect(t.Context(), dsn(path, create))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range statements {
		if _, err := c.sql.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFile(t *testing.T) {
	path := newPath(t)
	raw(t, path, `CREATE TABLE photos (id INTEGER PRIMARY KEY)`, `INSERT INTO photos VALUES (1)`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, fresh := range []bool{false, true} {
		_, err = Open(t.Context(), path, Options{Fresh: fresh})
		if _, ok := errors.AsType[*ForeignError](err); !ok || errors.Is(err, ErrDamaged) {
			t.Errorf("error %v", err)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func TestNewerSchema(t *testing.T) {
	path := newPath(t)
	if err := openStore(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, path, `PRAGMA user_version = 99`)
	_, err := Open(t.Context(), path, Options{})
	newer, ok := errors.AsType[*NewerSchemaError](err)
	if !ok || newer.Have != 99 || newer.Know != len(migrations()) || newer.Path != path {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), "use the newer ilinkd") {
		t.Errorf("the error doesn't say what to do: %v", err)
	}
	raw(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, len(migrations())))
	openStore(t, path, Options{})
}

// TestOldSchema: what the first version of the schema kept is there in the latest.
func TestOldSchema(t *testing.T) {
	path := newPath(t)
	raw(t, path, `PRAGMA user_version = 0`)
	c, err := connect(t.Context(), dsn(path, readWrite))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = migrate(t.Context(), c, path, migrations()[:1])
	if err = errors.Join(err, c.close()); err != nil {
		t.Fatal(err)
	}
	raw(t, path, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID),
		`INSERT INTO inbox (bot, conversation, user, key, message, received) VALUES ('b', 'c', 'u', 'k', x'00', 1)`)
	s := openStore(t, path, Options{})
	waiting, err := s.Waiting(t.Context(), "b", 0)
	if err != nil || len(waiting) != 1 {
		t.Errorf("%d messages, %v", len(waiting), err)
	}
}

func TestMigrate(t *testing.T) {
	path := newPath(t)
	raw(t, path, `CREATE TABLE t (a INTEGER)`, `PRAGMA user_version = 1`)
	c, err := connect(t.Context(), dsn(path, readWrite))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	wrong := errors.New("wrong")
	steps := []migration{
		{"not again", script(`syntax error`)},
		{"add b", script(`ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = 2`)},
		{"fail", func(context.Context, *sql.Conn) error { return wrong }},
	}
	if _, _, err := migrate(t.Context(), c, path, steps); !errors.Is(err, wrong) || !strings.Contains(err.Error(), "fail") {
		t.Errorf("error %v", err)
	}
	version := func() int {
		n, err := c.number(t.Context(), "user_version")
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := c.sql.ExecContext(t.Context(), `SELECT b FROM t`); err == nil || version() != 1 {
		t.Errorf("a failed migration left something behind, version %d", version())
	}
	steps[2] = migration{"add c", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `ALTER TABLE t ADD COLUMN c INTEGER`)
		return err
	}}
	from, to, err := migrate(t.Context(), c, path, steps)
	if err != nil || from != 1 || to != 3 || version() != 3 {
		t.Errorf("from %d to %d, version %d, %v", from, to, version(), err)
	}
	if _, err := c.sql.ExecContext(t.Context(), `SELECT b, c FROM t`); err != nil {
		t.Error(err)
	}
	if _, _, err := migrate(t.Context(), c, path, steps[:2]); err == nil {
		t.Error("a newer schema was accepted")
	}
}

func TestLockDaemon(t *testing.T) {
	path := newPath(t)
	one, two := openStore(t, path, Options{}), openStore(t, path, Options{})
	for range 2 { // again is no matter
		if err := one.LockDaemon(); err != nil {
			t.Fatal(err)
		}
	}
	err := two.LockDaemon()
	locked, ok := errors.AsType[*LockedError](err)
	if !ok || locked.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("error %v", err)
	}
	// The second works nevertheless, as commands beside the daemon do.
	mustExec(t, two, `INSERT INTO bots (bot) VALUES ('b')`)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := two.LockDaemon(); err != nil {
		t.Error(err)
	}
}

func TestDataVersion(t *testing.T) {
	path := newPath(t)
	daemon, other := openStore(t, path, Options{}), openStore(t, path, Options{})
	version := func() int64 {
		t.Helper()
		n, err := daemon.DataVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := version()
	mustExec(t, daemon, `INSERT INTO bots (bot) VALUES ('a')`)
	if n := version(); n != first {
		t.Error("an own write changes the version")
	}
	mustExec(t, other, `INSERT INTO bots (bot) VALUES ('b')`)
	second := version()
	if second == first {
		t.Error("another's write doesn't change the version")
	}
	number(t, other, `SELECT count(*) FROM bots`)
	if n := version(); n != second {
		t.Error("another's reading changes the version")
	}
}

func TestBusy(t *testing.T) {
	path := newPath(t)
	s, other := openStore(t, path, Options{}), openStore(t, path, Options{})
	mustExec(t, s, `SELECT 1`)
	if _, err := s.writer.sql.ExecContext(t.Context(), `PRAGMA busy_timeout = 1`); err != nil {
		t.Fatal(err)
	}
	release := hold(t, other)
	if err := tryExec(s, `SELECT 1`); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v", err)
	}
	release()
	mustExec(t, s, `SELECT 1`)
}

// The copy of the outbox that a migration makes keeps all rows, and no id is used
// twice after it.
func TestUnconfirmedMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	c, err := connect(t.Context(), dsn(path, create))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	steps := migrations()
	n := slices.IndexFunc(steps, func(m migration) bool { return m.what == "tell sends that were thrown away" })
	if _, _, err := migrate(t.Context(), c, path, steps[:n]); err != nil {
		t.Fatal(err)
	}
	if _, err := c.sql.ExecContext(t.Context(), `
		INSERT INTO windows (bot, conversation, opened, used) VALUES ('b', 'alice', 5, 3);
		INSERT INTO outbox (id, bot, conversation, user, client_id, payload, payload_kind, state, created, counted) VALUES
			(7, 'b', 'alice', 'alice', 'c7', x'01', 'item', 'queued', 1, 2), (9, 'b', 'alice', 'alice', 'c9', x'02', 'item', 'sent', 1, 1);
		DELETE FROM outbox WHERE id = 9`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := migrate(t.Context(), c, path, steps); err != nil {
		t.Fatal(err)
	}
	var id, counted, used int
	if err := c.sql.QueryRowContext(t.Context(), `SELECT id, counted, (SELECT used FROM windows WHERE suppressed = 0) FROM outbox`).Scan(&id, &counted, &used); err != nil || id != 7 || counted != 2 || used != 3 {
		t.Errorf("%d %d %d %v", id, counted, used, err)
	}
	res, err := c.sql.ExecContext(t.Context(), `INSERT INTO outbox (bot, conversation, user, client_id, payload, payload_kind, state, created) VALUES ('b', 'a', 'a', 'c', x'', 'item', 'unconfirmed', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	if next, err := res.LastInsertId(); err != nil || next != 10 {
		t.Errorf("the next id is %d, %v", next, err)
	}
}
