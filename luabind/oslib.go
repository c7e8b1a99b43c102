package luabind

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind/internal/lstring"
)

// osLibrary is what tells the time. The rest of os acts on the host: execute,
// exit, getenv, remove, rename, setenv, setlocale, tmpname.
func osLibrary(vm *VM) lib {
	return lib{
		name: lua.OsLibName,
		open: lua.OpenOs,
		own:  map[string]lua.LGFunction{"clock": vm.osClock, "date": vm.osDate, "difftime": osDiffTime, "time": vm.osTime},
	}
}

// osClock counts from when the VM was made.
func (vm *VM) osClock(L *lua.LState) int {
	L.Push(lua.LNumber(Note(vm, L, "os.clock", func() float64 { return time.Since(vm.began).Seconds() })))
	return 1
}

func osDiffTime(L *lua.LState) int {
	L.Push(L.CheckNumber(1) - L.OptNumber(2, 0))
	return 1
}

// latest keeps years within what formats can show.
const latest = 253402300799 // the end of the year 9999

func (vm *VM) osDate(L *lua.LState) int {
	format := L.OptString(1, "%c")
	var t time.Time
	if L.Get(2) != lua.LNil {
		seconds := float64(L.CheckNumber(2))
		if math.IsNaN(seconds) || math.Abs(seconds) > latest {
			L.RaiseError("os.date: the time %v is out of range", L.Get(2))
		}
		t = time.Unix(int64(math.Floor(seconds)), 0)
	} else {
		t = time.Unix(Note(vm, L, "os.date", func() int64 { return vm.Now().Unix() }), 0)
	}
	if rest, utc := strings.CutPrefix(format, "!"); utc {
		format, t = rest, t.UTC()
	}
	if strings.HasPrefix(format, "*t") {
		L.Push(dateTable(L, t))
		return 1
	}
	if len(format) >= 1<<16 {
		L.RaiseError("os.date: the format is too long")
	}
	text, err := FormatTime(t, format)
	if err != nil {
		L.RaiseError("os.date: %v", err)
	}
	L.Push(lua.LString(text))
	return 1
}

// FormatTime writes a time as C's strftime does, in English: %Y-%m-%d.
func FormatTime(t time.Time, format string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i < len(format) && (format[i] == 'E' || format[i] == 'O') && i+1 < len(format) {
			i++ // another locale's form: there is only one
		}
		text, ok := "", false
		if i < len(format) {
			text, ok = datePart(t, format[i])
		}
		if !ok {
			return "", fmt.Errorf("the format has %s, which there is no such thing as", quote("%"+clipText(format[min(i, len(format)):], 1)))
		}
		b.WriteString(text)
	}
	if b.Len() >= 1<<16 {
		return "", errors.New("the format is too long")
	}
	return b.String(), nil
}

func dateTable(L *lua.LState, t time.Time) *lua.LTable {
	d := L.CreateTable(0, 9)
	for name, n := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(),
		"sec": t.Second(), "wday": int(t.Weekday()) + 1, "yday": t.YearDay(),
	} {
		d.RawSetString(name, lua.LNumber(n))
	}
	d.RawSetString("isdst", lua.LBool(t.IsDST()))
	return d
}

// datePart is what C's strftime writes for a letter, in the locale C.
func datePart(t time.Time, letter byte) (string, bool) {
	two := func(n int) string { return fmt.Sprintf("%02d", n) }
	hour12 := (t.Hour()+11)%12 + 1
	isoYear, isoWeek := t.ISOWeek()
	week := func(first time.Weekday) int { // of the year, starting with that day
		return (t.YearDay() + 6 - (int(t.Weekday())-int(first)+7)%7) / 7
	}
	switch letter {
	case 'a':
		return t.Format("Mon"), true
	case 'A':
		return t.Format("Monday"), true
	case 'b', 'h':
		return t.Format("Jan"), true
	case 'B':
		return t.Format("January"), true
	case 'c':
		return t.Format("Mon Jan _2 15:04:05 2006"), true
	case 'C':
		return two(t.Year() / 100), true
	case 'd':
		return two(t.Day()), true
	case 'D', 'x':
		return t.Format("01/02/06"), true
	case 'e':
		return t.Format("_2"), true
	case 'F':
		return t.Format("2006-01-02"), true
	case 'g':
		return two(isoYear % 100), true
	case 'G':
		return strconv.Itoa(isoYear), true
	case 'H':
		return two(t.Hour()), true
	case 'I':
		return two(hour12), true
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 'k':
		return fmt.Sprintf("%2d", t.Hour()), true
	case 'l':
		return fmt.Sprintf("%2d", hour12), true
	case 'm':
		return two(int(t.Month())), true
	case 'M':
		return two(t.Minute()), true
	case 'n':
		return "\n", true
	case 'p':
		return t.Format("PM"), true
	case 'P':
		return t.Format("pm"), true
	case 'r':
		return t.Format("03:04:05 PM"), true
	case 'R':
		return t.Format("15:04"), true
	case 's':
		return strconv.FormatInt(t.Unix(), 10), true
	case 'S':
		return two(t.Second()), true
	case 't':
		return "\t", true
	case 'T', 'X':
		return t.Format("15:04:05"), true
	case 'u':
		return strconv.Itoa((int(t.Weekday())+6)%7 + 1), true
	case 'U':
		return two(week(time.Sunday)), true
	case 'V':
		return two(isoWeek), true
	case 'w':
		return strconv.Itoa(int(t.Weekday())), true
	case 'W':
		return two(week(time.Monday)), true
	case 'y':
		return two(t.Year() % 100), true
	case 'Y':
		return strconv.Itoa(t.Year()), true
	case 'z':
		return t.Format("-0700"), true
	case 'Z':
		name, _ := t.Zone()
		return name, true
	case '%':
		return "%", true
	}
	return "", false
}

// osTime makes a time of a date in parts, which may be out of their ranges: month
// 14 is the next year's February. It then puts the parts right, as C does.
func (vm *VM) osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(Note(vm, L, "os.time", func() int64 { return vm.Now().Unix() })))
		return 1
	}
	d := L.CheckTable(1)
	part := func(name string, otherwise int) int {
		v := d.RawGetString(name)
		if v == lua.LNil && otherwise >= 0 {
			return otherwise
		}
		n, ok := v.(lua.LNumber)
		if text, is := v.(lua.LString); is {
			var f float64
			f, ok = lstring.ParseNumber(string(text))
			n = lua.LNumber(f)
		}
		switch {
		case v == lua.LNil:
			L.RaiseError("field '%s' missing in date table", name)
		case !ok || n != lua.LNumber(math.Trunc(float64(n))):
			L.RaiseError("field '%s' is not an integer", name)
		case n < math.MinInt32 || n > math.MaxInt32:
			L.RaiseError("field '%s' is out-of-bound", name)
		}
		return int(n)
	}
	year, month, day := part("year", -1), part("month", -1), part("day", -1)
	t := time.Date(year, time.Month(month), day, part("hour", 12), part("min", 0), part("sec", 0), 0, time.Local)
	if dst, ok := d.RawGetString("isdst").(lua.LBool); ok && bool(dst) != t.IsDST() {
		// The parts are of the other of summer and winter time.
		if other, ok := otherTime(t); ok {
			_, here := t.Zone()
			t = t.Add(time.Duration(here-other) * time.Second)
		}
	}
	dateTable(L, t).ForEach(func(k, v lua.LValue) { d.RawSet(k, v) })
	L.Push(lua.LNumber(t.Unix()))
	return 1
}

// otherTime is the offset that the place has at the other time of the year, where
// that is summer time and t isn't, or the other way round.
func otherTime(t time.Time) (offset int, ok bool) {
	for _, months := range []int{6, -6, 3, -3} {
		if o := t.AddDate(0, months, 0); o.IsDST() != t.IsDST() {
			_, offset = o.Zone()
			return offset, true
		}
	}
	return 0, false
}
