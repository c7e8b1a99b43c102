package cron

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := In(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

const layout = "2006-01-02 15:04 -0700"

func TestNext(t *testing.T) {
	for _, c := range []struct {
		spec, zone, after string
		want              []string
	}{
		{"0 9 * * 1-5", "Asia/Shanghai", "2026-05-08 08:59 +0800", []string{"2026-05-08 09:00 +0800", "2026-05-11 09:00 +0800"}},
		{"0 9 * * mon-fri", "Asia/Shanghai", "2026-05-08 09:00 +0800", []string{"2026-05-11 09:00 +0800"}},
		{"*/20 * * * *", "UTC", "2026-01-01 23:30 +0000", []string{"2026-01-01 23:40 +0000", "2026-01-02 00:00 +0000", "2026-01-02 00:20 +0000"}},
		{"5,10-12 8-18/5 * * *", "UTC", "2026-01-01 08:05 +0000",
			[]string{"2026-01-01 08:10 +0000", "2026-01-01 08:11 +0000", "2026-01-01 08:12 +0000", "2026-01-01 13:05 +0000"}},
		{"30/10 0 * * *", "UTC", "2026-01-01 00:00 +0000", []string{"2026-01-01 00:30 +0000", "2026-01-01 00:40 +0000", "2026-01-01 00:50 +0000", "2026-01-02 00:30 +0000"}},
		{"0 0 29 2 *", "UTC", "2096-03-01 00:00 +0000", []string{"2104-02-29 00:00 +0000"}},
		{"0 0 31 * *", "UTC", "2026-01-31 00:00 +0000", []string{"2026-03-31 00:00 +0000", "2026-05-31 00:00 +0000"}},
		// Either the 13th or a Friday.
		{"0 0 13 * fri", "UTC", "2026-03-06 00:00 +0000", []string{"2026-03-13 00:00 +0000", "2026-03-20 00:00 +0000", "2026-03-27 00:00 +0000", "2026-04-03 00:00 +0000", "2026-04-10 00:00 +0000", "2026-04-13 00:00 +0000"}},
		{"0 0 * * 7", "UTC", "2026-03-02 00:00 +0000", []string{"2026-03-08 00:00 +0000"}},
		{"0 0 * * sat-7", "UTC", "2026-03-02 00:00 +0000", []string{"2026-03-07 00:00 +0000", "2026-03-08 00:00 +0000", "2026-03-14 00:00 +0000"}},
		{"@monthly", "UTC", "2026-12-02 00:00 +0000", []string{"2027-01-01 00:00 +0000"}},
		{"@hourly", "Asia/Kolkata", "2026-01-01 00:10 +0530", []string{"2026-01-01 01:00 +0530"}},

		// Berlin goes from 02:00 to 03:00 on 29 March 2026.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28 12:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-30 02:30 +0200"}},
		{"0,30 2 * * *", "Europe/Berlin", "2026-03-28 12:00 +0100", []string{"2026-03-29 03:00 +0200", "2026-03-30 02:00 +0200"}},
		{"30 * * * *", "Europe/Berlin", "2026-03-29 01:00 +0100", []string{"2026-03-29 01:30 +0100", "2026-03-29 03:30 +0200"}},
		// And from 03:00 back to 02:00 on 25 October.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24 12:00 +0200", []string{"2026-10-25 02:30 +0200", "2026-10-26 02:30 +0100"}},
		{"30 2,3 * * *", "Europe/Berlin", "2026-10-25 02:00 +0200", []string{"2026-10-25 02:30 +0200", "2026-10-25 03:30 +0100"}},
		{"30 * * * *", "Europe/Berlin", "2026-10-25 02:00 +0200", []string{"2026-10-25 02:30 +0200", "2026-10-25 02:30 +0100", "2026-10-25 03:30 +0100"}},
		// New York at 2, Lord Howe by half an hour, and Beirut at midnight.
		{"15 2 * * *", "America/New_York", "2026-03-07 12:00 -0500", []string{"2026-03-08 03:00 -0400", "2026-03-09 02:15 -0400"}},
		{"45 1 * * *", "Australia/Lord_Howe", "2026-04-04 12:00 +1100", []string{"2026-04-05 01:45 +1100", "2026-04-06 01:45 +1030"}},
		{"0 0 * * *", "Asia/Beirut", "2026-03-28 12:00 +0200", []string{"2026-03-29 01:00 +0300", "2026-03-30 00:00 +0300"}},
		{"*/30 * * * *", "Asia/Beirut", "2026-03-28 23:00 +0200", []string{"2026-03-28 23:30 +0200", "2026-03-29 01:00 +0300", "2026-03-29 01:30 +0300"}},
	} {
		s, err := Parse(c.spec)
		if err != nil {
			t.Errorf("%s: %v", c.spec, err)
			continue
		}
		at, err := time.Parse(layout, c.after)
		if err != nil {
			t.Fatal(err)
		}
		at = at.In(zone(t, c.zone))
		for _, want := range c.want {
			at = s.Next(at)
			if got := at.Format(layout); got != want {
				t.Errorf("%s in %s after %s: %s, want %s", c.spec, c.zone, c.after, got, want)
				break
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"":                   "0 fields instead of 5",
		"* * * *":            "4 fields instead of 5",
		"0 0 0 9 * * 1":      "7 fields",
		"@often":             "none of @hourly",
		"60 * * * *":         `the minute "60" is not made of numbers from 0 to 59`,
		"* 24 * * *":         "the hour",
		"* * 0 * *":          "the day of the month",
		"* * * foo *":        "names such as feb",
		"* * * * 8":          "the weekday",
		"5-1 * * * *":        "ends before it begins",
		"*/0 * * * *":        "a step",
		"*/x * * * *":        "a step",
		"1, * * * *":         "the minute",
		"-1 * * * *":         "the minute",
		"+1 * * * *":         "the minute",
		"1-2-3 * * * *":      "the minute",
		"0 0 30 2 *":         "never comes",
		"0 0 31 2,4,6,9 *":   "never comes",
		"每 天 9 点 *":          "the minute",
		"0 9 * * 1-5 Berlin": "6 fields",
	} {
		if _, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}

// FuzzNext compares with a search that goes from minute to minute, where clocks
// aren't changed.
func FuzzNext(f *testing.F) {
	f.Add("0 9 * * 1-5", int64(1_700_000_000))
	f.Add("*/7 1-5/2 * feb-apr sun", int64(1_800_000_000))
	f.Add("59 23 31 12 *", int64(0))
	f.Fuzz(func(t *testing.T, spec string, seconds int64) {
		s, err := Parse(spec)
		if err != nil {
			return
		}
		after := time.Unix(seconds%4_000_000_000, 0).UTC()
		next := s.Next(after)
		if next.IsZero() || !next.After(after) {
			t.Fatalf("%q after %v: %v", spec, after, next)
		}
		matches := func(at time.Time) bool {
			return s.onDay(at) && has(s.hour, at.Hour()) && has(s.minute, at.Minute())
		}
		if !matches(next) || next.Second() != 0 {
			t.Fatalf("%q after %v: %v is none of its times", spec, after, next)
		}
		at := after.Truncate(time.Minute).Add(time.Minute)
		for n := 0; at.Before(next) && n < 3000; n++ {
			if matches(at) {
				t.Fatalf("%q after %v: %v, and %v comes before", spec, after, next, at)
			}
			at = at.Add(time.Minute)
		}
		for _, name := range []string{"Europe/Berlin", "America/Havana", "Pacific/Apia", "Africa/Casablanca"} {
			if next := s.Next(after.In(zone(t, name))); next.IsZero() || !next.After(after) {
				t.Fatalf("%q in %s after %v: %v", spec, name, after, next)
			}
		}
	})
}
