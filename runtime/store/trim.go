package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// trimRows is the most rows deleted in one write, so that others get
	// their turn in between.
	trimRows = 500
	// vacuumPages is the most pages given back to the file system in one write.
	vacuumPages = 128
	// keepFreePages are kept for the rows to come: giving them back only to
	// ask for them again is work for nothing. 1 MiB.
	keepFreePages = 256
)

// Retention says how long things are kept. 0 is for ever, or without limit.
type Retention struct {
	Seen         time.Duration // keys by which repeated messages are known
	Inbox        time.Duration // messages handled, since they were; dead ones stay
	Outbox       time.Duration // sends that came to an end, since they did
	Quotes       time.Duration // messages kept for quoting
	QuotesPerBot int
	// For the folder of quoted media, see [TrimFiles]; Trim does nothing
	// about files.
	MediaAge   time.Duration
	MediaBytes int64
}

// DefaultRetention returns the retention that suits most.
func DefaultRetention() Retention {
	const day = 24 * time.Hour
	return Retention{
		Seen:         2 * day, // the server repeats within the hour; a day of outage and some
		Inbox:        7 * day,
		Outbox:       7 * day,
		Quotes:       30 * day,
		QuotesPerBot: 10_000,
		MediaAge:     7 * day,
		MediaBytes:   256 << 20,
	}
}

// Trimmed counts what a Trim removed.
type Trimmed struct {
	Seen, Inbox, Outbox, Quotes int
	KV                          int // values that expired
	Pages                       int // of the file
}

// Trim removes what is older than the retention, in small steps between which
// other writers get their turn, and makes the file smaller. If ctx ends on the
// way, what was removed until then stays so and is counted.
func (s *Store) Trim(ctx context.Context, r Retention, now time.Time) (Trimmed, error) {
	var t Trimmed
	for _, rule := range []struct {
		what  string
		keep  time.Duration
		count *int
		query string // deletes up to ?2 rows older than ?1
	}{
		{"trim the keys seen", r.Seen, &t.Seen, `
			DELETE FROM seen WHERE (bot, key) IN (SELECT bot, key FROM seen WHERE at < ?1 LIMIT ?2)`},
		{"trim the inbox", r.Inbox, &t.Inbox, `
			DELETE FROM inbox WHERE id IN (SELECT id FROM inbox WHERE state = 'done' AND finished < ?1
				AND NOT EXISTS (SELECT 1 FROM timers WHERE timers.origin = inbox.id)
				AND NOT EXISTS (SELECT 1 FROM inbox AS later WHERE later.origin = inbox.id) LIMIT ?2)`},
		// While a message may still be handled (again), its answers say what
		// has been sent already.
		{"trim the outbox", r.Outbox, &t.Outbox, `
			DELETE FROM outbox WHERE id IN (
				SELECT id FROM outbox AS o
				WHERE ended > 0 AND ended < ?1 AND state IN ('sent', 'failed', 'expired', 'dropped')
				AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.id = o.inbound AND inbox.state <> 'done')
				LIMIT ?2)`},
	} {
		if rule.keep <= 0 {
			continue
		}
		if err := s.deleteSteps(ctx, rule.what, rule.count, rule.query, now.Add(-rule.keep).UnixMilli()); err != nil {
			return t, err
		}
	}
	if err := s.deleteSteps(ctx, "trim the data kept", &t.KV, `
		DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv WHERE expires > 0 AND expires <= ?1 LIMIT ?2)`, now.UnixMilli()); err != nil {
		return t, err
	}
	if err := s.trimQuotes(ctx, r, now, &t.Quotes); err != nil {
		return t, err
	}
	return t, s.vacuum(ctx, &t.Pages)
}

// deleteSteps runs a query, whose last argument is the most rows to delete,
// until it finds no more.
func (s *Store) deleteSteps(ctx context.Context, what string, count *int, query string, args ...any) error {
	for {
		n, err := s.deleteStep(ctx, what, query, append(args[:len(args):len(args)], trimRows)...)
		*count += n
		if err != nil || n < trimRows {
			return err
		}
	}
}

func (s *Store) deleteStep(ctx context.Context, what, query string, args ...any) (int, error) {
	var n int64
	err := s.Update(ctx, what, func(tx *Tx) error {
		r, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// trimQuotes goes bot by bot, as each has its own limit.
func (s *Store) trimQuotes(ctx context.Context, r Retention, now time.Time, count *int) error {
	const what = "trim the quotes"
	held := make(map[string]int)
	err := s.View(ctx, what, func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT bot, count(*) FROM quotes GROUP BY bot`)
		if err != nil {
			return err
		}
		defer rows.Close() // Err tells
		for rows.Next() {
			var bot string
			var n int
			if err := rows.Scan(&bot, &n); err != nil {
				return err
			}
			held[bot] = n
		}
		return rows.Err()
	})
	if err != nil {
		return err
	}
	for bot, n := range held {
		before := *count
		if r.Quotes > 0 {
			err := s.deleteSteps(ctx, what, count, `
				DELETE FROM quotes WHERE bot = ?1 AND message_id IN
					(SELECT message_id FROM quotes WHERE bot = ?1 AND at < ?2 ORDER BY at LIMIT ?3)`,
				bot, now.Add(-r.Quotes).UnixMilli())
			if err != nil {
				return err
			}
		}
		if r.QuotesPerBot <= 0 {
			continue
		}
		for over := n - (*count - before) - r.QuotesPerBot; over > 0; {
			k, err := s.deleteStep(ctx, what, `
				DELETE FROM quotes WHERE bot = ?1 AND message_id IN
					(SELECT message_id FROM quotes WHERE bot = ?1 ORDER BY at LIMIT ?2)`,
				bot, min(over, trimRows))
			*count += k
			if err != nil {
				return err
			}
			if k == 0 {
				break // somebody else deletes as well
			}
			over -= k
		}
	}
	return nil
}

// vacuum gives free pages back to the file system.
func (s *Store) vacuum(ctx context.Context, count *int) error {
	step := fmt.Sprintf("PRAGMA incremental_vacuum(%d)", vacuumPages)
	for {
		var free, pages, left int
		err := s.Update(ctx, "make the store smaller", func(tx *Tx) error {
			if err := tx.QueryRow("PRAGMA freelist_count").Scan(&free); err != nil || free <= keepFreePages {
				return err
			}
			if err := tx.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
				return err
			}
			if _, err := tx.Exec(step); err != nil {
				return err
			}
			return tx.QueryRow("PRAGMA page_count").Scan(&left)
		})
		if err != nil {
			return err
		}
		*count += pages - left
		if free <= keepFreePages || left >= pages {
			return nil
		}
	}
}
