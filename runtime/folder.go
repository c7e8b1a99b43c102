package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// What scripts do with the files of the bot's folder: see [luabind.Folder].

const (
	// maxFile is how large a file may become that a script adds to.
	maxFile = 64 << 20
	// maxUsed is how many of the entries of its folder are noted that a script writes:
	// with more of them it writes everywhere.
	maxUsed = 20
	// maxEntries is how many entries of a folder are listed.
	maxEntries = 10_000
)

// ReadFile returns a file's content.
func (h *host) ReadFile(_ context.Context, path string, most int) ([]byte, error) {
	return h.files.read(path, most)
}

// WriteFile replaces a file or adds to it. A handler that is run again, because the
// process died, replaces it by the same once more, and doesn't add a second time: see
// intend.
func (h *host) WriteFile(ctx context.Context, path string, data []byte, add bool) error {
	clean, err := h.files.writable(path)
	if err != nil {
		return err
	}
	h.files.mu.Lock()
	defer h.files.mu.Unlock()
	if !add {
		if _, _, err := intend(ctx, h, true); err != nil {
			return err
		}
		return h.files.replace(clean, bytes.NewReader(data), int64(len(data)))
	}
	size, err := h.files.size(clean)
	if err != nil {
		return err
	}
	if size+int64(len(data)) > maxFile {
		return &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q would be larger than %d MiB: begin another file", path, maxFile>>20)}
	}
	sum := sha256.Sum256(data)
	now := addition{At: size, Size: len(data), Sum: sum[:]}
	before, again, err := intend(ctx, h, now)
	if err != nil {
		return err
	}
	if again {
		if now, err = h.files.redo(clean, before, now, data); err != nil || now.Size == 0 {
			return err
		}
	}
	return h.files.add(clean, now.At, data)
}

// ListFiles lists a folder.
func (h *host) ListFiles(_ context.Context, path string) ([]luabind.FileInfo, error) {
	return h.files.list(path)
}

// RemoveFile removes a file, or finds that it did so when the handler ran before.
func (h *host) RemoveFile(ctx context.Context, path string) error {
	clean, err := h.files.writable(path)
	if err != nil {
		return err
	}
	_, again, err := intend(ctx, h, true)
	if err != nil {
		return err
	}
	err = h.files.remove(clean)
	var he *luabind.HostError
	if again && errors.As(err, &he) && he.Kind == "not_found" {
		return nil
	}
	return err
}

// intend notes in the store what a handler is about to do that can't be part of a
// transaction, and what has led to it. A handler that is run again gets what was
// noted then.
func intend[T any](ctx context.Context, h *host, what T) (noted T, again bool, err error) {
	run, step := runOf(ctx), luabind.StepOf(ctx)
	if run == nil || step == nil || step.Effect < 0 {
		return what, false, nil
	}
	noted = what
	err = h.bot.store.Update(ctx, "note what a handler is about to do", func(tx *store.Tx) error {
		known, err := effectOf[T](tx, run.inbound.ID, step)
		if err != nil {
			return err
		}
		if known != nil {
			noted, again = *known, true
			return nil
		}
		p, err := progressOf(run.inbound.ID, step)
		if err != nil {
			return err
		}
		if p == nil {
			p = &store.Progress{Inbound: run.inbound.ID, From: step.Number}
		}
		this, err := entryOf(step.Record(what, nil))
		if err != nil {
			return err
		}
		p.Effect, p.EffectRecord = step.Effect, this.Record
		return p.Save(tx)
	})
	if err != nil {
		return noted, false, explain(err)
	}
	if !again {
		step.Saved(false)
	}
	return noted, again, nil
}

// addition is what is added to a file.
type addition struct {
	At   int64  `json:"at"`
	Size int    `json:"size"`
	Sum  []byte `json:"sum"` // SHA-256
}

// redo says what is left of an addition that was noted before: nothing if it is in
// the file.
func (f *files) redo(clean string, before, now addition, data []byte) (addition, error) {
	there, err := f.tail(clean, before.At, before.Size)
	if err != nil {
		return now, err
	}
	sum := sha256.Sum256(there)
	switch {
	case len(there) == before.Size && bytes.Equal(sum[:], before.Sum):
		return addition{}, nil
	case before.At+int64(len(there)) == now.At && bytes.HasPrefix(data, there):
		now.At = before.At // a piece of it, and nothing behind
	}
	return now, nil
}

// tail returns what a file has from a position on, at most so many bytes.
func (f *files) tail(clean string, at int64, most int) ([]byte, error) {
	file, err := f.openIn(clean, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fileError(filepath.ToSlash(clean), err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.NewSectionReader(file, at, int64(most)))
	if err != nil {
		return nil, fileError(filepath.ToSlash(clean), err)
	}
	return b, nil
}

// openIn opens a file below the root.
func (f *files) openIn(clean string, flags int) (*os.File, error) {
	return openBelow(f.root, clean, flags)
}

// openBelow opens a file below a folder.
func openBelow(folder, clean string, flags int) (*os.File, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if info, err := root.Stat(clean); err == nil && !info.Mode().IsRegular() {
		return nil, notAFile(clean) // opening a pipe would wait
	}
	return root.OpenFile(clean, flags, 0o600)
}

func notAFile(clean string) error {
	return &luabind.HostError{Kind: "not_a_file", Message: fmt.Sprintf("%q is not a file", filepath.ToSlash(clean))}
}

// writable checks a path into which the script wants to write.
func (f *files) writable(path string) (clean string, err error) {
	if clean, err = f.local(path); err != nil {
		return "", err
	}
	slash := filepath.ToSlash(clean)
	if !slices.ContainsFunc(f.write, func(dir string) bool {
		return dir == "." || slash == dir || strings.HasPrefix(slash, dir+"/")
	}) {
		entry := filepath.ToSlash(filepath.Dir(clean))
		if entry == "." {
			entry = slash // this file alone, and not all of the folder
		}
		return "", &luabind.HostError{Kind: "not_allowed", Message: fmt.Sprintf(
			"the script may not write %q: name its folder or the file in runtime.toml, [bot.allow] files = [%q]", slash, entry)}
	}
	if strings.HasSuffix(strings.ToLower(slash), ".lua") {
		return "", &luabind.HostError{Kind: "not_allowed", Message: "a script may not write scripts"}
	}
	f.usedMu.Lock()
	defer f.usedMu.Unlock()
	entry, _, _ := strings.Cut(slash, "/")
	if len(f.used) >= maxUsed {
		entry = "."
	}
	if f.used == nil {
		f.used = map[string]bool{}
	}
	f.used[entry] = true
	return clean, nil
}

// wrote returns the folders and files that the script wrote, as [bot.allow] files names
// them.
func (f *files) wrote() []string {
	f.usedMu.Lock()
	defer f.usedMu.Unlock()
	if f.used["."] {
		return []string{"."}
	}
	return slices.Sorted(maps.Keys(f.used))
}

func (f *files) read(path string, most int) ([]byte, error) {
	clean, err := f.local(path)
	if err != nil {
		return nil, err
	}
	file, err := f.openIn(clean, os.O_RDONLY)
	if err != nil {
		return nil, fileError(filepath.ToSlash(clean), err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, int64(most)+1))
	if err != nil {
		return nil, fileError(filepath.ToSlash(clean), err)
	}
	if len(b) > most {
		return nil, &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q is larger than %d bytes", filepath.ToSlash(clean), most)}
	}
	return b, nil
}

// size is a file's, 0 if there is none.
func (f *files) size(clean string) (int64, error) {
	file, err := f.openIn(clean, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	} else if err != nil {
		return 0, fileError(filepath.ToSlash(clean), err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, fileError(filepath.ToSlash(clean), err)
	}
	return info.Size(), nil
}

// add writes at a position, which is the file's end but for pieces left by a crash.
func (f *files) add(clean string, at int64, data []byte) error {
	before := at
	if at == 0 {
		before = -1 // it may be new
	}
	if err := f.fit(before, at+int64(len(data))); err != nil {
		return err
	}
	err := f.makeFolder(clean)
	var file *os.File
	if err == nil {
		file, err = f.openIn(clean, os.O_WRONLY|os.O_CREATE)
	}
	if err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	_, err = file.WriteAt(data, at)
	if err != nil {
		err = errors.Join(err, file.Truncate(at)) // the disk is full, say
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	return nil
}

func (f *files) makeFolder(clean string) error {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.MkdirAll(filepath.Dir(clean), 0o700)
}

// replace writes a file of which there is the old content or the new at any time.
func (f *files) replace(clean string, content io.Reader, size int64) error {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	defer root.Close()
	before := int64(-1)
	if info, err := root.Stat(clean); err == nil && !info.Mode().IsRegular() {
		return notAFile(clean)
	} else if err == nil {
		before = info.Size()
	}
	if err := f.fit(before, size); err != nil {
		return err
	}
	if err := root.MkdirAll(filepath.Dir(clean), 0o700); err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	part := filepath.Join(filepath.Dir(clean), "."+filepath.Base(clean)+".part") // hidden from the script
	root.Remove(part)
	file, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	_, err = io.Copy(file, content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = root.Rename(part, clean)
	}
	if err != nil {
		root.Remove(part)
		return fileError(filepath.ToSlash(clean), err)
	}
	return nil
}

func (f *files) remove(clean string) error {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	defer root.Close()
	if info, err := root.Lstat(clean); err == nil && info.IsDir() {
		return notAFile(clean)
	}
	if err := root.Remove(clean); err != nil {
		return fileError(filepath.ToSlash(clean), err)
	}
	return nil
}

// list leaves out what the script couldn't reach: what is hidden or the host's, and
// links that lead out.
func (f *files) list(path string) ([]luabind.FileInfo, error) {
	if path == "" {
		path = "."
	}
	clean, err := f.local(path)
	if err != nil {
		return nil, err
	}
	slash := filepath.ToSlash(clean)
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return nil, fileError(slash, err)
	}
	defer root.Close()
	if info, err := root.Stat(clean); err == nil && !info.IsDir() {
		return nil, &luabind.HostError{Kind: "not_a_folder", Message: fmt.Sprintf("%q is not a folder", slash)}
	}
	dir, err := root.Open(clean)
	if err != nil {
		return nil, fileError(slash, err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fileError(slash, err)
	}
	if len(names) > maxEntries {
		return nil, &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q has more than %d entries", slash, maxEntries)}
	}
	slices.Sort(names)
	list := []luabind.FileInfo{}
	for _, name := range names {
		at, err := f.local(filepath.Join(clean, name))
		if err != nil {
			continue
		}
		if info, err := root.Stat(at); err == nil && (info.IsDir() || info.Mode().IsRegular()) {
			e := luabind.FileInfo{Name: name, Folder: info.IsDir(), Modified: info.ModTime()}
			if !e.Folder {
				e.Size = info.Size()
			}
			list = append(list, e)
		}
	}
	return list, nil
}
