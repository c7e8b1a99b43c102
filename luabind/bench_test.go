package luabind

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
)

// hundredLines is a script of an ordinary kind and length.
func hundredLines() string {
	var b strings.Builder
	b.WriteString("local commands = {}\n")
	for i := range 12 {
		fmt.Fprintf(&b, `
commands["/c%d"] = function(msg, rest)
  local words = {}
  for word in rest:gmatch("%%S+") do
    table.insert(words, word)
  end
  if #words == %d then return "nothing to do" end
  return table.concat(words, " ") .. " from " .. msg.from
end
`, i, i)
	}
	b.WriteString(`
function on_message(msg)
  local name, rest = msg.text:match("^(/%w+)%s*(.*)$")
  local command = commands[name]
  if command then return msg:reply(command(msg, rest)) end
end
`)
	return b.String()
}

func fullEvent() *Event {
	ev := textEvent("18446744073709551615", "what about this picture?")
	ev.Message.GroupID = "group@chatroom"
	ev.Message.Items = append(ev.Message.Items,
		ilink.Item{Type: ilink.ItemTypeImage, Image: &ilink.ImageItem{Media: secretMedia()}})
	ev.Quote = &Quote{ID: "1", Text: "that one"}
	return ev
}

func BenchmarkLoad(b *testing.B) {
	dir := b.TempDir()
	writeFiles(b, dir, "bot.lua", hundredLines())
	b.ReportAllocs()
	for b.Loop() {
		s, err := Load(context.Background(), Config{Script: dir + "/bot.lua", Host: &fakeHost{}})
		if err != nil {
			b.Fatal(err)
		}
		s.Close(context.Background())
	}
}

func benchmarkHandler(b *testing.B, ev *Event, script string) {
	bot := load(b, script)
	bot.host.send = func(context.Context, SendRequest) (SendResult, error) {
		return SendResult{Status: StatusSent, MessageIDs: []string{"1"}}, nil
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := bot.OnMessage(context.Background(), ev); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHandlerEmpty(b *testing.B) {
	benchmarkHandler(b, textEvent("1", "x"), "function on_message(msg) end")
}

func BenchmarkHandlerFullMessage(b *testing.B) {
	benchmarkHandler(b, fullEvent(), "function on_message(msg) return msg.text end")
}

func BenchmarkHandlerReply(b *testing.B) {
	benchmarkHandler(b, textEvent("1", "/c3 some words"), hundredLines())
}

func BenchmarkInstructions(b *testing.B) {
	bot := load(b, "function on_message(msg) local n = 0 for i = 1, 1e6 do n = n + i end end",
		withLimits(Limits{Instructions: 1 << 60}))
	for b.Loop() {
		if err := bot.OnMessage(context.Background(), textEvent("1", "x")); err != nil {
			b.Fatal(err)
		}
	}
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkIdle measures the memory of a bot that does nothing.
func BenchmarkIdle(b *testing.B) {
	const bots = 100
	for b.Loop() {
		dir := b.TempDir()
		writeFiles(b, dir, "bot.lua", hundredLines())
		before := heap()
		all := make([]*Sandbox, bots)
		for i := range all {
			s, err := Load(context.Background(), Config{Script: dir + "/bot.lua", Host: &fakeHost{}})
			if err != nil {
				b.Fatal(err)
			}
			all[i] = s
		}
		b.ReportMetric(float64(heap()-before)/bots/1024, "KiB/bot")
		for _, s := range all {
			s.Close(context.Background())
		}
	}
}

// BenchmarkSuspended measures the memory of a handler that waits.
func BenchmarkSuspended(b *testing.B) {
	const handlers = 200
	for b.Loop() {
		bot := load(b, "function on_message(msg) msg:reply('x') end")
		started := waiting(bot)
		before := heap()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, handlers)
		for i := range handlers {
			go func() { done <- bot.OnMessage(ctx, textEvent(fmt.Sprint(i), "x")) }()
		}
		for range handlers {
			<-started
		}
		b.ReportMetric(float64(heap()-before)/handlers/1024, "KiB/handler")
		cancel()
		for range handlers {
			<-done
		}
	}
}
