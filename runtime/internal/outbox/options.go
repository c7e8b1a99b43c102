package outbox

import (
	"log/slog"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Options are what an outbox needs. All must be set.
type Options struct {
	// Bot is the bot's name in the store.
	Bot     string
	Store   *store.Store
	Account Account
	// Files are the bot's: copies of what is to be sent are among them.
	Files  *files.Files
	Logger *slog.Logger
	Limits Limits
	Pauses Pauses
	// HoldUncertain has a send of which it isn't known whether it reached the user wait for
	// the operator, in place of being sent again.
	HoldUncertain bool
	// OnSuppressed is told of a user whom the server stops delivering to.
	OnSuppressed func(luabind.SuppressedInfo)
	// Changed is called when something may have changed that Counts or Upcoming tell. It
	// must not call the outbox.
	Changed func()
}

// Account is the account that sends.
type Account interface {
	// Client is the client to send with, or an error while there is none.
	Client() (*ilink.Client, error)
	// Now is the server's time, whose clock closes windows.
	Now() time.Time
	// InSession reports whether polls get through.
	InSession() bool
	// Observe is told how long an answer of the server took.
	Observe(time.Duration)
}

// Limits are what the server allows, and how much may wait.
type Limits struct {
	// PerInbound is how many messages a user's message allows; less than 0 is no limit.
	PerInbound int
	// Window is how long after a user's message something may be sent.
	Window time.Duration
	// WhenFull is what becomes of a send that the window has no room for, unless the
	// script says otherwise: one of the store's modes.
	WhenFull string
	// NudgeText tells a user that more is waiting.
	NudgeText string
	// Lifetime is how long a send may wait.
	Lifetime time.Duration
	// MaxQueued is how many sends of a conversation may wait.
	MaxQueued int
	// ParallelSends is how many requests are under way at once.
	ParallelSends int
	// MinGap is the least time between two sends beyond a burst, and Burst how many may go
	// out without it.
	MinGap time.Duration
	Burst  int
	// TextRunes is how long a text message may be, in code points; longer ones are split.
	TextRunes int
}

// The limits where nothing else is said. Most are the server's, as far as it is known
// (protocol §4).
const (
	DefaultPerInbound    = 10             // the 11th fails
	DefaultWindow        = 24 * time.Hour // after the user's last message
	DefaultMinGap        = 350 * time.Millisecond
	DefaultBurst         = 3 // about 3 in a second trip the throttle
	DefaultTextRunes     = ilink.MaxTextRunes
	DefaultWhenFull      = store.ModeDefer
	DefaultNudgeText     = "还有内容未发完，回复任意消息即可继续。(More is waiting: write anything to go on.)"
	DefaultLifetime      = 72 * time.Hour
	DefaultMaxQueued     = 200
	DefaultParallelSends = 1
)

// Pauses are how long nothing is sent at first after a failure; they double from there.
type Pauses struct {
	Trouble time.Duration // of the connection
	Session time.Duration // of a session that has ended
}

// The pauses where nothing else is said. They double to a minute, and to five minutes
// for a session (protocol §3).
const (
	DefaultTroublePause = time.Second
	DefaultSessionPause = 5 * time.Second
)

const (
	// troubleMax is the longest pause while sends fail for the connection's sake, and
	// sessionMax while the server doesn't know the token.
	troubleMax = time.Minute
	sessionMax = 5 * time.Minute
	// retryMax is the longest pause before a send is tried again that failed
	// without a sign of trouble for the others.
	retryMax = 30 * time.Second
	// maxUnknownCode is how often a send is tried that the server refuses with a code
	// that isn't known.
	maxUnknownCode = 3
	// storeRetry is the pause where the store didn't take something.
	storeRetry = time.Second
	// shrinkInterval is how often what is in memory for nobody is forgotten.
	shrinkInterval = time.Hour
	// MaxQueuedConversations is how many conversations' full queues a bot may have: who
	// sends to ever more of them must not fill the disk.
	MaxQueuedConversations = 100
)
