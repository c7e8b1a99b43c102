package runtime

import (
	"errors"
	"fmt"
	"log/slog"
	nethttp "net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/luabind/check"
	"github.com/ilinkd/ilinkd/luabind/modules/http"
	"github.com/ilinkd/ilinkd/runtime/internal/files"
	"github.com/ilinkd/ilinkd/runtime/internal/host"
	"github.com/ilinkd/ilinkd/runtime/internal/inbox"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/internal/script"
	"github.com/ilinkd/ilinkd/runtime/notify"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// Config is all that a [Runtime] needs. [LoadConfig] reads one from a file; a Go
// program may as well fill it in. Zero fields mean the defaults, which
// runtime.toml at the repository's root lists with a comment each.
type Config struct {
	// Data is the folder for state: tokens, cursors, downloaded media. It is made
	// with mode 0700. "" means "data".
	Data string `toml:"data"`
	// Listen is the address for GET /healthz, "" for none.
	Listen string `toml:"listen"`
	// ILink says how to reach the server.
	ILink ILinkConfig `toml:"ilink"`
	// Limits are what the server allows, as far as it is known.
	Limits LimitsConfig `toml:"limits"`
	// Delivery says what happens when handling or sending fails.
	Delivery DeliveryConfig `toml:"delivery"`
	// Retention says how long things are kept.
	Retention RetentionConfig `toml:"retention"`
	// Notify tells an operator of bots that need attention.
	Notify notify.Config `toml:"notify"`
	// Bots are the bots to run.
	Bots []BotConfig `toml:"bot"`

	// FreshStore starts with an empty store although a damaged one was set aside.
	FreshStore bool `toml:"-"`
	// VolatileStore does without waiting for the disk: for benchmarks only.
	VolatileStore bool `toml:"-"`
	// Modules are Lua modules of the embedding program, for all bots.
	Modules []luabind.Module `toml:"-"`
	// SandboxCommand starts a process for a script: a program that calls
	// [SandboxMain], and its arguments. A bot can have one only where it is set.
	SandboxCommand []string `toml:"-"`
	// Logger takes the log; nil means slog.Default.
	Logger *slog.Logger `toml:"-"`
	// HTTPClient makes the calls to iLink; nil means a plain one.
	HTTPClient *nethttp.Client `toml:"-"`
	// OnReload is told of each attempt to load a bot's script, the first included.
	// It is called from one goroutine a bot, and must return soon.
	OnReload func(Reload) `toml:"-"`

	pauses  pauses
	checker func() (*check.Checker, error)
}

// pauses are how long sending pauses at first after a failure of a kind, and a
// script that hits its limits; they are doubled from there. Tests shorten them.
type pauses struct{ trouble, session, slow time.Duration }

// ILinkConfig is the [ilink] table.
type ILinkConfig struct {
	BaseURL  string `toml:"base_url"`
	CDNURL   string `toml:"cdn_url"`
	BotAgent string `toml:"bot_agent"`
	RouteTag string `toml:"route_tag"`
}

// LimitsConfig is the [limits] table: what the server allows (protocol §4).
type LimitsConfig struct {
	// PerInbound is how many messages a user's message allows; -1 is no limit.
	PerInbound int `toml:"per_inbound"`
	// Window is how long after a user's message something may be sent.
	Window Duration `toml:"window"`
	// WhenFull is what becomes of a send that the window has no room for, unless
	// the script says otherwise: defer, fail or nudge.
	WhenFull string `toml:"when_full"`
	// NudgeText tells a user that more is waiting.
	NudgeText string `toml:"nudge_text"`
	// Lifetime is how long a send may wait.
	Lifetime Duration `toml:"lifetime"`
	// MaxQueued is how many sends of a conversation may wait.
	MaxQueued int `toml:"max_queued"`
	// ParallelSends is how many requests a bot has under way at once.
	ParallelSends int `toml:"parallel_sends"`
	// MinGap is the least time between two sends of a bot beyond a burst.
	MinGap Duration `toml:"min_gap"`
	// Burst is how many sends may go out without that gap.
	Burst int `toml:"burst"`
	// TextRunes is how long a text message may be; longer ones are split.
	TextRunes int `toml:"text_runes"`
}

// DeliveryConfig is the [delivery] table.
type DeliveryConfig struct {
	// OnUncertain is what happens to a send of which it isn't known whether it
	// reached the user: UncertainResend or UncertainHold.
	OnUncertain string `toml:"on_uncertain"`
	// Retries is how often a handler that failed is tried again, over RetryOver;
	// -1 is never.
	Retries   int      `toml:"retries"`
	RetryOver Duration `toml:"retry_over"`
	// StopTimeout is how long handlers may go on when the bot stops, and how long
	// what may be sent is being sent then.
	StopTimeout Duration `toml:"stop_timeout"`
}

// Values of DeliveryConfig.OnUncertain.
const (
	UncertainResend = "resend"
	UncertainHold   = "hold"
)

// RetentionConfig is the [retention] table; see [store.Retention].
type RetentionConfig struct {
	Seen         Duration `toml:"seen"`
	Inbox        Duration `toml:"inbox"`
	Outbox       Duration `toml:"outbox"`
	Quotes       Duration `toml:"quotes"`
	QuotesPerBot int      `toml:"quotes_per_bot"`
	Media        Duration `toml:"media"`
	MediaBytes   int64    `toml:"media_bytes"`
	// KVBytes is how much a bot may keep with kv.
	KVBytes int64 `toml:"kv_bytes"`
}

// BotConfig is a [[bot]] table.
type BotConfig struct {
	// Name is the bot's name here: in logs, in file names, on the command line.
	Name string `toml:"name"`
	// Script is the Lua file that is the bot's behaviour.
	Script string `toml:"script"`
	// TokenFile is where "ilinkd login" puts the bot's token; "" means
	// <data>/<name>.token.json.
	TokenFile string `toml:"token_file"`
	// TokenEnv names an environment variable that holds the token instead.
	TokenEnv string `toml:"token_env"`
	// Parallel is how many conversations are handled side by side.
	Parallel int `toml:"parallel"`
	// Sandbox are the script's limits.
	Sandbox SandboxConfig `toml:"sandbox"`
	// Allow is what the script may do beyond messages.
	Allow AllowConfig `toml:"allow"`
	// Forward hands the messages to another process instead of a script.
	Forward ForwardConfig `toml:"forward"`

	// Token is the token itself, for embedding programs.
	Token *ilink.Token `toml:"-"`
}

// SandboxConfig is the [bot.sandbox] table; see [luabind.Limits].
type SandboxConfig struct {
	Instructions int64    `toml:"instructions"`
	CPU          Duration `toml:"cpu"`
	StringBytes  int      `toml:"string"`
	Memory       int64    `toml:"memory"`
	Sends        int      `toml:"sends"`
	Wall         Duration `toml:"wall"`
	LoadWall     Duration `toml:"load_wall"`
	SourceBytes  int      `toml:"source_bytes"`
	Handlers     int      `toml:"handlers"`
	// Isolation is where the script runs: IsolationHost, which "" means, or
	// IsolationProcess.
	Isolation string `toml:"isolation"`
	// ProcessMemory is how many bytes the process of a script may take; 0 means
	// enough for Memory.
	ProcessMemory int64 `toml:"process_memory"`
}

// AllowConfig is the [bot.allow] table.
type AllowConfig struct {
	// SendAs are other bots as which the script may send.
	SendAs []string `toml:"send_as"`
	// Files are the folders and files, below the script's folder, that the script may
	// write; "." is that folder itself.
	Files []string `toml:"files"`
	// FilesBytes is how much these may hold in all; 0 means 256 MiB.
	FilesBytes int64 `toml:"files_bytes"`
	// Env are the environment variables that the script may read.
	Env []string `toml:"env"`
	// HTTP are the hosts that the script may ask, nil for all public ones; see
	// http.Options.
	HTTP []string `toml:"http"`
}

// ForwardConfig is the [bot.forward] table: messages are posted to another
// process, as the bridge package describes, and are in the inbox until that took
// them.
type ForwardConfig struct {
	// URL is the process's base URL; /metadata and /message are posted below it.
	URL string `toml:"url"`
	// SecretEnv names the environment variable with the bearer secret.
	SecretEnv string `toml:"secret_env"`
}

// Duration is a time.Duration written as in "350ms" or "24h".
type Duration time.Duration

// UnmarshalText reads the form that time.ParseDuration takes; it must not be
// negative.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write it like \"350ms\", \"10s\" or \"24h\"", b)
	}
	if v < 0 {
		return fmt.Errorf("%q is negative", b)
	}
	*d = Duration(v)
	return nil
}

// The defaults. Those of the sandbox are luabind's.
const (
	defaultData = "data"

	defaultStopTimeout = 10 * time.Second

	// leastOverhead is what a process needs at least beside what its script holds.
	leastOverhead = 32 << 20
)

// ConfigError says what is wrong with a configuration, and where.
type ConfigError struct {
	// File is the configuration's path, "" where it came from a Go program.
	File string
	// Line is the line, from 1; 0 where it isn't known.
	Line int
	// Key is the setting, such as "bot.script".
	Key string
	// Message says what is wrong and what to do.
	Message string
}

// Error is "file:line: key: message", without what isn't known.
func (e *ConfigError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

var (
	botName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// withDefaults returns the configuration with its defaults filled in, or a
// [*ConfigError] for each setting that makes no sense.
func (c Config) withDefaults() (Config, error) {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, &ConfigError{Key: key, Message: fmt.Sprintf(format, args...)})
	}
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&c.Data, defaultData)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &nethttp.Client{}
	}
	for key, u := range map[string]string{"ilink.base_url": c.ILink.BaseURL, "ilink.cdn_url": c.ILink.CDNURL} {
		if parsed, err := url.Parse(u); u != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
			bad(key, "%q is not a URL: it begins with https://", u)
		}
	}
	c.defaultLimits()
	l := c.Limits
	if l.Burst < 0 {
		bad("limits.burst", "%d is negative", l.Burst)
	}
	if l.TextRunes < 0 || l.TextRunes > 4000 {
		bad("limits.text_runes", "%d is not between 1 and 4000", l.TextRunes)
	}
	if l.PerInbound < -1 {
		bad("limits.per_inbound", "%d is neither a number of messages nor -1, for no limit", l.PerInbound)
	}
	if l.MaxQueued < 0 {
		bad("limits.max_queued", "%d is negative", l.MaxQueued)
	}
	if l.ParallelSends < 0 || l.ParallelSends > 64 {
		bad("limits.parallel_sends", "%d is not between 1 and 64", l.ParallelSends)
	}
	if !slices.Contains([]string{store.ModeDefer, store.ModeFail, store.ModeNudge}, l.WhenFull) {
		bad("limits.when_full", "%q is none of defer, fail, nudge", l.WhenFull)
	}
	if d := c.Delivery; d.OnUncertain != UncertainResend && d.OnUncertain != UncertainHold {
		bad("delivery.on_uncertain", "%q is neither resend nor hold", d.OnUncertain)
	}
	if c.Delivery.Retries < -1 {
		bad("delivery.retries", "%d is neither a number of tries nor -1, for none", c.Delivery.Retries)
	}
	if err := c.Notify.Validate(); err != nil {
		bad("notify", "%v", err)
	}

	c.Bots = append([]BotConfig(nil), c.Bots...)
	seen := map[string]bool{}
	for i := range c.Bots {
		b := &c.Bots[i]
		switch {
		case b.Name == "":
			bad("bot.name", "bot number %d has no name", i+1)
		case !botName.MatchString(b.Name):
			bad("bot.name", "%q is not a name: use a-z, 0-9, - and _", b.Name)
		case seen[b.Name]:
			bad("bot.name", "there are two bots named %q", b.Name)
		}
		seen[b.Name] = true
		switch {
		case b.Script == "" && b.Forward.URL == "":
			bad("bot.script", "bot %q has no script", b.Name)
		case b.Script != "" && b.Forward.URL != "":
			bad("bot.forward", "bot %q has a script and forwards its messages: keep one", b.Name)
		}
		if u := b.Forward.URL; u != "" {
			if parsed, err := url.Parse(u); err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
				bad("bot.forward.url", "%q is not a URL: it begins with http:// or https://", u)
			}
		}
		if b.TokenFile != "" && b.TokenEnv != "" {
			bad("bot.token_file", "bot %q has a token_file and a token_env: keep one", b.Name)
		}
		if b.TokenEnv == "" {
			set(&b.TokenFile, defaultTokenFile(c.Data, b.Name))
		}
		if b.Allow.FilesBytes < 0 {
			bad("bot.allow.files_bytes", "%d is not a size", b.Allow.FilesBytes)
		}
		orDefault(&b.Allow.FilesBytes, files.DefaultBytes)
		for _, dir := range b.Allow.Files {
			if !filepath.IsLocal(dir) {
				bad("bot.allow.files", "%q does not lie below the script's folder", dir)
			}
		}
		for _, name := range b.Allow.Env {
			switch {
			case !envName.MatchString(name):
				bad("bot.allow.env", "%q is not the name of an environment variable", name)
			case name == b.TokenEnv:
				bad("bot.allow.env", "%q has the bot's token, which scripts must not see", name)
			}
		}
		for _, host := range b.Allow.HTTP {
			if err := http.CheckRule(host); err != nil {
				bad("bot.allow.http", "%q %v", host, err)
			}
		}
		if b.Parallel == 0 {
			b.Parallel = inbox.DefaultParallel
		}
		if b.Parallel < 0 {
			bad("bot.parallel", "bot %q has a negative limit", b.Name)
		}
		s := b.Sandbox
		if s.Instructions < 0 || s.StringBytes < 0 || s.Memory < 0 || s.Sends < 0 || s.SourceBytes < 0 || s.Handlers < 0 {
			bad("bot.sandbox", "bot %q has a negative limit", b.Name)
		}
		if !slices.Contains([]string{"", IsolationHost, IsolationProcess}, s.Isolation) {
			bad("bot.sandbox.isolation", "%q is neither host nor process", s.Isolation)
		}
		if least := s.limits().OrDefaults().Memory + leastOverhead; s.ProcessMemory != 0 && s.ProcessMemory < least {
			bad("bot.sandbox.process_memory", "%d is not enough: memory and what Go needs beside it make %d", s.ProcessMemory, least)
		}
	}
	return c, errors.Join(errs...)
}

// defaultTokenFile is where a bot's token is kept if no other place is given.
func defaultTokenFile(data, bot string) string { return filepath.Join(data, bot+".token.json") }

// differs names the tables outside the bots in which another configuration
// differs.
func (c Config) differs(other Config) []string {
	var keys []string
	a, b := reflect.ValueOf(c), reflect.ValueOf(other)
	for i := range a.NumField() {
		name := a.Type().Field(i).Tag.Get("toml")
		if name != "" && name != "-" && name != "bot" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			keys = append(keys, name)
		}
	}
	return keys
}

// orDefault sets a setting that is not set.
func orDefault[T comparable](setting *T, value T) {
	var unset T
	if *setting == unset {
		*setting = value
	}
}

// WithDefaults returns the limits with those filled in that aren't set.
func (l LimitsConfig) WithDefaults() LimitsConfig {
	c := Config{Limits: l}
	c.defaultLimits()
	return c.Limits
}

func (c *Config) defaultLimits() {
	l := &c.Limits
	orDefault(&l.PerInbound, outbox.DefaultPerInbound)
	orDefault(&l.Window, Duration(outbox.DefaultWindow))
	orDefault(&l.WhenFull, outbox.DefaultWhenFull)
	orDefault(&l.NudgeText, outbox.DefaultNudgeText)
	orDefault(&l.Lifetime, Duration(outbox.DefaultLifetime))
	orDefault(&l.MaxQueued, outbox.DefaultMaxQueued)
	orDefault(&l.ParallelSends, outbox.DefaultParallelSends)
	orDefault(&l.MinGap, Duration(outbox.DefaultMinGap))
	orDefault(&l.Burst, outbox.DefaultBurst)
	orDefault(&l.TextRunes, outbox.DefaultTextRunes)
	d := &c.Delivery
	orDefault(&d.OnUncertain, UncertainResend)
	orDefault(&d.Retries, inbox.DefaultRetries)
	orDefault(&d.RetryOver, Duration(inbox.DefaultRetryOver))
	orDefault(&d.StopTimeout, Duration(defaultStopTimeout))
	r, std := &c.Retention, store.DefaultRetention()
	orDefault(&r.Seen, Duration(std.Seen))
	orDefault(&r.Inbox, Duration(std.Inbox))
	orDefault(&r.Outbox, Duration(std.Outbox))
	orDefault(&r.Quotes, Duration(std.Quotes))
	orDefault(&r.QuotesPerBot, std.QuotesPerBot)
	orDefault(&r.Media, Duration(std.MediaAge))
	orDefault(&r.MediaBytes, std.MediaBytes)
	orDefault(&r.KVBytes, host.DefaultKVBytes)
	orDefault(&c.pauses.trouble, outbox.DefaultTroublePause)
	orDefault(&c.pauses.session, outbox.DefaultSessionPause)
	orDefault(&c.pauses.slow, script.DefaultPause)
}

func (r RetentionConfig) retention() store.Retention {
	return store.Retention{
		Seen: time.Duration(r.Seen), Inbox: time.Duration(r.Inbox), Outbox: time.Duration(r.Outbox), Quotes: time.Duration(r.Quotes),
		QuotesPerBot: r.QuotesPerBot, MediaAge: time.Duration(r.Media), MediaBytes: r.MediaBytes,
	}
}

func (s SandboxConfig) limits() luabind.Limits {
	return luabind.Limits{
		Instructions: s.Instructions, CPU: time.Duration(s.CPU), StringBytes: s.StringBytes, Memory: s.Memory, Sends: s.Sends, Wall: time.Duration(s.Wall), LoadWall: time.Duration(s.LoadWall),
		SourceBytes: s.SourceBytes, Handlers: s.Handlers,
	}
}
