package store

import (
	"context"
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
}

// openWindow begins a new window. Sends that ended after the time given may have
// reached the server behind the user's message, and so count already.
func openWindow(tx *Tx, bot, conversation string, opened, after time.Time) (Window, error) {
	w := Window{Conversation: conversation, Opened: opened}
	err := tx.QueryRow(`SELECT count(*) FROM outbox WHERE bot = ?1 AND conversation = ?2 AND started > 0
		AND (state = 'sending' OR started > ?3 OR ended > ?3)`, bot, conversation, ms(after)).Scan(&w.Used)
	if err != nil {
		return w, err
	}
	_, err = tx.Exec(`INSERT INTO windows (bot, conversation, opened, used) VALUES (?, ?, ?, ?)
		ON CONFLICT (bot, conversation) DO UPDATE SET opened = excluded.opened, used = excluded.used, closed = 0, nudged = 0`,
		bot, conversation, ms(opened), w.Used)
	return w, err
}

// Windows returns a bot's windows.
func (s *Store) Windows(ctx context.Context, bot string) (all []Window, err error) {
	err = s.View(ctx, "read the windows", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT conversation, opened, used, closed, nudged FROM windows WHERE bot = ?`, bot)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var w Window
			var opened int64
			if err := rows.Scan(&w.Conversation, &opened, &w.Used, &w.Closed, &w.Nudged); err != nil {
				return err
			}
			w.Opened = fromMs(opened)
			all = append(all, w)
		}
		return rows.Err()
	})
	return all, err
}
