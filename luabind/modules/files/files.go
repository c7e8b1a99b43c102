// Package files is the Lua module files: texts in the bot's folder. Where a script may
// write is said in runtime.toml; see [luabind.Folder].
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// maxPath is how long a path may be.
const maxPath = 1000

// Module is the module files.
type Module struct{}

// Name returns "files".
func (Module) Name() string { return "files" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := &binding{vm: vm}
	return vm.Table("files", map[string]lua.LGFunction{
		"read": b.read, "lines": b.lines, "write": b.write, "append": b.append, "list": b.list, "exists": b.exists,
		"remove": b.remove, "read_csv": b.readCSV, "append_csv": b.appendCSV,
	}, nil), nil
}

// binding is the module in one VM.
type binding struct {
	vm *luabind.VM
	// table is held while a row of a table is added, so that only one handler finds
	// that the header is missing.
	table sync.Mutex
}

// path returns the path that is argument 1.
func path(L *lua.LState, function string) string {
	p, ok := L.Get(1).(lua.LString)
	if !ok || p == "" {
		luabind.Mistake(L, `%s needs a path below the bot's folder, such as "data/list.txt", got %s`, function, luabind.Describe(L.Get(1)))
	}
	if len(p) > maxPath {
		luabind.Mistake(L, "%s: the path is longer than %d bytes", function, maxPath)
	}
	return string(p)
}

// content reads a file. That works while the script is loaded too, as it changes
// nothing.
func (b *binding) content(L *lua.LState, function string) (string, error) {
	p := path(L, function)
	data, err := luabind.Do(b.vm, L, luabind.Call{Name: function, Args: []any{p}}, func(ctx context.Context) ([]byte, error) {
		return b.vm.Host().ReadFile(ctx, p, b.vm.MaxString())
	})
	b.vm.Charge(L, len(data)/16)
	return string(data), err
}

func (b *binding) read(L *lua.LState) int {
	text, err := b.content(L, "files.read")
	if err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(lua.LString(text))
	return 1
}

func (b *binding) lines(L *lua.LState) int {
	text, err := b.content(L, "files.lines")
	if err != nil {
		return b.vm.Fail(L, err)
	}
	list := L.CreateTable(0, 0)
	L.Push(list) // who weighs the script sees it grow
	for text = strings.TrimPrefix(text, bom); text != ""; {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		b.vm.Charge(L, 5+len(line)/16)
		list.Append(lua.LString(strings.TrimSuffix(line, "\r")))
	}
	return 1
}

func (b *binding) write(L *lua.LState) int  { return b.put(L, "files.write", false) }
func (b *binding) append(L *lua.LState) int { return b.put(L, "files.append", true) }

func (b *binding) put(L *lua.LState, function string, add bool) int {
	p := path(L, function)
	text := luabind.Text(L, 2, function, "a text to write second")
	return b.change(L, function, p, text, func(ctx context.Context) error {
		return b.vm.Host().WriteFile(ctx, p, []byte(text), add)
	})
}

// change makes a change and returns true, or nil and an error.
func (b *binding) change(L *lua.LState, function, p, text string, f func(ctx context.Context) error) int {
	b.vm.InHandler(L, function)
	b.vm.Charge(L, len(text)/4)
	sum := sha256.Sum256([]byte(text)) // the text itself may be long
	call := luabind.Call{Name: function, Args: []any{p, hex.EncodeToString(sum[:])}, Effect: true}
	if _, err := luabind.Do(b.vm, L, call, func(ctx context.Context) (bool, error) { return true, f(ctx) }); err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(lua.LTrue)
	return 1
}

func (b *binding) remove(L *lua.LState) int {
	p := path(L, "files.remove")
	return b.change(L, "files.remove", p, "", func(ctx context.Context) error { return b.vm.Host().RemoveFile(ctx, p) })
}

func (b *binding) exists(L *lua.LState) int {
	p := path(L, "files.exists")
	found, err := luabind.Do(b.vm, L, luabind.Call{Name: "files.exists", Args: []any{p}}, func(ctx context.Context) (bool, error) {
		_, err := b.vm.Host().ReadFile(ctx, p, 0)
		var he *luabind.HostError
		if errors.As(err, &he) {
			switch he.Kind {
			case "not_found":
				return false, nil
			case "too_large", "not_a_file":
				return true, nil // a text with something in it, or a folder
			}
		}
		return err == nil, err
	})
	if err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(lua.LBool(found))
	return 1
}

func (b *binding) list(L *lua.LState) int {
	p := ""
	if L.Get(1) != lua.LNil {
		p = path(L, "files.list")
	}
	entries, err := luabind.Do(b.vm, L, luabind.Call{Name: "files.list", Args: []any{p}}, func(ctx context.Context) ([]luabind.FileInfo, error) {
		return b.vm.Host().ListFiles(ctx, p)
	})
	if err != nil {
		return b.vm.Fail(L, err)
	}
	list := L.CreateTable(len(entries), 0)
	for _, e := range entries {
		b.vm.Charge(L, 30)
		t := L.CreateTable(0, 4)
		t.RawSetString("name", lua.LString(e.Name))
		t.RawSetString("folder", lua.LBool(e.Folder))
		t.RawSetString("size", lua.LNumber(e.Size))
		t.RawSetString("modified", lua.LNumber(float64(e.Modified.UnixMilli())/1000))
		list.Append(t)
	}
	L.Push(list)
	return 1
}
