package ilink

import (
	"math"
	"net/http"
	"testing"
	"time"
)

func TestServerClock(t *testing.T) {
	start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	// An answer: when it was asked for and came, in seconds, and how far the
	// server's clock, as its Date header shows it, is ahead of when it came.
	type answer struct{ asked, came, ahead int }
	const day = 24 * 60 * 60
	for name, tc := range map[string]struct {
		answers []answer
		want    int // seconds, to the second
	}{
		"the same time":                {[]answer{{0, 0, 0}}, 0},
		"a little off":                 {[]answer{{0, 0, 2}, {1, 1, -2}}, 0},
		"our clock is behind":          {[]answer{{0, 0, 100}}, 100},
		"our clock is ahead":           {[]answer{{1, 1, -100}}, -100},
		"a poll that was held":         {[]answer{{0, 35, 100}}, 100},
		"an answer that was held up":   {[]answer{{0, 0, 100}, {1, 31, 70}}, 100},
		"an answer that was overtaken": {[]answer{{0, 5, day}, {4, 6, 0}}, day},
		"the server's clock was set back": {
			[]answer{{0, 5, day}, {6, 6, 0}}, 0},
		"set back, and all are slow": {
			[]answer{{0, 5, day}, {6, 40, 10}}, 10},
		"put forward at last": {[]answer{{1, 1, -100}, {2, 2, 0}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var c ServerClock
			for _, a := range tc.answers {
				date := at(a.came + a.ahead).Format(http.TimeFormat)
				c.observe(http.Header{"Date": {date}}, at(a.asked), at(a.came))
			}
			if got := math.Floor(c.offset.Seconds()); got != float64(tc.want) {
				t.Errorf("the server is %v ahead, want %d s", c.offset, tc.want)
			}
		})
	}
	var c ServerClock
	for _, h := range []http.Header{{}, {"Date": {"yesterday"}}} {
		if c.observe(h, start, start); c.offset != 0 {
			t.Errorf("%v put the clock to %v", h, c.offset)
		}
	}
	var none *ServerClock
	none.observe(http.Header{}, start, start)
}
