package faulttest

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// rows is what a store holds.
type rows struct {
	seen   map[string]bool    // message ids that were ever received
	inbox  map[string]int     // messages by state
	outbox map[string]int     // sends by state
	sends  map[string]sendRow // by client id
}

// sendRow is a row of the outbox.
type sendRow struct {
	State     string
	Uncertain bool
}

// look reads the store of a process that has ended, from a copy, so that the
// next one finds it as it was left. A damaged store fails the test.
func (w *world) look() rows {
	w.t.Helper()
	dir := w.t.TempDir()
	path := filepath.Join(dir, "ilinkd.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(w.dir, "data", "ilinkd.db"+suffix))
		if errors.Is(err, os.ErrNotExist) {
			if suffix == "" {
				return rows{} // killed before there was one
			}
			continue
		}
		if err == nil {
			err = os.WriteFile(path+suffix, content, 0o600)
		}
		if err != nil {
			w.t.Fatal(err)
		}
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(w.t.Context(), path, store.Options{Volatile: true})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	var r rows
	if err := s.View(w.t.Context(), "look", r.read); err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (r *rows) read(q store.Queryer) error {
	r.seen, r.inbox, r.outbox = map[string]bool{}, map[string]int{}, map[string]int{}
	r.sends = map[string]sendRow{}
	err := each(q, `SELECT substr(key, 3) FROM seen`, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		r.seen[id] = true
		return err
	})
	err = errors.Join(err, each(q, `SELECT state FROM inbox`, func(scan func(...any) error) error {
		var state string
		err := scan(&state)
		r.inbox[state]++
		return err
	}))
	return errors.Join(err, each(q, `SELECT client_id, state, uncertain FROM outbox`, func(scan func(...any) error) error {
		var id string
		var send sendRow
		err := scan(&id, &send.State, &send.Uncertain)
		r.outbox[send.State]++
		r.sends[id] = send
		return err
	}))
}

func each(q store.Queryer, query string, f func(scan func(...any) error) error) error {
	rows, err := q.QueryContext(context.Background(), query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
