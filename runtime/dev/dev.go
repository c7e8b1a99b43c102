// Package dev is what "ilinkd dev" does: a simulated server and a bot in one
// process, and a terminal to talk to the bot. It needs no account.
package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
)

// user is who the person at the terminal is to the bot.
const user = "you@im.wechat"

// maxLine is the longest line read from the terminal, in bytes.
const maxLine = 1 << 20

// Options says what to run and where to talk.
type Options struct {
	// Script is the Lua file of the bot.
	Script string
	// Listen is the simulator's address. If it is taken and FreePort is set,
	// another port is used.
	Listen   string
	FreePort bool
	// Quirks are ways of the real server's that the simulator doesn't have by default, and
	// Hosts names besides localhost under which programs may use its control API.
	Quirks []ilinksim.Quirk
	Hosts  []string
	// Data is the folder for state, "" for one that is removed at the end.
	Data string
	// Allow is what the script may do beyond messages.
	Allow runtime.AllowConfig
	// Sandbox holds the script. If that is to have a process of its own,
	// SandboxCommand starts it; see [runtime.Config.SandboxCommand].
	Sandbox        runtime.SandboxConfig
	SandboxCommand []string
	// Wait is how long the end of In waits for what comes by itself then: handlers that
	// sleep, and timers.
	Wait time.Duration
	// Transcript shows on the screen what was said, too, where that isn't a terminal.
	Transcript bool
	// Serve runs until the context ends, without reading In.
	Serve bool
	// In are lines to be sent as messages.
	In io.Reader
	// Screen takes the answers, and whatever isn't one.
	Screen *Screen
	// Logger takes the log. It should write to the screen.
	Logger *slog.Logger
}

var (
	// ErrHandlerFailed says that the script failed at a message that was piped in.
	ErrHandlerFailed = errors.New("the script failed, see above")
	// ErrNotSaid says that a line that was piped in names a file that can't be sent.
	ErrNotSaid = errors.New("not all lines could be sent, see above")
)

// Run runs until ctx ends, or until all that was read from In is answered.
func Run(ctx context.Context, opts Options) error {
	if _, err := os.Stat(opts.Script); err != nil {
		return fmt.Errorf("read the script: %w", err)
	}
	sim, err := startSimulator(opts)
	if err != nil {
		return err
	}
	defer sim.Close()
	data := opts.Data
	if data == "" {
		if data, err = os.MkdirTemp("", "ilinkd-dev-"); err != nil {
			return fmt.Errorf("make a folder for state: %w", err)
		}
		defer os.RemoveAll(data)
	}

	name := botName(opts.Script)
	account := sim.AddBot(name)
	delivery := runtime.DeliveryConfig{}
	if !opts.Serve {
		// Whoever sits there wants to see an error, not to wait for another try.
		delivery.Retries = -1
	}
	rt, err := runtime.New(runtime.Config{
		Delivery:       delivery,
		Data:           data,
		ILink:          runtime.ILinkConfig{BaseURL: account.BaseURL, CDNURL: account.CDNURL, BotAgent: "ilinkd-dev/1"},
		Logger:         opts.Logger,
		SandboxCommand: opts.SandboxCommand,
		Bots: []runtime.BotConfig{{
			Name: name, Script: opts.Script, Allow: opts.Allow, Sandbox: opts.Sandbox,
			Token: &ilink.Token{BotToken: account.Token, BotID: account.ID, BaseURL: account.BaseURL},
		}},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(opts.Screen.Log(), "ilinkd dev: %s as bot %q, simulator at %s\n", opts.Script, name, sim.URL)
	fmt.Fprintf(opts.Screen.Log(), "you are %s\n", user)
	fmt.Fprintf(opts.Screen.Log(), "edit the script and save it: the next message meets the new version\n")

	for _, variable := range opts.Allow.Env {
		if _, set := os.LookupEnv(variable); !set {
			fmt.Fprintf(opts.Screen.Log(), "--env %s: no such variable is set, so the script finds nil there; write %s=VALUE in front of the command\n", variable, variable)
		}
	}
	defer func() {
		opts.Screen.Close()
		io.WriteString(opts.Screen.Log(), needs(opts.Allow, rt.Wrote(name)))
	}()

	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	ended := make(chan error, 1)
	group.Go(func() { ended <- rt.Run(ctx) })
	if opts.Serve {
		return <-ended
	}

	s := &session{opts: opts, sim: sim, rt: rt, bot: name, unread: make(chan error, 1)}
	group.Go(func() { s.print(ctx) })
	talked := make(chan error, 1)
	// Not waited for: a read from a terminal can't be interrupted.
	go func() { talked <- s.talk(ctx) }()
	select {
	case err := <-ended:
		return err
	case err := <-talked:
		return err
	case err := <-s.unread:
		return err // nobody is there any more
	}
}

func startSimulator(opts Options) (*ilinksim.Server, error) {
	made := func() *ilinksim.Server {
		return ilinksim.NewUnstarted(ilinksim.WithLogger(opts.Logger), ilinksim.WithQuirks(opts.Quirks...), ilinksim.WithHosts(opts.Hosts...))
	}
	sim := made()
	err := sim.Start(opts.Listen)
	if errors.Is(err, syscall.EADDRINUSE) && opts.FreePort {
		fmt.Fprintf(opts.Screen.Log(), "%s is taken, using another port\n", opts.Listen)
		sim = made()
		err = sim.Start("127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("start the simulator (choose another address with --listen): %w", err)
	}
	return sim, nil
}

// botName makes a bot's name of a script's.
func botName(script string) string {
	name := strings.ToLower(strings.TrimSuffix(filepath.Base(script), filepath.Ext(script)))
	name = strings.Trim(regexp.MustCompile(`[^a-z0-9_-]+`).ReplaceAllString(name, "-"), "-_")
	if name == "" {
		return "bot"
	}
	return name[:min(len(name), 64)]
}
