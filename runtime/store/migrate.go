package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migration is one step of the schema. The first makes version 1, and so on:
// steps are only ever added at the end.
type migration struct {
	what string
	run  func(ctx context.Context, c *sql.Conn) error
}

// script is a step that is plain SQL.
func script(text string) func(context.Context, *sql.Conn) error {
	return func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, text)
		return err
	}
}

func migrations() []migration {
	return []migration{
		{"make the tables", script(schemaV1)},
		{"make the tables of journals", script(schemaV2)},
		{"make the tables of kept data", script(schemaKV)},
		{"make the tables of timers", script(schemaTimers)},
		{"keep what timers are given", script(schemaTimerData)},
		{"tell sends that were thrown away", script(schemaUnconfirmed)},
	}
}

// migrate brings the schema to the latest version, all steps in one
// transaction: it is the old one or the new one, whatever happens.
func migrate(ctx context.Context, c *conn, path string, steps []migration) (from, to int, err error) {
	to = len(steps)
	// Most often there is nothing to do, and no need to wait for a writer.
	if from, err = c.number(ctx, "user_version"); err != nil || from == to {
		return from, to, err
	}
	if _, err := c.sql.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return from, to, fmt.Errorf("begin: %w", err)
	}
	err = func() error {
		// Another process may have been here first.
		if from, err = c.number(ctx, "user_version"); err != nil {
			return err
		}
		if from > to {
			return &NewerSchemaError{Path: path, Have: from, Know: to}
		}
		for _, step := range steps[from:] {
			if err := step.run(ctx, c.sql); err != nil {
				return fmt.Errorf("%s: %w", step.what, err)
			}
		}
		if _, err := c.sql.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", to)); err != nil {
			return fmt.Errorf("set the schema version: %w", err)
		}
		if _, err := c.sql.ExecContext(ctx, "COMMIT"); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		return nil
	}()
	if err != nil {
		// Without ctx, which may be what ended. Should it fail, then closing
		// the connection, which the caller does on an error, rolls back.
		_, _ = c.sql.ExecContext(context.Background(), "ROLLBACK")
		return from, to, err
	}
	return from, to, nil
}
