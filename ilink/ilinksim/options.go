package ilinksim

import (
	"log/slog"
	"strings"
	"time"
)

// An Option changes one setting of a new simulator.
type Option func(*options)

type options struct {
	limits      Limits
	hold        time.Duration
	suggested   time.Duration
	manualClock bool
	start       time.Time
	logger      *slog.Logger
	repeated    RepeatMode
	autoConfirm bool
	autoBot     string
	tokenLife   time.Duration
	baseURL     string
	quirks      []Quirk
	hosts       []string // that the control API is reached as
}

const (
	// defaultSuggested is the longpolling_timeout_ms of the real server.
	defaultSuggested = 35 * time.Second
	// defaultHold is how long the real server holds a poll (protocol §2, §3).
	defaultHold = 35 * time.Second
	// suggestSlack is added to the hold for the suggested client time-out: a
	// client that gives up in the instant the server answers loses the batch.
	suggestSlack = 5 * time.Second
	// defaultTokenLife is when the real server is said to forget a token.
	defaultTokenLife = 30 * 24 * time.Hour
)

func defaultOptions() options {
	return options{
		limits:    DefaultLimits(),
		hold:      defaultHold,
		logger:    slog.New(slog.DiscardHandler),
		tokenLife: defaultTokenLife,
		repeated:  RepeatAccept,
	}
}

func (o *options) complete() {
	if o.suggested == 0 {
		o.suggested = o.hold + suggestSlack
		if o.hold == defaultHold {
			o.suggested = defaultSuggested
		}
	}
}

// WithLimits sets the send limits. Fields left 0 keep their default; a
// negative field switches that limit off; Disabled switches all off.
func WithLimits(l Limits) Option {
	return func(o *options) { o.limits = l.withDefaults() }
}

// WithHold sets how long getupdates and get_qrcode_status are held when there
// is nothing to say, in real time. Default: 35 s.
func WithHold(d time.Duration) Option {
	return func(o *options) { o.hold = d }
}

// WithSuggestedTimeout sets the longpolling_timeout_ms of getupdates answers.
// Default: 35 s, or the hold plus 5 s where that was set. Negative: the field is
// left out.
func WithSuggestedTimeout(d time.Duration) Option {
	return func(o *options) { o.suggested = d }
}

// WithStart sets what the simulator's clock shows at first; it goes on at the
// speed of the real clock. Default: the real time.
func WithStart(t time.Time) Option {
	return func(o *options) { o.start = t }
}

// WithManualClock makes the simulator's clock stand still at start (zero: the
// real time of now) but for Advance. Mind the burst throttle: with no Advance
// between them all sends happen in the same instant.
func WithManualClock(start time.Time) Option {
	return func(o *options) { o.manualClock, o.start = true, start }
}

// WithLogger sets where the simulator logs: each call at debug level, with
// the reason of every refusal. Default: nowhere.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) {
		if l != nil {
			o.logger = l
		}
	}
}

// A RepeatMode says what happens to a send whose client_id the same bot has
// used before.
type RepeatMode string

const (
	// RepeatAccept delivers it again, under a new message id, and marks it as
	// a repeat in Sent. The default.
	RepeatAccept RepeatMode = "accept"
	// RepeatDrop answers with success and the first message id and delivers
	// nothing; it is recorded in Repeats.
	RepeatDrop RepeatMode = "drop"
)

// WithRepeatedClientID sets what happens to repeated client ids.
func WithRepeatedClientID(m RepeatMode) Option {
	return func(o *options) { o.repeated = m }
}

// WithAutoConfirm lets every login succeed with nobody's help: the first
// status poll of a QR code answers scaned, the next confirmed. The logins are
// for the given bot, or for a new one each time where botID is "".
func WithAutoConfirm(bot string) Option {
	return func(o *options) { o.autoConfirm, o.autoBot = true, botID(bot) }
}

// WithTokenLife sets after how much simulated time a bot's token is answered
// with -14 until the next login. Default: 30 days; negative: never.
func WithTokenLife(d time.Duration) Option {
	return func(o *options) {
		if d != 0 {
			o.tokenLife = d
		}
	}
}

// WithBaseURL sets the URL under which clients reach the simulator, where
// that isn't the address it listens on: behind a proxy, or with Handler.
func WithBaseURL(base string) Option {
	return func(o *options) { o.baseURL = strings.TrimRight(base, "/") }
}
