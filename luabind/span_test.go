package luabind

import (
	"math"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestSpan(t *testing.T) {
	const none = -1
	for _, c := range []struct {
		given lua.LValue
		want  float64
	}{
		{lua.LNumber(90), 90}, {lua.LNumber(0.5), 0.5}, {lua.LNumber(0), 0},
		{lua.LNumber(-1), none}, {lua.LNumber(math.NaN()), none}, {lua.LNumber(math.Inf(1)), none},
		{lua.LString("10m"), 600}, {lua.LString("1h 30 min"), 5400}, {lua.LString("2 Days"), 172800},
		{lua.LString("10分钟"), 600}, {lua.LString("１０分钟"), 600}, {lua.LString("１　ｈ"), 3600}, {lua.LString("半小时"), 1800}, {lua.LString("一个小时"), 3600},
		{lua.LString("60"), none}, {lua.LString(""), none}, {lua.LString("-10m"), none}, {lua.LString("1h2h"), none}, {lua.LString("soon"), none},
		{lua.LNil, none}, {lua.LTrue, none},
	} {
		got, ok := Span(c.given)
		if !ok {
			got = none
		}
		if got != c.want {
			t.Errorf("%v: %v, want %v", c.given, got, c.want)
		}
	}
}

// TestSpansEverywhere: what takes a span takes a text as well.
func TestSpansEverywhere(t *testing.T) {
	wantLines(t, handle(t, `
print(msg:reply("x", { lifetime = "1 hour" }).status)
print(pcall(msg.reply, msg, { text = "x", lifetime = "hour" }))`),
		"INFO sent",
		"INFO false\tscripts/bot.lua:4: reply: "+`lifetime must be a number of seconds above 0 or a text such as "10m", got the text "hour"`,
	)
}
