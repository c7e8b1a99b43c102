package files

import (
	"bytes"
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
)

const (
	// maxFile is how large a file may become that a script adds to.
	maxFile = 64 << 20
	// maxUsed is how many of the entries of its folder are noted that a script writes:
	// with more of them it writes everywhere.
	maxUsed = 20
	// maxEntries is how many entries of a folder are listed.
	maxEntries = 10_000
)

// Write replaces a file. begin is called before that, and may keep it from happening.
func (f *Files) Write(path string, data []byte, begin func() error) error {
	clean, err := f.writable(path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := begin(); err != nil {
		return err
	}
	return f.replace(clean, bytes.NewReader(data), int64(len(data)))
}

// Append adds data to the end of a file. begin is called before that, and may keep it
// from happening; if it knows of the same Addition from before a crash, it returns that,
// and what of it is in the file is not added again.
func (f *Files) Append(path string, data []byte, begin func(Addition) (before *Addition, err error)) error {
	clean, err := f.writable(path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	size, err := f.size(clean)
	if err != nil {
		return err
	}
	if size+int64(len(data)) > maxFile {
		return &luabind.HostError{Kind: "too_large", Message: fmt.Sprintf("%q would be larger than %d MiB: begin another file", path, maxFile>>20)}
	}
	sum := sha256.Sum256(data)
	now := Addition{At: size, Size: len(data), Sum: sum[:]}
	before, err := begin(now)
	if err != nil {
		return err
	}
	if before != nil {
		if now, err = f.redo(clean, *before, now, data); err != nil || now.Size == 0 {
			return err
		}
	}
	return f.add(clean, now.At, data)
}

// Remove removes a file. begin is called before that; it says whether that was begun
// before, so that the file may be gone already.
func (f *Files) Remove(path string, begin func() (again bool, err error)) error {
	clean, err := f.writable(path)
	if err != nil {
		return err
	}
	again, err := begin()
	if err != nil {
		return err
	}
	err = f.remove(clean)
	var he *luabind.HostError
	if again && errors.As(err, &he) && he.Kind == "not_found" {
		return nil
	}
	return err
}

// Addition is what is added to a file.
type Addition struct {
	At   int64  `json:"at"`
	Size int    `json:"size"`
	Sum  []byte `json:"sum"` // SHA-256
}

// redo says what is left of an addition that was noted before: nothing if it is in
// the file.
func (f *Files) redo(clean string, before, now Addition, data []byte) (Addition, error) {
	there, err := f.tail(clean, before.At, before.Size)
	if err != nil {
		return now, err
	}
	sum := sha256.Sum256(there)
	switch {
	case len(there) == before.Size && bytes.Equal(sum[:], before.Sum):
		return Addition{}, nil
	case before.At+int64(len(there)) == now.At && bytes.HasPrefix(data, there):
		now.At = before.At // a piece of it, and nothing behind
	}
	return now, nil
}

// tail returns what a file has from a position on, at most so many bytes.
func (f *Files) tail(clean string, at int64, most int) ([]byte, error) {
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
func (f *Files) openIn(clean string, flags int) (*os.File, error) {
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
func (f *Files) writable(path string) (clean string, err error) {
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

// Wrote returns the folders and files that the script wrote, as [bot.allow] files names
// them.
func (f *Files) Wrote() []string {
	f.usedMu.Lock()
	defer f.usedMu.Unlock()
	if f.used["."] {
		return []string{"."}
	}
	return slices.Sorted(maps.Keys(f.used))
}

// Read returns a file, if it is not larger than most bytes.
func (f *Files) Read(path string, most int) ([]byte, error) {
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
func (f *Files) size(clean string) (int64, error) {
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
func (f *Files) add(clean string, at int64, data []byte) error {
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

func (f *Files) makeFolder(clean string) error {
	root, err := os.OpenRoot(f.root)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.MkdirAll(filepath.Dir(clean), 0o700)
}

// replace writes a file of which there is the old content or the new at any time.
func (f *Files) replace(clean string, content io.Reader, size int64) error {
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

func (f *Files) remove(clean string) error {
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

// List lists a folder. It leaves out what the script couldn't reach: what is hidden or the host's, and
// links that lead out.
func (f *Files) List(path string) ([]luabind.FileInfo, error) {
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
