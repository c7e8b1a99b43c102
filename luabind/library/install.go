package library

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// folder is where Install puts the definitions, below the folder of the scripts.
	// Its dot keeps it from being taken for a bot's.
	folder = ".lua-defs"
	// settings is the language server's file.
	settings = ".luarc.json"
)

// builtin are the language server's own definitions. Ours take the place of those
// that bots have; the others bots don't have.
var builtin = []string{
	"basic", "bit", "bit32", "coroutine", "debug", "ffi", "io", "jit", "jit.profile", "jit.util",
	"math", "os", "package", "string", "string.buffer", "table", "table.clear", "table.new", "utf8",
}

// setting is one of the language server's.
type setting struct {
	key   string
	value json.RawMessage
}

// ErrSettings says that .luarc.json is there and can't be added to; the error around
// it says what belongs into it.
var ErrSettings = errors.New("it is no plain JSON object")

// Install writes the definitions into a folder below dir, the folder of the
// scripts, and tells the Lua language server of them in dir/.luarc.json. Settings
// that are there already stay as they are; those that differ from what bots need
// are returned, in words.
func Install(dir string) (differs []string, err error) {
	target := filepath.Join(dir, folder)
	if err := os.MkdirAll(target, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the definitions: %w", err)
	}
	names, err := fs.Glob(FS, "*.lua")
	if err != nil {
		return nil, fmt.Errorf("list the definitions: %w", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(FS, name)
		if err != nil {
			return nil, fmt.Errorf("read the definitions: %w", err)
		}
		if err := os.WriteFile(filepath.Join(target, name), text, 0o644); err != nil {
			return nil, fmt.Errorf("write the definitions: %w", err)
		}
	}
	if err := removeOld(target, names); err != nil {
		return nil, err
	}

	path := filepath.Join(dir, settings)
	before, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		before = []byte("{}")
	} else if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	after, differs, err := addSettings(before)
	if err != nil {
		return nil, fmt.Errorf("%s is left as it is: %w; add these settings yourself:\n%s", path, err, format(ourSettings()))
	}
	if bytes.Equal(before, after) {
		return differs, nil
	}
	if err := os.WriteFile(path, after, 0o644); err != nil {
		return nil, fmt.Errorf("write the settings: %w", err)
	}
	return differs, nil
}

// removeOld removes definitions of an earlier version that has had more files.
func removeOld(target string, names []string) error {
	there, err := filepath.Glob(filepath.Join(target, "*.lua"))
	if err != nil {
		return fmt.Errorf("list the old definitions: %w", err)
	}
	for _, path := range there {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read old definitions: %w", err)
		}
		if slices.Contains(names, filepath.Base(path)) || !bytes.HasPrefix(text, []byte("---@meta")) {
			continue
		}
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove old definitions: %w", err)
		}
	}
	return nil
}

// ourSettings are what bots need.
func ourSettings() []setting {
	off := make([]string, len(builtin))
	for i, b := range builtin {
		off[i] = fmt.Sprintf("%q: \"disable\"", b)
	}
	return []setting{
		{"runtime.version", json.RawMessage(`"Lua 5.1"`)},
		{"runtime.builtin", json.RawMessage("{" + strings.Join(off, ", ") + "}")},
		{"workspace.library", json.RawMessage(`["` + folder + `"]`)},
	}
}

// addSettings adds ours to those of a file, and returns in words what is set
// otherwise there. Nothing is changed if all is there.
func addSettings(text []byte) (after []byte, differs []string, err error) {
	list, err := readSettings(text)
	if err != nil {
		return nil, nil, err
	}
	changed := false
	for _, our := range ourSettings() {
		i := slices.IndexFunc(list, func(s setting) bool { return strings.TrimPrefix(s.key, "Lua.") == our.key })
		if i < 0 {
			list = append(list, our)
			changed = true
			continue
		}
		if our.key != "workspace.library" {
			if compact(list[i].value) != compact(our.value) {
				differs = append(differs, fmt.Sprintf("%s is %s and should be %s", list[i].key, compact(list[i].value), compact(our.value)))
			}
			continue
		}
		var paths []string
		if err := json.Unmarshal(list[i].value, &paths); err != nil {
			differs = append(differs, fmt.Sprintf("%s should be a list with %q in it", list[i].key, folder))
		} else if !slices.Contains(paths, folder) {
			value, err := json.Marshal(append(paths, folder))
			if err != nil {
				return nil, nil, fmt.Errorf("write the setting: %w", err)
			}
			list[i].value, changed = value, true
		}
	}
	if !changed {
		return text, differs, nil
	}
	return format(list), differs, nil
}

// readSettings reads a JSON object in its order.
func readSettings(text []byte) (list []setting, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, ErrSettings
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, ErrSettings
		}
		s := setting{key: fmt.Sprint(key)}
		if err := d.Decode(&s.value); err != nil {
			return nil, ErrSettings
		}
		list = append(list, s)
	}
	if _, err := d.Token(); err != nil {
		return nil, ErrSettings
	}
	if d.More() {
		return nil, ErrSettings
	}
	return list, nil
}

func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, value); err != nil {
		return string(value)
	}
	return b.String()
}

// format writes settings as people do.
func format(list []setting) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(s.key) // a string
		b.Write(key)
		b.WriteByte(':')
		b.Write(s.value)
	}
	b.WriteByte('}')
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return b.Bytes()
	}
	out.WriteByte('\n')
	return out.Bytes()
}
