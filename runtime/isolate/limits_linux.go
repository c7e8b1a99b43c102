package isolate

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// protect takes from the child what it has no use for: files that the program was
// started with, dumps of its memory, and the way to more rights through programs.
func protect() {
	closeInherited()
	unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	// Not to be had for all threads where C is linked in; nothing relies on it.
	syscall.AllThreadsSyscall(syscall.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0)
}

// closeInherited closes the files that came through the program's start, other than
// the first three: they are those that aren't marked to be closed by one.
func closeInherited() {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd < 3 {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

// arena is in what pieces Go maps its heap.
const arena = 64 << 20

// limitMemory limits the memory of this process: Go's collector works harder when it
// comes near, and beyond it the system gives no more. The supervisor is slower and
// more exact.
func limitMemory(most int64) {
	debug.SetMemoryLimit(most / 10 * 9)
	if raceEnabled {
		return // its detector maps more than any limit
	}
	used, err := dataSize()
	if err != nil {
		return
	}
	// Not RLIMIT_AS: Go reserves far more addresses than it uses.
	data := uint64(used + most + arena)
	unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: data, Max: data})
}

// dataSize is what counts for RLIMIT_DATA.
func dataSize() (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmData:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no VmData in /proc/self/status")
}

// memoryOf is what a process has in memory of its own, in bytes; 0 where it can't be
// told.
func memoryOf(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	shared, _ := strconv.ParseInt(string(fields[2]), 10, 64)
	return (resident - shared) * int64(os.Getpagesize())
}

// attributes are those of a child that ends with us, in a group of its own.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// executable is this program, also when its file was replaced meanwhile.
func executable() (string, error) { return "/proc/self/exe", nil }
