package inbox

import (
	"log/slog"

	"github.com/ilinkd/ilinkd/runtime/store"
)

// Options are what an inbox needs. All must be set.
type Options struct {
	// Bot is the bot's name in the store.
	Bot     string
	Store   *store.Store
	Logger  *slog.Logger
	Handler Handler
	// Parallel is how many conversations are handled side by side.
	Parallel int
	// OnWindows is told of the windows that new messages have opened, before these are
	// handled.
	OnWindows func([]store.Window)
	// Changed is called when something may have changed that Counts or Upcoming tell. It
	// must not call the inbox.
	Changed func()
}

// DefaultParallel is how many conversations are handled side by side.
const DefaultParallel = 64
