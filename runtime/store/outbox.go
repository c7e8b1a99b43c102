package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Modes of a send: what happens when the window has no room for it.
const (
	ModeDefer = "defer" // it waits until the user writes again
	ModeFail  = "fail"  // it fails at once
	ModeNudge = "nudge" // it waits, and the last send of the window says so
)

// Priorities of a send.
const (
	PriorityAnswer = 0
	PriorityPush   = 1
)

// States of a send.
const (
	SendQueued  = "queued"
	SendSending = "sending" // a request is under way, or was when the process died
	SendSent    = "sent"
	SendFailed  = "failed"
	SendExpired = "expired"
	SendHeld    = "held" // not known whether it was sent; somebody has to decide
	SendDropped = "dropped"
	// SendUnconfirmed is one that the server accepted without an id: it throws such
	// sends away (protocol §4).
	SendUnconfirmed = "unconfirmed"
)

// Send is one message in the outbox.
type Send struct {
	ID           int64
	Bot          string
	Conversation string
	User         string
	Group        string
	Inbound      int64 // the inbox id that it answers, 0 for a push
	Ordinal      int   // which send of the handler's it belongs to
	Part, Parts  int
	ClientID     string
	RunID        string // the same on all that answers one message, "" for a push
	Mode         string
	Priority     int
	Kind         string // PayloadItem, or a kind of media to be uploaded from File
	Payload      []byte
	File         string
	State        string
	Result       string // of a send that failed: its kind
	Error        string
	MessageID    string
	Uncertain    bool // a request's answer was lost once: it may have arrived twice
	Attempts     int
	Created      time.Time
	Expires      time.Time
}

// PayloadItem is the kind of a payload that is an item ready to be sent.
const PayloadItem = "item"

// Enqueue is what a script sends in one call.
type Enqueue struct {
	Bot          string
	Conversation string
	User         string
	Group        string
	Inbound      int64
	Ordinal      int
	RunID        string
	Mode         string
	Priority     int
	Created      time.Time
	Expires      time.Time
	// MaxQueued is how many sends of the conversation may wait, these included.
	MaxQueued int
	Parts     []EnqueuePart
	// Progress is kept with it, if it isn't nil.
	Progress *Progress
}

// EnqueuePart is one message of an [Enqueue].
type EnqueuePart struct {
	ClientID string
	Kind     string
	Payload  []byte
	File     string
}

// ErrQueueFull says that too many sends of a conversation are waiting.
var ErrQueueFull = errors.New("too many sends of this conversation are waiting")

// ErrNotQueued says that a send is not to be sent any more.
var ErrNotQueued = errors.New("the send is not queued any more")

// ErrNotBegun says that no request of a send is under way.
var ErrNotBegun = errors.New("no request of the send is under way")

const sendColumns = `id, bot, conversation, user, group_id, coalesce(inbound, 0), ordinal, part, parts, client_id, run_id, mode, priority,
	payload_kind, payload, file, state, result, error, message_id, uncertain, attempts, created, expires`

func scanSends(rows *sql.Rows) (all []Send, err error) {
	defer rows.Close()
	for rows.Next() {
		var s Send
		var created, expires int64
		if err := rows.Scan(&s.ID, &s.Bot, &s.Conversation, &s.User, &s.Group, &s.Inbound, &s.Ordinal, &s.Part, &s.Parts,
			&s.ClientID, &s.RunID, &s.Mode, &s.Priority, &s.Kind, &s.Payload, &s.File, &s.State, &s.Result, &s.Error, &s.MessageID,
			&s.Uncertain, &s.Attempts, &created, &expires); err != nil {
			return nil, err
		}
		s.Created, s.Expires = fromMs(created), fromMs(expires)
		all = append(all, s)
	}
	return all, rows.Err()
}

// Enqueue puts a send into the outbox. A handler that runs again finds what it
// enqueued before under the same inbound id and ordinal: then existed is true,
// and the sends are those, in whatever state they are.
func (s *Store) Enqueue(ctx context.Context, e Enqueue) (sends []Send, existed bool, err error) {
	err = s.Update(ctx, "queue a send", func(tx *Tx) error {
		existed = false
		if e.Inbound != 0 {
			if sends, err = sendsOf(tx, e.Inbound, e.Ordinal); err != nil || len(sends) > 0 {
				existed = true
				if err != nil {
					return err
				}
				return e.Progress.Save(tx)
			}
		}
		if e.MaxQueued > 0 {
			var queued int
			err := tx.QueryRow(`SELECT count(*) FROM outbox WHERE bot = ? AND state = 'queued' AND conversation = ?`, e.Bot, e.Conversation).Scan(&queued)
			if err != nil {
				return err
			}
			if queued+len(e.Parts) > e.MaxQueued {
				return ErrQueueFull
			}
		}
		if sends, err = insertSends(tx, e); err != nil {
			return err
		}
		return e.Progress.Save(tx)
	})
	if err != nil {
		return nil, false, err
	}
	return sends, existed, nil
}

func sendsOf(tx *Tx, inbound int64, ordinal int) ([]Send, error) {
	rows, err := tx.Query(`SELECT `+sendColumns+` FROM outbox WHERE inbound = ? AND ordinal = ? ORDER BY part`, inbound, ordinal)
	if err != nil {
		return nil, err
	}
	return scanSends(rows)
}

func insertSends(tx *Tx, e Enqueue) (sends []Send, err error) {
	inbound := sql.NullInt64{Int64: e.Inbound, Valid: e.Inbound != 0}
	for i, p := range e.Parts {
		res, err := tx.Exec(`INSERT INTO outbox (bot, conversation, user, group_id, inbound, ordinal, part, parts, client_id, run_id, mode,
			priority, payload, payload_kind, file, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Bot, e.Conversation, e.User, e.Group, inbound, e.Ordinal, i, len(e.Parts), p.ClientID, e.RunID, e.Mode,
			e.Priority, p.Payload, p.Kind, p.File, ms(e.Created), ms(e.Expires))
		if err != nil {
			return nil, err
		}
		id, err := res.LastInsertId()
		if err != nil {
			return nil, err
		}
		sends = append(sends, Send{
			ID: id, Bot: e.Bot, Conversation: e.Conversation, User: e.User, Group: e.Group, Inbound: e.Inbound, Ordinal: e.Ordinal,
			Part: i, Parts: len(e.Parts), ClientID: p.ClientID, RunID: e.RunID, Mode: e.Mode, Priority: e.Priority, Kind: p.Kind, Payload: p.Payload,
			File: p.File, State: SendQueued, Created: e.Created, Expires: e.Expires,
		})
	}
	return sends, nil
}

// SendsOf returns what a handler enqueued before under an inbound id and an
// ordinal, none if it didn't.
func (s *Store) SendsOf(ctx context.Context, inbound int64, ordinal int) (sends []Send, err error) {
	err = s.View(ctx, "read the outbox", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+sendColumns+` FROM outbox WHERE inbound = ? AND ordinal = ? ORDER BY part`, inbound, ordinal)
		if err != nil {
			return err
		}
		sends, err = scanSends(rows)
		return err
	})
	return sends, err
}

// Unsent returns a bot's sends that have not come to an end, in order. Those in
// state sending were under way when the last process died.
func (s *Store) Unsent(ctx context.Context, bot string) (all []Send, err error) {
	err = s.View(ctx, "read the outbox", func(q Queryer) error {
		// Two queries, as one for both would not use the index.
		query, args := `SELECT `+sendColumns+` FROM outbox WHERE state IN ('queued', 'sending', 'held')`, []any{}
		if bot != "" {
			query, args = query+` AND bot = ?`, append(args, bot)
		}
		rows, err := q.QueryContext(ctx, query+` ORDER BY priority, id`, args...)
		if err != nil {
			return err
		}
		all, err = scanSends(rows)
		return err
	})
	return all, err
}

// maxUnconfirmed is how many of the latest [Store.Unconfirmed] returns.
const maxUnconfirmed = 100

// Unconfirmed returns the latest sends that the server accepted and threw away, of
// one bot or, with "", of all, oldest first, as long as they are kept.
func (s *Store) Unconfirmed(ctx context.Context, bot string) (all []Send, err error) {
	err = s.View(ctx, "read the outbox", func(q Queryer) error {
		where, args := `state = 'unconfirmed'`, []any{}
		if bot != "" {
			where, args = `bot = ? AND `+where, append(args, bot)
		}
		rows, err := q.QueryContext(ctx, `SELECT `+sendColumns+` FROM outbox WHERE `+where+` ORDER BY id DESC LIMIT ?`, append(args, maxUnconfirmed)...)
		if err != nil {
			return err
		}
		all, err = scanSends(rows)
		slices.Reverse(all)
		return err
	})
	return all, err
}

// LastSend returns when a bot's last request for a send ended, as far as it is
// known that it did.
func (s *Store) LastSend(ctx context.Context, bot string) (t time.Time, err error) {
	var last sql.NullInt64
	err = s.View(ctx, "read the outbox", func(q Queryer) error {
		return q.QueryRowContext(ctx, `SELECT max(answered) FROM outbox WHERE bot = ? AND answered > 0`, bot).Scan(&last)
	})
	return fromMs(last.Int64), err
}

// BeginSend records that a request for the send is about to be made. It must be
// durable before the request is: after a crash it tells which sends are
// uncertain. The window's count goes up here, since the server may count a send
// whose answer is lost. It is an [ErrNotQueued] if the send has come to its end,
// such as by another process that dropped it.
func (s *Store) BeginSend(ctx context.Context, send *Send, at time.Time) (w Window, err error) {
	err = s.Update(ctx, "begin a send", func(tx *Tx) error {
		res, err := tx.Exec(`UPDATE outbox SET state = 'sending', attempts = attempts + 1, counted = counted + 1, started = ?
			WHERE id = ? AND state = 'queued'`, ms(at), send.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, ErrNotQueued)
		}
		w, err = changeWindow(tx, send.Bot, send.Conversation, windowChange{count: +1, suppression: probeSpent})
		return err
	})
	return w, err
}

// Outcome is how a request for a send ended, or how a send ended without one.
type Outcome struct {
	State     string // SendSent, SendUnconfirmed, SendFailed, SendExpired, SendHeld, SendDropped, or SendQueued for another try
	Result    string
	Error     string
	MessageID string
	Uncertain bool // the answer was lost
	Refused   bool // the server refused it, or never got it: the window's count goes down again
	// Closed is the number of a window that the server says is closed; a user who
	// has written since has opened another.
	Closed int64
	Item   []byte // what was sent, kept for the case that it is quoted
}

// suppression is what an outcome says of whether the server throws away what the
// user is sent.
func (o *Outcome) suppression() suppression {
	switch {
	case o.State == SendUnconfirmed:
		return suppressed
	case o.State == SendSent && o.MessageID != "":
		return delivered
	case o.State == SendQueued && o.Refused:
		return probeBack // the try said nothing
	}
	return unchanged
}

func (o *Outcome) ended(at time.Time) int64 {
	if o.State == SendQueued || o.State == SendHeld {
		return 0
	}
	return ms(at)
}

// EndSend records how the request of a send ended that was begun. It is an
// [ErrNotBegun] if none was.
func (s *Store) EndSend(ctx context.Context, send *Send, o Outcome, at time.Time) (w Window, err error) {
	uncounted := 0
	if o.Refused {
		uncounted = 1
	}
	err = s.Update(ctx, "end a send", func(tx *Tx) error {
		res, err := tx.Exec(`UPDATE outbox SET state = ?, result = ?, error = ?, message_id = ?, uncertain = max(uncertain, ?),
			counted = max(0, counted - ?), answered = ?, ended = ? WHERE id = ? AND state = 'sending'`,
			o.State, o.Result, o.Error, o.MessageID, o.Uncertain, uncounted, ms(at), o.ended(at), send.ID)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, ErrNotBegun)
		}
		if w, err = changeWindow(tx, send.Bot, send.Conversation, windowChange{count: -uncounted, closed: o.Closed, suppression: o.suppression(), at: at}); err != nil {
			return err
		}
		return putQuote(tx, send.Bot, o.MessageID, o.Item, at)
	})
	return w, err
}

// EndUnsent records how a send ended for which no request is under way, or why it
// has to wait. It is an [ErrNotQueued] if it has come to an end already.
func (s *Store) EndUnsent(ctx context.Context, id int64, o Outcome, at time.Time) error {
	return s.Update(ctx, "end a queued send", func(tx *Tx) error {
		res, err := tx.Exec(`UPDATE outbox SET state = ?, result = ?, error = ?, ended = ? WHERE id = ? AND state = 'queued'`,
			o.State, o.Result, o.Error, o.ended(at), id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, ErrNotQueued)
		}
		return nil
	})
}

// SetItem replaces what is to be uploaded by the item that the upload made.
func (s *Store) SetItem(ctx context.Context, id int64, item []byte) error {
	return s.Update(ctx, "keep an upload", func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE outbox SET payload_kind = ?, payload = ? WHERE id = ?`, PayloadItem, item, id)
		return err
	})
}

// Nudge puts a send in front of a conversation's others that tells the user that
// more is waiting, and notes in the window that it did.
func (s *Store) Nudge(ctx context.Context, e Enqueue) (send Send, w Window, err error) {
	err = s.Update(ctx, "queue a nudge", func(tx *Tx) error {
		if w, err = changeWindow(tx, e.Bot, e.Conversation, windowChange{nudged: true}); err != nil {
			return err
		}
		sends, err := insertSends(tx, e)
		if err == nil {
			send = sends[0]
		}
		return err
	})
	return send, w, err
}

// Release decides about a send that is held: it is sent again, with its life time
// anew, or dropped. One that is queued may be dropped as well. A running daemon
// notices by [Store.DataVersion].
func (s *Store) Release(ctx context.Context, id int64, again bool, at time.Time) error {
	state, ended := SendDropped, ms(at)
	if again {
		state, ended = SendQueued, 0
	}
	var n int64
	err := s.Update(ctx, "release a held send", func(tx *Tx) error {
		res, err := tx.Exec(`UPDATE outbox SET state = ?1, ended = ?2,
			expires = CASE WHEN ?1 = 'queued' AND state = 'held' AND expires > 0 THEN ?4 + expires - created ELSE expires END
			WHERE id = ?3 AND state IN ('held', 'queued')`, state, ended, id, ms(at))
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	if err == nil && n == 0 {
		return fmt.Errorf("there is no held or queued send %d", id)
	}
	return err
}
