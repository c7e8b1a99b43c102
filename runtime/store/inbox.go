package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Receipt is a message as a poll brought it.
type Receipt struct {
	Key          string // what its repeats have in common
	Content      string // what repeats under another id have in common, "" if that isn't to be looked at
	Conversation string
	User         string
	MessageID    string // the server's id
	ContextToken string
	Message      []byte // the whole message
	Item         []byte // the content, kept for the case that it is quoted
	// Opened is when it opened the user's window, by the server's clock.
	Opened time.Time
}

// Arrival says when the messages of a poll came in.
type Arrival struct {
	At time.Time
	// After is the time before which none of them had reached the server. Sends
	// that ended later may have come behind them, and so count as sent in answer.
	After time.Time
}

// Inbound is a message in the inbox.
type Inbound struct {
	ID            int64
	Bot           string
	Conversation  string
	User          string
	Message       []byte
	Received      time.Time
	State         string // StateWaiting, StateDone or StateDead
	Attempts      int
	NextAt        time.Time // not to be tried before
	RetryOnReload bool      // the script is sure to fail at it until it is changed
	Error         string
	Traceback     string
}

// States of an inbound message.
const (
	StateWaiting = "waiting"
	StateDone    = "done"
	StateDead    = "dead"
)

// Receive takes the messages of a poll into the inbox, with their context
// tokens and what they mean for the windows, in one transaction. It returns
// those that are new, and the windows that they opened.
func (s *Store) Receive(ctx context.Context, bot string, receipts []Receipt, arrival Arrival) (taken []Inbound, windows []Window, err error) {
	err = s.Update(ctx, "receive messages", func(tx *Tx) error {
		taken, windows = nil, nil
		for _, r := range receipts {
			in, isNew, err := receive(tx, bot, r, arrival.At)
			if err != nil {
				return err
			}
			if !isNew {
				continue
			}
			taken = append(taken, in)
			w, err := openWindow(tx, bot, r.Conversation, r.Opened, arrival.After)
			if err != nil {
				return err
			}
			windows = append(windows, w)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return taken, windows, nil
}

func receive(tx *Tx, bot string, r Receipt, at time.Time) (in Inbound, isNew bool, err error) {
	isNew, err = firstSeen(tx, bot, r, at)
	if err != nil || !isNew {
		return in, false, err
	}
	res, err := tx.Exec(`INSERT INTO inbox (bot, conversation, user, key, message, received) VALUES (?, ?, ?, ?, ?, ?)`,
		bot, r.Conversation, r.User, r.Key, r.Message, ms(at))
	if err != nil {
		return in, false, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return in, false, err
	}
	if r.ContextToken != "" {
		if err := putContextToken(tx, bot, r.User, r.ContextToken, at); err != nil {
			return in, false, err
		}
	}
	if err := putQuote(tx, bot, r.MessageID, r.Item, at); err != nil {
		return in, false, err
	}
	return Inbound{
		ID: id, Bot: bot, Conversation: r.Conversation, User: r.User, Message: r.Message, Received: at, State: StateWaiting,
	}, true, nil
}

// sameContentWithin is for how long a message with the same sender, time and content
// as one before is a repeat of that, though it has another id (protocol §3).
const sameContentWithin = 15 * time.Second

// firstSeen notes a message's keys and reports whether it is new.
func firstSeen(tx *Tx, bot string, r Receipt, at time.Time) (bool, error) {
	fresh := func(key string, within time.Duration) (bool, error) {
		before := int64(-1) // whenever that was
		if within > 0 {
			before = ms(at.Add(-within))
		}
		res, err := tx.Exec(`INSERT INTO seen (bot, key, at) VALUES (?1, ?2, ?3)
			ON CONFLICT DO UPDATE SET at = excluded.at WHERE ?4 >= 0 AND at < ?4`, bot, key, ms(at), before)
		if err != nil {
			return false, err
		}
		n, err := res.RowsAffected()
		return n > 0, err
	}
	// Both are noted: a repeat under another id may be repeated under that.
	isNew, err := fresh(r.Key, 0)
	if err != nil || !isNew || r.Content == "" {
		return isNew, err
	}
	return fresh(r.Content, sameContentWithin)
}

const inboundColumns = `id, bot, conversation, user, message, received, state, attempts, next_at, retry_on_reload, error, traceback`

func scanInbound(rows *sql.Rows) (all []Inbound, err error) {
	defer rows.Close()
	for rows.Next() {
		var in Inbound
		var received, next int64
		if err := rows.Scan(&in.ID, &in.Bot, &in.Conversation, &in.User, &in.Message, &received, &in.State,
			&in.Attempts, &next, &in.RetryOnReload, &in.Error, &in.Traceback); err != nil {
			return nil, err
		}
		in.Received, in.NextAt = fromMs(received), fromMs(next)
		all = append(all, in)
	}
	return all, rows.Err()
}

// Waiting returns a bot's messages that wait to be handled, in order, after the
// id given.
func (s *Store) Waiting(ctx context.Context, bot string, after int64) (all []Inbound, err error) {
	err = s.View(ctx, "read the inbox", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+inboundColumns+` FROM inbox
			WHERE bot = ? AND state = 'waiting' AND id > ? ORDER BY id`, bot, after)
		if err != nil {
			return err
		}
		all, err = scanInbound(rows)
		return err
	})
	return all, err
}

// Handled marks a message as done.
func (s *Store) Handled(ctx context.Context, id int64, at time.Time) error {
	return s.Update(ctx, "mark a message as handled", func(tx *Tx) error { return setHandled(tx, id, at) })
}

func setHandled(tx *Tx, id int64, at time.Time) error {
	if _, err := tx.Exec(`UPDATE inbox SET state = 'done', finished = ?, error = '', traceback = '' WHERE id = ?`, ms(at), id); err != nil {
		return err
	}
	return forget(tx, id)
}

// Failure is how handling a message failed.
type Failure struct {
	Error     string
	Traceback string
	// NextAt is when it is tried again; zero means that it is dead.
	NextAt time.Time
	// RetryOnReload brings a dead message back when the script was changed.
	RetryOnReload bool
	// Afresh has the handler begin anew if it is tried again; else it goes on after
	// the last answer that it waited for.
	Afresh bool
}

// Failed records a failure at a message.
func (s *Store) Failed(ctx context.Context, id int64, f Failure, at time.Time) error {
	return s.Update(ctx, "record a failure", func(tx *Tx) error {
		if err := rewind(tx, id, f.Afresh); err != nil {
			return err
		}
		state, finished := StateWaiting, int64(0)
		if f.NextAt.IsZero() {
			state, finished = StateDead, ms(at)
		}
		_, err := tx.Exec(`UPDATE inbox SET state = ?, attempts = attempts + 1, next_at = ?, retry_on_reload = ?,
			error = ?, traceback = ?, finished = ? WHERE id = ?`,
			state, ms(f.NextAt), f.RetryOnReload, f.Error, f.Traceback, finished, id)
		return err
	})
}

// ReviveOnReload brings back a bot's messages that were waiting for a change of
// the script, if they are not older than since, and returns them.
func (s *Store) ReviveOnReload(ctx context.Context, bot string, since time.Time) ([]Inbound, error) {
	return s.revive(ctx, `bot = ? AND state = 'dead' AND retry_on_reload = 1 AND received >= ?`, bot, ms(since))
}

// Revive brings a dead message back, or one whose time hasn't come yet. A
// running daemon notices by [Store.DataVersion].
func (s *Store) Revive(ctx context.Context, id int64) error {
	all, err := s.revive(ctx, `id = ? AND state IN ('dead', 'waiting')`, id)
	if err == nil && len(all) == 0 {
		return fmt.Errorf("there is no dead or waiting message %d", id)
	}
	return err
}

func (s *Store) revive(ctx context.Context, where string, args ...any) (all []Inbound, err error) {
	err = s.Update(ctx, "bring messages back", func(tx *Tx) error {
		rows, err := tx.Query(`UPDATE inbox SET state = 'waiting', attempts = 0, next_at = 0, retry_on_reload = 0, finished = 0
			WHERE `+where+` RETURNING `+inboundColumns, args...)
		if err != nil {
			return err
		}
		all, err = scanInbound(rows)
		return err
	})
	return all, err
}

// Drop ends a message that is dead or waiting, unhandled.
func (s *Store) Drop(ctx context.Context, id int64, at time.Time) error {
	var n int64
	err := s.Update(ctx, "drop a message", func(tx *Tx) error {
		res, err := tx.Exec(`UPDATE inbox SET state = 'done', finished = ?, error = 'dropped by hand: ' || error
			WHERE id = ? AND state IN ('dead', 'waiting')`, ms(at), id)
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return forget(tx, id)
	})
	if err == nil && n == 0 {
		return fmt.Errorf("there is no dead or waiting message %d", id)
	}
	return err
}

// Unhandled returns the messages that are waiting or dead, of one bot or, with
// "", of all.
func (s *Store) Unhandled(ctx context.Context, bot string) (all []Inbound, err error) {
	err = s.View(ctx, "read the inbox", func(q Queryer) error {
		// Two queries, as one for both would not use the index.
		query, args := `SELECT `+inboundColumns+` FROM inbox WHERE state IN ('waiting', 'dead')`, []any{}
		if bot != "" {
			query, args = query+` AND bot = ?`, append(args, bot)
		}
		rows, err := q.QueryContext(ctx, query+` ORDER BY id`, args...)
		if err != nil {
			return err
		}
		all, err = scanInbound(rows)
		return err
	})
	return all, err
}
