package notify

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// The defaults and bounds of the settings.
const (
	// DefaultTimeout is how long a command may run, and one try of a webhook.
	DefaultTimeout = 10 * time.Second
	// minTimeout finds the timeout that was written without a unit: TOML's
	// number 10 is read as 10 ns.
	minTimeout = 10 * time.Millisecond
	maxTimeout = 5 * time.Minute
)

// Config is the [notify] table. Without a command and a webhook nobody is told.
type Config struct {
	// Command is a program and its arguments, run for each event, without a shell.
	Command []string `toml:"command"`
	// Webhook is a URL to which each event is posted as JSON. It may hold a
	// secret, and is never logged beyond its host.
	Webhook string `toml:"webhook"`
	// Timeout is how long the command may run, and one try of the webhook; 0
	// means DefaultTimeout.
	Timeout time.Duration `toml:"timeout"`
}

// SettingError says which key of the table makes no sense, and why.
type SettingError struct {
	Key     string // "command", "webhook" or "timeout"
	Message string
}

// Error is "notify.key: message".
func (e *SettingError) Error() string { return "notify." + e.Key + ": " + e.Message }

// Validate returns a [*SettingError] for each setting that makes no sense,
// joined.
func (c Config) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, &SettingError{key, fmt.Sprintf(format, args...)})
	}
	if len(c.Command) > 0 && strings.TrimSpace(c.Command[0]) == "" {
		bad("command", "the first element is empty: it is the program to run, as in [\"/usr/local/bin/alert\", \"--bot\"]")
	}
	for i, arg := range c.Command {
		if strings.ContainsRune(arg, 0) {
			bad("command", "element %d contains a NUL character, which no program can be given", i+1)
		}
	}
	if c.Webhook != "" {
		if problem := webhookProblem(c.Webhook); problem != "" {
			bad("webhook", "%s", problem)
		}
	}
	switch {
	case c.Timeout < 0:
		bad("timeout", "%v is negative", c.Timeout)
	case c.Timeout > 0 && c.Timeout < minTimeout:
		bad("timeout", "%v is too short: write it with its unit, as in \"10s\"", c.Timeout)
	case c.Timeout > maxTimeout:
		bad("timeout", "%v is more than %v", c.Timeout, maxTimeout)
	}
	return errors.Join(errs...)
}

// webhookProblem says what is wrong with a URL, without showing it or what
// package url says, which quotes it.
func webhookProblem(s string) string {
	const example = "it is written like https://example.com/path (what was given isn't shown, as it may hold a secret)"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "not a URL: " + example
	case u.Scheme != "http" && u.Scheme != "https":
		return "not an http or https URL: " + example
	case u.Hostname() == "":
		return "the URL has no host: " + example
	}
	return ""
}
