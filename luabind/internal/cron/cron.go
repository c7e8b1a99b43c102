// Package cron reads times of the week as crontab(5) writes them, such as
// "0 9 * * 1-5", and finds the next one in a time zone.
package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spec is a set of minutes.
type Spec struct {
	minute, hour, day, month, weekday uint64 // a bit for each
	// everyHour says that it goes by the minute only. anyDay and anyWeekday say that
	// this field allows all, so that only the other counts; else either does.
	everyHour, anyDay, anyWeekday bool
}

// field is one of the five.
type field struct {
	name        string
	least, most int
	names       []string // of the numbers from least on
}

var (
	minutes  = field{name: "minute", most: 59}
	hours    = field{name: "hour", most: 23}
	days     = field{name: "day of the month", least: 1, most: 31}
	months   = field{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}}
	weekdays = field{"weekday", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}
)

// shorthand returns the five fields that a name such as "@daily" stands for.
func shorthand(name string) string {
	switch name {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return ""
}

// Parse reads five fields: minute, hour, day of the month, month, weekday. Each is *,
// a number or a name, a range, one of these with a step (*/10, 8-18/2), or several of
// these with commas. @hourly, @daily, @weekly, @monthly and @yearly stand for such.
// Where days of the month and weekdays are both given, either will do.
func Parse(text string) (*Spec, error) {
	fields := strings.Fields(strings.ToLower(text))
	if len(fields) == 1 && strings.HasPrefix(fields[0], "@") {
		long := shorthand(fields[0])
		if long == "" {
			return nil, fmt.Errorf("%q is none of @hourly, @daily, @weekly, @monthly, @yearly", clip(text))
		}
		fields = strings.Fields(long)
	}
	if len(fields) != 5 {
		return nil, fmt.Errorf(`%q has %d fields instead of 5: minute, hour, day of the month, month, weekday, as in "0 9 * * 1-5"`, clip(text), len(fields))
	}
	s := new(Spec)
	for i, f := range []struct {
		*field
		into *uint64
	}{{&minutes, &s.minute}, {&hours, &s.hour}, {&days, &s.day}, {&months, &s.month}, {&weekdays, &s.weekday}} {
		set, err := f.parse(fields[i])
		if err != nil {
			return nil, fmt.Errorf("the %s %q %w", f.name, clip(fields[i]), err)
		}
		*f.into = set
	}
	if s.weekday&(1<<7) != 0 {
		s.weekday |= 1 // Sunday is 7 as well
	}
	s.everyHour = s.hour == 1<<24-1
	s.anyDay, s.anyWeekday = s.day == 1<<32-2, s.weekday&(1<<7-1) == 1<<7-1
	// 2024 is a leap year: what doesn't come up within eight years never does.
	if s.Next(time.Date(2023, 12, 31, 23, 59, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes: there is no such day", clip(text))
	}
	return s, nil
}

func clip(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

func (f *field) parse(text string) (set uint64, err error) {
	for part := range strings.SplitSeq(text, ",") {
		span, by, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			if step, err = strconv.Atoi(by); err != nil || step < 1 || step > f.most || by[0] == '+' {
				return 0, fmt.Errorf("has a step that is not a number from 1 to %d", f.most)
			}
		}
		from, to := f.least, f.most
		if f.most == 7 {
			to = 6
		}
		if span != "*" {
			low, high, ranged := strings.Cut(span, "-")
			if from, err = f.number(low); err != nil {
				return 0, err
			}
			switch {
			case ranged:
				if to, err = f.number(high); err != nil {
					return 0, err
				}
			case !stepped:
				to = from
			}
			if from > to {
				return 0, fmt.Errorf("has a range that ends before it begins")
			}
		}
		for n := from; n <= to; n += step {
			set |= 1 << n
		}
	}
	return set, nil
}

func (f *field) number(text string) (int, error) {
	if i := slices.Index(f.names, text); i >= 0 {
		return f.least + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.least || n > f.most || text[0] == '+' || text[0] == '-' {
		if f.names != nil {
			return 0, fmt.Errorf("is not made of numbers from %d to %d and names such as %s", f.least, f.most, f.names[1])
		}
		return 0, fmt.Errorf("is not made of numbers from %d to %d", f.least, f.most)
	}
	return n, nil
}

// horizon is within how many days a spec comes up again, or never does: between two
// 29th of February lie up to eight years.
const horizon = 8*366 + 1

// Next returns the first time of the spec after t, in t's time zone; zero if there is
// none.
//
// Where clocks are set forward, times that are left out are when that happens. Where
// they are set back, times that come twice are the first of the two. A spec of every
// hour minds neither: it goes by the minutes as they pass.
func (s *Spec) Next(t time.Time) time.Time {
	loc := t.Location()
	y, m, d := t.Date()
	for i := range horizon {
		day := time.Date(y, m, d+i, 12, 0, 0, 0, time.UTC)
		if !s.onDay(day) {
			continue
		}
		var next time.Time
		if s.everyHour {
			next = s.passing(day, loc, t)
		} else {
			next = s.set(day, loc, t)
		}
		if !next.IsZero() {
			return next
		}
	}
	return time.Time{}
}

func (s *Spec) onDay(day time.Time) bool {
	onDay, onWeekday := has(s.day, day.Day()), has(s.weekday, int(day.Weekday()))
	if !has(s.month, int(day.Month())) {
		return false
	}
	if s.anyDay || s.anyWeekday {
		return onDay && onWeekday
	}
	return onDay || onWeekday
}

func has(set uint64, n int) bool { return set&(1<<n) != 0 }

// passing goes through a day as it passes.
func (s *Spec) passing(day time.Time, loc *time.Location, after time.Time) time.Time {
	t := instant(day, 0, 0, loc)
	if !t.After(after) {
		t = after.Truncate(time.Minute).Add(time.Minute)
	}
	for ; t.Day() == day.Day(); t = t.Add(time.Minute) {
		if has(s.minute, t.Minute()) {
			return t
		}
	}
	return time.Time{}
}

// set goes through the times that clocks show on a day.
func (s *Spec) set(day time.Time, loc *time.Location, after time.Time) time.Time {
	for hour := range 24 {
		if !has(s.hour, hour) {
			continue
		}
		for minute := range 60 {
			if !has(s.minute, minute) {
				continue
			}
			if t := instant(day, hour, minute, loc); t.After(after) {
				return t
			}
		}
	}
	return time.Time{}
}

// instant is when clocks show a time, the first time if they do twice; if they never
// do, it is when they are set forward.
func instant(day time.Time, hour, minute int, loc *time.Location) time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, loc)
	if t.Hour() != hour || t.Minute() != minute {
		// Go took one of the two offsets: the change lies within hours of it.
		for _, near := range []time.Time{t, t.Add(12 * time.Hour)} {
			if change, _ := near.ZoneBounds(); !change.IsZero() && t.Sub(change).Abs() < 12*time.Hour {
				return change
			}
		}
		return t
	}
	if change, _ := t.ZoneBounds(); !change.IsZero() {
		_, now := t.Zone()
		_, before := change.Add(-time.Second).Zone()
		if back := time.Duration(before-now) * time.Second; t.Sub(change) < back {
			return t.Add(-back)
		}
	}
	return t
}

// In returns a time zone by its name, such as "Asia/Shanghai"; "" is the local one.
func In(zone string) (*time.Location, error) {
	if zone == "" {
		return time.Local, nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, errors.New("there is no such time zone; zones are named as in \"Asia/Shanghai\"")
	}
	return loc, nil
}
