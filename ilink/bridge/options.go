package bridge

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// Options say how a [Bridge] works. The zero value is what [NewBridge] has:
// everything is forwarded.
//
// The functions are called on the poller's goroutine: while one of them runs,
// that bot polls nothing. They may call the Bridge's methods. A panic in one of
// them is logged and counts as its failure.
type Options struct {
	// Deliver takes what a poll brought, all at once: in it u.Messages and
	// u.Malformed, in the order in which the server sent them. The cursor moves
	// only after it returned nil; while it returns an error it is called again
	// with the same updates, and nothing further is polled.
	//
	// ctx ends when the poller is stopped. Updates that were not taken then are
	// offered once more, with a context of their own that lasts five seconds.
	Deliver func(ctx context.Context, binding BridgeBinding, u *ilink.Updates, meta PollMeta) error

	// ForwardURL returns the base URL of the process to which the binding's
	// messages are forwarded, such as "http://127.0.0.1:3002", or "" to go by the
	// PodIP. It is asked each time.
	ForwardURL func(binding BridgeBinding) string

	// OnRefused is told of a message that its forward target answered with a 4xx
	// status other than 408 and 429: it isn't forwarded again, and without OnRefused a
	// line in the log is all that is left of it.
	OnRefused func(binding BridgeBinding, m *ilink.Message, err *RefusedError)

	// OnState is told when a poller's state changes, and of each next retry.
	OnState func(s State)

	// Token is asked for the bot's newest token after each answer of -14. A token
	// other than the binding's takes its place, with its BaseURL if it has one and
	// an empty cursor. The zero token, or the binding's, says that there is none.
	Token func(ctx context.Context, binding BridgeBinding) (ilink.Token, error)

	// ClientOptions are further options for a binding's client.
	ClientOptions func(binding BridgeBinding) []ilink.Option

	// HTTPClient makes the calls to iLink; nil means one of the Bridge's own.
	HTTPClient *http.Client
	// ForwardTransport makes the calls to forward targets; nil means one of the
	// Bridge's own.
	ForwardTransport http.RoundTripper
	// Logger is where the Bridge logs; nil means slog.Default.
	Logger *slog.Logger
}

// PollMeta says when a poll was made.
type PollMeta struct {
	// Started is when the poll was sent, and Received when its answer came.
	Started  time.Time
	Received time.Time
	// Previous is when the answer to this poller's previous poll came, zero for
	// its first.
	Previous time.Time
}

// Phase is what a poller is at.
type Phase string

const (
	// PhaseRunning: the bot is polled.
	PhaseRunning Phase = "running"
	// PhaseSessionExpired: the server doesn't know the token any more. The poller
	// tries on; most likely somebody has to scan a QR code.
	PhaseSessionExpired Phase = "session_expired"
	// PhaseConflict: a second program polls with the same token, and the two push
	// each other out. It is told by -14 coming three times within ten minutes
	// although polls in between worked, and over when ten minutes were quiet.
	PhaseConflict Phase = "conflict"
	// PhaseUnreachable: three or more polls in a row have failed.
	PhaseUnreachable Phase = "unreachable"
	// PhaseStopped: the poller has ended.
	PhaseStopped Phase = "stopped"
)

// State is the state of one poller.
type State struct {
	SandboxID string
	BotID     string
	Phase     Phase
	// Err is why it isn't running. With PhaseRunning (or PhaseConflict) it may be
	// what keeps messages from being taken: they are tried again, and there is no
	// poll until then.
	Err error
	// Since is when the phase began.
	Since time.Time
	// NextRetry is when the poller tries again, zero if it isn't waiting.
	NextRetry time.Time
}
