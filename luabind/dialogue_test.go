package luabind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers lets a host answer questions with these texts, and have no more.
func answers(texts ...string) func(context.Context, AwaitRequest) (*Answer, error) {
	return func(context.Context, AwaitRequest) (*Answer, error) {
		if len(texts) == 0 {
			return nil, &HostError{Kind: "timeout", Message: "nobody answered"}
		}
		text := texts[0]
		texts = texts[1:]
		return &Answer{Message: textEvent("a", text).Message}, nil
	}
}

func (h *fakeHost) texts() (all []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, req := range h.sent {
		for _, p := range req.Parts {
			all = append(all, p.Text)
		}
	}
	return all
}

func TestDialogue(t *testing.T) {
	for _, c := range []struct {
		body    string
		answers []string
		want    string
	}{
		{`local a = msg:ask("Name?") msg:reply("Hello, " .. a.text)`, []string{"Anna"}, "Name?|Hello, Anna"},
		{`local a, n = msg:ask("Age?", { match = "^(%d+)$" }) msg:reply(n + 1)`, []string{"old", "30"}, "Age?|Age?|31"},
		{`local a, n = msg:ask("Age?", { match = "%d", again = "A number!" }) msg:reply(n)`, []string{"old", "3"}, "Age?|A number!|3"},
		{`local a, n = msg:ask("Age?", { match = function(m) return tonumber(m.text) end }) msg:reply(n)`, []string{"x", "7"}, "Age?|Age?|7"},
		{`local a, err = msg:ask("Age?", { match = "%d", retries = 1 }) msg:reply(err.kind)`, []string{"x", "y", "3"}, "Age?|Age?|no_match"},
		{`local a, err = msg:ask("Name?") msg:reply(err.kind)`, nil, "Name?|timeout"},
		{`local a, err = msg:ask("") msg:reply(err.kind)`, []string{"x"}, "empty_text"},
		{`local a = msg:ask() msg:reply(a.text)`, []string{"x"}, "x"},
		{`local a = msg:ask("1?") local b = a:ask("2?") msg:reply(a.text .. b.text)`, []string{"x", "y"}, "1?|2?|xy"},
		{`local c, i = msg:choose("Which?", { "tea", "coffee" }) msg:reply(c .. i)`, []string{"2"}, "Which?\n1. tea\n2. coffee|coffee2"},
		{`local c, i = msg:choose("Which?", { "tea", "coffee" }) msg:reply(c .. i)`, []string{"１。"}, "Which?\n1. tea\n2. coffee|tea1"},
		{`local c, i = msg:choose("哪个？", { "红茶", "绿茶" }) msg:reply(c .. i)`, []string{"2️⃣"}, "哪个？\n1. 红茶\n2. 绿茶|绿茶2"},
		{`local c, i = msg:choose("哪个？", { "红茶", "绿茶" }) msg:reply(c .. i)`, []string{"第三个", "第二个"}, "哪个？\n1. 红茶\n2. 绿茶|哪个？\n1. 红茶\n2. 绿茶|绿茶2"},
		{`local c, i = msg:choose("几杯？", { "两", "一" }) msg:reply(c .. i)`, []string{"一"}, "几杯？\n1. 两\n2. 一|一2"},
		{`local a, n = msg:ask("多少？", { match = "^%d+$" }) msg:reply(n + 1)`, []string{"１２"}, "多少？|13"},
		{`local c, i = msg:choose("Which?", { "Tea", "茶" }) msg:reply(c .. i)`, []string{"x", " 茶！"}, "Which?\n1. Tea\n2. 茶|Which?\n1. Tea\n2. 茶|茶2"},
		{`local c, i = msg:choose(nil, { "tea", "tee", "coffee" }, { retries = 0 }) msg:reply(c or i.kind)`, []string{"te"}, "1. tea\n2. tee\n3. coffee|no_match"},
		{`local c, i = msg:choose(nil, { "tea", "tee", "coffee" }) msg:reply(c)`, []string{"COF"}, "1. tea\n2. tee\n3. coffee|coffee"},
		{`local a, err = msg:ask("Age?", { match = "%d", cancel = "/cancel" }) msg:reply(err.kind)`, []string{"x", "／Cancel "}, "Age?|Age?|cancelled"},
		{`local a, err = msg:ask("Age?", { cancel = "/cancel" }) msg:reply(a.text)`, []string{"/cancelled"}, "Age?|/cancelled"},
		{`local c, err = msg:choose(nil, { "tea" }, { cancel = { "stop", "取消" } }) msg:reply(err.kind)`, []string{"取消。"}, "1. tea|cancelled"},
		{`local yes, err = msg:confirm("Sure?", { cancel = { "取消" } }) msg:reply(tostring(yes) .. err.kind)`, []string{"取消"}, "Sure?|nilcancelled"},
		{`msg:reply(tostring(msg:confirm("Sure?")) .. tostring(msg:confirm("Really?")))`, []string{"好的。", "No!"}, "Sure?|Really?|truefalse"},
	} {
		b := load(t, "function on_message(msg)\n"+c.body+"\nend")
		b.host.await = answers(c.answers...)
		b.says("hi")
		wantText(t, strings.Join(b.host.texts(), "|"), c.want)
	}
}

func TestDialogueMistakes(t *testing.T) {
	for body, want := range map[string]string{
		`msg.ask("x")`:                               "ask was called on a string instead of a message",
		`msg:ask("x", { matches = "%d" })`:           `msg:ask doesn't know the option matches; did you mean match?`,
		`msg:ask("x", { match = 1 })`:                "msg:ask: match is a pattern",
		`msg:ask("x", { timeout = "later" })`:        "msg:ask: timeout is a number of seconds or a text such as \"10m\", got the text \"later\"",
		`msg:ask("x", { retries = -1 })`:             "msg:ask: retries is a number of times",
		`msg:ask("x", { cancel = true })`:            `msg:ask: cancel is a word such as "/cancel"`,
		`msg:confirm("x", { cancel = { "" } })`:      "msg:confirm: cancel is a word",
		`msg:choose("x", { "a" }, { match = "%d" })`: "msg:choose doesn't know the option match",
		`msg:ask("x", { match = "[a" })`:             `msg:ask: the pattern "[a": malformed pattern`,
		`msg:choose("x", {})`:                        `as in msg:choose("Which?", { "tea", "coffee" }), got a table without any`,
		`msg:choose("x")`:                            "msg:choose needs a list of texts second",
		`msg:choose("x", { {} })`:                    "msg:choose: choice 1 must be a text",
		`msg:typing("x")`:                            "msg:typing takes true, false or",
		`msg:typing(function() error("oops") end)`:   "oops",
		`msg:typing(function() msg:typing("x") end)`: "msg:typing takes true, false or",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend")
		err := b.OnMessage(context.Background(), textEvent("1", "x"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bot.lua:2: ") {
			t.Errorf("%s: got %v, want %s", body, err, want)
		}
	}
}

// TestRunAgain: with the records of its first run a handler does nothing twice, and
// gets the same results.
func TestRunAgain(t *testing.T) {
	const script = `
function on_message(msg)
  msg:reply("begin")
  local ok, err = ilink.recall("7")
  local name = msg:ask("Name?").text
  local file = msg:download()
  msg:typing(function() msg:reply(name, file.name) end)
  print("before the second question")
  local age = msg:ask("Age?")
  print("after the second question")
  msg:reply(name .. age.text)
end`
	first := load(t, script)
	first.host.send = nil
	var journal []Record
	keep := func(ctx context.Context) {
		s := StepOf(ctx)
		if s.Number-len(s.Pending) != len(journal) {
			t.Errorf("step %d brings %d records, and %d are kept", s.Number, len(s.Pending), len(journal))
		}
		journal = append(journal, s.Pending...)
		s.Saved(false)
	}
	asked := 0
	first.host.await = func(ctx context.Context, req AwaitRequest) (*Answer, error) {
		keep(ctx)
		if asked++; asked == 2 {
			return nil, ErrPutAway
		}
		return &Answer{Message: textEvent("a", "Anna").Message}, nil
	}
	ev := imageEvent()
	err := first.OnMessage(context.Background(), ev)
	if !errors.Is(err, ErrPutAway) {
		t.Fatal(err)
	}
	calls := len(first.host.calls)

	again := load(t, script)
	again.host.await = answers("30")
	ev = imageEvent()
	ev.Journal = slices.Clone(journal)
	if err := again.OnMessage(context.Background(), ev); err != nil {
		t.Fatal(err)
	}
	wantText(t, strings.Join(again.host.texts(), "|"), "Anna30")
	wantText(t, again.host.logged(), "INFO after the second question")
	for _, call := range again.host.calls {
		if !strings.HasPrefix(call, "typing") {
			t.Errorf("it called %s again; first there were %d calls", call, calls)
		}
	}
	if n := again.host.downloads; n != 0 {
		t.Errorf("%d downloads", n)
	}

	for change, want := range map[[2]string]string{
		{"Name?", "Your name?"}:    `its call 3 was msg:ask("Name?") and is msg:ask("Your name?")`,
		{`msg:reply("begin")`, ``}: `its call 1 was reply("begin") and is ilink.recall("7")`,
		{`local age = msg:ask("Age?")`, `do return end local age = {}`}: `was msg:ask("Age?") and is the end of the handler`,
	} {
		b := load(t, strings.Replace(script, change[0], change[1], 1))
		ev := imageEvent()
		ev.Journal = slices.Clone(journal)
		err := b.OnMessage(context.Background(), ev)
		var se *ScriptError
		if !errors.As(err, &se) || se.Kind != KindChanged {
			t.Errorf("%v: %v, want %s", change, err, want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", change, err, want)
		}
	}
}

// TestWaitingTakesNoTime: neither the wall clock nor the places of handlers.
func TestWaitingTakesNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := load(t, `function on_message(msg) if msg.text == "ask" then msg:ask("?") end msg:reply("done") end`,
			withLimits(Limits{Handlers: 1, Wall: time.Minute}))
		b.host.await = func(context.Context, AwaitRequest) (*Answer, error) {
			time.Sleep(time.Hour)
			return &Answer{Message: textEvent("a", "x").Message}, nil
		}
		ended := make(chan error)
		go func() { ended <- b.OnMessage(context.Background(), textEvent("1", "ask")) }()
		synctest.Wait()
		b.says("other")
		if err := <-ended; err != nil {
			t.Error(err)
		}
		wantText(t, fmt.Sprint(b.host.texts()), "[? done done]")
	})
}

func TestTypingWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := load(t, `function on_message(msg)
  local a, b = msg:typing(function() msg:reply("slow") return 1, 2 end)
  msg:reply(a + b)
  pcall(function() msg:typing(function() error("oops") end) end)
end`)
		b.host.send = func(_ context.Context, req SendRequest) (SendResult, error) {
			time.Sleep(12 * time.Second)
			b.host.called("send %s", req.Parts[0].Text)
			return SendResult{Status: StatusSent}, nil
		}
		b.says("hi")
		on, off := "typing alice@im.wechat true", "typing alice@im.wechat false"
		calls := strings.Join(b.host.calls, "|")
		want := strings.Join([]string{on, on, on, "send slow", off, "send 3"}, "|")
		if !strings.HasPrefix(calls, want) || !strings.HasSuffix(calls, off) {
			t.Errorf("got %s\nwant %s … %s", calls, want, off)
		}
	})
}

// TestEndlessDialogue: a handler that asks for ever comes to an end, as its journal
// would otherwise grow for ever.
func TestEndlessDialogue(t *testing.T) {
	b := load(t, "asked = 0\nfunction on_message(msg)\nwhile true do msg:ask() asked = asked + 1 end\nend",
		withLimits(Limits{CPU: time.Minute, Instructions: 1 << 40}))
	b.host.await = func(ctx context.Context, _ AwaitRequest) (*Answer, error) {
		StepOf(ctx).Saved(false)
		return &Answer{Message: textEvent("a", "x").Message}, nil
	}
	err := b.OnMessage(context.Background(), textEvent("1", "x"))
	if err == nil || !strings.Contains(err.Error(), "bot.lua:3: msg:ask: the handler has made more than 20000 calls") {
		t.Error(err)
	}
}
