package luabind

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// stringWork is what bots do with texts. Each runs n times.
var stringWork = []struct{ name, body string }{
	{"find text", `local s = "今天天气怎么样？我想去公园散步 weather in Berlin" for i = 1, n do s:find("weather", 1, true) end`},
	{"find pattern", `local s = "please remind me at 18:30 to call Anna" for i = 1, n do s:find("%d+:%d+") end`},
	{"match command", `local s = "/remind 18:30 call Anna, please" for i = 1, n do s:match("^/(%a+)%s*(.*)$") end`},
	{"match Chinese", `local s = "提醒我明天八点开会，别忘了带文件" for i = 1, n do s:match("^提醒我(.-)，(.*)$") end`},
	{"gmatch words", `local s = "one two three four five six seven eight nine ten" for i = 1, n do for w in s:gmatch("%S+") do end end`},
	{"gsub text", `local s = ("hello world "):rep(10) for i = 1, n do s:gsub("world", "Lua") end`},
	{"gsub function", `local s = "name=$name, time=$time, $greeting" for i = 1, n do s:gsub("%$(%w+)", function(k) return k end) end`},
	{"gsub captures", `local s = "k1=v1 k2=v2 k3=v3" for i = 1, n do s:gsub("(%w+)=(%w+)", "%2=%1") end`},
	{"trim", `local s = "   你好，世界  " for i = 1, n do s:gsub("^%s*(.-)%s*$", "%1") end`},
	{"gsub long", `local s = ("你好 world "):rep(200) for i = 1, n / 20 do s:gsub("%a+", "x") end`},
	{"format", `for i = 1, n do ("%s costs %.2f (%d of %5d)"):format("tea", 2.5, i, n) end`},
	{"sub and byte", `local s = "hello, world" for i = 1, n do s:sub(2, 5) s:byte(3) end`},
	{"upper", `local s = "Hello, World, and a bit more of it" for i = 1, n do s:upper() end`},
}

// BenchmarkStrings compares with gopher-lua's own library, in one run: x-stock is
// our time as a multiple of its. Both VMs have a context as scripts' VMs do.
func BenchmarkStrings(b *testing.B) {
	bot := load(b, "function on_message() end", withLimits(Limits{Instructions: 1 << 60}))
	ours := bot.vm
	stock := lua.NewState(options())
	defer stock.Close()
	for name, open := range map[string]lua.LGFunction{"": lua.OpenBase, "string": lua.OpenString} {
		stock.Push(stock.NewFunction(open))
		stock.Push(lua.LString(name))
		stock.Call(1, 0)
	}
	for _, w := range stringWork {
		b.Run(w.name, func(b *testing.B) {
			const n = 2000
			source := fmt.Sprintf("local n = %d %s", n, w.body)
			run := func(L *lua.LState) time.Duration {
				f, err := L.LoadString(source)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if err := L.CallByParam(lua.P{Fn: f, Protect: true}); err != nil {
					b.Fatal(err)
				}
				return time.Since(start)
			}
			runOurs := func() time.Duration {
				ours.mu.Lock()
				defer ours.mu.Unlock()
				r := ours.newRun(context.Background(), nil)
				defer r.release()
				f, err := ours.main.LoadString(source)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				if _, err := ours.call(r, "x", f); err != nil {
					b.Fatal(err)
				}
				return time.Since(start)
			}
			stock.SetContext(&doneCounter{Context: context.Background()})
			var mine, theirs time.Duration
			for b.Loop() {
				mine += runOurs()
				theirs += run(stock)
			}
			b.ReportMetric(float64(mine)/float64(theirs), "x-stock")
			b.ReportMetric(float64(mine)/float64(b.N)/n, "ns/turn")
		})
	}
}

// doneCounter costs what a budget does.
type doneCounter struct {
	context.Context
	n    int64
	flag atomic.Pointer[int]
}

func (d *doneCounter) Done() <-chan struct{} {
	if d.n++; d.flag.Load() == nil {
		return nil
	}
	return closedChan
}
