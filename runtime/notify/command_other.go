//go:build !unix

package notify

import "os/exec"

// ownGroup does nothing: there are no process groups to kill here, only the
// command itself is ended when time is up.
func ownGroup(*exec.Cmd) {}
