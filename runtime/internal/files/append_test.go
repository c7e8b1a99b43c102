package files

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
)

// TestRedo: what a crash has left of an addition is seen, and finished or made anew.
func TestRedo(t *testing.T) {
	for name, c := range map[string]struct{ there, want string }{
		"nothing":          {"old\n", "old\nnew line\n"},
		"a piece":          {"old\nnew", "old\nnew line\n"},
		"all":              {"old\nnew line\n", "old\nnew line\n"},
		"all, and more":    {"old\nnew line\nother\n", "old\nnew line\nother\n"},
		"another's":        {"old\nother\n", "old\nother\nnew line\n"},
		"the file is gone": {"", "new line\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &Files{quota: quota{most: 1 << 20}, root: t.TempDir()}
			path := filepath.Join(f.root, "a.txt")
			if c.there != "" {
				if err := os.WriteFile(path, []byte(c.there), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			data := []byte("new line\n")
			sum := sha256.Sum256(data)
			before := Addition{At: 4, Size: len(data), Sum: sum[:]}
			now, err := f.redo("a.txt", before, Addition{At: int64(len(c.there)), Size: len(data)}, data)
			if err == nil && now.Size > 0 {
				err = f.add("a.txt", now.At, data)
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(path); string(got) != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
