package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// schemaV2 adds what handlers need that are run again.
const schemaV2 = `
-- What a handler's calls brought, in their order, so that it can be run again up
-- to where it was. await marks those at which it waited for the user.
CREATE TABLE journal (
	inbound INTEGER NOT NULL,
	number  INTEGER NOT NULL,
	record  BLOB NOT NULL,
	await   INTEGER NOT NULL DEFAULT 0 CHECK (await IN (0, 1)),
	PRIMARY KEY (inbound, number)
) STRICT, WITHOUT ROWID;

-- What a handler has changed. It is found by its place among the handler's changes
-- when that is run again, without all of its journal, as after an error.
CREATE TABLE effects (
	inbound INTEGER NOT NULL,
	ordinal INTEGER NOT NULL,
	record  BLOB NOT NULL,
	PRIMARY KEY (inbound, ordinal)
) STRICT, WITHOUT ROWID;
`

// Entry is a record of a handler's journal, whose form the store doesn't know.
type Entry struct {
	Record []byte
	// Await says that the handler waited for the user there.
	Await bool
}

// Progress is what is kept of a handler together with something that it did, in one
// transaction.
type Progress struct {
	// Inbound is the message's id in the inbox.
	Inbound int64
	// From is the number of the first entry.
	From    int
	Entries []Entry
	// Effect is the place of what was done among the handler's changes, if EffectRecord
	// isn't nil.
	Effect       int
	EffectRecord []byte
}

// Save keeps the progress. Nothing is kept for nil.
func (p *Progress) Save(tx *Tx) error {
	if p == nil {
		return nil
	}
	for i, e := range p.Entries {
		if _, err := tx.Exec(`INSERT OR REPLACE INTO journal (inbound, number, record, await) VALUES (?, ?, ?, ?)`,
			p.Inbound, p.From+i, e.Record, e.Await); err != nil {
			return err
		}
	}
	if p.EffectRecord != nil {
		if _, err := tx.Exec(`INSERT OR REPLACE INTO effects (inbound, ordinal, record) VALUES (?, ?, ?)`,
			p.Inbound, p.Effect, p.EffectRecord); err != nil {
			return err
		}
	}
	return nil
}

// EffectOf returns the record of a change that a handler has made, nil if it hasn't.
func EffectOf(q Queryer, inbound int64, ordinal int) (record []byte, err error) {
	err = q.QueryRowContext(context.Background(), `SELECT record FROM effects WHERE inbound = ? AND ordinal = ?`, inbound, ordinal).Scan(&record)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return record, err
}

// SaveProgress keeps the progress by itself.
func (s *Store) SaveProgress(ctx context.Context, p *Progress) error {
	return s.Update(ctx, "keep a handler's progress", p.Save)
}

// Journal returns a handler's records.
func (s *Store) Journal(ctx context.Context, inbound int64) (records [][]byte, err error) {
	err = s.View(ctx, "read a handler's journal", func(q Queryer) error {
		records = nil
		rows, err := q.QueryContext(ctx, `SELECT number, record FROM journal WHERE inbound = ? ORDER BY number`, inbound)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var number int
			var record []byte
			if err := rows.Scan(&number, &record); err != nil {
				return err
			}
			if number != len(records) {
				return fmt.Errorf("the journal of message %d lacks record %d", inbound, len(records))
			}
			records = append(records, record)
		}
		return rows.Err()
	})
	return records, err
}

// Rewind has a handler begin anew when it is run again; what it has changed is kept.
func (s *Store) Rewind(ctx context.Context, inbound int64) error {
	return s.Update(ctx, "drop a handler's journal", func(tx *Tx) error { return rewind(tx, inbound, true) })
}

// TakeAnswer marks a message as done that a handler has waited for, and keeps that
// it did.
func (s *Store) TakeAnswer(ctx context.Context, id int64, p *Progress, at time.Time) error {
	return s.Update(ctx, "take an answer", func(tx *Tx) error {
		if err := setHandled(tx, id, at); err != nil {
			return err
		}
		return p.Save(tx)
	})
}

// forget removes what is kept of a handler that won't be run again.
func forget(tx *Tx, inbound int64) error {
	if err := forgetJournal(tx, inbound); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM effects WHERE inbound = ?`, inbound)
	return err
}

// rewind takes a journal back to the last answer, from where the handler is tried
// again; what it has changed since stays in effects. A handler that is not to be
// tried from there starts from the beginning.
func rewind(tx *Tx, inbound int64, afresh bool) error {
	if afresh {
		_, err := tx.Exec(`DELETE FROM journal WHERE inbound = ?`, inbound)
		return err
	}
	_, err := tx.Exec(`DELETE FROM journal WHERE inbound = ?1
		AND number > coalesce((SELECT max(number) FROM journal WHERE inbound = ?1 AND await = 1), -1)`, inbound)
	return err
}
