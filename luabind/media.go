package luabind

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
)

// media is a file that a script handles without seeing where it is or the keys
// to it: something received, something of the host's, or something uploaded.
//
// Its fields are written with the VM locked, and read so too.
type media struct {
	kind ilink.ItemType
	name string
	mime string
	size int64 // in bytes, 0 while unknown

	item     *ilink.Item     // received, and not fetched as long as file is nil
	file     *File           // at the host's
	uploaded *ilink.CDNMedia // on the CDN, ready to be sent
}

// String is what Lua prints: the kind and the name.
func (m *media) String() string {
	if m.name == "" {
		return m.kind.String()
	}
	return m.kind.String() + " " + m.name
}

// newInbound makes media of what was received.
func newInbound(it *ilink.Item) *media {
	m := &media{kind: it.Type, item: it}
	if it.Type == ilink.ItemTypeFile && it.File != nil {
		m.name, m.size = it.File.FileName, it.File.Size
	}
	return m
}

// newFile makes media of a file; kind 0 means what its type tells.
func newFile(f *File, kind ilink.ItemType) *media {
	m := &media{kind: kind}
	m.setFile(f)
	if m.kind == 0 {
		m.kind = kindOf(f)
	}
	return m
}

// setFile takes on what is known once there is a file.
func (m *media) setFile(f *File) {
	m.file, m.mime, m.size = f, f.MIME, f.Size
	if f.Name != "" {
		m.name = f.Name
	}
}

// kindOf is how a file is best shown.
func kindOf(f *File) ilink.ItemType {
	switch {
	case strings.HasPrefix(f.MIME, "image/"):
		return ilink.ItemTypeImage
	case strings.HasPrefix(f.MIME, "video/"):
		return ilink.ItemTypeVideo
	}
	return ilink.ItemTypeFile
}

// sendKind is how m is sent if the script doesn't say: voice can't be, as phones
// don't show it.
func (m *media) sendKind() ilink.ItemType {
	switch m.kind {
	case ilink.ItemTypeImage, ilink.ItemTypeVideo:
		return m.kind
	}
	return ilink.ItemTypeFile
}

// mediaBinding makes media a userdata with fields and methods.
type mediaBinding struct{ metatable, methods *lua.LTable }

// mediaFields are what media has beside its methods.
var mediaFields = []string{"kind", "name", "mime", "size"}

func newMediaBinding(vm *VM) mediaBinding {
	methods := vm.functions(map[string]lua.LGFunction{
		"read": vm.mediaRead,
		"save": vm.mediaSave,
		"send": vm.mediaSend,
	})
	known := append(fieldNames(methods), mediaFields...)
	mt := vm.functions(map[string]lua.LGFunction{
		"__index": func(L *lua.LState) int {
			key := L.Get(2).String()
			if v, ok := checkMedia(L).field(key); ok {
				L.Push(v)
			} else if v := methods.RawGetString(key); v != lua.LNil {
				L.Push(v)
			} else if near := nearest(key, known); near != "" {
				raiseMistake(L, "media has no field %s; did you mean %s?", key, near)
			} else {
				raiseMistake(L, "media has no field %s; it has kind, name, mime, size, read, save and send", key)
			}
			return 1
		},
		"__newindex": func(L *lua.LState) int {
			raiseMistake(L, "media can't be changed: %s was assigned", L.Get(2).String())
			return 0
		},
		"__tostring": func(L *lua.LState) int {
			L.Push(lua.LString(checkMedia(L).String()))
			return 1
		},
	})
	mt.RawSetString("__metatable", lua.LString("media"))
	return mediaBinding{metatable: mt, methods: methods}
}

// newMedia makes m a Lua value.
func (vm *VM) newMedia(m *media) *lua.LUserData {
	return &lua.LUserData{Value: m, Env: vm.main.G.Global, Metatable: vm.media.metatable}
}

func (m *media) field(key string) (lua.LValue, bool) {
	switch key {
	case "kind":
		return lua.LString(m.kind.String()), true
	case "name":
		return orNil(m.name), true
	case "mime":
		return orNil(m.mime), true
	case "size":
		// An empty file's size is known, once there is a file.
		if m.size == 0 && m.file == nil {
			return lua.LNil, true
		}
		return lua.LNumber(m.size), true
	}
	return nil, false
}

func orNil(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

// checkMedia returns the media that a method was called on.
func checkMedia(L *lua.LState) *media {
	m, ok := toMedia(L.Get(1))
	if !ok {
		L.RaiseError("this needs media, got a %s: are its methods called with a colon, as in media:read()?", L.Get(1).Type())
	}
	return m
}

func toMedia(v lua.LValue) (*media, bool) {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil, false
	}
	m, ok := ud.Value.(*media)
	return m, ok
}

// fetched returns m's file, downloading it at first. It is called without the
// lock, so it leaves m alone; see [media.setFile].
func (vm *VM) fetched(ctx context.Context, m *media) (*File, error) {
	if m.file != nil {
		// The host removes downloads in its own time, and a script may keep media
		// for longer.
		if m.item == nil || m.file.exists(ctx) {
			return m.file, nil
		}
	}
	if m.item != nil {
		return vm.host.Download(ctx, m.item)
	}
	return nil, &HostError{Kind: failureNoMedia, Message: "the media is on the server only and can't be read back"}
}

// mediaRead returns a file's bytes, or the first of them.
func (vm *VM) mediaRead(L *lua.LState) int {
	m := checkMedia(L)
	most := lua.LNumber(vm.limits.StringBytes)
	limit, partly := int64(most), false
	if v := L.Get(2); v != lua.LNil {
		n, ok := v.(lua.LNumber)
		if !ok || n < 0 {
			L.RaiseError("media:read takes the largest number of bytes to read, got %s", describe(v))
		}
		limit, partly = min(limit, int64(min(n, most))), n <= most
	}
	vm.handling(L, "media:read")
	var text string
	var file *File
	var err error
	snapshot := *m
	vm.Block(L, func(ctx context.Context) {
		if file, err = vm.fetched(ctx, &snapshot); err == nil {
			text, err = readFile(ctx, file, limit, partly)
		}
	})
	if file != nil {
		m.setFile(file)
	}
	if err != nil {
		return vm.fail(L, err)
	}
	L.Push(lua.LString(text))
	return 1
}

// readFile reads a file of at most limit bytes; of a longer one the first, if
// partly, and otherwise nothing.
func readFile(ctx context.Context, file *File, limit int64, partly bool) (string, error) {
	extra := int64(1)
	if partly {
		extra = 0
	}
	b, err := file.head(ctx, limit+extra)
	if err != nil {
		// The path is the host's own affair.
		return "", &HostError{Kind: failureOther, Message: "the file can't be read: " + readProblem(err)}
	}
	if int64(len(b)) > limit {
		return "", &HostError{
			Kind:    failureTooBig,
			Message: fmt.Sprintf("the file is larger than %s, which a script can hold; read(n) reads its first n bytes", byteSize(int(limit))),
		}
	}
	return string(b), nil
}

// exists reports whether the file is still there.
func (f *File) exists(ctx context.Context) bool {
	if f.Reader != nil {
		_, err := f.Reader.ReadHead(ctx, 0)
		return err == nil
	}
	_, err := os.Stat(f.Path)
	return err == nil
}

// head returns the first n bytes of a file.
func (f *File) head(ctx context.Context, n int64) ([]byte, error) {
	if f.Reader != nil {
		return f.Reader.ReadHead(ctx, n)
	}
	src, err := os.Open(f.Path)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return io.ReadAll(io.LimitReader(src, n))
}

// mediaSave copies a file below the bot's folder.
func (vm *VM) mediaSave(L *lua.LState) int {
	m := checkMedia(L)
	path, ok := L.Get(2).(lua.LString)
	if !ok || path == "" {
		L.RaiseError(`media:save needs a path below the bot's folder, such as media:save("photos/cat.png"), got %s`, describe(L.Get(2)))
	}
	return vm.download(L, "media:save", m, 2)
}

// mediaSend sends the file to a user, or as an answer to a message, with whatever
// follows.
func (vm *VM) mediaSend(L *lua.LState) int {
	const function = "media:send"
	m := checkMedia(L)
	var to string
	var message *ilink.Message
	switch v := L.Get(2).(type) {
	case lua.LString:
		to = string(v)
	case *lua.LTable:
		if in := vm.inboundOf(v); in != nil {
			to, message = in.From, in.Message
		}
	}
	if to == "" {
		L.RaiseError("%s needs a message or a user's id first, as in media:send(msg), got %s", function, describe(L.Get(2)))
	}
	L.Replace(2, vm.newMedia(m)) // what is sent begins here
	return vm.send(L, function, to, message, 2)
}

// download fetches m and, if the argument at index n names a path, saves it
// there. It returns media to the script.
func (vm *VM) download(L *lua.LState, function string, m *media, n int) int {
	path := ""
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
	case lua.LString:
		path = string(v)
	default:
		L.RaiseError("%s takes a path to save the file to, got %s", function, describe(v))
	}
	vm.handling(L, function)
	if m == nil {
		return vm.fail(L, &HostError{Kind: failureNoMedia, Message: "the message has no image, file, voice or video to download"})
	}
	type download struct{ File, Saved *File }
	snapshot := *m
	call := Call{Name: function, Args: []any{m.kind, m.name, path}}
	done, err := Do(vm, L, call, func(ctx context.Context) (d download, err error) {
		if d.File, err = vm.fetched(ctx, &snapshot); err == nil && path != "" {
			d.Saved, err = vm.host.SaveFile(ctx, d.File, withExtension(path, d.File))
		}
		return d, err
	})
	file, saved := done.File, done.Saved
	if file != nil {
		m.setFile(file)
	}
	if err != nil {
		return vm.fail(L, err)
	}
	if saved == nil {
		saved = file
	}
	result := newFile(saved, m.kind)
	if result.name == "" {
		result.name = m.name
	}
	L.Push(vm.newMedia(result))
	return 1
}

// extensions are those of what phones send. The system's table has others first.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/bmp": ".bmp", "image/heic": ".heic",
	"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm",
	"audio/mpeg": ".mp3", "audio/wave": ".wav", "audio/mp4": ".m4a", "application/pdf": ".pdf",
}

// withExtension puts a file's extension in the place of the star of a path that ends in
// ".*": that of its type, or else the one in its name.
func withExtension(name string, f *File) string {
	stem, open := strings.CutSuffix(name, ".*")
	if !open {
		return name
	}
	kind, _, _ := strings.Cut(f.MIME, ";")
	return stem + cmp.Or(extensions[kind], strings.ToLower(path.Ext(f.Name)), ".bin")
}

// describe names a value in a message about a wrong one.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case *lua.LNilType:
		return "nil"
	case lua.LBool, lua.LNumber:
		return v.Type().String() + " " + v.String()
	case lua.LString:
		return "the text " + quote(clipText(string(v), 40))
	}
	return "a " + v.Type().String()
}
