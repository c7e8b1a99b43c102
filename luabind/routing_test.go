package luabind

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestRouting(t *testing.T) {
	const script = `
ilink.use(function(msg, next)
  if msg.text == "blocked" then return msg:reply("no") end
  next()
  if msg.text == "after" then msg:reply("and after") end
end)
ilink.use(function(msg, next) msg.seen = true next() end)
ilink.command("/weather", function(msg, args)
  msg:reply(#args .. ":" .. table.concat(args, "|") .. ":" .. args.text .. tostring(msg.seen))
end, "CITY  the weather there")
ilink.command("天气", function(msg, args) msg:reply("天气" .. args.text) end)
ilink.hears("^my name is (%a+) (%a+)", function(msg, first, last) msg:reply("Hello " .. last .. first) end)
ilink.hears({ "^hi", "^hello" }, function(msg, word) msg:reply(word .. "!") end)
ilink.hears({ kind = "image" }, function(msg) msg:reply("nice image") end)
function on_message(msg) msg:reply("else " .. msg.text) end`
	for text, want := range map[string]string{
		"/weather":                       "0::true",
		" /Weather  Berlin   Mitte ":     "2:Berlin|Mitte:Berlin   Mittetrue",
		`/weather "New York" it's “a b”`: `3:New York|it's|a b:"New York" it's “a b”true`,
		`/weather "open`:                 `1:"open:"opentrue`,
		"／ＷＥＡＴＨＥＲ　上海":                    "1:上海:上海true",
		"／weather 上海":                    "1:上海:上海true",
		"/weatherx":                      "else /weatherx",
		"天气 北京":                          "天气北京",
		"/help":                          "/weather  CITY  the weather there",
		"/HELP me":                       "/weather  CITY  the weather there",
		"my name is Ada Lovelace":        "Hello LovelaceAda",
		"hello there":                    "hello!",
		"what":                           "else what",
		"blocked":                        "no",
		"after":                          "else after|and after",
		"":                               "else ",
	} {
		b := load(t, script)
		b.says(text)
		wantText(t, text+" -> "+strings.Join(b.host.texts(), "|"), text+" -> "+want)
	}
	b := load(t, script)
	if err := b.OnMessage(context.Background(), imageEvent()); err != nil {
		t.Fatal(err)
	}
	wantText(t, fmt.Sprint(b.host.texts()), "[nice image]")

	// A bot of commands only needs no on_message, and may have a help of its own.
	b = load(t, `ilink.command("/help", function(msg) msg:reply("mine") end)`)
	b.says("/help")
	b.says("other")
	wantText(t, fmt.Sprint(b.host.texts()), "[mine]")
}

func TestRoutingMistakes(t *testing.T) {
	for source, want := range map[string]string{
		`ilink.command("/a b", print)`:                          `needs the command's name first, a word such as "/weather", got the text "/a b"`,
		`ilink.command("/a", "x")`:                              `ilink.command needs a function there, as in ilink.command("/hello", function(msg, args) … end), got the text "x"`,
		`ilink.command("/a", print, 1)`:                         "takes the help text third, got number 1",
		`ilink.command("/a", print) ilink.command("/A", print)`: "there is a command /a already",
		`ilink.hears(print, print)`:                             `needs a pattern first`,
		`ilink.hears({ knid = "image" }, print)`:                `doesn't know knid = the text "image"`,
		`ilink.hears("(", print)`:                               "unfinished capture",
		`ilink.hears("a(b", print)`:                             `the pattern "a(b": unfinished capture`,
		`ilink.hears("x%", print)`:                              `malformed pattern`,
		`ilink.hears({ "fine", "(x)%2" }, print)`:               `invalid capture index`,
		`ilink.use()`:                                           "needs a function there",
	} {
		_, err := tryLoad(t, source+"\nfunction on_message() end")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bot.lua:1: ") {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
	for body, want := range map[string]string{
		`ilink.command("/a", print)`: "ilink.command works while the file is loaded only",
		`NEXT() NEXT()`:              "next was called twice",
	} {
		b := load(t, "ilink.use(function(msg, next) NEXT = next next() end)\nfunction on_message(msg)\n"+body+"\nend")
		err := b.OnMessage(context.Background(), textEvent("1", "x"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
	if _, err := tryLoad(t, "x = 1"); err == nil || !strings.Contains(err.Error(), "the script defines no on_message: add function on_message(msg) … end") {
		t.Error(err)
	}
}
