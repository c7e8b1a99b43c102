package store

import (
	"context"
	"database/sql"
)

// A Queryer reads. It is what [Store.View] gives, and a [Tx] is one as well, so
// that a function that reads serves both.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	// QueryRowContext's row must be scanned before the next call.
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

var _ Queryer = (*Tx)(nil)

// A Tx is a transaction as one function of [Store.Update] sees it. It is for
// that function alone and ends with it. Its statements are prepared once and
// kept, so SQL should be constant text.
type Tx struct {
	c      *conn
	hooks  []func()
	broken error // the transaction around is gone
	done   bool
}

// Exec runs a statement that returns no rows.
func (tx *Tx) Exec(query string, args ...any) (sql.Result, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	r, err := tx.c.exec(context.Background(), query, args...)
	return r, tx.check(err)
}

// Query runs a statement that returns rows. They are closed, at the latest,
// when the function of the Tx returns.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	rows, err := tx.c.query(context.Background(), query, args...)
	return rows, tx.check(err)
}

// QueryRow runs a statement that returns at most one row, which must be scanned
// before the next call.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	if tx.usable() != nil {
		// There is no way to make a Row with an error of one's own; this one
		// carries context.Canceled.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return tx.c.sql.QueryRowContext(ctx, query, args...)
	}
	row := tx.c.queryRow(context.Background(), query, args...)
	tx.check(row.Err()) // the row carries it
	return row
}

// QueryContext is [Tx.Query]. The context is not used: what has been started
// is brought to its end, so that the answer of Update is always true.
func (tx *Tx) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.Query(query, args...)
}

// QueryRowContext is [Tx.QueryRow]. The context is not used.
func (tx *Tx) QueryRowContext(_ context.Context, query string, args ...any) *sql.Row {
	return tx.QueryRow(query, args...)
}

// OnCommit has f called once what the Tx did is durable, before Update returns
// to its caller; never if it isn't. Hooks run on the writer's goroutine, in the
// order of the transaction: they must be quick and must not call Update.
func (tx *Tx) OnCommit(f func()) {
	tx.hooks = append(tx.hooks, f)
}

func (tx *Tx) usable() error {
	if tx.done {
		return sql.ErrTxDone
	}
	return tx.broken
}

// check remembers an error with which SQLite gave up the whole transaction: a
// statement after it would be committed on its own.
func (tx *Tx) check(err error) error {
	err = classify(err)
	if err != nil && ends(err) {
		tx.broken = err
	}
	return err
}
