package runtime

import (
	"bytes"
	"context"
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

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// files is the part of the disk that a bot's script can reach: it may read
// below the script's folder, except for hidden files and those of the data
// folder, and write where [bot.allow] says. Symbolic links don't lead out: each
// access goes through os.Root.
type files struct {
	root   string   // the script's folder
	data   string   // the runtime's data folder, out of bounds
	tokens []string // the bots' token files, out of bounds
	write  []string // folders below root, slash form
	media  string   // where downloads are kept
	queue  string   // where files are kept that are to be sent

	mu   sync.Mutex // held while a file is written
	room filesRoom

	usedMu sync.Mutex
	used   map[string]bool // entries of root that the script wrote, "." for too many
}

func newFiles(shared *Config, cfg BotConfig) *files {
	f := &files{
		root: absolute(filepath.Dir(cfg.Script)), data: absolute(shared.Data),
		media: filepath.Join(absolute(shared.Data), "media", cfg.Name),
		queue: filepath.Join(absolute(shared.Data), "outbox", cfg.Name),
		room:  filesRoom{most: cfg.Allow.FilesBytes},
	}
	for _, b := range append([]BotConfig{cfg}, shared.Bots...) {
		if b.TokenFile != "" {
			f.tokens = append(f.tokens, absolute(b.TokenFile))
		}
	}
	for _, dir := range cfg.Allow.Files {
		f.write = append(f.write, filepath.ToSlash(filepath.Clean(dir)))
	}
	return f
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// tidy removes files of the queue that no send refers to: those of a process
// that died between the copy and the store.
func (f *files) tidy(ctx context.Context, st *store.Store, bot string) {
	kept, err := os.ReadDir(f.queue)
	if err != nil {
		return // there is none
	}
	sends, err := st.Unsent(ctx, bot)
	if err != nil {
		return // the next start will do
	}
	used := map[string]bool{}
	for _, s := range sends {
		used[s.File] = true
	}
	for _, e := range kept {
		if path := filepath.Join(f.queue, e.Name()); !used[path] {
			os.Remove(path)
		}
	}
}

// maxSpooled is how much a bot's files may take that wait to be sent: a script
// that sends and sends must not fill the disk.
const maxSpooled = 1 << 30

// spooled is the size of the files that wait to be sent.
func (f *files) spooled() (sum int64) {
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

// spool copies a file into the queue, durably, and returns the copy's path.
func (f *files) spool(src *os.File, name string) (string, error) {
	info, err := src.Stat()
	if err == nil && info.Size() > ilink.MaxMediaSize {
		return "", &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q is over %d MiB, more than can be sent", name, ilink.MaxMediaSize>>20)}
	}
	if err == nil && f.spooled()+info.Size() > maxSpooled {
		return "", &luabind.HostError{Kind: luabind.StatusQuota, Message: fmt.Sprintf("files of over %d MiB wait to be sent, and no more are kept", maxSpooled>>20)}
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

// discard removes a file of the queue.
func (f *files) discard(path string) {
	if within(path, f.queue) {
		os.Remove(path)
	}
}

// local checks a path that a script gave and returns it relative to the root.
func (f *files) local(path string) (string, error) {
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

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// find describes a file below the root.
func (f *files) find(path string) (*luabind.File, error) {
	clean, err := f.local(path)
	if err != nil {
		return nil, err
	}
	file := &luabind.File{Path: filepath.Join(f.root, clean), Name: filepath.Base(clean)}
	src, err := f.open(file)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return file, describe(src, file)
}

// open opens a file that find, keep or save made.
func (f *files) open(file *luabind.File) (*os.File, error) {
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

// keep writes what was downloaded into a file of the data folder.
func (f *files) keep(src io.Reader, name string) (*luabind.File, error) {
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

// save copies a file to a path below one of the folders that the bot may write.
// A path that ends in a slash is a folder, and the file keeps its name.
func (f *files) save(file *luabind.File, path string) (*luabind.File, error) {
	chosen := !strings.HasSuffix(path, "/")
	if !chosen {
		path += luabind.SafeFileName(file.Name)
	}
	clean, err := f.writable(path)
	if err != nil {
		return nil, err
	}
	src, err := f.open(file)
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
func (f *files) isAnother(clean string, content io.ReadSeeker) bool {
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

// nameOf is the name of an item's media as the user knows it; those without one
// get their kind's.
func nameOf(item *ilink.Item) string {
	if item.File != nil && item.File.FileName != "" {
		return luabind.SafeFileName(item.File.FileName)
	}
	if item.Type == ilink.ItemTypeVoice {
		return "voice.silk"
	}
	return item.Type.String()
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
