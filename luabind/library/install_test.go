package library

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	if differs, err := Install(dir); err != nil || differs != nil {
		t.Fatal(differs, err)
	}
	first := read(t, dir, ".luarc.json")
	var settings map[string]any
	if err := json.Unmarshal([]byte(first), &settings); err != nil {
		t.Fatal(err)
	}
	off := settings["runtime.builtin"].(map[string]any)
	if settings["runtime.version"] != "Lua 5.1" || off["io"] != "disable" || off["string"] != "disable" || off["builtin"] != nil {
		t.Error(first)
	}
	want, err := FS.ReadFile("ilink.lua")
	if err != nil || read(t, dir, ".lua-defs/ilink.lua") != string(want) {
		t.Error("ilink.lua isn't there", err)
	}

	// Again, after a version that had more files. What isn't ours stays.
	write(t, dir, ".lua-defs/gone.lua", "---@meta gone\n")
	write(t, dir, ".lua-defs/mine.lua", "-- mine\n")
	write(t, dir, ".lua-defs/ilink.lua", "old")
	if _, err := Install(dir); err != nil {
		t.Fatal(err)
	}
	if read(t, dir, ".luarc.json") != first || read(t, dir, ".lua-defs/ilink.lua") != string(want) || read(t, dir, ".lua-defs/mine.lua") != "-- mine\n" {
		t.Error("installing again is no repetition")
	}
	if _, err := os.Stat(filepath.Join(dir, ".lua-defs/gone.lua")); !errors.Is(err, os.ErrNotExist) {
		t.Error("an old file stays", err)
	}
}

// TestInstallIntoSettings: somebody's own settings stay, in their order.
func TestInstallIntoSettings(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".luarc.json", `{"zeta": [1, 2], "Lua.runtime.version": "LuaJIT", "workspace.library": ["mine"], "alpha": {"x": null}}`)
	differs, err := Install(dir)
	if err != nil || len(differs) != 1 || differs[0] != `Lua.runtime.version is "LuaJIT" and should be "Lua 5.1"` {
		t.Fatal(differs, err)
	}
	got := read(t, dir, ".luarc.json")
	at := -1
	for _, part := range []string{`"zeta"`, `"LuaJIT"`, `"mine"`, `".lua-defs"`, `"alpha"`, `"x": null`, `"runtime.builtin"`} {
		i := strings.Index(got, part)
		if i <= at {
			t.Errorf("%s isn't in its place in\n%s", part, got)
		}
		at = i
	}
	if strings.Contains(got, `"Lua 5.1"`) {
		t.Error(got)
	}

	for _, text := range []string{"// mine\n{}", "[]", "{", `{"a": 1,}`, `{} {}`, ""} {
		write(t, dir, ".luarc.json", text)
		_, err := Install(dir)
		if !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), `"workspace.library"`) || read(t, dir, ".luarc.json") != text {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
