package luabind

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// sources are the files that a VM was made from, kept for the excerpts in
// errors.
type sources struct {
	// script is the entry file as configured, and folder is where it lies.
	script, folder string
	// display is the entry file's name in messages.
	display string

	mu    sync.Mutex
	texts map[string]string // by display name
	files []string          // absolute paths
}

func newSources(script string) *sources {
	return &sources{
		script: script, folder: filepath.Dir(script), display: displayName(script),
		texts: make(map[string]string),
	}
}

// displayName is how messages name the entry file: as the user named it, and an
// absolute path by its last two parts.
func displayName(script string) string {
	if filepath.IsAbs(script) {
		return path.Join(filepath.Base(filepath.Dir(script)), filepath.Base(script))
	}
	return filepath.ToSlash(filepath.Clean(script))
}

// displayBelow is how messages name a file below the entry file's folder.
func (s *sources) displayBelow(rel string) string {
	return path.Join(path.Dir(s.display), rel)
}

// add keeps a file that was read.
func (s *sources) add(display, file, text string) {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[display] = text
	if !slices.Contains(s.files, file) {
		s.files = append(s.files, file)
	}
}

// known reports whether display names a file that was read.
func (s *sources) known(display string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.texts[display]
	return ok
}

// text returns a file's source.
func (s *sources) text(display string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts[display]
}

// readEntry reads the entry file, wherever it lies: the operator named it.
func (s *sources) readEntry(limit int) (string, error) {
	text, err := readSource(func() (*os.File, error) { return os.Open(s.script) }, limit)
	if err != nil {
		return "", err
	}
	s.add(s.display, s.script, text)
	return text, nil
}

// readBelow reads a file below the entry file's folder; links that lead out of it
// are errors. rel has slashes.
func (s *sources) readBelow(rel string, limit int) (string, error) {
	root, err := os.OpenRoot(s.folder)
	if err != nil {
		return "", err
	}
	defer root.Close()
	name := filepath.FromSlash(rel)
	// Opening a named pipe would wait for a writer, for ever.
	if info, err := root.Stat(name); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", errNotRegular
	}
	text, err := readSource(func() (*os.File, error) { return root.Open(name) }, limit)
	if err != nil {
		return "", err
	}
	s.add(s.displayBelow(rel), filepath.Join(s.folder, name), text)
	return text, nil
}

var errNotRegular = errors.New("it is not a regular file")

func readSource(open func() (*os.File, error), limit int) (string, error) {
	f, err := open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", errNotRegular
	}
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return "", err
	}
	if len(b) > limit {
		return "", fmt.Errorf("it is larger than %s; [bot.sandbox] source_bytes raises the limit", byteSize(limit))
	}
	return string(b), nil
}

// readProblem says why a file couldn't be read, without its path, which the
// message around it names.
func readProblem(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "the file may not be read (permission denied)"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

// byteSize writes a size for people.
func byteSize(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// excerpt returns the lines around a line, numbered, with a mark at that line;
// "" if there is no such line.
func (s *sources) excerpt(display string, line int) string {
	const around, widest = 2, 160
	lines := strings.Split(strings.TrimSuffix(s.text(display), "\n"), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	first, last := max(1, line-around), min(len(lines), line+around)
	width := len(fmt.Sprint(last))
	var b strings.Builder
	for n := first; n <= last; n++ {
		mark := " "
		if n == line {
			mark = ">"
		}
		text := clipText(strings.TrimRight(strings.ToValidUTF8(lines[n-1], "\uFFFD"), " \t\r"), widest)
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s %*d | %s", mark, width, n, text), " "))
		if n < last {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// clipText shortens s to at most n runes.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}
