package backoff

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestAfter(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 5 * time.Second}
	var got []time.Duration
	for _, failures := range []int{-1, 0, 1, 2, 3, 4, 100, math.MaxInt32} {
		got = append(got, b.After(failures))
	}
	if want := "[1s 1s 1s 2s 4s 5s 5s 5s]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if got := (Backoff{Min: time.Hour, Max: time.Minute}).After(1); got != time.Minute {
		t.Errorf("a Min over Max: %v", got)
	}
}
