package time

import (
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/luabind"
)

// FuzzParse reads what was written, and anything else without a panic.
func FuzzParse(f *testing.F) {
	f.Add(int64(1777600800), "%Y-%m-%d %H:%M:%S", "2026-05-01")
	f.Add(int64(0), "%c", "1h30m")
	f.Add(int64(-1), "%I:%M:%S %p %d %b %Y %z", "半小时")
	f.Add(int64(951782400), "%s %%", "%")
	f.Add(int64(951782400), "%j %Y %T", "")
	f.Fuzz(func(t *testing.T, seconds int64, layout, text string) {
		now := func() time.Time { return time.Unix(0, 0) }
		_, _, _ = parse(text, layout, time.UTC, now)
		_, _ = read(text, time.UTC)
		_, _ = luabind.ReadSpan(text)
		if seconds < -30000000000 || seconds > latest {
			return
		}
		at := time.Unix(seconds, 0).UTC()
		for _, layout := range []string{"%Y-%m-%d %H:%M:%S", "%c", "%I:%M:%S %p %d %b %Y %z", "%j %Y %T", "%F%R:%S", "%A%d%B%Y%X"} {
			written, err := luabind.FormatTime(at, layout)
			if err != nil {
				t.Fatal(err)
			}
			if at.Year() < 1000 {
				return // %Y isn't filled up
			}
			if back, err, unknown := parse(written, layout, time.UTC, now); err != nil || unknown != nil || !back.Equal(at) {
				t.Errorf("%q by %q: %v, %v, %v", written, layout, back, err, unknown)
			}
		}
	})
}
