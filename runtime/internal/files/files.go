// Package files is the part of the disk that a bot's script can reach.
//
// A script may read below its own folder, except for hidden files and those of the
// host, and write where [bot.allow] files says, up to a size in all. What users have
// sent is kept apart, and so are copies of the files that are to be sent: a script may
// change or remove a file before its turn comes. Symbolic links don't lead out: each
// access goes through os.Root.
package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ilinkd/ilinkd/luabind"
)

// DefaultBytes is how much the places may hold that a script may write, in bytes.
const DefaultBytes = 256 << 20

// Options say where a bot's files are. Paths need not be absolute.
type Options struct {
	// Root is the script's folder.
	Root string
	// Data is the host's data folder, which is out of bounds, and Tokens are files
	// elsewhere that are, too.
	Data   string
	Tokens []string
	// Media is where received files are kept, and Queue those that are to be sent.
	Media, Queue string
	// Write are the folders and files below Root that the script may write; "." is
	// Root itself.
	Write []string
	// MaxBytes is how much these may hold in all.
	MaxBytes int64
}

// Files is a bot's part of the disk.
type Files struct {
	root   string
	data   string
	tokens []string
	write  []string // slash form
	media  string
	queue  string

	mu    sync.Mutex // held while a file is written
	quota quota

	usedMu sync.Mutex
	used   map[string]bool // entries of root that the script wrote, "." for too many
}

// New returns a bot's part of the disk. It touches nothing.
func New(o Options) *Files {
	f := &Files{root: absolute(o.Root), data: absolute(o.Data), media: absolute(o.Media), queue: absolute(o.Queue), quota: quota{most: o.MaxBytes}}
	for _, path := range o.Tokens {
		f.tokens = append(f.tokens, absolute(path))
	}
	for _, path := range o.Write {
		f.write = append(f.write, filepath.ToSlash(filepath.Clean(path)))
	}
	return f
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// local checks a path that a script gave and returns it relative to the root.
func (f *Files) local(path string) (string, error) {
	clean := filepath.Clean(filepath.FromSlash(path))
	refuse := func(why string) (string, error) {
		return "", &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf("%q %s", path, why)}
	}
	if path == "" || !filepath.IsLocal(clean) {
		return refuse("does not lie below the script's folder")
	}
	for _, name := range strings.Split(filepath.ToSlash(clean), "/") {
		if strings.HasPrefix(name, ".") && name != "." {
			return refuse("is hidden, and so out of the script's reach")
		}
	}
	full := resolved(filepath.Join(f.root, clean))
	isToken := slices.ContainsFunc(f.tokens, func(path string) bool { return full == resolved(path) })
	if isToken || within(full, resolved(f.data)) {
		return refuse("belongs to the host, and so is out of the script's reach")
	}
	return clean, nil
}

// resolved follows symbolic links as far as there are any.
func resolved(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return path
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Find describes a file below the root.
func (f *Files) Find(path string) (*luabind.File, error) {
	clean, err := f.local(path)
	if err != nil {
		return nil, err
	}
	file := &luabind.File{Path: filepath.Join(f.root, clean), Name: filepath.Base(clean)}
	src, err := f.Open(file)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return file, describe(src, file)
}

// Open opens a file that Find, Keep or Save made.
func (f *Files) Open(file *luabind.File) (*os.File, error) {
	dir := f.root
	for _, ours := range []string{f.media, f.queue} {
		if within(file.Path, ours) {
			dir = ours
		}
	}
	rel, err := filepath.Rel(dir, file.Path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file.Name, err)
	}
	src, err := openBelow(dir, rel, os.O_RDONLY)
	if err != nil {
		return nil, fileError(filepath.ToSlash(rel), err)
	}
	return src, nil
}

// Keep writes what was downloaded into a file of its own.
func (f *Files) Keep(src io.Reader, name string) (*luabind.File, error) {
	if err := os.MkdirAll(f.media, 0o700); err != nil {
		return nil, fmt.Errorf("keep a download: %w", err)
	}
	dst, err := os.CreateTemp(f.media, "*") // 0600
	if err != nil {
		return nil, fmt.Errorf("keep a download: %w", err)
	}
	file := &luabind.File{Path: dst.Name(), Name: name}
	_, err = io.Copy(dst, src)
	if err == nil {
		err = describe(dst, file)
	}
	if err = errors.Join(err, dst.Close()); err != nil {
		os.Remove(dst.Name())
		return nil, err
	}
	if filepath.Ext(file.Name) == "" {
		file.Name += extension(file.MIME)
	}
	return file, nil
}

// Save copies a file to a path below one of the folders that the bot may write.
// A path that ends in a slash is a folder, and the file keeps its name.
func (f *Files) Save(file *luabind.File, path string) (*luabind.File, error) {
	chosen := !strings.HasSuffix(path, "/")
	if !chosen {
		path += luabind.SafeFileName(file.Name)
	}
	clean, err := f.writable(path)
	if err != nil {
		return nil, err
	}
	src, err := f.Open(file)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !chosen {
		// Another file of that name is kept. The same one is found again by a handler that
		// runs anew after a crash.
		clean = filepath.FromSlash(luabind.FreeFileName(filepath.ToSlash(clean), func(name string) bool { return f.isAnother(filepath.FromSlash(name), src) }))
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			return nil, fileError(file.Name, err)
		}
	}
	if err := f.replace(clean, src, file.Size); err != nil {
		return nil, err
	}
	saved := *file
	saved.Path, saved.Name = filepath.Join(f.root, clean), filepath.Base(clean)
	return &saved, nil
}

// isAnother reports whether there is a file of that name, below the bot's folder, with
// another content.
func (f *Files) isAnother(clean string, content io.ReadSeeker) bool {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return false // replace says so
	}
	defer root.Close()
	if info, err := root.Lstat(clean); err != nil {
		return false
	} else if !info.Mode().IsRegular() {
		return true
	}
	there, err := root.Open(clean)
	if err != nil {
		return true
	}
	defer there.Close()
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return true
	}
	return !sameContent(there, content)
}

// sameContent compares without holding more than a little of either.
func sameContent(a, b io.Reader) bool {
	x, y := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, errA := io.ReadFull(a, x)
		m, errB := io.ReadFull(b, y)
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false
		}
		if errA != nil || errB != nil {
			ended := func(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
			return ended(errA) && ended(errB)
		}
	}
}

// describe fills in size and type of an open file.
func describe(src *os.File, file *luabind.File) error {
	info, err := src.Stat()
	if err != nil {
		return fileError(file.Name, err)
	}
	head := make([]byte, 512)
	n, err := src.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fileError(file.Name, err)
	}
	file.Size = info.Size()
	file.MIME, _, _ = strings.Cut(http.DetectContentType(head[:n]), ";")
	// The bytes say little of office documents, archives and texts; the name more.
	if byName := mime.TypeByExtension(filepath.Ext(file.Name)); byName != "" &&
		(file.MIME == "application/octet-stream" || file.MIME == "application/zip" || file.MIME == "text/plain") {
		file.MIME, _, _ = strings.Cut(byName, ";")
	}
	return nil
}

func fileError(name string, err error) error {
	var he *luabind.HostError
	if errors.As(err, &he) {
		return err
	}
	kind, why := "failed", err.Error()
	var pe *fs.PathError
	if errors.As(err, &pe) {
		why = pe.Err.Error() // without the host's paths
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		kind, why = "not_found", "there is no such file"
	case strings.Contains(why, "escapes"):
		kind, why = "not_allowed", "a link leads out of the script's folder"
	}
	return &luabind.HostError{Kind: kind, Message: fmt.Sprintf("%q: %s", name, why)}
}

func extension(mimeType string) string {
	switch mimeType {
	case "image/jpeg":
		return ".jpg"
	case "video/mp4":
		return ".mp4"
	}
	if exts, err := mime.ExtensionsByType(mimeType); err == nil && len(exts) > 0 && mimeType != "application/octet-stream" {
		return exts[0]
	}
	return ""
}
