package sdnotify

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time of the clock that systemd compares with.
func monotonic() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}
