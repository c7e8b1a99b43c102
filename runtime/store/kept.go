package store

import "context"

// Kept counts what of a bot waits for somebody to decide: messages that are dead, and sends
// that are held.
func (s *Store) Kept(ctx context.Context, bot string) (dead, held int, err error) {
	err = s.View(ctx, "count what is kept", func(q Queryer) error {
		if err := q.QueryRowContext(ctx, `SELECT count(*) FROM inbox WHERE bot = ? AND state = 'dead'`, bot).Scan(&dead); err != nil {
			return err
		}
		return q.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE bot = ? AND state = 'held'`, bot).Scan(&held)
	})
	return dead, held, err
}
