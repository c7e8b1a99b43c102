package isolate

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	cgroups = "/sys/fs/cgroup"
	// cageTasks is how many threads a child may have: Go takes one for each call of
	// the system that blocks.
	cageTasks = 512
)

// cage is a control group for one child, where we may make some: the system then
// keeps its memory within the limit, exactly.
type cage struct {
	path string // "" if there is none
	dir  *os.File
}

// newCage makes a group. It is beside ours, or below it, in what the system's manager
// has left to us ("Delegate=" of systemd); elsewhere there is none.
func newCage(most int64) *cage {
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return &cage{}
	}
	for line := range strings.Lines(string(text)) {
		own, v2 := strings.CutPrefix(strings.TrimSpace(line), "0::/")
		if !v2 {
			continue
		}
		ours := filepath.Join(cgroups, own)
		for _, parent := range []string{ours, filepath.Dir(ours)} {
			if c := makeCage(parent, most); c != nil {
				return c
			}
		}
	}
	return &cage{}
}

// makeCage makes a group below parent, nil if that can't be.
func makeCage(parent string, most int64) *cage {
	mark := make([]byte, 1)
	if n, err := unix.Getxattr(parent, "user.delegate", mark); err != nil || n != 1 || mark[0] != '1' {
		return nil // somebody else's
	}
	// Refused where processes are in it, and not needed where it is so already.
	os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+memory +pids"), 0)
	path := filepath.Join(parent, "script-"+rand.Text())
	if os.Mkdir(path, 0o755) != nil {
		return nil
	}
	c := &cage{path: path}
	for name, value := range map[string]int64{"memory.max": most, "memory.swap.max": 0, "pids.max": cageTasks} {
		err := os.WriteFile(filepath.Join(path, name), strconv.AppendInt(nil, value, 10), 0)
		if err != nil && name == "memory.max" {
			c.remove()
			return nil
		}
	}
	var err error
	if c.dir, err = os.Open(path); err != nil {
		c.remove()
		return nil
	}
	return c
}

// enter has a child begin in the group.
func (c *cage) enter(attr *syscall.SysProcAttr) {
	if c.dir != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(c.dir.Fd())
	}
}

// overflowed reports whether the system ended the child for its memory.
func (c *cage) overflowed() bool {
	if c.path == "" {
		return false
	}
	events, _ := os.ReadFile(filepath.Join(c.path, "memory.events"))
	for line := range bytes.Lines(events) {
		if n, ok := bytes.CutPrefix(line, []byte("oom_kill ")); ok {
			return strings.TrimSpace(string(n)) != "0"
		}
	}
	return false
}

// remove takes the group away once the child has ended.
func (c *cage) remove() {
	if c.dir != nil {
		c.dir.Close()
	}
	if c.path != "" {
		os.Remove(c.path)
	}
}
