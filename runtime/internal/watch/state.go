package watch

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFiles bounds how many files of a folder are listed.
const maxFiles = 1000

// State is the content of some files, as digests by path; "" for a file that
// can't be read.
type State map[string]string

func StateOf(files []string) State {
	s := State{}
	for _, f := range files {
		s[f] = ""
		if text, err := os.ReadFile(f); err == nil {
			sum := sha256.Sum256(text)
			s[f] = string(sum[:])
		}
	}
	return s
}

// Add takes over the files of t that s doesn't know.
func (s State) Add(t State) {
	for f, sum := range t {
		if _, known := s[f]; !known {
			s[f] = sum
		}
	}
}

// Differs reports whether a file of now is another than in s; those that s
// doesn't know were not there.
func (s State) Differs(now State) bool {
	for f, sum := range now {
		if s[f] != sum {
			return true
		}
	}
	return false
}

// Union returns the files of both lists, each once and in order.
func Union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// LuaFilesBelow lists the Lua files in a folder and those below it.
func LuaFilesBelow(dir string) []string {
	var files []string
	// The separator makes it follow the folder's own name if that is a link.
	root := dir + string(filepath.Separator)
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || len(files) >= maxFiles:
			return fs.SkipDir
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case strings.HasSuffix(path, ".lua"):
			files = append(files, path)
		}
		return nil
	})
	return files
}
