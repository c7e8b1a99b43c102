package luabind

import (
	"context"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// plainWork is what costs are measured on; none of it needs a library of ours.
var plainWork = []struct{ name, body string }{
	{"fib", "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end fib(24)"},
	{"loops", "local x = 0 for i = 1, 300000 do x = x + i % 7 end"},
	{"strings", "local s = '' for i = 1, 20000 do s = 'item ' .. i .. ', ' .. #s end"},
	{"tables", "local t = {} for i = 1, 20000 do t[i] = { id = i, name = 'x' } end local n = 0 for _, v in ipairs(t) do n = n + v.id end"},
	{"closures", "local fs = {} for i = 1, 20000 do fs[i] = function(x) return x + i end end local n = 0 for i = 1, #fs do n = fs[i](n) end"},
	{"patterns", "for i = 1, 5000 do ('remind me at 18:30'):find('%d+:%d+'); ('a=1, b=2'):gsub('(%w+)=(%w+)', '%2=%1') end"},
}

// BenchmarkSandbox runs the same in a sandbox and in plain gopher-lua, in turn:
// x-plain is the sandbox's time as a multiple of the other.
func BenchmarkSandbox(b *testing.B) {
	for _, w := range plainWork {
		b.Run(w.name, func(b *testing.B) {
			source := "function on_message(msg)\n" + w.body + "\nend"
			bot := load(b, source, withLimits(Limits{Instructions: 1 << 60, CPU: time.Hour}))
			plain := lua.NewState()
			defer plain.Close()
			if err := plain.DoString(source); err != nil {
				b.Fatal(err)
			}
			ev := textEvent("1", "x")
			var mine, theirs time.Duration
			for b.Loop() {
				begun := time.Now()
				if err := bot.OnMessage(context.Background(), ev); err != nil {
					b.Fatal(err)
				}
				between := time.Now()
				if err := plain.CallByParam(lua.P{Fn: plain.GetGlobal("on_message"), Protect: true}, lua.LNil); err != nil {
					b.Fatal(err)
				}
				mine += between.Sub(begun)
				theirs += time.Since(between)
			}
			b.ReportMetric(float64(mine)/float64(theirs), "x-plain")
		})
	}
}
