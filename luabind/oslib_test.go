package luabind

import (
	"testing"
	"time"
)

// inZone runs the test's rest as in a place on earth.
func inZone(t *testing.T, name string) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Skip(err)
	}
	old := time.Local
	time.Local = zone
	t.Cleanup(func() { time.Local = old })
}

func TestDate(t *testing.T) {
	inZone(t, "Europe/Berlin")
	// The lines are those of date(1) in the locale C.
	wantLines(t, handle(t, `
local at = 1709213405.9 -- 2024-02-29
print(os.date("!%a %A %b %B %h %c", at))
print(os.date("!%C %d %D %e %F %g %G %H %I %j %m %M", at))
print(os.date("!%p %r %R %S %T %u %U %V %w %W", at))
print(os.date("!%x %X %y %Y %z %Z %% %Ey %Od", at))
print(os.date("%H %z %Z", at), os.date("%H %Z", 1719792000), os.date("!%k|%l|%e", 1709283600), #os.date("!%n%t", 0), os.date("!%s", 5))
print(os.date("!%U %W %V %G %g %j", 1704067200), os.date("!%U %W %V %G", 1609459200), os.date("!%U %W %V %G", 1672531200), os.date("!%I %p", 0), os.date("!%c", 0))
local d = os.date("!*t", at)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst, os.date("*t", 1719792000).isdst)
print(pcall(os.date, "%Q", 0)) print(pcall(os.date, "%", 0)) print(pcall(os.date, "%Y", 1e300)) print(os.date("", 0) == "")`),
		"INFO Thu Thursday Feb February Feb Thu Feb 29 13:30:05 2024",
		"INFO 20 29 02/29/24 29 2024-02-29 24 2024 13 01 060 02 30",
		"INFO PM 01:30:05 PM 13:30 05 13:30:05 4 08 09 4 09",
		"INFO 02/29/24 13:30:05 24 2024 +0000 UTC % 24 29",
		"INFO 14 +0100 CET\t02 CEST\t 9| 9| 1\t2\t5",
		"INFO 00 01 01 2024 24 001\t00 00 53 2020\t01 00 52 2022\t12 AM\tThu Jan  1 00:00:00 1970",
		"INFO 2024\t2\t29\t13\t30\t5\t5\t60\tfalse\ttrue",
		"INFO false\tscripts/bot.lua:12: os.date: the format has \"%Q\", which there is no such thing as",
		"INFO false\tscripts/bot.lua:12: os.date: the format has \"%\", which there is no such thing as",
		"INFO false\tscripts/bot.lua:12: os.date: the time 1e+300 is out of range", "INFO true")
}

func TestTime(t *testing.T) {
	inZone(t, "Europe/Berlin")
	wantLines(t, handle(t, `
print(os.time({ year = 2024, month = 2, day = 29 }), os.time({ year = 2024, month = 14, day = -3, hour = 0 }), os.time({ year = "2024", month = "2", day = 1, min = 90 }))
local d = { year = 2024, month = 14, day = 31, hour = 25, sec = 61 }
local at = os.time(d)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst, os.date("%F %T", at))
print(os.time({ year = 2024, month = 7, day = 1, isdst = true }), os.time({ year = 2024, month = 7, day = 1, isdst = false }), os.time({ year = 2024, month = 1, day = 1, isdst = true }))
print(pcall(os.time, {})) print(pcall(os.time, { year = 2024, month = 1.5, day = 1 })) print(pcall(os.time, { year = 1e15, month = 1, day = 1 })) print(pcall(os.time, 5))
print(os.difftime(10, 4), os.difftime(1.5), math.abs(os.time() - os.time(os.date("*t"))) < 2, type(os.clock()))`),
		"INFO 1709204400\t1738018800\t1706790600",
		"INFO 2025\t3\t4\t1\t1\t1\t3\t63\tfalse\t2025-03-04 01:01:01",
		"INFO 1719828000\t1719831600\t1704103200",
		"INFO false\tscripts/bot.lua:8: field 'year' missing in date table",
		"INFO false\tscripts/bot.lua:8: field 'month' is not an integer",
		"INFO false\tscripts/bot.lua:8: field 'year' is out-of-bound",
		"INFO false\tscripts/bot.lua:8: bad argument #1 (table expected, got number)",
		"INFO 6\t1.5\ttrue\tnumber")
}
