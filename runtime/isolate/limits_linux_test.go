package isolate

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A child has none of our variables, no files of ours, and writes no core dumps.
func TestChildHasNothing(t *testing.T) {
	t.Setenv("SECRET_OF_THE_PARENT", "x")
	secret, err := os.CreateTemp(t.TempDir(), "secret-*")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	if _, err := unix.FcntlInt(secret.Fd(), unix.F_SETFD, 0); err != nil { // as if we were started with it
		t.Fatal(err)
	}
	s, _ := script(t, `function on_message(msg) end`, nil)
	proc := fmt.Sprintf("/proc/%d", s.current.cmd.Process.Pid)
	for _, name := range []string{"environ", "cmdline"} {
		text, err := os.ReadFile(proc + "/" + name)
		if err != nil || strings.Contains(string(text), "SECRET") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	fds, err := os.ReadDir(proc + "/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range fds {
		if to, err := os.Readlink(proc + "/fd/" + e.Name()); err == nil && strings.Contains(to, "secret-") {
			t.Errorf("it has %s open", to)
		}
	}
	var core unix.Rlimit
	if err := unix.Prlimit(s.current.cmd.Process.Pid, unix.RLIMIT_CORE, nil, &core); err != nil || core.Max != 0 {
		t.Errorf("core dumps of %d bytes; %v", core.Max, err)
	}
	group, err := syscall.Getpgid(s.current.cmd.Process.Pid)
	if err != nil || group == syscall.Getpgrp() {
		t.Errorf("it is in our group; %v", err)
	}
}
