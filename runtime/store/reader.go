package store

import (
	"context"
	"database/sql"
	"fmt"
)

// maxReaders bounds the connections for reading: more than there are cores to
// read with help nobody.
const maxReaders = 4

// View runs f, which reads one state of the store, while others may go on to
// write. Rows that f leaves open are closed when it returns. f must not call
// View: it could wait for itself.
func (s *Store) View(ctx context.Context, what string, f func(q Queryer) error) error {
	select {
	case <-s.closing: // before a reader that may be free as well
		return fmt.Errorf("%s: %w", what, ErrClosed)
	default:
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	case <-s.closing:
		return fmt.Errorf("%s: %w", what, ErrClosed)
	}
	defer func() { s.readers <- c }()
	if c == nil {
		var err error
		if c, err = connect(ctx, dsn(s.path, readOnly)); err != nil {
			return s.failure(what, err)
		}
	}
	// Both ends of the transaction without ctx: a reader must not stay within.
	if _, err := c.exec(context.Background(), "BEGIN"); err != nil {
		c = s.discard(c)
		return s.failure(what, err)
	}
	defer func() {
		c.closeRows()
		if _, err := c.exec(context.Background(), "ROLLBACK"); err != nil {
			c = s.discard(c)
		}
	}()
	if err := f(view{c}); err != nil {
		return s.failure(what, err)
	}
	return nil
}

// discard closes a reader that can't be used again. The next View opens
// another.
func (s *Store) discard(c *conn) *conn {
	if err := c.close(); err != nil {
		s.log.Warn("close a reader of the store", "err", err)
	}
	return nil
}

type view struct{ c *conn }

func (v view) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return v.c.query(ctx, query, args...)
}

func (v view) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return v.c.queryRow(ctx, query, args...)
}
