package files

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// Tidy removes the files of the queue that no send refers to: those of a process that
// died between the copy and the store. used has the paths of the others.
func (f *Files) Tidy(used map[string]bool) {
	kept, err := os.ReadDir(f.queue)
	if err != nil {
		return // there is none
	}
	for _, e := range kept {
		if path := filepath.Join(f.queue, e.Name()); !used[path] {
			os.Remove(path)
		}
	}
}

// MaxQueued is how many bytes the files of a bot may take that wait to be sent: a script
// that sends and sends must not fill the disk.
const MaxQueued = 1 << 30

// spooled is the size of the files that wait to be sent.
func (f *Files) spooled() (sum int64) {
	kept, err := os.ReadDir(f.queue)
	if err != nil {
		return 0 // there is none yet
	}
	for _, e := range kept {
		if info, err := e.Info(); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// Spool copies a file into the queue, durably, and returns the copy's path.
func (f *Files) Spool(src *os.File, name string) (string, error) {
	info, err := src.Stat()
	if err == nil && info.Size() > ilink.MaxMediaSize {
		return "", &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q is over %d MiB, more than can be sent", name, ilink.MaxMediaSize>>20)}
	}
	if err == nil && f.spooled()+info.Size() > MaxQueued {
		return "", &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf("files of over %d MiB wait to be sent, and no more are kept", MaxQueued>>20)}
	}
	if err := os.MkdirAll(f.queue, 0o700); err != nil {
		return "", fmt.Errorf("keep a file to be sent: %w", err)
	}
	dst, err := os.CreateTemp(f.queue, "*") // 0600
	if err != nil {
		return "", fmt.Errorf("keep a file to be sent: %w", err)
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Sync(), dst.Close()); err != nil {
		os.Remove(dst.Name())
		return "", fmt.Errorf("keep a file to be sent: %w", err)
	}
	return dst.Name(), nil
}

// Discard removes a file of the queue.
func (f *Files) Discard(path string) {
	if within(path, f.queue) {
		os.Remove(path)
	}
}
