//go:build unix && !linux

package isolate

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func protect() { unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }

func limitMemory(most int64) { watchOurselves(most) }

func memoryOf(int) int64 { return 0 }

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func executable() (string, error) { return os.Executable() }
