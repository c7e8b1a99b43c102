package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// filled makes a closed store with some hundred pages and returns its bytes.
func filled(t testing.TB, path string) []byte {
	t.Helper()
	s := openStore(t, path, Options{})
	mustExec(t, s, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 400)
		INSERT INTO quotes (bot, message_id, item, at) SELECT 'b', hex(randomblob(8)), randomblob(500), i FROM n`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func garbage(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestDamagedStoreIsSetAside(t *testing.T) {
	whole := filled(t, newPath(t))
	overwrite := func(from, n int) []byte {
		b := bytes.Clone(whole)
		copy(b[from:from+n], garbage(n))
		return b
	}
	for name, content := range map[string][]byte{
		"empty":               {},
		"50 bytes":            whole[:50],
		"a page":              whole[:4096],
		"half":                whole[:len(whole)/2],
		"half a page missing": whole[:len(whole)-2048],
		"header overwritten":  overwrite(0, 16),
		"middle overwritten":  overwrite(len(whole)/2&^4095, 8192),
		"garbage":             garbage(10_000),
		"text":                []byte(strings.Repeat("not a database\n", 1000)),
		"zeros":               make([]byte, 8192),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, fresh := range []bool{true, false} { // it is for a store set aside before, not for this
				_, err := Open(t.Context(), path, Options{Fresh: fresh})
				damaged, ok := errors.AsType[*DamagedError](err)
				if !ok || !errors.Is(err, ErrDamaged) || damaged.Path != path {
					t.Fatalf("error %v", err)
				}
				for _, text := range []string{damaged.SetAside, "restore a backup"} {
					if text == "" || !strings.Contains(err.Error(), text) {
						t.Errorf("the error %q doesn't say %q", err, text)
					}
				}
				kept, readErr := os.ReadFile(damaged.SetAside)
				if readErr != nil || !bytes.Equal(kept, content) {
					t.Errorf("what was set aside isn't what was there (%v)", readErr)
				}
				if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("it is still there: %v", err)
				}
				if fresh {
					if err := os.Rename(damaged.SetAside, path); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

func TestSetAsideIsNotForgotten(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	whole := filled(t, path)
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, Options{})
	damaged, ok := errors.AsType[*DamagedError](err)
	if !ok {
		t.Fatalf("error %v", err)
	}
	for range 2 {
		_, err := Open(t.Context(), path, Options{})
		aside, ok := errors.AsType[*SetAsideError](err)
		if !ok || aside.SetAside != damaged.SetAside || errors.Is(err, ErrDamaged) {
			t.Fatalf("error %v", err)
		}
	}
	// A backup is taken without a question.
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path, Options{})
	if n := number(t, s, `SELECT count(*) FROM quotes`); n != 400 {
		t.Errorf("%d rows in the backup", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// And so is the decision to do without one.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, Options{Fresh: true})
	if n := number(t, s, `SELECT count(*) FROM quotes`); n != 0 {
		t.Errorf("%d rows in a new store", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openStore(t, path, Options{}) // it exists now
	if _, err := os.Stat(damaged.SetAside); err != nil {
		t.Error(err)
	}
}

// crashed makes a store as a crash leaves it, with a log that isn't in the
// database file yet.
func crashed(t testing.TB, path string) {
	t.Helper()
	source := newPath(t)
	s := openStore(t, source, Options{})
	mustExec(t, s, `INSERT INTO bots (bot) VALUES ('b')`)
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(source + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLogIsRecovered(t *testing.T) {
	path := newPath(t)
	crashed(t, path)
	if n := number(t, openStore(t, path, Options{}), `SELECT count(*) FROM bots`); n != 1 {
		t.Errorf("%d rows", n)
	}
}

// The log goes with the database, and one without the other isn't taken for a
// store.
func TestLogAlone(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(string) error{
		"truncated": func(path string) error { return os.Truncate(path, 0) },
		"removed":   os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			crashed(t, path)
			if err := spoil(path); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), path, Options{})
			damaged, ok := errors.AsType[*DamagedError](err)
			if !ok {
				t.Fatalf("error %v", err)
			}
			if info, err := os.Stat(damaged.SetAside + "-wal"); err != nil || info.Size() == 0 {
				t.Errorf("the log wasn't set aside: %v", err)
			}
			if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the log is still there: %v", err)
			}
			_, err = Open(t.Context(), path, Options{})
			if aside, ok := errors.AsType[*SetAsideError](err); !ok || aside.SetAside != damaged.SetAside {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("fresh", func(t *testing.T) {
		path := newPath(t)
		crashed(t, path)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, path, Options{Fresh: true})
		if n := number(t, s, `SELECT count(*) FROM bots`); n != 0 {
			t.Error("the new store took the log of the old one")
		}
		if logs, _ := filepath.Glob(path + asideMark + "*-wal"); len(logs) != 1 {
			t.Errorf("set aside: %v", logs)
		}
	})
}

// A store that a daemon works on is not moved from under it.
func TestDamageBesideADaemon(t *testing.T) {
	path := newPath(t)
	daemon := openStore(t, path, Options{})
	if err := daemon.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(path), "other.db")
	result := setAside(path, ErrDamaged, daemon.log)
	if result.SetAside != "" || !strings.Contains(result.Error(), "could not be set aside") {
		t.Errorf("%v", result)
	}
	if _, ok := errors.AsType[*LockedError](error(result)); !ok {
		t.Errorf("%v", result)
	}
	if result := setAside(other, ErrDamaged, daemon.log); result.SetAside != "" || result.MoveErr == nil {
		t.Errorf("nothing to set aside: %v", result)
	}
	mustExec(t, daemon, `INSERT INTO bots (bot) VALUES ('b')`)
}

func TestDamageWhileInUse(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	whole := filled(t, path)
	s := openStore(t, path, Options{})
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// All but the first pages, which hold the schema.
	if _, err := f.WriteAt(garbage(len(whole)-20*4096), 20*4096); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err = s.View(t.Context(), "look", func(q Queryer) error {
			var n int
			return q.QueryRowContext(t.Context(), `SELECT sum(length(item)) FROM quotes`).Scan(&n)
		})
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("View: %v", err)
		}
	}
	if err := soon(t, s.Damaged(), "the news of damage"); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if err := tryExec(s, `UPDATE quotes SET item = x'00'`); !errors.Is(err, ErrDamaged) {
		t.Errorf("Update: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Log(err)
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open: %v", err)
	}
}
