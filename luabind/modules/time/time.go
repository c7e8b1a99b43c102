// Package time is the Lua module time. Times are seconds since 1970, with a fraction;
// what they are in a place on earth is asked for with the place's name.
package time

import (
	"errors"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // small servers often have no zones of their own

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

const (
	// latest keeps years to four digits.
	latest = 253402300799 // the end of the year 9999
	// longestSleep is a year.
	longestSleep = 366 * 24 * 3600
	maxZones     = 100
	maxZoneName  = 100  // in bytes
	maxText      = 1000 // of what is parsed, and of layouts
)

// Module is the module time.
type Module struct{}

// Name returns "time".
func (Module) Name() string { return "time" }

// Open makes the table.
func (Module) Open(vm *luabind.VM) (lua.LValue, error) {
	b := &binding{vm: vm, zones: map[string]*time.Location{}}
	return vm.Table("time", map[string]lua.LGFunction{
		"now": b.now, "sleep": b.sleep, "format": b.format, "parse": b.parse,
		"parts": b.parts, "of": b.of, "duration": b.duration, "seconds": b.seconds, "is_zone": b.isZone,
	}, nil), nil
}

// binding is the module in one VM, whose lock guards it.
type binding struct {
	vm    *luabind.VM
	zones map[string]*time.Location
}

// present is the time now, which a handler that is run again gets again.
func (b *binding) present(L *lua.LState) time.Time {
	return luabind.Note(b.vm, L, "time.now", func() time.Time { return b.vm.Now().Round(0) })
}

func (b *binding) now(L *lua.LState) int {
	L.Push(seconds(b.present(L)))
	return 1
}

// seconds is a time as scripts have it, to the microsecond.
func seconds(t time.Time) lua.LNumber { return lua.LNumber(float64(t.UnixMicro()) / 1e6) }

// at returns the time that argument n is, now if there is none.
func (b *binding) at(L *lua.LState, n int, function string) time.Time {
	switch v := L.Get(n).(type) {
	case *lua.LNilType:
		return b.present(L)
	case lua.LNumber:
		f := float64(v)
		if math.IsNaN(f) || math.Abs(f) > latest {
			luabind.Mistake(L, "%s: %s is no time: it is in seconds since 1970", function, v)
		}
		return time.UnixMicro(int64(math.Floor(f * 1e6)))
	}
	luabind.Mistake(L, "%s needs a time in seconds since 1970, such as time.now(), got %s", function, luabind.Describe(L.Get(n)))
	return time.Time{}
}

// zone returns the zone that v names.
func (b *binding) zone(L *lua.LState, function string, v lua.LValue) *time.Location {
	name, ok := v.(lua.LString)
	switch {
	case v == lua.LNil:
		return time.Local
	case !ok || len(name) > maxZoneName:
		luabind.Mistake(L, `%s: a zone is a text such as "Asia/Shanghai", "UTC" or "+08:00", got %s`, function, luabind.Describe(v))
	}
	z := b.find(L, string(name))
	if z == nil {
		luabind.Mistake(L, `%s: there is no zone %q; write one as "Asia/Shanghai", "UTC" or "+08:00"`, function, string(name))
	}
	return z
}

// find returns the zone of a name, nil if there is none.
func (b *binding) find(L *lua.LState, name string) *time.Location {
	if z := b.zones[name]; z != nil {
		return z
	}
	b.vm.Charge(L, 2000)
	z, err := loadZone(name)
	if err != nil {
		return nil
	}
	if len(b.zones) == maxZones {
		clear(b.zones)
	}
	b.zones[name] = z
	return z
}

// isZone reports whether a text, such as a user's, names a zone.
func (b *binding) isZone(L *lua.LState) int {
	name := luabind.Text(L, 1, "time.is_zone", `a zone's name, such as "Asia/Shanghai"`)
	L.Push(lua.LBool(len(name) <= maxZoneName && b.find(L, name) != nil))
	return 1
}

func loadZone(name string) (*time.Location, error) {
	switch strings.ToLower(name) {
	case "local":
		return time.Local, nil
	case "utc", "z":
		return time.UTC, nil
	case "":
		return nil, errors.New("no name")
	}
	for _, form := range []string{"-07:00", "-0700", "-07"} {
		if t, err := time.Parse(form, name); err == nil {
			_, offset := t.Zone()
			return time.FixedZone(t.Format("-07:00"), offset), nil
		}
	}
	return time.LoadLocation(name)
}

func (b *binding) format(L *lua.LState) int {
	const function = "time.format"
	t := b.at(L, 1, function)
	layout := "%Y-%m-%d %H:%M:%S"
	if L.Get(2) != lua.LNil {
		layout = luabind.Text(L, 2, function, `a layout second, such as "%H:%M"`)
	}
	b.vm.Charge(L, 20+len(layout))
	if len(layout) > maxText {
		luabind.Mistake(L, "%s: the layout is longer than %d bytes", function, maxText)
	}
	text, err := luabind.FormatTime(t.In(b.zone(L, function, L.Get(3))), layout)
	if err != nil {
		luabind.Mistake(L, "%s: %v", function, err)
	}
	L.Push(lua.LString(text))
	return 1
}

func (b *binding) parse(L *lua.LState) int {
	const function = "time.parse"
	text := luabind.Text(L, 1, function, "a text with a date")
	layout := ""
	if L.Get(2) != lua.LNil {
		layout = luabind.Text(L, 2, function, `a layout second, such as "%d.%m.%Y"`)
	}
	zone := b.zone(L, function, L.Get(3))
	b.vm.Charge(L, 200)
	if len(text) > maxText || len(layout) > maxText {
		return b.vm.Fail(L, badTime("the text is too long for a date"))
	}
	var t time.Time
	var err error
	if layout == "" {
		t, err = read(text, zone)
	} else {
		var unknown error
		if t, err, unknown = parse(text, layout, zone, func() time.Time { return b.present(L) }); unknown != nil {
			luabind.Mistake(L, "%s: %v", function, unknown)
		}
	}
	if err == nil && math.Abs(float64(t.Unix())) > latest {
		err = badTime("the year is out of range")
	}
	if err != nil {
		return b.vm.Fail(L, err)
	}
	L.Push(seconds(t))
	return 1
}

// parts takes a time apart; of puts it together again.
func (b *binding) parts(L *lua.LState) int {
	const function = "time.parts"
	t := b.at(L, 1, function).In(b.zone(L, function, L.Get(2)))
	p := L.CreateTable(0, 11)
	_, offset := t.Zone()
	for name, n := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(), "sec": t.Second(),
		"wday": int(t.Weekday()) + 1, "yday": t.YearDay(), "offset": offset,
	} {
		p.RawSetString(name, lua.LNumber(n))
	}
	p.RawSetString("isdst", lua.LBool(t.IsDST()))
	p.RawSetString("zone", lua.LString(strings.ReplaceAll(t.Location().String(), "Local", "local")))
	L.Push(p)
	return 1
}

func (b *binding) of(L *lua.LState) int {
	const function = "time.of"
	if L.Get(1).Type() != lua.LTTable {
		luabind.Mistake(L, "%s needs a date such as { year = 2026, month = 5, day = 1, hour = 9 }, got %s", function, luabind.Describe(L.Get(1)))
	}
	p := luabind.Options(L, 1, function, "year", "month", "day", "hour", "min", "sec", "zone", "wday", "yday", "offset", "isdst")
	part := func(name string, otherwise int) int {
		v := p.RawGetString(name)
		n, ok := v.(lua.LNumber)
		switch {
		case v == lua.LNil && otherwise >= 0:
			return otherwise
		case !ok || n != lua.LNumber(math.Trunc(float64(n))) || math.Abs(float64(n)) > 1e9:
			luabind.Mistake(L, "%s: %s is an integer, got %s", function, name, luabind.Describe(v))
		}
		return int(n)
	}
	t := time.Date(part("year", -1), time.Month(part("month", -1)), part("day", -1), part("hour", 0), part("min", 0), part("sec", 0), 0,
		b.zone(L, function, p.RawGetString("zone")))
	if math.Abs(float64(t.Unix())) > latest {
		luabind.Mistake(L, "%s: the year %d is out of range", function, t.Year())
	}
	L.Push(seconds(t))
	return 1
}

// sleep waits. When it ends is recorded first, so that a restart in between doesn't
// make it longer.
func (b *binding) sleep(L *lua.LState) int {
	const function = "time.sleep"
	n, ok := luabind.Span(L.Get(1))
	if !ok || n > longestSleep {
		luabind.Mistake(L, `%s needs a number of seconds or a text such as "10m", a year at most, got %s`, function, luabind.Describe(L.Get(1)))
	}
	b.vm.InHandler(L, function)
	deadline := luabind.Note(b.vm, L, "deadline", func() time.Time {
		return b.vm.Now().Add(time.Duration(n * float64(time.Second)))
	})
	_, err := b.vm.Await(L, function, luabind.AwaitRequest{Deadline: deadline, Sleep: true})
	var he *luabind.HostError
	if err != nil && !(errors.As(err, &he) && he.Kind == "timeout") {
		return b.vm.Fail(L, err)
	}
	L.Push(lua.LTrue)
	return 1
}
