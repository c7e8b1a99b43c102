package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Suffix is what the names of spec files end with.
const Suffix = "_spec.lua"

// ErrNoSpecs says that there are no specs in the places given.
var ErrNoSpecs = errors.New("no specs found: their files are named like echo" + Suffix)

// Find returns the spec files that paths name: files, and those below folders,
// except for hidden ones.
func Find(paths ...string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("look for specs: %w", err)
		}
		if !info.IsDir() {
			if !strings.HasSuffix(path, Suffix) {
				return nil, fmt.Errorf("%s is no spec: its name doesn't end in %s", path, Suffix)
			}
			files = append(files, filepath.Clean(path))
			continue
		}
		err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && file != path && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case d.Type().IsRegular() && strings.HasSuffix(file, Suffix):
				files = append(files, filepath.Clean(file))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for specs: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, ErrNoSpecs
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}
