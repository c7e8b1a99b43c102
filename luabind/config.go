package luabind

import (
	"errors"
	"time"
)

// Config says what is loaded and what it may use.
type Config struct {
	// Name is the bot's name, for errors and ilink.bot.name.
	Name string
	// Script is the path of the entry file, such as "scripts/echo.lua". Its
	// folder is where require looks.
	Script string
	// Host does what the script wants done outside its VM.
	Host Host
	// Modules are those of an embedding program, beside our own.
	Modules []Module
	// Watchdog is what all sandboxes of a process should share; nil means one of
	// its own.
	Watchdog *Watchdog
	// Limits are what the script may use up; zero fields mean the defaults.
	Limits Limits
	// Now is the time that the script sees; nil means [time.Now].
	Now func() time.Time
	// Entropy fills p with what random numbers are made of; nil means crypto/rand. Tests
	// give the same each time. It is called by one goroutine at a time.
	Entropy func(p []byte) (n int, err error)
	// NoBot says that the file is no bot and needs no on_message: what it is for, its
	// modules say. See [Sandbox.Run].
	NoBot bool
	// Coverage, if set, counts how often the script's lines run.
	Coverage *Coverage
	// State is what [Sandbox.State] has packed of the generation before, for
	// ilink.state; nil begins with an empty one.
	State []byte
}

// Limits are what a script may use up.
type Limits struct {
	// Instructions is how many VM instructions one handler may run, and one
	// loading of the file.
	Instructions int64
	// CPU is how long one handler may compute: the time in which it has the VM, so
	// that waiting in the host's calls doesn't count, nor waiting for other handlers.
	// It is hit only once the process has used as much processor time meanwhile: a
	// machine that is busy with other things makes no handler a runaway.
	CPU time.Duration
	// Wall is how long one handler may take, waiting included.
	Wall time.Duration
	// LoadWall is how long running the file itself may take.
	LoadWall time.Duration
	// StringBytes is how long a string may be that an operation makes.
	StringBytes int
	// Memory is how many bytes the script may hold; see [Watchdog] for what that
	// means.
	Memory int64
	// Sends is how many times one handler may send.
	Sends int
	// SourceBytes is how large one source file may be.
	SourceBytes int
	// Handlers is how many handlers may be under way at a time; further ones
	// wait.
	Handlers int
}

const (
	// defaultInstructions is 0.15 to 0.3 s of plain computing: a
	// thousand times what a usual message needs, and still short enough that the
	// VM's other handlers, which wait meanwhile, are answered soon.
	defaultInstructions = 10_000_000
	// defaultCPU is as much as other handlers of the VM can be made to wait.
	defaultCPU = 500 * time.Millisecond
	// defaultStringBytes is what a file's text or an answer may have.
	defaultStringBytes = 8 << 20
	// defaultMemory is some hundred times what scripts need.
	defaultMemory = 64 << 20
	// defaultSends is more than WeChat takes from one message's answer.
	defaultSends = 100
	// defaultWall leaves time for slow services and for people.
	defaultWall = 10 * time.Minute
	// defaultLoadWall is short: loading should define functions, not work.
	defaultLoadWall = 5 * time.Second
	// defaultSourceBytes bounds what the compiler, which knows no limits, gets.
	defaultSourceBytes = 256 << 10
	// defaultHandlers times the 11 KiB of a suspended handler is 3 MiB.
	defaultHandlers = 256
)

// DefaultLimits returns what zero fields of [Limits] mean: ten million
// instructions, half a second of computing, ten minutes, five seconds for loading,
// strings of 8 MiB, 64 MiB of memory, 100 sends, 256 KiB of source and 256 handlers.
func DefaultLimits() Limits {
	return Limits{
		Instructions: defaultInstructions,
		CPU:          defaultCPU,
		StringBytes:  defaultStringBytes,
		Memory:       defaultMemory,
		Sends:        defaultSends,
		Wall:         defaultWall,
		LoadWall:     defaultLoadWall,
		SourceBytes:  defaultSourceBytes,
		Handlers:     defaultHandlers,
	}
}

// OrDefaults fills fields that say nothing; see [DefaultLimits].
func (l Limits) OrDefaults() Limits {
	d := DefaultLimits()
	orDefault(&l.Instructions, d.Instructions)
	orDefault(&l.CPU, d.CPU)
	orDefault(&l.StringBytes, d.StringBytes)
	orDefault(&l.Memory, d.Memory)
	orDefault(&l.Sends, d.Sends)
	orDefault(&l.Wall, d.Wall)
	orDefault(&l.LoadWall, d.LoadWall)
	orDefault(&l.SourceBytes, d.SourceBytes)
	orDefault(&l.Handlers, d.Handlers)
	return l
}

func orDefault[T ~int | ~int64](limit *T, otherwise T) {
	if *limit <= 0 {
		*limit = otherwise
	}
}

// ErrClosed says that the sandbox takes no more messages.
var ErrClosed = errors.New("luabind: the sandbox is closed")
