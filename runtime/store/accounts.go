package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Throttle is what the server's last refusal for sending too fast demands.
type Throttle struct {
	Until time.Time // nothing is sent before, then one probe
	Step  int       // how many such refusals came in a row
}

// Cursor returns where a bot's polling goes on, "" for the beginning. A cursor
// that belongs to another token than the digest's is void (protocol §2).
func (s *Store) Cursor(ctx context.Context, bot, tokenDigest string) (cursor string, err error) {
	err = s.View(ctx, "read the cursor", func(q Queryer) error {
		return q.QueryRowContext(ctx, `SELECT cursor FROM bots WHERE bot = ? AND token_digest = ?`, bot, tokenDigest).Scan(&cursor)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return cursor, err
}

// SaveCursor keeps a bot's cursor, together with the digest of the token that it
// belongs to.
func (s *Store) SaveCursor(ctx context.Context, bot, tokenDigest, cursor string) error {
	return s.Update(ctx, "save the cursor", func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO bots (bot, token_digest, cursor) VALUES (?, ?, ?)
			ON CONFLICT (bot) DO UPDATE SET token_digest = excluded.token_digest, cursor = excluded.cursor`, bot, tokenDigest, cursor)
		return err
	})
}

// Throttle returns what is known of a bot's throttle.
func (s *Store) Throttle(ctx context.Context, bot string) (t Throttle, err error) {
	var until int64
	err = s.View(ctx, "read the throttle", func(q Queryer) error {
		return q.QueryRowContext(ctx, `SELECT throttled_until, throttle_step FROM bots WHERE bot = ?`, bot).Scan(&until, &t.Step)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return t, nil
	}
	t.Until = fromMs(until)
	return t, err
}

// SaveThrottle keeps what is known of a bot's throttle: a restart must not make
// the penalty longer.
func (s *Store) SaveThrottle(ctx context.Context, bot string, t Throttle) error {
	return s.Update(ctx, "save the throttle", func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO bots (bot, throttled_until, throttle_step) VALUES (?, ?, ?)
			ON CONFLICT (bot) DO UPDATE SET throttled_until = excluded.throttled_until, throttle_step = excluded.throttle_step`,
			bot, ms(t.Until), t.Step)
		return err
	})
}

// ContextToken returns the newest context token of a user, "" if there is none.
func (s *Store) ContextToken(ctx context.Context, bot, user string) (token string, err error) {
	err = s.View(ctx, "read the context token", func(q Queryer) error {
		return q.QueryRowContext(ctx, `SELECT token FROM context_tokens WHERE bot = ? AND user = ?`, bot, user).Scan(&token)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return token, err
}

// SaveContextToken keeps a user's newest context token.
func (s *Store) SaveContextToken(ctx context.Context, bot, user, token string, at time.Time) error {
	return s.Update(ctx, "save the context token", func(tx *Tx) error { return putContextToken(tx, bot, user, token, at) })
}

func putContextToken(tx *Tx, bot, user, token string, at time.Time) error {
	_, err := tx.Exec(`INSERT INTO context_tokens (bot, user, token, updated) VALUES (?, ?, ?, ?)
		ON CONFLICT (bot, user) DO UPDATE SET token = excluded.token, updated = excluded.updated`, bot, user, token, ms(at))
	return err
}

// Quote returns the content of a message by the server's id for it, nil if it
// isn't kept.
func (s *Store) Quote(ctx context.Context, bot, messageID string) (item []byte, err error) {
	err = s.View(ctx, "read a quoted message", func(q Queryer) error {
		return q.QueryRowContext(ctx, `SELECT item FROM quotes WHERE bot = ? AND message_id = ?`, bot, messageID).Scan(&item)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return item, err
}

func putQuote(tx *Tx, bot, messageID string, item []byte, at time.Time) error {
	if messageID == "" || len(item) == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT OR REPLACE INTO quotes (bot, message_id, item, at) VALUES (?, ?, ?, ?)`, bot, messageID, item, ms(at))
	return err
}

// ms is a time as the tables have it.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMs(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMilli(v)
}
