package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Window is what a user's last message still allows the bot to send (protocol
// §4).
type Window struct {
	Conversation string
	// Opened is when the user last wrote, by the server's clock.
	Opened time.Time
	// Used counts the sends since then, those included of which it isn't known.
	Used int
	// Closed says that the server refused a send though the window seemed open.
	Closed bool
	// Nudged says that the user was told that more is waiting.
	Nudged bool
	// Number tells the conversation's windows apart.
	Number int64
	// Version goes up with each change, so that of two windows read at different
	// times the newer one is known.
	Version int64
}

const windowColumns = `conversation, opened, used, closed, nudged, number, version`

func scanWindow(scan func(...any) error) (w Window, err error) {
	var opened int64
	err = scan(&w.Conversation, &opened, &w.Used, &w.Closed, &w.Nudged, &w.Number, &w.Version)
	w.Opened = fromMs(opened)
	return w, err
}

// openWindow begins a new window. Requests that ended after the time given, or
// have not ended, may have reached the server behind the user's message, and so
// count already; but no more of them than counted since the user's message before.
func openWindow(tx *Tx, bot, conversation string, opened, after time.Time) (Window, error) {
	var used int
	err := tx.QueryRow(`SELECT
		(SELECT coalesce(sum(counted), 0) FROM outbox WHERE bot = ?1 AND state = 'sending' AND conversation = ?2) +
		(SELECT coalesce(sum(counted), 0) FROM outbox WHERE bot = ?1 AND answered > max(?3, 0) AND conversation = ?2 AND state <> 'sending')`,
		bot, conversation, ms(after)).Scan(&used)
	if err != nil {
		return Window{}, err
	}
	return scanWindow(tx.QueryRow(`INSERT INTO windows (bot, conversation, opened, used) VALUES (?, ?, ?, ?)
		ON CONFLICT (bot, conversation) DO UPDATE SET opened = excluded.opened, used = min(excluded.used, used), closed = 0, nudged = 0,
			number = number + 1, version = version + 1
		RETURNING `+windowColumns, bot, conversation, ms(opened), used).Scan)
}

// changeWindow counts requests and notes what the server or we said in a window.
// Its zero value stands for that of a user who has never written.
func changeWindow(tx *Tx, bot, conversation string, count int, closed int64, nudged bool) (Window, error) {
	w, err := scanWindow(tx.QueryRow(`UPDATE windows SET used = max(0, used + ?3), closed = closed OR number = ?4, nudged = nudged OR ?5,
		version = version + 1 WHERE bot = ?1 AND conversation = ?2 RETURNING `+windowColumns,
		bot, conversation, count, closed, nudged).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Window{Conversation: conversation}, nil
	}
	return w, err
}

// Windows returns a bot's windows.
func (s *Store) Windows(ctx context.Context, bot string) (all []Window, err error) {
	err = s.View(ctx, "read the windows", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+windowColumns+` FROM windows WHERE bot = ?`, bot)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			w, err := scanWindow(rows.Scan)
			if err != nil {
				return err
			}
			all = append(all, w)
		}
		return rows.Err()
	})
	return all, err
}
