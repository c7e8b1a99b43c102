package luabind

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind/library"
)

// definition is what the definition files say about one name.
type definition struct {
	file     string
	doc      bool     // it is described
	function bool     // it is a function's
	example  []string // the example's lines
	params   int      // parameters that are described, and that there are
	args     int
}

var (
	defFunction = regexp.MustCompile(`^function ([\w.:]+)\(([^)]*)\) end$`)
	defValue    = regexp.MustCompile(`^(?:local )?([\w.]+) = `)
	defClass    = regexp.MustCompile(`^---@class ([\w.]+)`)
	defField    = regexp.MustCompile(`^---@field (\w+)\??`)
)

// definitions reads the definition files. Methods and fields of classes are under
// the class's name: "ilink.Message.reply".
func definitions(t testing.TB) map[string]definition {
	t.Helper()
	defs := make(map[string]definition)
	files, err := fs.Glob(library.FS, "*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal("no definition files", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(library.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "---@meta") {
			t.Errorf("%s isn't marked as definitions", file)
		}
		locals := make(map[string]string) // what a local stands for
		class, inExample := "", false
		var d definition
		for n, line := range strings.Split(string(text), "\n") {
			where := fmt.Sprintf("%s:%d", file, n+1)
			add := func(name string, function bool) {
				if _, twice := defs[name]; twice {
					t.Errorf("%s: %s is defined twice", where, name)
				}
				d.file, d.function = where, function
				defs[name] = d
			}
			switch {
			case inExample && strings.HasPrefix(line, "---```"):
				inExample = false
			case inExample:
				d.example = append(d.example, strings.TrimPrefix(line, "---"))
			case line == "---```lua":
				inExample = true
			case defClass.MatchString(line):
				class = defClass.FindStringSubmatch(line)[1]
			case defField.MatchString(line):
				defs[class+"."+defField.FindStringSubmatch(line)[1]] = definition{file: where, doc: true}
			case strings.HasPrefix(line, "---@param"):
				d.params++
			case strings.HasPrefix(line, "---@"):
			case strings.HasPrefix(line, "---"):
				d.doc = true
			case defFunction.MatchString(line):
				m := defFunction.FindStringSubmatch(line)
				name := m[1]
				if object, method, found := strings.Cut(name, ":"); found {
					name = locals[object] + "." + method
				}
				if m[2] != "" {
					d.args = strings.Count(m[2], ",") + 1
				}
				add(name, true)
				d = definition{}
			case defValue.MatchString(line):
				name := defValue.FindStringSubmatch(line)[1]
				if strings.HasPrefix(line, "local ") {
					locals[name] = class
				} else {
					add(name, false)
				}
				d = definition{}
			case line == "":
				d = definition{}
			default:
				t.Errorf("%s: what is this? %s", where, line)
			}
		}
	}
	return defs
}

// registered returns every name that scripts see, found by looking into a VM and
// at what a full message has.
func registered(t testing.TB) map[string]bool {
	t.Helper()
	b := load(t, `
function on_message(msg)
  results = { sent = msg:reply("x"), failed = select(2, msg:reply("")) }
  message = msg
end
function on_interrupt(msg) end
function on_session_expired(info) session = info end`)
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		return SendResult{Status: StatusDeferred, Reason: ReasonQuota, MessageIDs: []string{"1"}}, nil
	}
	ev := textEvent("1", "x")
	ev.Message.GroupID = "g"
	ev.Message.Items = []ilink.Item{
		ilink.TextMessage("x"),
		{Type: ilink.ItemTypeVoice, Voice: &ilink.VoiceItem{Media: secretMedia(), RecognText: "x", PlaytimeMs: 1}},
		{Type: ilink.ItemTypeFile, File: &ilink.FileItem{Media: secretMedia(), FileName: "x", Size: 1}},
	}
	ev.Quote = &Quote{ID: "1", Item: &ev.Message.Items[2]}
	if err := b.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	if err := b.OnSessionExpired(context.Background(), SessionInfo{}); err != nil {
		t.Fatal(err)
	}
	b.vm.mu.Lock()
	defer b.vm.mu.Unlock()

	names := make(map[string]bool)
	fields := func(prefix string, v lua.LValue) {
		v.(*lua.LTable).ForEach(func(k, _ lua.LValue) { names[prefix+"."+k.String()] = true })
	}
	methods := func(prefix string, metatable lua.LValue) { // or a view's fields
		fields(prefix, metatable.(*lua.LTable).RawGetString("__index"))
	}
	g := b.vm.main.G.Global
	message := g.RawGetString("message").(*lua.LTable)
	results := g.RawGetString("results").(*lua.LTable)
	g.ForEach(func(k, v lua.LValue) {
		switch name := k.String(); {
		case name == "message" || name == "results" || name == "session":
		case name == "_G":
			names[name] = true
		case name == "ilink":
			names[name] = true
			methods(name, v.(*lua.LTable).Metatable)
			real := v.(*lua.LTable).Metatable.(*lua.LTable).RawGetString("__index").(*lua.LTable)
			methods("ilink.log", real.RawGetString("log").(*lua.LTable).Metatable)
			methods("ilink.Bot", real.RawGetString("bot").(*lua.LTable).Metatable)
		default:
			names[name] = true
			if _, isLibrary := v.(*lua.LTable); isLibrary {
				fields(name, v)
			}
		}
	})
	fields("ilink.Message", message)
	methods("ilink.Message", message.Metatable)
	fields("ilink.Quote", message.RawGetString("quote"))
	message.RawGetString("items").(*lua.LTable).ForEach(func(_, item lua.LValue) { fields("ilink.Item", item) })
	fields("ilink.SendResult", results.RawGetString("sent"))
	fields("ilink.Failure", results.RawGetString("failed"))
	fields("ilink.SessionInfo", g.RawGetString("session"))
	for _, f := range append(fieldNames(b.vm.media.methods), mediaFields...) {
		names["ilink.Media."+f] = true
	}
	for _, f := range contentKeys {
		names["ilink.ContentTable."+f] = true
	}
	names["ilink.UploadOptions.to"], names["ilink.UploadOptions.kind"] = true, true
	return names
}

// TestDefinitions: every name is defined, and every definition has a name.
func TestDefinitions(t *testing.T) {
	defs, names := definitions(t), registered(t)
	// These are defined as a class's field and as a value, or in another place.
	same := map[string]string{"math.pi": "mathlib.pi", "math.huge": "mathlib.huge", "utf8.charpattern": "utf8lib.charpattern"}
	for name := range names {
		if other, ok := same[name]; ok {
			name = other
		}
		if d, ok := defs[name]; !ok {
			t.Errorf("%s is in no definition file", name)
		} else if !d.doc {
			t.Errorf("%s: %s isn't described", d.file, name)
		}
	}
	for name, d := range defs {
		switch {
		case names[name], name == "mathlib.pi", name == "mathlib.huge", name == "utf8lib.charpattern":
		case strings.HasPrefix(name, "osdate."): // a date's parts, which are Lua's
		case name == "ilink.Failure.ids": // after a send that went half through
		default:
			t.Errorf("%s: there is no %s", d.file, name)
		}
	}
}

// TestDefinitionsAreComplete: each function has its parameters described, and an
// example that runs.
func TestDefinitionsAreComplete(t *testing.T) {
	defs := definitions(t)
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range defs {
			if !yield(name) {
				return
			}
		}
	}) {
		d := defs[name]
		if !d.function {
			continue
		}
		if d.params != d.args {
			t.Errorf("%s: %s has %d parameters, and %d are described", d.file, name, d.args, d.params)
		}
		if len(d.example) == 0 {
			t.Errorf("%s: %s has no example", d.file, name)
			continue
		}
		// An example is a bot, or what a handler may do.
		example := strings.Join(d.example, "\n")
		if !strings.Contains(example, "function on_message") {
			example = "function on_message(msg)\n" + example + "\nend"
		}
		b, err := tryLoad(t, example)
		if err != nil {
			t.Errorf("%s: the example of %s: %v", d.file, name, err)
			continue
		}
		writeFiles(t, b.dir, "cat.png", "x", "logo.png", "x", "report.pdf", "x")
		if err := b.OnMessage(context.Background(), imageEvent()); err != nil {
			t.Errorf("%s: the example of %s: %v", d.file, name, err)
		}
		if _, err := b.OnInterrupt(context.Background(), textEvent("2", "stop")); err != nil {
			t.Errorf("%s: the example of %s: %v", d.file, name, err)
		}
		if err := b.OnSessionExpired(context.Background(), SessionInfo{Message: "log in"}); err != nil {
			t.Errorf("%s: the example of %s: %v", d.file, name, err)
		}
	}
}
