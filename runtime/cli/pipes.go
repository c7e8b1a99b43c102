package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// outliveReaders has the process outlive whoever reads what it prints: journald,
// docker's logger or tee may end, and a bot must go on all the same. Writing to them
// then fails, where else SIGPIPE would end the process. The signal is taken, not
// ignored, for what is ignored stays so in the processes that it starts.
func outliveReaders() (stop func()) {
	signals := make(chan os.Signal, 1) // nobody looks
	signal.Notify(signals, syscall.SIGPIPE)
	return func() { signal.Stop(signals) }
}
