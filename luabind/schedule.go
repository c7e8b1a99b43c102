package luabind

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the binary runs where there are no zones

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/cron"
)

// Schedule is what a script wants done at certain times, by a function that it gave
// while it was loaded: with ilink.every, or with ilink.at. It is known by its name.
type Schedule struct {
	Name string `json:"name"`
	// One of these says when: a line of crontab, a span, or a time.
	Cron  string        `json:"cron,omitempty"`
	Every time.Duration `json:"every,omitempty"`
	At    time.Time     `json:"at,omitzero"`
	// Zone is the time zone of Cron, "" for the local one.
	Zone string `json:"zone,omitempty"`
	// Missed is what becomes of a run that was missed: MissedOnce or MissedSkip.
	Missed string `json:"missed"`
	// Line is where it was made, such as "scripts/digest.lua:3".
	Line string `json:"line,omitempty"`
}

// What a [Schedule] does about times at which the bot wasn't running.
const (
	MissedOnce = "once" // it runs once, however many were missed
	MissedSkip = "skip" // it waits for the next time
)

// Next returns the first time after now, zero if there is none. last is the one
// before, zero if there was none.
func (s *Schedule) Next(last, now time.Time) time.Time {
	switch {
	case s.Every > 0 && last.IsZero():
		return now.Add(s.Every)
	case s.Every > 0:
		// In step with the ones before, whatever was missed.
		return last.Add(max(1, now.Sub(last)/s.Every+1) * s.Every)
	case s.Cron != "":
		spec, err := cron.Parse(s.Cron)
		loc, bad := cron.In(s.Zone)
		if err != nil || bad != nil {
			return time.Time{} // it was checked when it was made
		}
		return spec.Next(now.In(loc))
	case last.IsZero() && s.At.After(now):
		return s.At
	}
	return time.Time{}
}

// String says when it comes, for people.
func (s *Schedule) String() string {
	text := s.Cron
	switch {
	case s.Every > 0:
		text = "every " + s.Every.String()
	case s.Cron == "":
		return "at " + s.At.Format(time.DateTime)
	}
	if s.Zone != "" {
		text += " " + s.Zone
	}
	return text
}

// Schedules returns what the script wants done at certain times.
func (s *Sandbox) Schedules() []Schedule {
	s.vm.mu.Lock()
	defer s.vm.mu.Unlock()
	return append([]Schedule(nil), s.vm.timers.schedules...)
}

// shortest is how often something may run at most.
const shortest = time.Second

// ilinkEvery makes a schedule.
func (vm *VM) ilinkEvery(L *lua.LState) int {
	const function = "ilink.every"
	if b := budgetOf(L); b == nil || !b.run.loading {
		raiseMistake(L, "ilink.every belongs to the file's top level, outside of handlers: there the bot finds it again after a restart; in a handler use ilink.after")
	}
	var s Schedule
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		s.Every = seconds(L, function, v)
	case lua.LString:
		if span, ok := ReadSpan(string(v)); ok {
			s.Every = seconds(L, function, lua.LNumber(span))
		} else if _, err := cron.Parse(string(v)); err == nil {
			s.Cron = strings.Join(strings.Fields(strings.ToLower(string(v))), " ")
		} else {
			if t, err := time.Parse("15:04", string(v)); err == nil {
				raiseMistake(L, `ilink.every: for %s each day write "%d %d * * *"`, v, t.Minute(), t.Hour())
			}
			raiseMistake(L, `ilink.every: %s; a span is written as "10m", "2h" or as seconds`, err)
		}
	default:
		raiseMistake(L, `ilink.every needs when it runs, as in "0 9 * * 1-5", "10m" or 600, got %s`, describe(v))
	}
	if s.Cron == "" && s.Every < shortest {
		raiseMistake(L, "ilink.every: a span is at least %v", shortest)
	}
	return vm.addSchedule(L, function, s)
}

// addSchedule adds the schedule with the function and the options that are arguments
// 2 and 3.
func (vm *VM) addSchedule(L *lua.LState, function string, s Schedule) int {
	f := functionArgument(L, 2, function)
	options := Options(L, 3, function, "name", "zone", "missed")
	s.Zone, s.Missed = zoneOption(L, options, function), MissedOnce
	switch v := options.RawGetString("missed"); v {
	case lua.LNil:
	case lua.LString(MissedOnce), lua.LString(MissedSkip):
		s.Missed = v.String()
	default:
		raiseMistake(L, `%s: missed is "once" or "skip", got %s`, function, describe(v))
	}
	s.Line = strings.TrimSuffix(positionAt(L, 0), ":")
	b := &vm.timers
	switch v := options.RawGetString("name").(type) {
	case *lua.LNilType:
		s.Name = s.String()
		for n := 2; b.functions[s.Name] != nil; n++ {
			s.Name = fmt.Sprintf("%s #%d", s.String(), n)
		}
	case lua.LString:
		if s.Name = string(v); s.Name == "" || len(v) > 100 {
			raiseMistake(L, "%s: a name has 1 to 100 bytes", function)
		}
		if b.functions[s.Name] != nil {
			raiseMistake(L, "%s: there are two of the name %s", function, quote(s.Name))
		}
	default:
		raiseMistake(L, "%s: name is a text, got %s", function, describe(v))
	}
	if len(b.schedules) >= maxSchedules {
		raiseMistake(L, "%s: a script has at most %d schedules", function, maxSchedules)
	}
	b.schedules = append(b.schedules, s)
	b.functions[s.Name] = f
	return 0
}

// maxSchedules is how many a script may have.
const maxSchedules = 1000

func functionArgument(L *lua.LState, n int, function string) *lua.LFunction {
	f, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		raiseMistake(L, "%s needs a function second, got %s; write the function's name without (), or function() … end around what is to be done",
			function, describe(L.Get(n)))
	}
	return f
}

func zoneOption(L *lua.LState, options *lua.LTable, function string) string {
	v := options.RawGetString("zone")
	if v == lua.LNil {
		return ""
	}
	name, ok := v.(lua.LString)
	if !ok || name == "" {
		raiseMistake(L, `%s: zone is a time zone such as "Asia/Shanghai", got %s`, function, describe(v))
	}
	if _, err := cron.In(string(name)); err != nil {
		raiseMistake(L, "%s: zone %s: %v", function, quote(clipText(string(name), 40)), err)
	}
	return string(name)
}

// seconds makes a span of a number of seconds.
func seconds(L *lua.LState, function string, n lua.LNumber) time.Duration {
	if !(n >= 0 && n <= maxSeconds) {
		raiseMistake(L, "%s: %v is not a number of seconds from 0 to %d", function, n, int64(maxSeconds))
	}
	return time.Duration(float64(n) * float64(time.Second))
}

// maxSeconds is some hundred years.
const maxSeconds = 4e9

// pointInTime reads ilink.at's first argument: seconds since 1970, or a date and a time in
// a zone; clock says whether a time alone will do, for the next one.
func pointInTime(L *lua.LState, zone string, now time.Time, clock bool) time.Time {
	if n, ok := L.Get(1).(lua.LNumber); ok {
		return time.Unix(0, 0).Add(seconds(L, "ilink.at", n))
	}
	text, ok := L.Get(1).(lua.LString)
	if !ok {
		raiseMistake(L, `ilink.at needs a time, as in "2030-01-31 18:00" or seconds since 1970, got %s`, describe(L.Get(1)))
	}
	loc, err := cron.In(zone)
	if err != nil {
		raiseMistake(L, "ilink.at: %v", err)
	}
	t, daily, ok := ReadTime(string(text), loc)
	if ok && !daily {
		return t
	}
	if ok {
		if !clock {
			raiseMistake(L, `ilink.at needs a date outside of handlers, as in "2030-01-31 18:00"; for each day write ilink.every("%d %d * * *", …)`, t.Minute(), t.Hour())
		}
		spec, err := cron.Parse(fmt.Sprintf("%d %d * * *", t.Minute(), t.Hour()))
		if err == nil {
			return spec.Next(now.In(loc))
		}
	}
	raiseMistake(L, `ilink.at: %s is no time: write it as "2030-01-31 18:00", as "18:00" or as seconds since 1970`, quote(clipText(string(text), 40)))
	return time.Time{}
}

// ReadTime reads a time as ilink.at takes it: with a date, or daily, the hour and minute
// of a day. ok says whether it is one.
func ReadTime(text string, zone *time.Location) (t time.Time, daily, ok bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, false, true
	}
	for _, layout := range []string{"2006-01-02 15:04", time.DateTime} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, false, true
		}
	}
	t, err := time.Parse("15:04", text)
	return t, true, err == nil
}
