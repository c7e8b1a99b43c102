package inbox

import (
	"fmt"
	"testing"
	"time"
)

func TestRetryDelay(t *testing.T) {
	for _, c := range []struct {
		n    int
		want string
	}{{1, "[1m0s]"}, {2, "[20s 40s]"}, {3, "[10s 20s 30s]"}, {4, "[6s 12s 18s 24s]"}} {
		var got []time.Duration
		for i := range c.n {
			got = append(got, retryDelay(i+1, c.n, time.Minute))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d tries: %v, want %s", c.n, got, c.want)
		}
	}
}
