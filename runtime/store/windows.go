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
	// Suppressed is since when the server throws away what the user is sent: it
	// accepts, and gives no id. Zero while it doesn't.
	Suppressed time.Time
	// Probe says that the user has written since the server last did that, and one
	// answer may be tried.
	Probe bool
	// Number tells the conversation's windows apart.
	Number int64
	// Version goes up with each change, so that of two windows read at different
	// times the newer one is known.
	Version int64
}

const windowColumns = `conversation, opened, used, closed, nudged, suppressed, probe, number, version`

func scanWindow(scan func(...any) error) (w Window, err error) {
	var opened, suppressed int64
	err = scan(&w.Conversation, &opened, &w.Used, &w.Closed, &w.Nudged, &suppressed, &w.Probe, &w.Number, &w.Version)
	w.Opened, w.Suppressed = fromMs(opened), fromMs(suppressed)
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
		ON CONFLICT (bot, conversation) DO UPDATE SET opened = excluded.opened, used = min(excluded.used, used), closed = 0, nudged = 0, probe = suppressed > 0,
			number = number + 1, version = version + 1
		RETURNING `+windowColumns, bot, conversation, ms(opened), used).Scan)
}

// suppression is what a send says of whether the server throws away what the user
// is sent.
type suppression int

const (
	unchanged  suppression = iota
	suppressed             // the server gave no id
	delivered              // it gave one
	probeSpent             // one answer is tried
	probeBack              // it didn't come to an answer of the server's
)

// windowChange is what a send changes in a window.
type windowChange struct {
	count       int   // of requests that count for it
	closed      int64 // the number of a window that the server says is closed
	nudged      bool
	suppression suppression
	at          time.Time
}

// changeWindow counts requests and notes what the server or we said in a window.
// Its zero value stands for that of a user who has never written.
func changeWindow(tx *Tx, bot, conversation string, c windowChange) (Window, error) {
	if c.suppression == suppressed {
		// There may be no window, where the limits are lifted.
		if _, err := tx.Exec(`INSERT INTO windows (bot, conversation, opened) VALUES (?, ?, 0) ON CONFLICT DO NOTHING`, bot, conversation); err != nil {
			return Window{}, err
		}
	}
	w, err := scanWindow(tx.QueryRow(`UPDATE windows SET used = max(0, used + ?3), closed = closed OR number = ?4, nudged = nudged OR ?5,
		suppressed = CASE ?6 WHEN 1 THEN CASE suppressed WHEN 0 THEN ?7 ELSE suppressed END WHEN 2 THEN 0 ELSE suppressed END,
		probe = CASE ?6 WHEN 0 THEN probe WHEN 4 THEN suppressed > 0 ELSE 0 END,
		version = version + 1 WHERE bot = ?1 AND conversation = ?2 RETURNING `+windowColumns,
		bot, conversation, c.count, c.closed, c.nudged, int(c.suppression), ms(c.at)).Scan)
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
