package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// schemaTimers adds what is to be done later.
const schemaTimers = `
-- Timers that handlers started, and schedules of scripts, which have a name. When one
-- is due it becomes a row of the inbox, without a user, in the same transaction in
-- which it is moved on here, or removed.
CREATE TABLE timers (
	id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
	bot      TEXT NOT NULL,
	name     TEXT NOT NULL DEFAULT '',
	spec     TEXT NOT NULL DEFAULT '', -- when a schedule comes, in the runtime's form
	due      INTEGER NOT NULL,         -- 0 for a schedule that doesn't come again
	origin   INTEGER NOT NULL DEFAULT 0, -- the message whose handler started it, and has to make its function again
	line     TEXT NOT NULL DEFAULT '',
	function TEXT NOT NULL DEFAULT '',
	created  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX timers_name ON timers (bot, name) WHERE name <> '';
CREATE INDEX timers_due ON timers (bot, due) WHERE due > 0;
CREATE INDEX timers_origin ON timers (origin) WHERE origin > 0;

-- What a timer's row of the inbox came of. Those rows are kept, with their journals,
-- of which there are others.
ALTER TABLE inbox ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
CREATE INDEX inbox_origin ON inbox (origin) WHERE origin > 0;
CREATE TRIGGER inbox_delete AFTER DELETE ON inbox BEGIN
	DELETE FROM journal WHERE inbound = old.id;
END;
`

// schemaTimerData adds what a timer's function is given, in the script's form.
const schemaTimerData = `
ALTER TABLE timers ADD COLUMN data BLOB;
`

// Timer is what is to be done later.
type Timer struct {
	ID  int64
	Bot string
	// Name is a schedule's, "" for a timer that a handler started.
	Name string
	Spec string
	// Due is when it comes, zero for a schedule that doesn't come again.
	Due time.Time
	// Origin is the inbox id of the message whose handler has to make its function
	// again, 0 if that is not needed.
	Origin   int64
	Line     string
	Function string
	// Data is what the function is given, nil for nothing.
	Data []byte
}

// Conversation is that of the timer's rows in the inbox.
func (t *Timer) Conversation() string { return fmt.Sprintf("timer:%d", t.ID) }

// Limits of timers.
const (
	// maxTimers is how many timers of a bot may be under way.
	maxTimers = 10_000
	// maxChain is how often one timer may have been started by another: to make the
	// last one's function all handlers before it are run again.
	maxChain = 50
)

// ErrTooManyTimers says that a bot has as many timers as it may.
var ErrTooManyTimers = errors.New("too many timers are under way")

// ErrTimerChain says that too many timers were started by one another.
var ErrTimerChain = errors.New("too many timers were started by one another")

// AddTimer adds a timer, and returns its id.
func AddTimer(tx *Tx, t Timer, now time.Time) (id int64, err error) {
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM timers WHERE bot = ? AND due > 0`, t.Bot).Scan(&n); err != nil {
		return 0, err
	}
	if n >= maxTimers {
		return 0, ErrTooManyTimers
	}
	if t.Origin != 0 {
		if err := tx.QueryRow(`WITH RECURSIVE up (id, n) AS (
			SELECT ?1, 1 UNION ALL SELECT inbox.origin, n + 1 FROM up JOIN inbox ON inbox.id = up.id WHERE inbox.origin > 0 AND n <= ?2
			) SELECT max(n) FROM up`, t.Origin, maxChain).Scan(&n); err != nil {
			return 0, err
		}
		if n > maxChain {
			return 0, ErrTimerChain
		}
	}
	res, err := tx.Exec(`INSERT INTO timers (bot, name, spec, due, origin, line, function, data, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.Bot, t.Name, t.Spec, ms(t.Due), t.Origin, t.Line, t.Function, t.Data, ms(now))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// RemoveTimer removes a bot's timer, and reports whether there was such.
func RemoveTimer(tx *Tx, bot string, id int64) (bool, error) {
	res, err := tx.Exec(`DELETE FROM timers WHERE bot = ? AND id = ? AND name = ''`, bot, id)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

const timerColumns = `id, bot, name, spec, due, origin, line, function, data`

func scanTimers(rows *sql.Rows) (all []Timer, err error) {
	defer rows.Close()
	for rows.Next() {
		var t Timer
		var due int64
		if err := rows.Scan(&t.ID, &t.Bot, &t.Name, &t.Spec, &due, &t.Origin, &t.Line, &t.Function, &t.Data); err != nil {
			return nil, err
		}
		t.Due = fromMs(due)
		all = append(all, t)
	}
	return all, rows.Err()
}

// NextTimers returns the timers of a bot that come first, of all bots for "".
func (s *Store) NextTimers(ctx context.Context, bot string, limit int) (all []Timer, err error) {
	err = s.View(ctx, "read the timers", func(q Queryer) error {
		query, args := `SELECT `+timerColumns+` FROM timers WHERE due > 0`, []any{}
		if bot != "" {
			query, args = query+` AND bot = ?`, append(args, bot)
		}
		rows, err := q.QueryContext(ctx, query+` ORDER BY due, id LIMIT ?`, append(args, limit)...)
		if err != nil {
			return err
		}
		all, err = scanTimers(rows)
		return err
	})
	return all, err
}

// FireTimer moves a timer on that is due: a schedule to its next time, zero for never;
// one that a handler started is removed. With a message it comes into the inbox, in the
// same transaction, unless the one before is still waiting there. in is nil
// if it doesn't, or if the timer isn't the one given any more.
func (s *Store) FireTimer(ctx context.Context, t Timer, next time.Time, message []byte, at time.Time) (in *Inbound, err error) {
	err = s.Update(ctx, "fire a timer", func(tx *Tx) error {
		in = nil
		query, args := `DELETE FROM timers WHERE id = ? AND due = ?`, []any{t.ID, ms(t.Due)}
		if t.Name != "" {
			query, args = `UPDATE timers SET due = ? WHERE id = ? AND due = ?`, append([]any{ms(next)}, args...)
		}
		res, err := tx.Exec(query, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 || message == nil {
			return err
		}
		var waiting bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM inbox WHERE bot = ? AND state = 'waiting' AND conversation = ?)`,
			t.Bot, t.Conversation()).Scan(&waiting); err != nil || waiting {
			return err
		}
		res, err = tx.Exec(`INSERT INTO inbox (bot, conversation, user, key, message, received, origin) VALUES (?, ?, '', ?, ?, ?, ?)`,
			t.Bot, t.Conversation(), fmt.Sprintf("%s@%d", t.Conversation(), ms(t.Due)), message, ms(at), t.Origin)
		if err != nil {
			return err
		}
		id, err := res.LastInsertId()
		in = &Inbound{ID: id, Bot: t.Bot, Conversation: t.Conversation(), Message: message, Received: at, State: StateWaiting}
		return err
	})
	if err != nil {
		return nil, err
	}
	return in, nil
}

// SetSchedules makes a bot's schedules those given: new and changed ones are added with
// their Due, others keep theirs, and those that aren't among them are removed.
func (s *Store) SetSchedules(ctx context.Context, bot string, schedules []Timer, now time.Time) error {
	return s.Update(ctx, "keep the schedules", func(tx *Tx) error {
		rows, err := tx.Query(`SELECT `+timerColumns+` FROM timers WHERE bot = ? AND name <> ''`, bot)
		if err != nil {
			return err
		}
		kept, err := scanTimers(rows)
		if err != nil {
			return err
		}
		before := map[string]Timer{}
		for _, t := range kept {
			before[t.Name] = t
		}
		for _, t := range schedules {
			old, known := before[t.Name]
			delete(before, t.Name)
			t.Bot = bot
			switch {
			case !known:
				_, err = AddTimer(tx, t, now)
			case old.Spec != t.Spec:
				_, err = tx.Exec(`UPDATE timers SET spec = ?, due = ?, line = ? WHERE id = ?`, t.Spec, ms(t.Due), t.Line, old.ID)
			case old.Line != t.Line:
				_, err = tx.Exec(`UPDATE timers SET line = ? WHERE id = ?`, t.Line, old.ID)
			}
			if err != nil {
				return err
			}
		}
		for _, t := range before {
			if _, err := tx.Exec(`DELETE FROM timers WHERE id = ?`, t.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Received returns a message of the inbox, in whatever state, nil if it isn't kept.
func (s *Store) Received(ctx context.Context, id int64) (in *Inbound, err error) {
	err = s.View(ctx, "read the inbox", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+inboundColumns+` FROM inbox WHERE id = ?`, id)
		if err != nil {
			return err
		}
		all, err := scanInbound(rows)
		if len(all) > 0 {
			in = &all[0]
		}
		return err
	})
	return in, err
}

// isOrigin reports whether a timer that is under way, or was, came of a message.
func isOrigin(tx *Tx, inbound int64) (is bool, err error) {
	err = tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM timers WHERE origin = ?1) OR EXISTS (SELECT 1 FROM inbox WHERE origin = ?1)`, inbound).Scan(&is)
	return is, err
}

// forgetJournal removes a handler's journal, unless a timer needs it.
func forgetJournal(tx *Tx, inbound int64) error {
	needed, err := isOrigin(tx, inbound)
	if err != nil || needed {
		return err
	}
	_, err = tx.Exec(`DELETE FROM journal WHERE inbound = ?`, inbound)
	return err
}
