package runtime

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
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
	// Bots are the bots to run.
	Bots []BotConfig `toml:"bot"`

	// Modules are Lua modules of the embedding program, for all bots.
	Modules []luabind.Module `toml:"-"`
	// Logger takes the log; nil means slog.Default.
	Logger *slog.Logger `toml:"-"`
	// HTTPClient makes the calls to iLink; nil means a plain one.
	HTTPClient *http.Client `toml:"-"`
	// OnReload is told of each attempt to load a bot's script, the first included.
	// It is called from one goroutine a bot, and must return soon.
	OnReload func(Reload) `toml:"-"`
}

// ILinkConfig is the [ilink] table.
type ILinkConfig struct {
	BaseURL  string `toml:"base_url"`
	CDNURL   string `toml:"cdn_url"`
	BotAgent string `toml:"bot_agent"`
	RouteTag string `toml:"route_tag"`
}

// LimitsConfig is the [limits] table: what the server allows (protocol §4).
type LimitsConfig struct {
	// MinGap is the least time between two sends of a bot beyond a burst.
	MinGap Duration `toml:"min_gap"`
	// Burst is how many sends may go out without that gap.
	Burst int `toml:"burst"`
	// TextRunes is how long a text message may be; longer ones are split.
	TextRunes int `toml:"text_runes"`
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
	// Sandbox are the script's limits.
	Sandbox SandboxConfig `toml:"sandbox"`
	// Allow is what the script may do beyond messages.
	Allow AllowConfig `toml:"allow"`

	// Token is the token itself, for embedding programs.
	Token *ilink.Token `toml:"-"`
}

// SandboxConfig is the [bot.sandbox] table; see [luabind.Limits].
type SandboxConfig struct {
	Instructions int64    `toml:"instructions"`
	Wall         Duration `toml:"wall"`
	LoadWall     Duration `toml:"load_wall"`
	SourceBytes  int      `toml:"source_bytes"`
	Handlers     int      `toml:"handlers"`
}

// AllowConfig is the [bot.allow] table.
type AllowConfig struct {
	// Files are the folders, below the script's, into which the script may save.
	Files []string `toml:"files"`
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
	defaultData      = "data"
	defaultMinGap    = 350 * time.Millisecond // protocol §4: pace a bot's sends
	defaultBurst     = 3                      // protocol §4: about 3 in a second trip the throttle
	defaultTextRunes = ilink.MaxTextRunes
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

var botName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

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
		c.HTTPClient = &http.Client{}
	}
	for key, u := range map[string]string{"ilink.base_url": c.ILink.BaseURL, "ilink.cdn_url": c.ILink.CDNURL} {
		if parsed, err := url.Parse(u); u != "" && (err != nil || parsed.Host == "" || !strings.HasPrefix(parsed.Scheme, "http")) {
			bad(key, "%q is not a URL: it begins with https://", u)
		}
	}
	if c.Limits.MinGap == 0 {
		c.Limits.MinGap = Duration(defaultMinGap)
	}
	if c.Limits.Burst == 0 {
		c.Limits.Burst = defaultBurst
	}
	if c.Limits.TextRunes == 0 {
		c.Limits.TextRunes = defaultTextRunes
	}
	if c.Limits.Burst < 0 {
		bad("limits.burst", "%d is negative", c.Limits.Burst)
	}
	if n := c.Limits.TextRunes; n < 0 || n > 4000 {
		bad("limits.text_runes", "%d is not between 1 and 4000", n)
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
		if b.Script == "" {
			bad("bot.script", "bot %q has no script", b.Name)
		}
		if b.TokenFile != "" && b.TokenEnv != "" {
			bad("bot.token_file", "bot %q has a token_file and a token_env: keep one", b.Name)
		}
		if b.TokenEnv == "" {
			set(&b.TokenFile, filepath.Join(c.Data, b.Name+".token.json"))
		}
		for _, dir := range b.Allow.Files {
			if !filepath.IsLocal(dir) {
				bad("bot.allow.files", "%q does not lie below the script's folder", dir)
			}
		}
		s := b.Sandbox
		if s.Instructions < 0 || s.SourceBytes < 0 || s.Handlers < 0 {
			bad("bot.sandbox", "bot %q has a negative limit", b.Name)
		}
	}
	return c, errors.Join(errs...)
}

func (s SandboxConfig) limits() luabind.Limits {
	return luabind.Limits{
		Instructions: s.Instructions, Wall: time.Duration(s.Wall), LoadWall: time.Duration(s.LoadWall),
		SourceBytes: s.SourceBytes, Handlers: s.Handlers,
	}
}
