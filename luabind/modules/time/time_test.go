package time_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/library/librarytest"
	"github.com/ilinkd/ilinkd/luabind/modules/modulestest"
	luatime "github.com/ilinkd/ilinkd/luabind/modules/time"
)

func TestTime(t *testing.T) {
	modulestest.Run(t, []modulestest.Case{
		{Name: "now", Script: `local n = time.now() print(n > 1.7e9, math.abs(n - os.time()) < 5)`, Want: "true\ttrue"},
		{Name: "format", Script: `local t = 1777600800.25 -- 2026-05-01 02:00 UTC
			print(time.format(t, nil, "UTC"), time.format(t, "%d.%m. %H:%M %z", "Asia/Shanghai"), time.format(t, "%H:%M %z", "-03:30"), time.format(t, "%a %R", "+08"))`,
			Want: "2026-05-01 02:00:00\t01.05. 10:00 +0800\t22:30 -0330\tFri 10:00"},
		{Name: "format now", Script: `assert(time.format() == time.format(time.now()) or true) print(#time.format(), #time.format(nil, "%H", "local"))`, Want: "19\t2"},
		{Name: "summer time", Script: `print(time.format(1774744200, "%H:%M", "Europe/Berlin"), time.format(1774751400, "%H:%M", "Europe/Berlin"))`, Want: "01:30\t04:30"},
		{Name: "no zone", Script: `time.format(0, "%H", "Asia/Peking")`, Error: `time.format: there is no zone "Asia/Peking"; write one as "Asia/Shanghai", "UTC" or "+08:00"`},
		{Name: "is it a zone", Script: `for _, z in ipairs{ "Asia/Shanghai", "UTC", "local", "+08:00", "Asia/Peking", "../../etc/passwd", "", ("x"):rep(101) } do print(time.is_zone(z)) end`,
			Want: "true\ntrue\ntrue\ntrue\nfalse\nfalse\nfalse\nfalse"},
		{Name: "is nothing a zone", Script: `time.is_zone()`, Error: `time.is_zone needs a zone's name, such as "Asia/Shanghai"`},
		{Name: "a path is no zone", Script: `time.format(0, "%H", "../../etc/passwd")`, Error: "there is no zone"},
		{Name: "no layout", Script: `time.format(0, "%Q")`, Error: `time.format: the format has "%Q"`},
		{Name: "no time", Script: `time.format("x")`, Error: "time.format needs a time in seconds since 1970, such as time.now(), got the text"},
		{Name: "far away", Script: `time.format(1e300)`, Error: "is no time: it is in seconds since 1970"},
		{Name: "parse", Script: `for _, s in ipairs{ "2026-05-01", "2026-5-1 10:00", "2026-05-01T10:00:00.5", "2026-05-01T02:00:00Z", "2026-05-01 10:00:00+08:00", "2026/5/1 10:00",
			"2026年5月1日", "2026年5月1日10点30分", "Fri, 01 May 2026 02:00:00 GMT", "Fri, 01 May 2026 10:00:00 +0800", " 1 May 2026 " } do
			print(time.parse(s, nil, "Asia/Shanghai") - 1777564800) end`,
			Want: "0\n36000\n36000.5\n36000\n36000\n36000\n0\n37800\n36000\n36000\n0"},
		{Name: "parse by layout", Script: `local z = "UTC"
			print(time.parse("01.05.2026", "%d.%m.%Y", z), time.parse("5/1/26 2:30 PM", "%D %I:%M %p", z), time.parse("1777593600", "%s", z), time.parse("May 1 2026 +0530", "%b %d %Y %z"))
			print(time.parse("Friday, 1 May 2026, 12:00 am", "%A, %e %B %Y, %I:%M %p", z), time.parse("2026 121", "%Y %j", z), time.parse("100% 2026-05-01 02:00:09", "100%% %F %T", z))`,
			Want: "1777593600\t1777645800\t1777593600\t1777573800\n1777593600\t1777593600\t1777600809"},
		{Name: "parse a part", Script: `local p, now = time.parts(time.parse("09:30", "%H:%M", "UTC"), "UTC"), time.parts(nil, "UTC")
			print(p.hour, p.min, p.day == now.day, p.year == now.year) p = time.parts(time.parse("24.12.", "%d.%m."), "local") print(p.day, p.month, p.hour, p.year == now.year)`,
			Want: "9\t30\ttrue\ttrue\n24\t12\t0\ttrue"},
		{Name: "no date", Script: `print(time.parse("tomorrow")) print(select(2, time.parse("tomorrow")).kind) print(time.parse("31.02.2026", "%d.%m.%Y")) print(time.parse("1.2", "%d.%m.%Y")) print(time.parse("2026-05-01 x", "%F"))`,
			Want: "nil\t\"tomorrow\" is no date: it looks like 2026-05-01, 2026-05-01 09:30 or 2026-05-01T09:30:00+08:00\nbad_time\n" +
				"nil\t\"31.02.2026\": the month has no day 31\nnil\t\"1.2\" is not of the form \"%d.%m.%Y\"\nnil\t\"2026-05-01 x\" is not of the form \"%F\""},
		{Name: "wrong layout", Script: `time.parse("x", "y %Y %Q")`, Error: "the layout has %Q, which can't be read"},
		{Name: "layout ends", Script: `time.parse("2026", "%Y%")`, Error: "the layout ends in %"},
		{Name: "parts", Script: `local p = time.parts(1777600800, "Asia/Shanghai") print(p.year, p.month, p.day, p.hour, p.min, p.sec, p.wday, p.yday, p.isdst, p.offset, p.zone)
			p.day = p.day + 31 print(time.format(time.of(p), "%F %T %z", p.zone), time.parts(0, "+08:00").zone)`,
			Want: "2026\t5\t1\t10\t0\t0\t6\t121\tfalse\t28800\tAsia/Shanghai\n2026-06-01 10:00:00 +0800\t+08:00"},
		{Name: "of", Script: `print(time.of{ year = 2026, month = 5, day = 1, zone = "UTC" }, time.of{ year = 2026, month = 14, day = 0, hour = -1, zone = "UTC" })`, Want: "1777593600\t1801350000"},
		{Name: "of without a day", Script: `time.of{ year = 2026, month = 5 }`, Error: "time.of: day is an integer, got nil"},
		{Name: "of misspelt", Script: `time.of{ year = 2026, month = 5, dya = 1 }`, Error: "did you mean day?"},
		{Name: "of nothing", Script: `time.of(5)`, Error: "time.of needs a date such as"},
		{Name: "far of", Script: `time.of{ year = 1e6, month = 5, day = 1 }`, Error: "the year 1000000 is out of range"},
		{Name: "duration", Script: `print(time.duration(0), time.duration(59.9), time.duration(60), time.duration(3725), time.duration(90061), time.duration(86405), time.duration(-120))
			print(time.duration(3725, "zh"), time.duration(0, "zh"), time.duration(172800, "zh"))`,
			Want: "0 seconds\t59 seconds\t1 minute\t1 hour 2 minutes\t1 day 1 hour\t1 day\t-2 minutes\n1小时2分钟\t0秒\t2天"},
		{Name: "no language", Script: `time.duration(1, "de")`, Error: `the language is "en" or "zh"`},
		{Name: "seconds", Script: `for _, s in ipairs{ "90s", "1h30m", "2 days", "1.5 hours", "1 h, 30 min", "10分钟", "1小时30分", "半小时", "半个小时", "一天两小时", "两周", "3 D" } do print((time.seconds(s))) end`,
			Want: "90\n5400\n172800\n5400\n5400\n600\n5400\n1800\n1800\n93600\n1209600\n259200"},
		{Name: "no seconds", Script: `for _, s in ipairs{ "", "90", "h", "1h2h", "5 parsecs", "1..5h", "soon", "二十分钟" } do print((time.seconds(s))) end print(select(2, time.seconds("soon")))`,
			Want: "nil\nnil\nnil\nnil\nnil\nnil\nnil\nnil\n\"soon\" is no span of time: it looks like 90s, 1h30m, 2 days or 10分钟"},
		{Name: "no sleep", Script: `time.sleep(-1)`, Error: `time.sleep needs a number of seconds or a text such as "10m", a year at most, got number -1`},
	}, luatime.Module{})
}

// sleeper is a host whose waits end as they are told to.
type sleeper struct {
	luabind.Host
	requests []luabind.AwaitRequest
	err      error
}

func (s *sleeper) Await(_ context.Context, req luabind.AwaitRequest) (*luabind.Answer, error) {
	s.requests = append(s.requests, req)
	return nil, s.err
}

func TestSleep(t *testing.T) {
	host := &sleeper{Host: librarytest.NewHost(t)}
	bot := modulestest.NewBot(t, host, "function on_message(msg) print(time.sleep(3600)) end", luatime.Module{})
	begin := time.Now()
	if printed, err := bot.Handle(nil); err != nil || printed != "true" {
		t.Fatal(printed, err)
	}
	req := host.requests[0]
	if d := req.Deadline.Sub(begin); !req.Sleep || d < time.Hour || d > time.Hour+time.Minute {
		t.Errorf("%+v is not an hour from now", req)
	}

	// Run again while it slept, it sleeps on until the same time.
	step := luabind.Call{Name: "deadline"}
	record := recordOf(t, step, req.Deadline)
	if printed, err := bot.Handle([]luabind.Record{record}); err != nil || printed != "true" {
		t.Fatal(printed, err)
	}
	if again := host.requests[1]; !again.Deadline.Equal(req.Deadline) {
		t.Errorf("at first until %v, again until %v", req.Deadline, again.Deadline)
	}

	host.err = luabind.ErrInterrupted
	if printed, err := bot.Handle(nil); err != nil || printed != "nil\tthe call was broken off, as the handler was interrupted" {
		t.Fatal(printed, err)
	}
	host.err = &luabind.HostError{Kind: "timeout"}
	if printed, err := bot.Handle(nil); err != nil || printed != "true" {
		t.Fatal(printed, err)
	}
	host.err = luabind.ErrPutAway
	if _, err := bot.Handle(nil); !errors.Is(err, luabind.ErrPutAway) {
		t.Fatal(err)
	}
}

// recordOf finds the record that a call leaves, by having one made.
func recordOf(t *testing.T, call luabind.Call, result any) luabind.Record {
	t.Helper()
	var kept []luabind.Record
	m := &noting{call: call, result: result, kept: &kept}
	bot := modulestest.NewBot(t, nil, "function on_message(msg) note() end", m)
	if _, err := bot.Handle(nil); err != nil {
		t.Fatal(err)
	}
	return kept[0]
}

func TestDefinitions(t *testing.T) { librarytest.Module(t, luatime.Module{}, nil, "") }
