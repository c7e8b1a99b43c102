//go:build !unix

package luabind

import "time"

// processTime is the time itself, where the processor time isn't to be had as
// easily: a handler may then use all of a processor's time.
func processTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
