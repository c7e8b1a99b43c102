package files_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/files"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
)

// folder is a host that keeps files in memory.
type folder struct {
	luabind.Host
	files map[string]string
}

func (f *folder) ReadFile(_ context.Context, path string, most int) ([]byte, error) {
	text, ok := f.files[path]
	switch {
	case path == "dir":
		return nil, &luabind.HostError{Kind: "not_a_file", Message: "a folder"}
	case path == "secret":
		return nil, &luabind.HostError{Kind: "not_allowed", Message: "out of reach"}
	case !ok:
		return nil, &luabind.HostError{Kind: "not_found", Message: fmt.Sprintf("%q: there is no such file", path)}
	case len(text) > most:
		return nil, &luabind.HostError{Kind: "too_large", Message: "too large"}
	}
	return []byte(text), nil
}

func (f *folder) WriteFile(_ context.Context, path string, data []byte, add bool) error {
	if path == "secret" {
		return &luabind.HostError{Kind: "not_allowed", Message: "out of reach"}
	}
	if !add {
		f.files[path] = ""
	}
	f.files[path] += string(data)
	return nil
}

func (f *folder) ListFiles(context.Context, string) ([]luabind.FileInfo, error) {
	return []luabind.FileInfo{{Name: "a.txt", Size: 5, Modified: time.UnixMilli(1500)}, {Name: "dir", Folder: true, Modified: time.Unix(0, 0)}}, nil
}

func (f *folder) RemoveFile(_ context.Context, path string) error {
	if _, ok := f.files[path]; !ok {
		return &luabind.HostError{Kind: "not_found", Message: "there is no such file"}
	}
	delete(f.files, path)
	return nil
}

func TestFiles(t *testing.T) {
	for _, c := range []modulestest.Case{
		{Name: "read", Script: `print(files.read("a.txt")) print(files.read("b.txt")) print(select(2, files.read("b.txt")).kind)`,
			Want: "one\r\n二\n\nlast\nnil\t\"b.txt\": there is no such file\nnot_found"},
		{Name: "lines", Script: `local l = files.lines("a.txt") print(#l, l[1], l[2], l[3], l[4], files.lines("b.txt"))`, Want: "4\tone\t二\t\tlast\tnil\t\"b.txt\": there is no such file"},
		{Name: "write", Script: `print(files.write("n.txt", "x"), files.write("n.txt", 12), files.append("n.txt", "3"), files.read("n.txt"))`, Want: "true\ttrue\ttrue\t123"},
		{Name: "not allowed", Script: `print(files.write("secret", "x"))`, Want: "nil\tout of reach"},
		{Name: "exists", Script: `print(files.exists("a.txt"), files.exists("b.txt"), files.exists("dir"), files.exists("empty"), files.exists("secret"))`,
			Want: "true\tfalse\ttrue\ttrue\tnil\tout of reach"},
		{Name: "remove", Script: `print(files.remove("a.txt"), files.exists("a.txt"), files.remove("a.txt"))`, Want: "true\tfalse\tnil\tthere is no such file"},
		{Name: "list", Script: `for _, e in ipairs(files.list()) do print(e.name, e.folder, e.size, e.modified) end print(#files.list("dir"))`, Want: "a.txt\tfalse\t5\t1.5\ndir\ttrue\t0\t0\n2"},
		{Name: "no path", Script: `files.read()`, Error: `files.read needs a path below the bot's folder, such as "data/list.txt", got nil`},
		{Name: "long path", Script: `files.read(("x"):rep(2000))`, Error: "the path is longer than 1000 bytes"},
		{Name: "no text", Script: `files.write("n.txt")`, Error: "files.write needs a text to write second, got nil"},

		{Name: "add rows", Script: `local head = { header = { "user", "answer", "n" } }
			files.append_csv("s.csv", { "alice", 'say "hi", you\nthere', 3 }, head)
			files.append_csv("s.csv", { "bob", nil, true }, head)
			print(files.read("s.csv"))`,
			Want: "\uFEFFuser,answer,n\nalice,\"say \"\"hi\"\", you\nthere\",3\nbob,,true\n"},
		{Name: "formulas", Script: `files.append_csv("s.csv", { "=1+1", "@x", "-5", "+8613800000000", "+1 (2)", "\tx", -5, "'=x", "'x" }) print(files.read("s.csv"))
			print(table.concat(files.read_csv("s.csv")[1], "|"))`,
			Want: "\uFEFF'=1+1,'@x,-5,+8613800000000,'+1 (2),'\tx,-5,''=x,'x\n\n=1+1|@x|-5|+8613800000000|+1 (2)|\tx|-5|'=x|'x"},
		{Name: "full-width formulas", Script: `files.append_csv("s.csv", { "＝1+1", "＠x", "＋86", "－" }) print(files.read("s.csv"), files.read_csv("s.csv")[1][1])`,
			Want: "\uFEFF'＝1+1,'＠x,'＋86,'－\n\t＝1+1"},
		{Name: "a table of Excel's", Script: `print(files.read_csv("gbk.csv"))`, Want: "nil\tthe table isn't in UTF-8: in Excel, save it as \"CSV UTF-8\""},
		{Name: "read rows", Script: `local t = files.read_csv("t.csv", { header = true }) print(#t, t[1]["问题"], t[1].answer, t[2]["问题"], t[2].answer, t[2].more) print(files.read_csv("t.csv")[1][1])`,
			Want: "2\t1+1?\ttwo, 2\tπ?\tnil\tnil\n问题"},
		{Name: "bad rows", Script: `print(files.read_csv("bad.csv"))`, Want: "nil\tline 2, column 3: extraneous or missing \" in quoted-field"},
		{Name: "no row", Script: `files.append_csv("s.csv", "x")`, Error: `files.append_csv needs a list of values second, such as { msg.from, "yes", 3 }, got the text "x"`},
		{Name: "named row", Script: `files.append_csv("s.csv", { a = 1 })`, Error: `a row is a list, and this one has the key the text "a"`},
		{Name: "row of tables", Script: `files.append_csv("s.csv", { {} })`, Error: "value 1 is a text, a number, true or false, got a table"},
		{Name: "option", Script: `files.append_csv("s.csv", {}, { haeder = {} })`, Error: "did you mean header?"},
	} {
		t.Run(c.Name, func(t *testing.T) {
			host := &folder{Host: librarytest.NewHost(t), files: map[string]string{
				"a.txt": "one\r\n二\n\nlast", "empty": "", "t.csv": "\uFEFF问题,answer\n1+1?,\"two, 2\"\nπ?\n", "bad.csv": "a,b\n\"x\"y,z\n",
				"gbk.csv": "\xce\xca\xcc\xe2,a\r\n",
			}}
			modulestest.RunWith(t, host, c, files.Module{})
		})
	}
}

// TestLoading: reading works there, changing doesn't.
func TestLoading(t *testing.T) {
	host := &folder{Host: librarytest.NewHost(t), files: map[string]string{"q.txt": "x"}}
	bot := modulestest.NewBot(t, host, `local q = files.read("q.txt")
		local ok, err = pcall(files.write, "q.txt", "y")
		function on_message(msg) print(q, ok, files.read("q.txt")) end`, files.Module{})
	if printed, err := bot.Handle(nil); err != nil || printed != "x\tfalse\tx" {
		t.Error(printed, err)
	}
}

func TestDefinitions(t *testing.T) {
	librarytest.Module(t, files.Module{}, &folder{Host: librarytest.NewHost(t), files: map[string]string{"questions.csv": "question,answer\n1+1?,2\n"}}, "")
}
