package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// trimNow is the time in these tests; ago is a time before it, as it is stored.
func trimNow() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }

func ago(d time.Duration) int64 { return trimNow().Add(-d).UnixMilli() }

func trim(t testing.TB, s *Store, r Retention) Trimmed {
	t.Helper()
	got, err := s.Trim(t.Context(), r, trimNow())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTrimSeen(t *testing.T) {
	s := openStore(t, newPath(t), Options{Volatile: true})
	mustExec(t, s, `INSERT INTO seen (bot, key, at) VALUES ('b', 'old', ?), ('b', 'young', ?)`,
		ago(48*time.Hour+time.Second), ago(48*time.Hour-time.Second))
	if got := trim(t, s, DefaultRetention()); got != (Trimmed{Seen: 1}) {
		t.Errorf("%+v", got)
	}
	if keys := seenKeys(t, s, "b"); !slices.Equal(keys, []string{"young"}) {
		t.Errorf("left: %v", keys)
	}
}

func TestTrimInboxAndOutbox(t *testing.T) {
	t.Parallel()
	s := openStore(t, newPath(t), Options{Volatile: true})
	old, young := ago(8*24*time.Hour), ago(6*24*time.Hour)
	addInbox := func(id int, state string, finished int64) {
		mustExec(t, s, `INSERT INTO inbox (id, bot, conversation, user, key, message, received, state, finished)
			VALUES (?, 'b', 'u', 'u', 'k', x'00', 1, ?, ?)`, id, state, finished)
	}
	addOutbox := func(id int, inbound any, state string, ended int64) {
		mustExec(t, s, `INSERT INTO outbox (id, bot, conversation, user, inbound, client_id, payload, payload_kind, state, created, ended)
			VALUES (?, 'b', 'u', 'u', ?, ?, x'00', 'text', ?, 1, ?)`, id, inbound, fmt.Sprint(id), state, ended)
	}
	addInbox(1, "done", old) // goes
	addInbox(2, "done", young)
	addInbox(3, "waiting", 0)
	addInbox(4, "dead", old) // stays until somebody decides

	addOutbox(1, nil, "sent", old)     // goes
	addOutbox(2, nil, "failed", old)   // goes
	addOutbox(3, nil, "expired", old)  // goes
	addOutbox(4, nil, "dropped", old)  // goes
	addOutbox(5, 1, "sent", old)       // goes, its message is handled
	addOutbox(6, 99, "sent", old)      // goes, its message is gone
	addOutbox(10, nil, "sent", young)  //
	addOutbox(11, nil, "queued", 0)    //
	addOutbox(12, nil, "held", old)    // somebody has to decide
	addOutbox(13, 3, "sent", old)      // the handler may run again and ask for it
	addOutbox(14, 4, "sent", old)      // so it may here, by hand
	addOutbox(15, nil, "sending", old) // may have been sent

	if got := trim(t, s, DefaultRetention()); got != (Trimmed{Inbox: 1, Outbox: 6}) {
		t.Errorf("%+v", got)
	}
	if n := number(t, s, `SELECT group_concat(id, '') FROM (SELECT id FROM inbox ORDER BY id)`); n != 234 {
		t.Errorf("left in the inbox: %d", n)
	}
	if n := number(t, s, `SELECT count(*) FROM outbox WHERE id >= 10`); n != 6 {
		t.Errorf("%d left in the outbox", n)
	}
}

func TestTrimQuotes(t *testing.T) {
	t.Parallel()
	s := openStore(t, newPath(t), Options{Volatile: true})
	fill := func(bot string, n int, age time.Duration) {
		mustExec(t, s, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?2)
			INSERT INTO quotes (bot, message_id, item, at) SELECT ?1, ?3 || i, x'00', ?3 + i FROM n`, bot, n, ago(age))
	}
	fill("few", 10, time.Hour)
	fill("few", 5, 31*24*time.Hour) // too old
	fill("many", 800, time.Hour)
	fill("many", 3, 31*24*time.Hour)
	r := DefaultRetention()
	r.QuotesPerBot = 200
	if got := trim(t, s, r); got.Quotes != 5+3+600 {
		t.Errorf("%+v", got)
	}
	if n := number(t, s, `SELECT count(*) FROM quotes WHERE bot = 'few'`); n != 10 {
		t.Errorf("%d of few", n)
	}
	if n := number(t, s, `SELECT count(*) FROM quotes WHERE bot = 'many' AND at > ?`, ago(time.Hour)+600); n != 200 {
		t.Errorf("%d of the newest of many", n)
	}
}

// Old rows go in small steps, and the file becomes smaller.
func TestTrimSteps(t *testing.T) {
	t.Parallel()
	s := openStore(t, newPath(t), Options{Volatile: true})
	mustExec(t, s, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1200)
		INSERT INTO inbox (bot, conversation, user, key, message, received, state, finished)
		SELECT 'b', 'u', 'u', i, zeroblob(3000), 1, 'done', 1 FROM n`)
	pages := number(t, s, `PRAGMA page_count`)
	before := s.Stats()
	got := trim(t, s, DefaultRetention())
	if got.Inbox != 1200 || got.Pages < 900 {
		t.Errorf("%+v", got)
	}
	steps := int(s.Stats().Commits - before.Commits)
	if want := 1200/trimRows + got.Pages/vacuumPages; steps < want {
		t.Errorf("%d steps, want %d at least", steps, want)
	}
	if left := number(t, s, `PRAGMA page_count`); left != pages-got.Pages {
		t.Errorf("%d pages of %d left, %d given back", left, pages, got.Pages)
	}
	if free := number(t, s, `PRAGMA freelist_count`); free > keepFreePages {
		t.Errorf("%d free pages left", free)
	}
}

func TestTrimForEver(t *testing.T) {
	s := openStore(t, newPath(t), Options{Volatile: true})
	mustExec(t, s, `INSERT INTO seen (bot, key, at) VALUES ('b', 'k', 1)`)
	mustExec(t, s, `INSERT INTO quotes (bot, message_id, item, at) VALUES ('b', 'k', x'00', 1)`)
	if got := trim(t, s, Retention{}); got != (Trimmed{}) {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Trim(ctx, DefaultRetention(), trimNow()); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The queries of Trim use the indexes made for them.
func TestTrimPlans(t *testing.T) {
	s := openStore(t, newPath(t), Options{Volatile: true})
	for query, index := range map[string]string{
		`SELECT id FROM inbox WHERE state = 'done' AND finished < ?1 LIMIT ?2`: "inbox_finished",
		`SELECT id FROM outbox WHERE ended > 0 AND ended < ?1 LIMIT ?2`:        "outbox_ended",
		`SELECT bot, key FROM seen WHERE at < ?1 LIMIT ?2`:                     "seen_at",
		`SELECT message_id FROM quotes WHERE bot = ?1 ORDER BY at LIMIT ?2`:    "quotes_at",
	} {
		var detail string
		err := s.View(t.Context(), "explain", func(q Queryer) error {
			var id, parent, unused int
			return q.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN `+query, 1, 2).Scan(&id, &parent, &unused, &detail)
		})
		if err != nil || !strings.HasPrefix(detail, "SEARCH") || !strings.Contains(detail, "INDEX "+index) {
			t.Errorf("%s: plan %q, want a search by %s (%v)", query, detail, index, err)
		}
	}
}

func TestTrimFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int, age time.Duration) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		at := trimNow().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	old := trimNow().Add(-100 * time.Hour)
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, "folder"), old, old); err != nil {
		t.Fatal(err)
	}
	links := 0
	if os.Symlink("5-new", filepath.Join(dir, "link")) == nil {
		links = 1
	}
	write("1-old", 10, 9*time.Hour)
	write("2-old", 10, 8*time.Hour)
	write("3-big", 1000, 5*time.Hour)
	write("4-mid", 100, 4*time.Hour)
	write("5-new", 100, 3*time.Hour)
	left := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries) - 1 - links
	}
	for _, c := range []struct {
		maxAge        time.Duration
		maxBytes      int64
		removed, left int
	}{
		{0, 0, 0, 5},
		{10 * time.Hour, 10_000, 0, 5},
		{7 * time.Hour, 10_000, 2, 3},
		{7 * time.Hour, 1200, 0, 3},
		{0, 1199, 1, 2},
		{0, 1, 2, 0},
		{time.Hour, 1, 0, 0},
	} {
		removed, err := TrimFiles(dir, c.maxAge, c.maxBytes, trimNow())
		if err != nil || removed != c.removed || left() != c.left {
			t.Errorf("%+v: removed %d, left %d, %v", c, removed, left(), err)
		}
	}
	if n, err := TrimFiles(filepath.Join(dir, "nowhere"), time.Hour, 1, trimNow()); n != 0 || err != nil {
		t.Errorf("no folder: %d, %v", n, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := TrimFiles(filepath.Join(dir, "file"), time.Hour, 1, trimNow()); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file for a folder: %v", err)
	}
}
