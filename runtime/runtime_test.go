package runtime_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

const pingPong = `
function on_message(msg)
  if msg.text == "ping" then return msg:reply("pong") end
  msg:reply("You said: " .. msg.text)
end`

func TestAnswers(t *testing.T) {
	w := newWorld(t, pingPong, nil)
	for said, want := range map[string]string{"ping": "pong", "你好 👋🏽": "You said: 你好 👋🏽"} {
		if got := w.ask(said); got != want {
			t.Errorf("%q was answered with %q, want %q", said, got, want)
		}
	}
	if s := w.handled(2); s.State != runtime.StateRunning || s.Received != 2 || s.Sent != 2 || s.Failed != 0 {
		t.Errorf("status %+v", s)
	}
	if r := w.sim.Rejected(0); len(r) != 0 {
		t.Errorf("rejected: %+v", r)
	}
	w.stop()
	n := w.sim.Notifications(0)
	if len(n) != 2 {
		t.Errorf("notifystart and notifystop were expected, got %+v", n)
	}
}

func TestConversationsRunSideBySideAndInOrder(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  if msg.text == "block" then
    while not released do ilink.typing(msg, true) end
    return msg:reply("unblocked")
  end
  if msg.text == "release" then released = true end
  msg:reply(msg.text)
end`, unlimited, ilinksim.WithLimits(ilinksim.Limits{Disabled: true}))
	w.sim.Say("alice", "block")
	for i := range 5 {
		w.sim.Say("alice", fmt.Sprint("later ", i))
	}
	w.sim.Say("bob", "hello")
	if got := w.sent(1)[0]; got.Text != "hello" {
		t.Fatalf("a blocked conversation held up another: %q came first", got.Text)
	}
	w.sim.Say("bob", "release")
	var alice []string
	for _, s := range w.sent(7) {
		if strings.HasPrefix(s.To, "alice") {
			alice = append(alice, s.Text)
		}
	}
	want := "[unblocked later 0 later 1 later 2 later 3 later 4]"
	if got := fmt.Sprint(alice); got != want {
		t.Errorf("alice's answers were %s, want %s", got, want)
	}
}

func TestDuplicatesAreLeftOut(t *testing.T) {
	w := newWorld(t, pingPong, nil)
	if _, err := w.sim.AddFault(ilinksim.Fault{Endpoint: "getupdates", Kind: "duplicate", Count: 1}); err != nil {
		t.Fatal(err)
	}
	w.sim.Say("alice", "once")
	w.sent(1)
	if got := w.ask("ping"); got != "pong" {
		t.Errorf("the duplicate was answered: %q", got)
	}
	if s := w.handled(2); s.Duplicates != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestLongTextIsSplit(t *testing.T) {
	w := newWorld(t, `function on_message(msg) return msg:reply(string.rep("这是一句很长的话。", 500)) end`, nil)
	w.sim.Say("alice", "tell me")
	whole := ""
	for _, s := range w.sent(3) {
		if s.Cut {
			t.Errorf("a part was cut by the server: %d runes", len([]rune(s.Text)))
		}
		if !strings.HasSuffix(s.Text, "。") {
			t.Errorf("a part ends within a sentence: …%s", s.Text[len(s.Text)-12:])
		}
		whole += s.Text
	}
	if want := strings.Repeat("这是一句很长的话。", 500); whole != want {
		t.Errorf("%d of %d bytes arrived", len(whole), len(want))
	}
}

func TestMediaBothWays(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  if msg.kind == "text" then
    return msg:reply{ text = "three", image = "cat.png", file = "报告.pdf", video = "clip.mp4" }
  end
  local f = assert(msg:download())
  msg:reply{ [msg.kind] = f }
  msg:reply(f.kind .. " " .. f.name .. " " .. f.size .. " " .. f.mime .. " " .. #f:read())
end`, nil)
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 5000)...)
	w.write("cat.png", string(png))
	w.write("报告.pdf", "%PDF-1.4 "+strings.Repeat("x", 40_000))
	w.write("clip.mp4", "\x00\x00\x00\x18ftypmp42"+strings.Repeat("y", 100))

	w.sim.Say("alice", "media")
	var kinds []string
	for _, s := range w.sent(4)[1:] {
		m := s.Media[0]
		if m.Grey {
			t.Errorf("%s shows as a grey box: %s", m.Kind, m.Reason)
		}
		kinds = append(kinds, fmt.Sprint(m.Kind, " ", m.Size))
		if m.Kind == "file" && m.Name != "报告.pdf" {
			t.Errorf("the file's name arrived as %q", m.Name)
		}
	}
	if got := strings.Join(kinds, ", "); got != fmt.Sprintf("image %d, video 112, file 40009", len(png)) &&
		got != fmt.Sprintf("image %d, file 40009, video 112", len(png)) {
		t.Errorf("arrived: %s", got)
	}

	for _, in := range []struct {
		in   ilinksim.In
		want string
	}{
		{ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: png}}, fmt.Sprintf("image image.png %d image/png %d", len(png), len(png))},
		{ilinksim.In{From: "alice", Image: &ilinksim.Blob{Data: png, Plain: true}}, fmt.Sprintf("image image.png %d image/png %d", len(png), len(png))},
		{ilinksim.In{From: "alice", File: &ilinksim.Blob{Name: "表.csv", Data: []byte("a,b\n1,2\n")}}, "file 表.csv 8 text/csv 8"},
	} {
		if _, err := w.sim.Inject(in.in); err != nil {
			t.Fatal(err)
		}
		got := w.sent(2)
		if got[0].Media[0].Grey || got[0].Media[0].Size == 0 {
			t.Errorf("what came back is broken: %+v", got[0].Media[0])
		}
		if got[1].Text != in.want {
			t.Errorf("the script saw %q, want %q", got[1].Text, in.want)
		}
	}
}

func TestQuotesById(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  if msg.quote then return msg:reply("quoted: " .. (msg.quote.text or "?")) end
  msg:reply("answer to " .. msg.text)
end`, nil)
	first := w.sim.Say("alice", "第一条")
	answer := w.sent(1)[0]
	for id, want := range map[string]string{first: "quoted: 第一条", answer.MessageID: "quoted: answer to 第一条"} {
		if _, err := w.sim.Inject(ilinksim.In{From: "alice", Text: "that", Quote: id}); err != nil {
			t.Fatal(err)
		}
		if got := w.sent(1)[0].Text; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if _, err := w.sim.Inject(ilinksim.In{From: "alice", Text: "part", Quote: answer.MessageID,
		Partial: &ilinksim.PartialText{Start: "to ", End: "条"}}); err != nil {
		t.Fatal(err)
	}
	if got := w.sent(1)[0].Text; got != "quoted: to 第一条" {
		t.Errorf("partial quote: %q", got)
	}
}

func TestScriptErrorsAreToldAndTheBotGoesOn(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  if msg.text == "crash" then
    local t = nil
    return t.field
  end
  if msg.text == "loop" then while true do end end
  msg:reply("fine")
end`, func(c *runtime.Config) { c.Bots[0].Sandbox.Instructions = 200_000 })
	w.sim.Say("alice", "crash")
	w.sim.Say("alice", "loop")
	if got := w.ask("hello"); got != "fine" {
		t.Errorf("got %q", got)
	}
	if s := w.handled(3); s.Failed != 2 || s.Handled != 1 {
		t.Errorf("status %+v", s)
	}
	contains(t, w.log.String(), "echo.lua:5:", "echo.lua:7:", "instructions")
}

func TestFilesAreConfined(t *testing.T) {
	w := newWorld(t, `
function on_message(msg)
  local ok, err
  if msg.text:sub(1, 5) == "save " then
    local f = assert(ilink.download(last))
    ok, err = f:save(msg.text:sub(6))
  elseif msg.kind == "file" then
    last = msg
    return msg:reply("kept")
  else
    ok, err = msg:reply{ file = msg.text }
  end
  msg:reply(ok and "ok" or (err.kind .. ": " .. err.message))
end`, func(c *runtime.Config) {
		c.Bots[0].Allow.Files = []string{"out"}
		c.Limits.PerInbound = -1 // all are said at once, and may count as one window's
	})
	outside := filepath.Join(w.dir, "outside.txt")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write(".hidden", "x")
	if err := os.Symlink(outside, filepath.Join(w.dir, "scripts", "link.txt")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"../outside.txt": "not_allowed", outside: "not_allowed", ".hidden": "not_allowed", "link.txt": "not_allowed",
		"missing.txt": "not_found", ".": "not_a_file",
	} {
		if got := w.ask(path); !strings.HasPrefix(got, want+":") || strings.Contains(got, w.dir) && !strings.Contains(path, w.dir) {
			t.Errorf("sending %q: %q, want %s", path, got, want)
		}
	}
	if _, err := w.sim.Inject(ilinksim.In{From: "alice", File: &ilinksim.Blob{Name: "../../evil.txt", Data: []byte("data")}}); err != nil {
		t.Fatal(err)
	}
	w.sent(1)
	for path, want := range map[string]string{
		"x.txt": "not_allowed", "out/../x.txt": "not_allowed", "out/x.lua": "not_allowed", "../x.txt": "not_allowed",
		"out/a/b.txt": "ok", "out/": "ok",
	} {
		if got := w.ask("save " + path); !strings.HasPrefix(got, want) {
			t.Errorf("saving %q: %q, want %s", path, got, want)
		}
	}
	for _, name := range []string{"out/a/b.txt", "out/evil.txt"} {
		if b, err := os.ReadFile(filepath.Join(w.dir, "scripts", name)); err != nil || string(b) != "data" {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestHealthz(t *testing.T) {
	w := newWorld(t, pingPong, func(c *runtime.Config) { c.Listen = "127.0.0.1:0" })
	w.ask("ping")
	_, after, _ := strings.Cut(w.log.String(), "msg=listening addr=")
	addr, _, _ := strings.Cut(after, "\n")
	resp, err := http.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct{ Bots []runtime.Status }
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != 200 || len(body.Bots) != 1 || body.Bots[0].State != "running" {
		t.Errorf("%d %+v %v", resp.StatusCode, body, err)
	}
}

func TestNoSecretInTheLog(t *testing.T) {
	w := newWorld(t, pingPong, (*runtime.Config).Hurry)
	for _, kind := range []ilinksim.FaultKind{"http", "html", "session", "bad_json"} {
		if _, err := w.sim.AddFault(ilinksim.Fault{Endpoint: "sendmessage", Kind: kind, Count: 1}); err != nil {
			t.Fatal(err)
		}
		w.sim.Say("alice", "ping")
	}
	w.handled(4)
	sent := w.ask("ping")
	if sent != "pong" {
		t.Fatal(sent)
	}
	all := w.sim.Sent(0)
	secrets := []string{all[len(all)-1].ContextToken, w.sim.AddBot("echo").Token}
	for _, secret := range secrets {
		if secret == "" || strings.Contains(w.log.String(), secret) {
			t.Errorf("the secret %q is empty or in the log:\n%s", secret, w.log)
		}
	}
}
