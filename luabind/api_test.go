package luabind

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

func TestMessageFields(t *testing.T) {
	b := load(t, `
function on_message(msg)
  print(msg.id, msg.from, msg.to, msg.text, msg.kind, msg.time, msg.group, msg.quote)
  for k, v in pairs(msg) do assert(type(v) ~= "function", k) end
  print(#msg.items)
  for i, item in ipairs(msg.items) do
    print(item.kind, item.text, item.name, item.size, item.duration, tostring(item.media))
  end
end`)
	ev := textEvent("18446744073709551615", "你好 👋\n")
	ev.Message.Items = append(ev.Message.Items, ilink.TextMessage("second"))
	if err := b.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	ev.Message.GroupID = "g@chatroom"
	ev.Message.Items = []ilink.Item{
		{Type: ilink.ItemTypeVoice, Voice: &ilink.VoiceItem{Media: secretMedia(), RecognText: "hello there", PlaytimeMs: 2500}},
		{Type: ilink.ItemTypeFile, File: &ilink.FileItem{Media: secretMedia(), FileName: "报告.pdf", Size: 123}},
		{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: secretMedia()}},
	}
	if err := b.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(),
		"INFO 18446744073709551615\talice@im.wechat\tbot@im.bot\t你好 👋\nsecond\ttext\t1700000000.5\tnil\tnil",
		"INFO 2",
		"INFO text\t你好 👋\n\tnil\tnil\tnil\tnil",
		"INFO text\tsecond\tnil\tnil\tnil\tnil",
		"INFO 18446744073709551615\talice@im.wechat\tbot@im.bot\thello there\tvoice\t1700000000.5\tg@chatroom\tnil",
		"INFO 3",
		"INFO voice\thello there\tnil\tnil\t2.5\tvoice",
		"INFO file\tnil\t报告.pdf\t123\tnil\tfile 报告.pdf",
		"INFO image\tnil\tnil\tnil\tnil\timage",
	)
}

func TestMessageWithoutID(t *testing.T) {
	b := load(t, "function on_message(msg) print(msg.id) msg:reply('x') end")
	for _, m := range []*ilink.Message{{MessageID: -1}, {ClientID: "abc"}} {
		if err := b.OnMessage(context.Background(), &Event{Message: m}); err != nil {
			t.Fatal(err)
		}
	}
	wantLines(t, b.host.logged(), "INFO 18446744073709551615", "INFO c:abc")
	if err := b.OnMessage(context.Background(), &Event{}); err == nil {
		t.Error("an event without a message was taken")
	}
}

func TestQuote(t *testing.T) {
	b := load(t, `function on_message(msg)
  local q = msg.quote
  print(q.id, q.text, q.kind, tostring(q.media))
end`)
	for _, q := range []*Quote{
		{ID: "7", Text: "said before"},
		{Item: &ilink.Item{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: secretMedia()}}},
		{Item: &ilink.Item{Type: ilink.ItemTypeText, Text: &ilink.TextItem{Text: "from the item"}}},
	} {
		ev := textEvent("1", "x")
		ev.Quote = q
		if err := b.OnMessage(context.Background(), ev); err != nil {
			t.Fatal(err)
		}
	}
	wantLines(t, b.host.logged(),
		"INFO 7\tsaid before\ttext\tnil", "INFO nil\t\timage\timage", "INFO nil\tfrom the item\ttext\tnil")
}

func TestReply(t *testing.T) {
	b := load(t, `
local uploaded
function on_message(msg)
  local r = assert(msg:reply("你好", 12, true))
  print(r.status, r.id, table.concat(r.ids, ","))
  msg:reply{ text = "look", image = "cat.png" }
  msg:reply{ "one", { text = 2 }, { video = "clip.mp4" } }
  msg:reply{ file = "report.pdf", name = "Bericht.pdf" }
  uploaded = uploaded or assert(ilink.upload("cat.png"))
  msg:reply(uploaded)
  msg:reply{ file = uploaded, name = "as a file.png" }
  msg:reply(("好"):sub(1, 2))
end`)
	writeFiles(t, b.dir, "cat.png", "png", "clip.mp4", "mp4", "report.pdf", "pdf")
	b.says("hi")
	var got []string
	for _, req := range b.host.sent {
		line := req.To + " re " + req.InReplyTo.ID + ":"
		for _, p := range req.Parts {
			line += " [" + p.Kind.String()
			if p.Text != "" {
				line += " " + p.Text
			}
			if p.File != nil {
				line += " file " + p.File.Name
			}
			if p.Media != nil {
				line += " media"
			}
			if p.Name != "" {
				line += " named " + p.Name
			}
			line += "]"
		}
		got = append(got, line)
	}
	wantLines(t, strings.Join(got, "\n"),
		"alice@im.wechat re 1: [text 你好] [text 12] [text true]",
		"alice@im.wechat re 1: [text look] [image file cat.png]",
		"alice@im.wechat re 1: [text one] [text 2] [video file clip.mp4]",
		"alice@im.wechat re 1: [file file report.pdf named Bericht.pdf]",
		"alice@im.wechat re 1: [image media]",
		"alice@im.wechat re 1: [file media named as a file.png]",
		"alice@im.wechat re 1: [text \uFFFD]",
	)
	wantText(t, b.host.logged(), "INFO sent\t1000\t1000,1001,1002")
	wantText(t, strings.Join(b.host.calls[3:], "\n"), "open cat.png\nupload cat.png for alice@im.wechat as image")
}

func TestReplyMistakes(t *testing.T) {
	for _, c := range []struct{ call, want string }{
		{"msg:reply(nil)", "reply needs a text or a table, got nil"},
		{"msg:reply()", "reply needs a text or a table, got nil"},
		{"msg:reply('a', nil)", "reply needs a text or a table, got nil"},
		{"msg:reply(print)", "reply needs a text or a table, got a function; is a () missing?"},
		{"msg:reply{}", "reply needs a text or a table with text, image, video or file, got an empty table"},
		{"msg:reply{ img = 'x.png' }", `reply doesn't know the field "img" (it knows text, image, video, file, name, mode, lifetime, as)`},
		{"msg:reply{ imgae = 'x.png' }", `reply doesn't know the field "imgae"; did you mean image? (it knows text, image, video, file, name, mode, lifetime, as)`},
		{"msg:reply{ image = 5 }", "reply: image must be a file's path below the bot's folder, or media, got number 5"},
		{"msg:reply{ text = {} }", "reply: text must be a text, got a table"},
		{"msg:reply{ image = 'x.png', name = 'y' }", `reply: name is the name that a file shows, as in { file = "report.pdf", name = "Report.pdf" }`},
		{"msg:reply{ 'a', text = 'b' }", `reply can't send a table that is a list and has the field "text" as well: write the list's items as tables, or the one field that is meant`},
		{"msg:reply(msg)", "reply can't send a message: write msg.text for its text, or msg.items[1].media for a picture or file in it"},
		{"msg:reply('Hi ' .. msg)", "a message can't be joined to a text: write .text behind it, as in answer.text"},
		{"msg:reply{ { 'a' } }", "reply can't send a list within a list"},
		{"msg.reply('x')", "reply was called on a string instead of a message: write msg:reply(…), with a colon"},
		{"msg:typing('yes')", `msg:typing takes true, false or, as in msg:typing(function() … end), what is done meanwhile; got a string`},
		{"msg:download(5)", "msg:download takes a path to save the file to, got number 5"},
		{"ilink.send(msg, 'x')", "send needs the receiver's id first, such as msg.from, got a table; to answer a message, use ilink.reply(msg, …)"},
		{"ilink.send(nil, 'x')", "send needs the receiver's id first, such as msg.from, got nil"},
		{"ilink.send(msg.from)", "send needs a text or a table, got nil"},
		{"ilink.reply('x')", `reply needs a message first, got the text "x"`},
		{"ilink.reply({}, 'x')", "reply needs a message first; this table is none (it has no field from)"},
		{"ilink.typing(5)", "typing needs a message first, got number 5"},
		{"ilink.typing('')", "typing needs a user's id or a message first, got an empty text"},
		{"ilink.download('x')", `download needs a message, one of its items or media first, got the text "x"`},
		{"ilink.upload(5)", "upload needs a file's path below the bot's folder, or media, first, got number 5"},
		{"ilink.upload('a', 'b')", `upload takes options such as { to = msg.from, kind = "image" } second, got the text "b"`},
		{"ilink.upload('a', { kind = 'voice' })", `upload: kind must be "image", "video" or "file", got the text "voice"`},
		{"ilink.upload('a', { to = 5 })", `upload: to must be a user's id, got number 5`},
		{"ilink.upload('a', { x = 5 })", `upload doesn't know the option "x" (it knows to and kind)`},
		{"ilink.recall(123)", "recall needs the id of a message that the bot sent, got number 123; ids are strings, as numbers would lose digits"},
		{"ilink.recall(msg)", "recall needs the id of a message that the bot sent, got a table; a result's id is in its field id"},
		{"ilink.sned()", "ilink.sned does not exist; did you mean ilink.send?"},
		{"return ilink.frobnicate", "ilink.frobnicate does not exist"},
		{"ilink.log.wran('x')", "ilink.log.wran does not exist; did you mean ilink.log.warn?"},
		{"ilink.foo = 1", "ilink.foo can't be assigned: ilink belongs to the host; keep your own values in a table of your own"},
		{"ilink.send = 1", "ilink.send can't be assigned: ilink belongs to the host; keep your own values in a table of your own"},
		{"ilink.bot.name = 'x'", "ilink.bot.name can't be assigned: ilink.bot belongs to the host; keep your own values in a table of your own"},
	} {
		b := load(t, "function on_message(msg)\n"+c.call+"\nend")
		if got, want := b.fails("x").Error(), "scripts/bot.lua:2: "+c.want; got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.call, got, want)
		}
		if len(b.host.sent) > 0 {
			t.Errorf("%s sent something", c.call)
		}
	}
}

func TestReplyFailures(t *testing.T) {
	b := load(t, `
function on_message(msg)
  local r, err = msg:reply("x")
  print(r, err.kind, err.message, tostring(err), "it failed: " .. err, err .. "!", err.ids and err.ids[1])
  print(getmetatable(err), pcall(setmetatable, err, {}))
  local ok, e = pcall(function() assert(msg:reply("x")) end)
  print(ok, e == err, e.kind, e)
  assert(msg:reply("x"))
end`)
	b.host.send = func(context.Context, SendRequest) (SendResult, error) {
		return SendResult{MessageIDs: []string{"5"}}, &HostError{Kind: "window_closed", Message: "the user wrote 25 hours ago"}
	}
	e := b.fails("hi")
	wantText(t, e.Error(), "scripts/bot.lua:8: the user wrote 25 hours ago")
	wantLines(t, b.host.logged(),
		"INFO nil\twindow_closed\tthe user wrote 25 hours ago\tthe user wrote 25 hours ago\tit failed: the user wrote 25 hours ago\tthe user wrote 25 hours ago!\t5",
		"INFO error\tfalse\tscripts/bot.lua:5: cannot change a protected metatable",
		"INFO false\tfalse\twindow_closed\tthe user wrote 25 hours ago",
	)
}

func TestOtherFailures(t *testing.T) {
	body := `
local function show(v, err) print(v, err.kind, err.message) end
show(msg:reply(""))
show(msg:reply{ image = "nothere.png" })
show(msg:download())
show(ilink.download({}))
show(ilink.upload("nothere.png"))`
	wantLines(t, handle(t, body),
		"INFO nil\tempty_text\tthe text is empty, and an empty message can't be sent",
		"INFO nil\tnot_found\tthere is no file nothere.png",
		"INFO nil\tno_media\tthe message has no image, file, voice or video to download",
		"INFO nil\tno_media\tthe message has no image, file, voice or video to download",
		"INFO nil\tnot_found\tthere is no file nothere.png",
	)
	b := load(t, `function on_message(msg)
  for _, f in ipairs{ msg.typing, msg.download } do
    local v, err = f(msg)
    print(v, err.kind, err)
  end
  print(ilink.recall("1"))
end`)
	b.host.fail = errors.New("broken")
	if err := b.OnMessage(context.Background(), imageEvent()); err != nil {
		t.Fatal(err)
	}
	wantLines(t, b.host.logged(), "INFO nil\tfailed\tbroken", "INFO nil\tfailed\tbroken", "INFO nil\tbroken")
}

func TestIlinkFunctions(t *testing.T) {
	b := load(t, `
function on_message(msg)
  assert(ilink.send("bob@im.wechat", "hi", { text = "there" }))
  assert(ilink.reply(msg, "re"))
  print(ilink.typing("bob", true), ilink.typing(msg, false), ilink.typing(msg), msg:typing(), msg:typing(false))
  print(ilink.recall("18446744073709551615"))
  print(ilink.bot.name, type(ilink.version), require("ilink") == ilink, getmetatable(ilink))
end`)
	b.says("x")
	if r := b.host.sent[0]; r.To != "bob@im.wechat" || r.InReplyTo != nil || len(r.Parts) != 2 {
		t.Errorf("send: %+v", r)
	}
	if r := b.host.sent[1]; r.To != "alice@im.wechat" || r.InReplyTo == nil {
		t.Errorf("reply: %+v", r)
	}
	wantLines(t, b.host.logged(), "INFO true\ttrue\ttrue\ttrue\ttrue", "INFO true", "INFO testbot\tstring\ttrue\tilink")
	wantLines(t, strings.Join(b.host.calls, "\n"),
		"typing bob true", "typing alice@im.wechat false", "typing alice@im.wechat true",
		"typing alice@im.wechat true", "typing alice@im.wechat false", "recall 18446744073709551615")
}

func TestMedia(t *testing.T) {
	b := load(t, `
local kept
function on_message(msg)
  local m = msg.items[1].media
  print(m, m.kind, m.name, m.size, m.mime)
  print(m:read(7))
  print(m:read())
  print(m, m.kind, m.name, m.size, m.mime)
  local saved = assert(msg:download("photos/cat.png"))
  print(saved, saved.size, saved:read(3), saved:read(0) == "")
  print(assert(m:save("other.*")).name)
  print(ilink.download(m), ilink.download(msg), ilink.download(msg.items[1], "p.png"))
  msg:reply{ image = m, text = "echo" }
  kept = kept or ilink.upload(m, { to = "bob", kind = "file" })
  print(kept, kept:read(2))
  ilink.send("bob", kept)
  print(pcall(function() return m.sise end))
  print(pcall(function() return m.path end))
  print(pcall(function() m.kind = "x" end))
  print(pcall(m.read, 5))
  print(pcall(m.read, m, "x"))
  print(pcall(m.save, m))
end`)
	if err := b.OnMessage(context.Background(), imageEvent()); err != nil {
		t.Fatal(err)
	}
	const at = "scripts/bot.lua:"
	wantLines(t, b.host.logged(),
		"INFO image\timage\tnil\tnil\tnil",
		"INFO inbound",
		"INFO inbound bytes",
		"INFO image in.png\timage\tin.png\t13\timage/png",
		"INFO image cat.png\t13\tinb\ttrue",
		"INFO other.png",
		"INFO image in.png\timage in.png\timage p.png",
		"INFO file in.png\tin",
		"INFO false\t"+at+"17: media has no field sise; did you mean size?",
		"INFO false\t"+at+"18: media has no field path; it has kind, name, mime, size, read, save and send",
		"INFO false\t"+at+"19: media can't be changed: kind was assigned",
		"INFO false\t"+at+"20: this needs media, got a number: are its methods called with a colon, as in media:read()?",
		"INFO false\t"+at+`21: media:read takes the largest number of bytes to read, got the text "x"`,
		"INFO false\t"+at+`22: media:save needs a path below the bot's folder, such as media:save("photos/cat.png"), got nil`,
	)
	if p := b.host.sent[0].Parts[1]; p.Kind != ilink.ItemTypeImage || p.File == nil || p.Media != nil {
		t.Errorf("received media was sent as %+v", p)
	}
	if p := b.host.sent[1].Parts[0]; p.Kind != ilink.ItemTypeFile || p.Media == nil || p.File != nil {
		t.Errorf("uploaded media was sent as %+v", p)
	}
	// What was fetched once isn't fetched again.
	if n := b.host.downloads; n != 1 {
		t.Errorf("%d downloads", n)
	}
}

func TestMediaTooLargeToRead(t *testing.T) {
	b := load(t, `function on_message(msg)
  local m = assert(ilink.upload("big.bin"))
  local s, err = m:read()
  print(s, err.kind, err)
  print(#m:read(100))
end`)
	writeFiles(t, b.dir, "big.bin", strings.Repeat("x", defaultStringBytes+1))
	b.says("x")
	wantLines(t, b.host.logged(),
		"INFO nil\ttoo_large\tthe file is larger than 8 MiB, which a script can hold; read(n) reads its first n bytes",
		"INFO 100")
}

func TestKeptAndCopiedMessages(t *testing.T) {
	b := load(t, `
local kept, copy
function on_message(msg)
  if not kept then
    kept, copy = msg, {}
    for k, v in pairs(msg) do copy[k] = v end
    ilink.reply(copy, "while it is handled")
    print(pcall(function() copy:reply("x") end))
  else
    kept:reply("kept")
    ilink.reply(copy, "copied")
    kept.from = "mallory"
    kept:reply("still to alice")
  end
end`)
	b.says("first")
	if err := b.OnMessage(context.Background(), textEvent("2", "second")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range b.host.sent {
		re := "push"
		if r.InReplyTo != nil {
			re = "re " + r.InReplyTo.ID
		}
		got = append(got, r.Parts[0].Text+" "+r.To+" "+re)
	}
	wantLines(t, strings.Join(got, "\n"),
		"while it is handled alice@im.wechat re 1", "kept alice@im.wechat re 1",
		"copied alice@im.wechat push", "still to alice alice@im.wechat re 1")
}

func TestLog(t *testing.T) {
	wantLines(t, handle(t, `
ilink.log("plain", 1, 2.5, true, nil)
ilink.log.debug("d", "e")
ilink.log.info({})
ilink.log.warn({ 1, "two", { x = "你好", ["odd key"] = 1 }, a = 1, [10] = "ten", [true] = false })
ilink.log.error(setmetatable({}, { __tostring = function() return "custom" end }), print)
local t = { name = "t" }
t.self = t
ilink.log(t)
ilink.log({ { { { { { 1 } } } } } })
print("a", "b")
print()
print("cut\255")`),
		"INFO plain 1 2.5 true nil",
		"DEBUG d e",
		"INFO {}",
		`WARN {1, "two", {["odd key"] = 1, x = "你好"}, [true] = false, [10] = "ten", a = 1}`,
		"ERROR custom function",
		`INFO {name = "t", self = {…itself…}}`,
		"INFO {{{{{{…}}}}}}",
		"INFO a\tb",
		"INFO ",
		"INFO cut\uFFFD",
	)
	long := handle(t, `local many = {} for i = 1, 2000 do many[i] = ("x"):rep(1000) end ilink.log(many) ilink.log(("y"):rep(1e6))`)
	if len(long) > 2*longestLog || !strings.Contains(long, "…}") {
		t.Errorf("%d bytes", len(long))
	}
}

func imageEvent() *Event {
	ev := textEvent("1", "")
	ev.Message.Items = []ilink.Item{{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: secretMedia(), AESKey: "SECRET"}}}
	return ev
}

func secretMedia() *ilink.CDNMedia {
	return &ilink.CDNMedia{EncryptQueryParam: "SECRET-param", AESKey: "SECRET-key", FullURL: "https://cdn/SECRET"}
}

func TestMediaSend(t *testing.T) {
	b := load(t, `
function on_message(msg)
  msg.items[1].media:send(msg, "there")
  assert(msg:download()):send("bob@im.wechat")
  print(select(2, pcall(function() msg.items[1].media:send() end)))
end`)
	if err := b.OnMessage(context.Background(), imageEvent()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, req := range b.host.sent {
		got = append(got, fmt.Sprint(req.To, " ", req.InReplyTo != nil, " ", len(req.Parts), " ", req.Parts[0].Kind))
	}
	wantText(t, strings.Join(got, "|"), "alice@im.wechat true 2 image|bob@im.wechat false 1 image")
	wantText(t, b.host.logged(), "INFO scripts/bot.lua:5: media:send needs a message or a user's id first, as in media:send(msg), got nil")
}
