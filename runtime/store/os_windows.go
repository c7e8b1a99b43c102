package store

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// lockOffset is where the byte is that stands for the lock: far behind the
// number of the process, as others can't read what is locked.
const lockOffset = 1 << 30

func tryLock(f *os.File) error {
	at := &windows.Overlapped{Offset: lockOffset}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errHeld
	}
	return err
}

// othersMay is always false: access is by lists here, inherited from the
// folder, and the mode tells nothing.
func othersMay(fs.FileInfo) bool { return false }

// mayWrite doesn't tell here: trying does, later.
func mayWrite(string) error { return nil }

// syncDir does nothing: a folder can't be synced here.
func syncDir(string) error { return nil }
