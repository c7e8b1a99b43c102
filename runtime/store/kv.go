package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// schemaKV adds what scripts keep by keys.
const schemaKV = `
-- Data of bots' scripts, their own (user '') and those about users. The form of
-- values is the scripts'.
CREATE TABLE kv (
	bot     TEXT NOT NULL,
	user    TEXT NOT NULL,
	key     TEXT NOT NULL,
	value   BLOB NOT NULL,
	expires INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (bot, user, key)
) STRICT;
CREATE INDEX kv_expires ON kv (expires) WHERE expires > 0;

-- How much each bot keeps, keys and values together.
CREATE TABLE kv_sizes (
	bot   TEXT PRIMARY KEY NOT NULL,
	bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER kv_insert AFTER INSERT ON kv BEGIN
	INSERT INTO kv_sizes (bot, bytes) VALUES (new.bot, octet_length(new.key) + octet_length(new.value))
	ON CONFLICT (bot) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER kv_update AFTER UPDATE OF value ON kv BEGIN
	UPDATE kv_sizes SET bytes = bytes + octet_length(new.value) - octet_length(old.value) WHERE bot = new.bot;
END;
CREATE TRIGGER kv_delete AFTER DELETE ON kv BEGIN
	UPDATE kv_sizes SET bytes = bytes - octet_length(old.key) - octet_length(old.value) WHERE bot = old.bot;
END;
`

// KVKey is where a value is kept.
type KVKey struct {
	Bot  string
	User string // "" for the bot's own
	Key  string
}

// KVFullError says that a bot keeps as much as it may.
type KVFullError struct{ Limit int64 }

func (e *KVFullError) Error() string {
	return fmt.Sprintf("the bot may keep no more than %d bytes", e.Limit)
}

// GetKV returns a value, which is never empty, and when it expires, zero for never; nil if there is none
// at the time given.
func GetKV(q Queryer, k KVKey, now time.Time) (value []byte, expires time.Time, err error) {
	var at int64
	err = q.QueryRowContext(context.Background(), `SELECT value, expires FROM kv
		WHERE bot = ? AND user = ? AND key = ? AND (expires = 0 OR expires > ?)`, k.Bot, k.User, k.Key, ms(now)).Scan(&value, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, nil
	}
	return value, fromMs(at), err
}

// PutKV keeps a value until it expires, for ever if that is zero. It is a
// [*KVFullError] if the bot's data are then larger than most.
func PutKV(tx *Tx, k KVKey, value []byte, expires time.Time, most int64) error {
	var before, after int64
	size := func(into *int64) error {
		err := tx.QueryRow(`SELECT bytes FROM kv_sizes WHERE bot = ?`, k.Bot).Scan(into)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	}
	if err := size(&before); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO kv (bot, user, key, value, expires) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (bot, user, key) DO UPDATE SET value = excluded.value, expires = excluded.expires`,
		k.Bot, k.User, k.Key, value, ms(expires)); err != nil {
		return err
	}
	if err := size(&after); err != nil {
		return err
	}
	// A bot that is over, as after its limit was lowered, may still make it less.
	if after > most && after > before {
		return &KVFullError{Limit: most}
	}
	return nil
}

// DeleteKV removes a value and reports whether there was one at the time given.
func DeleteKV(tx *Tx, k KVKey, now time.Time) (found bool, err error) {
	value, _, err := GetKV(tx, k, now)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(`DELETE FROM kv WHERE bot = ? AND user = ? AND key = ?`, k.Bot, k.User, k.Key)
	return value != nil, err
}

// KVKeys returns up to so many keys that begin with the one of k and come after
// another key, in the order of their bytes.
func KVKeys(q Queryer, k KVKey, after string, limit int, now time.Time) (keys []string, err error) {
	rows, err := q.QueryContext(context.Background(), `SELECT key FROM kv
		WHERE bot = ?1 AND user = ?2 AND key >= ?3 AND key > ?4 AND key < ?5 AND (expires = 0 OR expires > ?6)
		ORDER BY key LIMIT ?7`, k.Bot, k.User, k.Key, after, prefixEnd(k.Key), ms(now), limit)
	if err != nil {
		return nil, err
	}
	return scanTexts(rows)
}

// prefixEnd comes after all texts that begin with a prefix, both in UTF-8, and
// before all others that come after it.
func prefixEnd(prefix string) string {
	n := len(prefix)
	if n == 0 {
		return "\xff" // no text begins with it
	}
	return prefix[:n-1] + string([]byte{prefix[n-1] + 1})
}

func scanTexts(rows *sql.Rows) (all []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}

// KVUsers returns the users about whom a bot keeps data.
func (s *Store) KVUsers(ctx context.Context, bot string, now time.Time) (users []string, err error) {
	err = s.View(ctx, "read the users of kept data", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT DISTINCT user FROM kv
			WHERE bot = ? AND user <> '' AND (expires = 0 OR expires > ?) ORDER BY user`, bot, ms(now))
		if err != nil {
			return err
		}
		users, err = scanTexts(rows)
		return err
	})
	return users, err
}
