package time

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// unit is one in which spans of time are told.
type unit struct {
	seconds int64
	english string
	chinese string
}

var units = []unit{
	{86400, "day", "天"},
	{3600, "hour", "小时"},
	{60, "minute", "分钟"},
	{1, "second", "秒"},
}

// duration tells a span of time in its two largest units.
func (b *binding) duration(L *lua.LState) int {
	n, ok := L.Get(1).(lua.LNumber)
	if !ok || math.IsNaN(float64(n)) || math.Abs(float64(n)) > latest {
		luabind.Mistake(L, "time.duration needs a number of seconds, got %s", luabind.Describe(L.Get(1)))
	}
	chinese := false
	switch lang := L.Get(2); {
	case lang == lua.LString("zh"):
		chinese = true
	case lang != lua.LNil && lang != lua.LString("en"):
		luabind.Mistake(L, `time.duration: the language is "en" or "zh", got %s`, luabind.Describe(lang))
	}
	L.Push(lua.LString(tell(float64(n), chinese)))
	return 1
}

func tell(seconds float64, chinese bool) string {
	sign, left := "", int64(math.Abs(seconds))
	if seconds <= -1 {
		sign = "-"
	}
	var told []string
	for _, u := range units {
		n := left / u.seconds
		left %= u.seconds
		last := u.seconds == 1 && len(told) == 0
		switch {
		case n == 0 && !last:
			if len(told) > 0 {
				return sign + join(told, chinese) // a smaller unit beside this gap says too much
			}
			continue
		case chinese:
			told = append(told, fmt.Sprintf("%d%s", n, u.chinese))
		case n == 1:
			told = append(told, "1 "+u.english)
		default:
			told = append(told, fmt.Sprintf("%d %ss", n, u.english))
		}
		if len(told) == 2 {
			break
		}
	}
	return sign + join(told, chinese)
}

func join(told []string, chinese bool) string {
	if chinese {
		return strings.Join(told, "")
	}
	return strings.Join(told, " ")
}

// seconds reads a span of time.
func (b *binding) seconds(L *lua.LState) int {
	text := luabind.Text(L, 1, "time.seconds", `a text such as "1h30m" or "10分钟"`)
	b.vm.Charge(L, 20+min(len(text), maxText))
	n, ok := luabind.ReadSpan(text)
	if !ok {
		return b.vm.Fail(L, &luabind.HostError{Kind: "bad_duration",
			Message: fmt.Sprintf("%q is no span of time: it looks like 90s, 1h30m, 2 days or 10分钟", clip(text))})
	}
	L.Push(lua.LNumber(n))
	return 1
}
