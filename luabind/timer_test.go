package luabind

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// clockmaker is the part of a host that keeps timers, and what the handlers that
// started them have done.
type clockmaker struct {
	timers []*TimerEvent
	// by is whom the next ones are started by.
	by TimerEvent
}

func (c *clockmaker) start(ctx context.Context, req TimerRequest) (string, error) {
	ev := c.by
	ev.ID = strconv.Itoa(len(c.timers) + 1)
	ev.Line, ev.Function, ev.Due = req.Line, req.Function, req.At
	c.timers = append(c.timers, &ev)
	if step := StepOf(ctx); step != nil {
		this, err := step.Record(ev.ID, nil)
		if err != nil {
			return "", err
		}
		all := append(step.Pending, this)
		step.Saved(true)
		if c.by.Message != nil {
			c.by.Message.Journal = append(c.by.Message.Journal, all...)
		}
		if c.by.Timer != nil {
			c.by.Timer.Journal = append(c.by.Timer.Journal, all...)
		}
	}
	return ev.ID, nil
}

// handle has a bot handle a message that may start timers.
func (c *clockmaker) handle(t *testing.T, b *bot, text string) {
	t.Helper()
	b.host.startTimer = c.start
	ev := textEvent("a", text)
	c.by = TimerEvent{Message: &Event{Message: ev.Message}}
	if err := b.OnMessage(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
}

func fires(t *testing.T, b *bot, ev *TimerEvent) {
	t.Helper()
	if err := b.OnTimer(t.Context(), ev); err != nil {
		var se *ScriptError
		if errors.As(err, &se) {
			t.Fatal(se.Detail())
		}
		t.Fatal(err)
	}
}

func TestTimersSurviveTheVM(t *testing.T) {
	const script = `
		local function word() return "file" end
		function remind() ilink.send("bob", word()) end
		function on_message(msg)
			local n = msg:reply("x").id
			local seen = 0
			ilink.after(60, function(due)
				seen = seen + 1
				msg:reply(n .. " " .. msg.text .. " " .. seen)
				ilink.after(60, function() msg:reply("nested " .. n .. " " .. seen) end)
			end)
			ilink.after("1h", remind)
			seen = 10
			local t = ilink.after(1, function() end)
			seen = seen + tonumber(t.id)
		end`
	b := load(t, script)
	c := new(clockmaker)
	c.handle(t, b, "hi")
	if len(c.timers) != 3 || c.timers[1].Function != "remind" || c.timers[0].Function != "" || c.timers[0].Line != "scripts/bot.lua:7" {
		t.Fatalf("%+v", c.timers)
	}
	n := "1000" // the id of what was sent

	// In the same VM the function sees all that the handler has done. In others it is
	// what is on record: that ends with the last timer.
	for _, c2 := range []struct {
		vm   string
		bot  *bot
		seen string
	}{{"the same VM", b, "14"}, {"another VM", load(t, script), "14"}} {
		b := c2.bot
		b.host.startTimer = c.start
		before := len(b.host.texts())
		c.timers = c.timers[:3]
		first := *c.timers[0]
		c.by = TimerEvent{Timer: &first}
		fires(t, b, &first)
		fires(t, b, c.timers[1])
		if len(c.timers) != 4 {
			t.Fatalf("%s: %d timers", c2.vm, len(c.timers))
		}
		want := n + " hi " + c2.seen + "|file|nested " + n + " " + c2.seen
		fires(t, b, c.timers[3])
		if got := strings.Join(b.host.texts()[before:], "|"); got != want {
			t.Errorf("%s: %q, want %q", c2.vm, got, want)
		}
	}
	third := load(t, script)
	fires(t, third, c.timers[3])
	if got := strings.Join(third.host.texts(), "|"); got != "nested "+n+" 14" {
		t.Errorf("a third VM: %q", got)
	}
}

func TestTimerOfAChangedScript(t *testing.T) {
	c := new(clockmaker)
	c.handle(t, load(t, `
		function remind() end
		function on_message(msg)
			msg:reply("one")
			ilink.after(60, function() msg:reply("later") end)
			ilink.after(60, remind)
		end`), "hi")
	for _, script := range []string{
		`function on_message(msg) msg:reply("another") ilink.after(60, function() end) end`,
		`function on_message(msg) end`,
		`function on_message(msg) error("no") end`,
	} {
		b := load(t, script)
		for i, want := range []string{"the handler that started it doesn't do so any more", "the script has no function remind any more"} {
			err := b.OnTimer(t.Context(), c.timers[i])
			var se *ScriptError
			if !errors.As(err, &se) || !se.Certain() || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "started at scripts/bot.lua:") {
				t.Errorf("%s: %v, want %q", script, err, want)
			}
		}
		if got := b.host.texts(); len(got) > 0 {
			t.Errorf("%s: sent %q", script, got)
		}
	}
}

func TestTimesOfTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which begins at midnight UTC of 1 January 2000
		c := new(clockmaker)
		c.handle(t, load(t, `
			function on_message(msg)
				local function f() end
				ilink.after(1.5, f)
				ilink.after("1h30m", f)
				ilink.at("2030-01-31 18:00", f, { zone = "Asia/Shanghai" })
				ilink.at("2030-01-31T18:00:05+01:00", f)
				ilink.at("18:00", f, { zone = "Asia/Shanghai" })
				ilink.at("07:05", f, { zone = "Asia/Shanghai" })
				ilink.at(1e9, f)
			end`), "hi")
		for i, want := range []string{"2000-01-01T00:00:01.5Z", "2000-01-01T01:30:00Z", "2030-01-31T10:00:00Z", "2030-01-31T17:00:05Z",
			"2000-01-01T10:00:00Z", "2000-01-01T23:05:00Z", "2001-09-09T01:46:40Z"} {
			if got := c.timers[i].Due.UTC().Format(time.RFC3339Nano); got != want {
				t.Errorf("timer %d: %s, want %s", i, got, want)
			}
		}
	})
}

func TestSchedules(t *testing.T) {
	b := load(t, `
		local hits = 0
		ilink.every("0  9 * * MON", function(due) ilink.log("a", due) end, { zone = "Asia/Shanghai" })
		ilink.every("0 9 * * mon", function() ilink.log("b") end, { zone = "Asia/Shanghai", missed = "skip" })
		ilink.every(90, function() ilink.log("c") end, { name = "often" })
		ilink.every("10m", function() ilink.log("d") end)
		ilink.at("2100-01-01 00:00", function() ilink.log("e") end, { zone = "UTC" })
		function on_message() end`)
	got, err := json.Marshal(b.Schedules())
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"0 9 * * mon Asia/Shanghai","cron":"0 9 * * mon","zone":"Asia/Shanghai","missed":"once","line":"scripts/bot.lua:3"},` +
		`{"name":"0 9 * * mon Asia/Shanghai #2","cron":"0 9 * * mon","zone":"Asia/Shanghai","missed":"skip","line":"scripts/bot.lua:4"},` +
		`{"name":"often","every":90000000000,"missed":"once","line":"scripts/bot.lua:5"},` +
		`{"name":"every 10m0s","every":600000000000,"missed":"once","line":"scripts/bot.lua:6"},` +
		`{"name":"at 2100-01-01 00:00:00","at":"2100-01-01T00:00:00Z","zone":"UTC","missed":"once","line":"scripts/bot.lua:7"}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	fires(t, b, &TimerEvent{Schedule: "0 9 * * mon Asia/Shanghai", Due: time.UnixMilli(1500)})
	fires(t, b, &TimerEvent{Schedule: "often"})
	if got := fmt.Sprint(b.host.logs); got != "[INFO a 1.5 INFO c]" {
		t.Error(got)
	}
	if err := b.OnTimer(t.Context(), &TimerEvent{Schedule: "gone"}); err == nil || !strings.Contains(err.Error(), `the script has no schedule "gone" any more`) {
		t.Error(err)
	}
}

func TestNextOfSchedules(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1_700_000_000+int64(s), 0).UTC() }
	for _, c := range []struct {
		s         Schedule
		last, now int // 0 is no last one
		want      int // 0 is never
	}{
		{Schedule{Every: 10 * time.Second}, 0, 3, 13},
		{Schedule{Every: 10 * time.Second}, 3, 3, 13},
		{Schedule{Every: 10 * time.Second}, 3, 4, 13},
		{Schedule{Every: 10 * time.Second}, 3, 13, 23},
		{Schedule{Every: 10 * time.Second}, 3, 99, 103},
		{Schedule{Every: 10 * time.Second}, 13, 3, 23}, // the clock was set back
		{Schedule{At: at(50)}, 0, 3, 50},
		{Schedule{At: at(50)}, 0, 51, 0},
		{Schedule{At: at(50)}, 50, 49, 0},
		{Schedule{Cron: "14 22 14 11 *", Zone: "UTC"}, 0, 3, 40},
	} {
		var last time.Time
		if c.last > 0 {
			last = at(c.last)
		}
		want := time.Time{}
		if c.want > 0 {
			want = at(c.want)
		}
		if got := c.s.Next(last, at(c.now)); !got.Equal(want) {
			t.Errorf("%v after %d at %d: %v, want %v", &c.s, c.last, c.now, got, want)
		}
	}
}

func TestTimerMistakes(t *testing.T) {
	for body, want := range map[string]string{
		`ilink.every("* * * *", print)`:                                   "4 fields instead of 5",
		`ilink.every("soon", print)`:                                      `a span is written as "10m"`,
		`ilink.every(0.5, print)`:                                         "a span is at least 1s",
		`ilink.every("0s", print)`:                                        "a span is at least 1s",
		`ilink.every("9:00", print)`:                                      `for 9:00 each day write "0 9 * * *"`,
		`ilink.every(nil, print)`:                                         "ilink.every needs when it runs",
		`ilink.every(60)`:                                                 "needs a function second, got nil; write the function's name without (), or function() … end around what is to be done",
		`ilink.every(60, function() end, { zone = "Mars" })`:              `zone "Mars": there is no such time zone`,
		`ilink.every(60, function() end, { missed = "all" })`:             `missed is "once" or "skip"`,
		`ilink.every(60, function() end, { nam = "x" })`:                  "did you mean name?",
		`for i = 1, 2 do ilink.every(60, print, {name="x"}) end`:          "needs a function second",
		`for i = 1, 2 do ilink.every(60, function() end, {name="x"}) end`: `there are two of the name "x"`,
		`ilink.at("18:00", function() end)`:                               `write ilink.every("0 18 * * *", …)`,
		`ilink.at("tomorrow", function() end)`:                            `"tomorrow" is no time`,
		`ilink.after(1, function() end)`:                                  "ilink.after works in handlers only",
	} {
		_, err := tryLoad(t, body+"\nfunction on_message() end")
		if strings.Contains(body, "print, {name") {
			// A function of Go's is as good as any.
			want = `there are two of the name "x"`
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	for body, want := range map[string]string{
		`ilink.every(60, function() end)`:                    "ilink.every belongs to the file's top level",
		`ilink.after("later", function() end)`:               `"later" is no span`,
		`ilink.after(-1, function() end)`:                    "-1 is not a number of seconds",
		`ilink.after(1)`:                                     "needs a function second",
		`ilink.timer(7)`:                                     "ilink.timer needs the id of a timer",
		`ilink.timer("7").cancel()`:                          "write timer:cancel(), with a colon",
		`ilink.after(1, on_message, {data={f=print}})`:       "ilink.after: data.f is a function",
		`ilink.after(1, on_message, {data=("x"):rep(9000)})`: "ilink.after: data",
		`ilink.at("25:00", function() end)`:                  `"25:00" is no time`,
		`ilink.at("18:00", function() end, {name=1})`:        "doesn't know the option name",
	} {
		b := load(t, "function on_message(msg)\n"+body+"\nend")
		if err := b.OnMessage(t.Context(), textEvent("a", "x")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
