package store

import (
	"context"
	"time"
)

// Exchange returns what a bot's users wrote from one time to another, in order, and
// what they were sent that it asked for in that time, in the order in which it went
// out. user "" means all. What is older than the retention is gone.
func (s *Store) Exchange(ctx context.Context, bot, user string, from, to time.Time) (in []Inbound, out []Send, err error) {
	err = s.View(ctx, "read what was said", func(q Queryer) error {
		rows, err := q.QueryContext(ctx, `SELECT `+inboundColumns+` FROM inbox
			WHERE bot = ?1 AND (?2 = '' OR user = ?2) AND received >= ?3 AND received < ?4 ORDER BY id`, bot, user, ms(from), ms(to))
		if err != nil {
			return err
		}
		if in, err = scanInbound(rows); err != nil {
			return err
		}
		rows, err = q.QueryContext(ctx, `SELECT `+sendColumns+` FROM outbox
			WHERE bot = ?1 AND (?2 = '' OR user = ?2) AND state = 'sent' AND created >= ?3 AND created < ?4 ORDER BY answered, id`,
			bot, user, ms(from), ms(to))
		if err != nil {
			return err
		}
		out, err = scanSends(rows)
		return err
	})
	return in, out, err
}
