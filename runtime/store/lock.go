package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// errHeld is returned by tryLock for a lock that somebody else has.
var errHeld = errors.New("the lock is held")

// fileLock is the daemon's lock: a file beside the store, locked as long as it
// is open, so that it ends with the process however that ends. The file stays,
// as removing it would let two processes lock two files of the same name.
type fileLock struct{ f *os.File }

// lockFile takes the lock of the store at path and writes down who has it.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, classifyFile(err)
	}
	if err := tryLock(f); err != nil {
		if errors.Is(err, errHeld) {
			err = &LockedError{Path: path, PID: readPID(f)}
		}
		return nil, errors.Join(err, f.Close())
	}
	// Only for the text of an error: a full disk is no reason to stop.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid())
	}
	return &fileLock{f}, nil
}

func (l *fileLock) release() error {
	if l == nil {
		return nil
	}
	_ = l.f.Truncate(0) // a number that no longer holds would mislead
	return l.f.Close()
}

func readPID(f *os.File) int {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}
