package ilink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// CursorStore keeps a bot's place in the stream of messages. The cursor is an
// opaque text, "" before the first poll. Clear it when the bot logs in anew.
type CursorStore interface {
	// LoadCursor returns the cursor saved last, "" if there is none.
	LoadCursor(ctx context.Context) (string, error)
	// SaveCursor is called after the messages before it were handed over.
	SaveCursor(ctx context.Context, cursor string) error
}

// FileCursor returns a store that keeps the cursor in a file of its own, which
// it makes with mode 0600 and replaces as a whole.
func FileCursor(path string) CursorStore { return fileCursor(path) }

type fileCursor string

func (f fileCursor) LoadCursor(context.Context) (string, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ilink: read the cursor: %w", err)
	}
	// A line end is an editor's, not the server's; all else is opaque.
	return strings.TrimRight(string(b), "\r\n"), nil
}

func (f fileCursor) SaveCursor(_ context.Context, cursor string) error {
	tmp, err := os.CreateTemp(filepath.Dir(string(f)), filepath.Base(string(f))+".*")
	if err != nil {
		return fmt.Errorf("ilink: save the cursor: %w", err)
	}
	// CreateTemp makes the file 0600.
	_, err = tmp.WriteString(cursor)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), string(f))
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("ilink: save the cursor: %w", err)
	}
	return nil
}

// memoryCursor is the default: the next run starts with an empty cursor.
type memoryCursor struct {
	mu     sync.Mutex
	cursor string
}

func (m *memoryCursor) LoadCursor(context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursor, nil
}

func (m *memoryCursor) SaveCursor(_ context.Context, cursor string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cursor = cursor
	return nil
}
