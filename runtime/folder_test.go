package runtime_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/runtime"
)

func TestFolder(t *testing.T) {
	w := newWorld(t, `function on_message(msg)
		local out = {}
		local function show(...)
			local line = {}
			for i = 1, select("#", ...) do line[i] = tostring((select(i, ...))) end
			out[#out + 1] = table.concat(line, " ")
		end
		show(files.append("orders.csv", "x"), files.remove("orders.csv"))
		show(select(2, files.write("orders.csv2", "x")))
		show(files.write("out/deep/a.txt", "one\n"))
		show(files.append("out/deep/a.txt", "two\n"))
		show(files.read("out/deep/a.txt") == "one\ntwo\n", files.exists("out/b"), files.exists("out/deep"))
		for _, e in ipairs(files.list("out")) do show(e.name, e.folder) end
		for _, e in ipairs(files.list()) do show(e.name, e.folder) end
		show(files.remove("out/deep/a.txt"))
		show(files.remove("out/deep/a.txt"))
		show(files.remove("out/deep"))
		for _, path in ipairs{ "x.txt", "../x.txt", "out/../x.txt", "out/x.lua", "out/.x", "link/x.txt", "out/deep" } do
			show(path, select(2, files.write(path, "x")).kind, select(2, files.append(path, "x")).kind)
		end
		for _, path in ipairs{ ".hidden", "/etc/passwd", "link/secret.txt", "none.txt", "out" } do
			show(path, select(2, files.read(path)).kind)
		end
		show(select(2, files.list("echo.lua")).kind, select(2, files.list("none")).kind)
		msg:reply(table.concat(out, "\n"))
	end`, func(c *runtime.Config) {
		c.Bots[0].Allow.Files = []string{"out", "link", "orders.csv"}
		dir := filepath.Dir(c.Bots[0].Script)
		outside := filepath.Join(filepath.Dir(dir), "outside")
		for _, err := range []error{
			os.Mkdir(outside, 0o700), os.WriteFile(filepath.Join(outside, "secret.txt"), []byte("x"), 0o600),
			os.Symlink(outside, filepath.Join(dir, "link")), os.WriteFile(filepath.Join(dir, ".hidden"), []byte("x"), 0o600),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	const want = `true true
the script may not write "orders.csv2": name its folder or the file in runtime.toml, [bot.allow] files = ["orders.csv2"]
true
true
true false true
deep true
echo.lua false
out true
true
nil "out/deep/a.txt": there is no such file
nil "out/deep" is not a file
x.txt not_allowed not_allowed
../x.txt not_allowed not_allowed
out/../x.txt not_allowed not_allowed
out/x.lua not_allowed not_allowed
out/.x not_allowed not_allowed
link/x.txt not_allowed not_allowed
out/deep not_a_file not_a_file
.hidden not_allowed
/etc/passwd not_allowed
link/secret.txt not_allowed
none.txt not_found
out not_a_file
not_a_folder not_found`
	if got := w.ask("hi"); got != want {
		t.Errorf("said\n%s\nand should\n%s", got, want)
	}
	if info, err := os.Stat(filepath.Join(w.dir, "scripts", "out")); err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info, err)
	}
}

// TestAppendOnce: a handler that is run again doesn't add again what it has added.
func TestAppendOnce(t *testing.T) {
	w := newWorld(t, `
	local tries = 0
	function on_message(msg)
		assert(files.append_csv("list.csv", { msg.text }, { header = { "text" } }))
		assert(files.append("list.csv", "again\n"))
		assert(files.write("last.txt", msg.text))
		tries = tries + 1
		if tries < 3 then error("the first times") end
		assert(files.remove("last.txt"))
		msg:reply(files.read("list.csv"))
	end`, func(c *runtime.Config) {
		c.Bots[0].Allow.Files = []string{"."}
		c.Delivery.RetryOver = 1
	})
	const want = "\uFEFFtext\nhello\nagain\n"
	if got := w.ask("hello"); got != want && got+"\n" != want {
		t.Errorf("the file has %q", got)
	}
	if got := w.ask("hello"); got != want+"hello\nagain\n" && got+"\n" != want+"hello\nagain\n" {
		t.Errorf("the file has %q then", got)
	}
	info, err := os.Stat(filepath.Join(w.dir, "scripts", "list.csv"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

// TestFilesBytes: what a script writes doesn't fill the disk, and it may remove what
// it has written.
func TestFilesBytes(t *testing.T) {
	w := newWorld(t, `function on_message(msg)
		local out = {}
		local function show(ok, err) out[#out + 1] = tostring(ok) .. " " .. (err and err.kind .. ": " .. err.message or "") end
		show(files.write("out/a", ("x"):rep(9000)))
		show(files.write("out/a", ("x"):rep(10000)))
		show(files.append("out/a", ("x"):rep(11000)))
		show(files.write("out/b", "x"))
		show(files.append("out/b", "x"))
		show(files.write("out/a", "x"))
		show(files.append("out/c", "x"))
		show(files.append("out/d", "x"))
		show(files.append("out/e", "x"))
		show(files.remove("out/c"))
		show(files.append("out/e", "x"))
		msg:reply(table.concat(out, "\n"))
	end`, func(c *runtime.Config) {
		c.Bots[0].Allow.Files, c.Bots[0].Allow.FilesBytes = []string{"out"}, 20<<10
	})
	const full = `nil quota: the files in the script's folders would take more than 20480 bytes: ` +
		`remove some, or raise files_bytes in runtime.toml, [bot.allow]`
	want := strings.Join([]string{
		"true ", "true ", full, "true ", "true ", // the folder and b have 4096 each
		"true ", "true ", "true ", full, "true ", "true ",
	}, "\n")
	if got := w.ask("hi"); got != strings.TrimSpace(want) {
		t.Errorf("said\n%s\nand should\n%s", got, want)
	}
}
