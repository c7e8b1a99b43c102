package world

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
)

// folder is a copy of a bot's folder, made when it is first needed: what a test
// writes is gone after it.
type folder struct {
	original string
	write    []string // nil for all

	mu   sync.Mutex
	temp string // holds the copy in bot, and downloads in media; "" as long as there is none
	root *os.Root
}

func newFolder(script string, write []string) *folder {
	return &folder{original: filepath.Dir(script), write: write}
}

// maxCopied bounds the copy: a bot's folder is not a disk.
const maxCopied = 256 << 20

// open makes the copy.
func (f *folder) open() (*os.Root, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		return f.root, nil
	}
	temp, err := os.MkdirTemp("", "ilinkd-spec-*")
	if err != nil {
		return nil, fmt.Errorf("copy the bot's folder: %w", err)
	}
	f.temp = temp
	if err = errors.Join(os.Mkdir(f.mediaDir(), 0o700), os.Mkdir(filepath.Join(temp, "bot"), 0o700), f.copy(filepath.Join(temp, "bot"))); err != nil {
		return nil, fmt.Errorf("copy the bot's folder: %w", err)
	}
	f.root, err = os.OpenRoot(filepath.Join(temp, "bot"))
	return f.root, err
}

func (f *folder) mediaDir() string { return filepath.Join(f.temp, "media") }

func (f *folder) copy(to string) error {
	left := int64(maxCopied)
	return filepath.WalkDir(f.original, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(f.original, path)
		switch {
		case err != nil || rel == ".":
			return err
		case strings.HasPrefix(d.Name(), ".") && d.IsDir():
			return filepath.SkipDir
		case strings.HasPrefix(d.Name(), "."):
			return nil
		case d.IsDir():
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if left -= int64(len(data)); left < 0 {
			return fmt.Errorf("%s holds more than %d MiB; keep the script in a folder of its own", f.original, maxCopied>>20)
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o600)
	})
}

func (f *folder) remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.root != nil {
		f.root.Close()
		f.root = nil
	}
	if f.temp == "" {
		return nil
	}
	return os.RemoveAll(f.temp)
}

// local checks a path that a script gave.
func local(name string) (string, error) {
	clean := path.Clean(name)
	why := ""
	switch {
	case name == "" || !filepath.IsLocal(filepath.FromSlash(clean)):
		why = "does not lie below the script's folder"
	case slices.ContainsFunc(strings.Split(clean, "/"), func(part string) bool { return strings.HasPrefix(part, ".") && part != "." }):
		why = "is hidden, and so out of the script's reach"
	default:
		return clean, nil
	}
	return "", &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf("%q %s", name, why)}
}

// writable is local for a path that the script wants to change.
func (f *folder) writable(name string) (string, error) {
	clean, err := local(name)
	if err != nil {
		return "", err
	}
	if f.write != nil && !slices.ContainsFunc(f.write, func(dir string) bool {
		return dir == "." || clean == path.Clean(dir) || strings.HasPrefix(clean, path.Clean(dir)+"/")
	}) {
		return "", &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf(
			"the script may not write %q: name its folder or the file in runtime.toml, [bot.allow] files = [%q]", clean, path.Dir(clean))}
	}
	if strings.HasSuffix(clean, ".lua") {
		return "", &luabind.HostError{Kind: "not_allowed", Message: "a script may not write scripts"}
	}
	return clean, nil
}

func fileError(name string, err error) error {
	kind, why := "failed", err.Error()
	var pe *fs.PathError
	if errors.As(err, &pe) {
		why = pe.Err.Error()
	}
	if errors.Is(err, fs.ErrNotExist) {
		kind, why = "not_found", "there is no such file"
	}
	return &luabind.HostError{Kind: kind, Message: fmt.Sprintf("%q: %s", name, why)}
}

// put writes a file of the copy.
func (f *folder) put(name string, data []byte, add bool) error {
	root, err := f.open()
	if err != nil {
		return err
	}
	if dir := path.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return fileError(name, err)
		}
	}
	how := os.O_TRUNC
	if add {
		how = os.O_APPEND
	}
	dst, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|how, 0o600)
	if err != nil {
		return fileError(name, err)
	}
	_, err = dst.Write(data)
	if err = errors.Join(err, dst.Close()); err != nil {
		return fileError(name, err)
	}
	return nil
}

// Put writes a file into the bot's folder, for the test.
func (b *Bot) Put(name string, data []byte) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	return b.folder.put(clean, data, false)
}

// Get reads a file of the bot's folder.
func (b *Bot) Get(name string) ([]byte, error) {
	clean, err := local(name)
	if err != nil {
		return nil, err
	}
	root, err := b.folder.open()
	if err != nil {
		return nil, err
	}
	data, err := root.ReadFile(clean)
	if err != nil {
		return nil, fileError(clean, err)
	}
	return data, nil
}

// ReadFile reads a file of the bot's folder.
func (x *host) ReadFile(_ context.Context, name string, most int) ([]byte, error) {
	data, err := x.b.Get(name)
	if err == nil && len(data) > most {
		return nil, &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q has %d bytes, more than the %d asked for", name, len(data), most)}
	}
	return data, err
}

// WriteFile writes a file of the bot's folder.
func (x *host) WriteFile(_ context.Context, name string, data []byte, add bool) error {
	clean, err := x.b.folder.writable(name)
	if err != nil {
		return err
	}
	return x.b.folder.put(clean, data, add)
}

// ListFiles lists a folder.
func (x *host) ListFiles(_ context.Context, name string) ([]luabind.FileInfo, error) {
	clean, err := local(cmp.Or(name, "."))
	if err != nil {
		return nil, err
	}
	root, err := x.b.folder.open()
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(root.FS(), clean)
	if err != nil {
		return nil, fileError(clean, err)
	}
	var list []luabind.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !strings.HasPrefix(e.Name(), ".") {
			list = append(list, luabind.FileInfo{Name: e.Name(), Folder: e.IsDir(), Size: info.Size(), Modified: info.ModTime()})
		}
	}
	return list, nil
}

// RemoveFile removes a file.
func (x *host) RemoveFile(_ context.Context, name string) error {
	clean, err := x.b.folder.writable(name)
	if err != nil {
		return err
	}
	root, err := x.b.folder.open()
	if err != nil {
		return err
	}
	if err := root.Remove(clean); err != nil {
		return fileError(clean, err)
	}
	return nil
}

// OpenFile finds a file of the bot's folder.
func (x *host) OpenFile(_ context.Context, name string) (*luabind.File, error) {
	data, err := x.b.Get(name)
	if err != nil {
		return nil, err
	}
	clean := path.Clean(name)
	return x.b.folder.file(filepath.Join("bot", filepath.FromSlash(clean)), path.Base(clean), data), nil
}

// SaveFile copies a file into the bot's folder.
func (x *host) SaveFile(_ context.Context, f *luabind.File, name string) (*luabind.File, error) {
	chosen := !strings.HasSuffix(name, "/")
	if !chosen {
		name += luabind.SafeFileName(f.Name)
	}
	clean, err := x.b.folder.writable(name)
	if err != nil {
		return nil, err
	}
	data, err := readAll(f)
	if err != nil {
		return nil, err
	}
	if !chosen { // another file of that name is kept
		clean = luabind.FreeFileName(clean, func(name string) bool {
			there, err := x.b.Get(name)
			var he *luabind.HostError
			if errors.As(err, &he) && he.Kind == "not_found" {
				return false
			}
			return err != nil || !bytes.Equal(there, data)
		})
	}
	if err := x.b.folder.put(clean, data, false); err != nil {
		return nil, err
	}
	return x.b.folder.file(filepath.Join("bot", filepath.FromSlash(clean)), path.Base(clean), data), nil
}

// file describes a file below temp.
func (f *folder) file(rel, name string, data []byte) *luabind.File {
	file := &luabind.File{Path: filepath.Join(f.temp, rel), Name: name, Size: int64(len(data))}
	file.MIME, _, _ = strings.Cut(http.DetectContentType(data), ";")
	// The bytes say little of office documents, archives and texts; the name more.
	if byName := mime.TypeByExtension(path.Ext(name)); byName != "" && (file.MIME == "application/octet-stream" ||
		file.MIME == "application/zip" || file.MIME == "text/plain") {
		file.MIME, _, _ = strings.Cut(byName, ";")
	}
	return file
}

// Download fetches what a user sent.
func (x *host) Download(_ context.Context, item *ilink.Item) (*luabind.File, error) {
	if item == nil || item.Media() == nil {
		return nil, &luabind.HostError{Kind: "no_media", Message: "the message has no media to download"}
	}
	id := item.Media().EncryptQueryParam
	x.b.w.mu.Lock()
	f, found := x.b.media[id]
	x.b.w.mu.Unlock()
	if !found {
		return nil, &luabind.HostError{Kind: "bad_media", Message: "the media isn't known in this test"}
	}
	if _, err := x.b.folder.open(); err != nil {
		return nil, err
	}
	name := filepath.Base(filepath.Clean("/" + f.Name))
	rel := filepath.Join("media", id+path.Ext(name))
	if err := os.WriteFile(filepath.Join(x.b.folder.temp, rel), f.Data, 0o600); err != nil {
		return nil, fmt.Errorf("keep a download: %w", err)
	}
	return x.b.folder.file(rel, name, f.Data), nil
}

// Upload keeps a file, to be sent later.
func (x *host) Upload(_ context.Context, _ string, _ ilink.ItemType, f *luabind.File) (*ilink.CDNMedia, error) {
	data, err := readAll(f)
	if err != nil {
		return nil, err
	}
	x.b.w.mu.Lock()
	defer x.b.w.mu.Unlock()
	return x.b.upload(File{Name: f.Name, Data: data}), nil
}
