package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// TrimFiles removes files of a folder, the oldest first: those older than
// maxAge, and then as many as it takes for the rest to be no larger than
// maxBytes. 0 stands for no limit. It leaves alone what isn't a regular file,
// and minds neither a folder that doesn't exist nor others who remove files
// meanwhile. It goes on after a file that can't be removed, and says so at the
// end.
func TrimFiles(dir string, maxAge time.Duration, maxBytes int64, now time.Time) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("trim files: %w", err)
	}
	var files []fs.FileInfo
	var errs []error
	var total int64
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, info)
		total += info.Size()
	}
	slices.SortStableFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, f := range files {
		old := maxAge > 0 && now.Sub(f.ModTime()) > maxAge
		over := maxBytes > 0 && total > maxBytes
		if !old && !over {
			break // the rest is younger
		}
		switch err := os.Remove(filepath.Join(dir, f.Name())); {
		case err == nil:
			removed++
			total -= f.Size()
		case errors.Is(err, fs.ErrNotExist):
			total -= f.Size()
		default:
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return removed, fmt.Errorf("trim files: %w", err)
	}
	return removed, nil
}
