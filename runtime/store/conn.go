package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

const (
	// busyTimeout is how long a statement waits for the lock of another
	// process, in milliseconds.
	busyTimeout = 5000
	// checkpointPages is the length of the WAL at which its pages are moved
	// to the database file, by the commit that reaches it: 4 MiB.
	checkpointPages = 1000
	// walLimit is the length, in bytes, to which the WAL is cut after a
	// checkpoint, should it have grown beyond.
	walLimit = 16 << 20
	// maxStatements bounds the prepared statements of a connection, in case
	// somebody composes SQL at run time.
	maxStatements = 256
)

// access is how a connection may use the file.
type access string

const (
	readOnly  access = "ro"
	readWrite access = "rw"
	create    access = "rwc"
)

// dsn returns the data source name of a connection to the file. It never
// makes a file except with create.
func dsn(path string, mode access, pragmas ...string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") { // C:/...
		p = "/" + p
	}
	q := url.Values{
		"mode":          {string(mode)},
		"_busy_timeout": {fmt.Sprint(busyTimeout)},
		"_dqs":          {"0"}, // a misspelt name is an error, not a string
		"_defensive":    {"1"},
		"_error_rc":     {"1"},
		"_pragma":       append([]string{"temp_store(MEMORY)", "foreign_keys(ON)", "cell_size_check(ON)"}, pragmas...),
	}
	if mode == readOnly {
		q.Set("_query_only", "1")
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: q.Encode()}).String()
}

// conn is one connection with its prepared statements. One goroutine uses it
// at a time.
type conn struct {
	db    *sql.DB
	sql   *sql.Conn
	stmts map[string]*stmt
	open  []*sql.Rows // given out, perhaps not closed yet
}

type stmt struct {
	*sql.Stmt
	rows *sql.Rows // the last ones it gave
}

func connect(ctx context.Context, name string) (*conn, error) {
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db: db, sql: c, stmts: make(map[string]*stmt)}, nil
}

func (c *conn) close() error {
	c.closeRows()
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.sql.Close(), c.db.Close())...)
}

// prepared returns the statement of a query, or nil for one that has to be run
// without: when too many are kept already, or when its last rows are still
// being read, as a statement of SQLite holds one result at a time.
func (c *conn) prepared(query string) (*stmt, error) {
	if st := c.stmts[query]; st != nil {
		if st.rows != nil {
			// Rows that are closed no longer tell their columns.
			if _, err := st.rows.Columns(); err == nil {
				return nil, nil
			}
			st.rows = nil
		}
		return st, nil
	}
	if len(c.stmts) >= maxStatements {
		return nil, nil
	}
	// No context: the statement outlives the call.
	st, err := c.sql.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	s := &stmt{Stmt: st}
	c.stmts[query] = s
	return s, nil
}

func (c *conn) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := c.prepared(query)
	switch {
	case err != nil:
		return nil, err
	case st == nil:
		return c.sql.ExecContext(ctx, query, args...)
	}
	return st.ExecContext(ctx, args...)
}

func (c *conn) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	var rows *sql.Rows
	if st == nil {
		rows, err = c.sql.QueryContext(ctx, query, args...)
	} else {
		rows, err = st.QueryContext(ctx, args...)
	}
	if err != nil {
		return nil, err
	}
	if st != nil {
		st.rows = rows
	}
	c.open = append(c.open, rows)
	return rows, nil
}

func (c *conn) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	st, err := c.prepared(query)
	if err != nil || st == nil {
		return c.sql.QueryRowContext(ctx, query, args...) // brings up the error again
	}
	return st.QueryRowContext(ctx, args...)
}

// closeRows closes what a function forgot to close: an open result would keep
// the connection in its old snapshot.
func (c *conn) closeRows() {
	for i, rows := range c.open {
		rows.Close() // its error is that of reading, which is over
		c.open[i] = nil
	}
	c.open = c.open[:0]
}

// number reads the single integer of a PRAGMA.
func (c *conn) number(ctx context.Context, pragma string) (int, error) {
	var n int
	if err := c.sql.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&n); err != nil {
		return 0, fmt.Errorf("read %s: %w", pragma, err)
	}
	return n, nil
}
