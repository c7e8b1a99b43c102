// Package dev is what "ilinkd dev" does: a simulated server and a bot in one
// process, and a terminal to talk to the bot. It needs no account.
package dev

import (
	"bufio"
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
	// Data is the folder for state, "" for one that is removed at the end.
	Data string
	// Allow is what the script may do beyond messages.
	Allow runtime.AllowConfig
	// Sandbox holds the script. If that is to have a process of its own,
	// SandboxCommand starts it; see [runtime.Config.SandboxCommand].
	Sandbox        runtime.SandboxConfig
	SandboxCommand []string
	// Serve runs until the context ends, without reading In.
	Serve bool
	// In are lines to be sent as messages.
	In io.Reader
	// Screen takes the answers, and whatever isn't one.
	Screen *Screen
	// Logger takes the log. It should write to the screen.
	Logger *slog.Logger
}

// ErrHandlerFailed says that the script failed at a message that was piped in.
var ErrHandlerFailed = errors.New("the script failed, see above")

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
	fmt.Fprintf(opts.Screen.Log(), "edit the script and save it: the next message meets the new version\n")

	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	ended := make(chan error, 1)
	group.Go(func() { ended <- rt.Run(ctx) })
	if opts.Serve {
		return <-ended
	}

	s := &session{opts: opts, sim: sim, rt: rt, bot: name}
	group.Go(func() { s.print(ctx) })
	talked := make(chan error, 1)
	// Not waited for: a read from a terminal can't be interrupted.
	go func() { talked <- s.talk(ctx) }()
	select {
	case err := <-ended:
		return err
	case err := <-talked:
		return err
	}
}

func startSimulator(opts Options) (*ilinksim.Server, error) {
	sim := ilinksim.NewUnstarted(ilinksim.WithLogger(opts.Logger))
	err := sim.Start(opts.Listen)
	if errors.Is(err, syscall.EADDRINUSE) && opts.FreePort {
		fmt.Fprintf(opts.Screen.Log(), "%s is taken, using another port\n", opts.Listen)
		sim = ilinksim.NewUnstarted(ilinksim.WithLogger(opts.Logger))
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

// session is a conversation at the terminal.
type session struct {
	opts Options
	sim  *ilinksim.Server
	rt   *runtime.Runtime
	bot  string

	mu      sync.Mutex
	printed int // the number of the last answer printed
}

// sent counts the bot's sends so far.
func (s *session) sent() int { return len(s.sim.Sent(0)) }

// talk sends each line as a message, and at the end of the input waits until all
// are answered.
func (s *session) talk(ctx context.Context) error {
	lines := bufio.NewScanner(s.opts.In)
	lines.Buffer(nil, maxLine)
	said := 0
	s.opts.Screen.Prompt()
	for lines.Scan() {
		s.opts.Screen.Entered()
		text := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(text) == "" {
			s.opts.Screen.Prompt()
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		in, err := message(text)
		if err != nil {
			if !s.opts.Screen.terminal {
				return err
			}
			fmt.Fprintln(s.opts.Screen.Log(), err)
			s.opts.Screen.Prompt()
			continue
		}
		before := s.sent()
		if _, err := s.sim.Inject(in); err != nil {
			return fmt.Errorf("send the message: %w", err)
		}
		said++
		if !s.opts.Screen.terminal {
			// Input that is piped in comes all at once, faster than anybody writes, and
			// what a message allows is counted from the last one.
			s.settle(ctx, said, before)
		}
		s.opts.Screen.Prompt()
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	last, done := s.handled(ctx, said, endPause)
	if ctx.Err() != nil {
		return nil // interrupted
	}
	if !done {
		s.flush()
		return fmt.Errorf("%d of %d messages were handled within %v", last.Handled+last.Failed, said, endPause)
	}
	s.drain(ctx)
	s.flush()
	if last.Failed > 0 || last.Generation == 0 {
		return ErrHandlerFailed
	}
	return nil
}

// answerPause is how long nothing more must come for an answer to be over while
// its handler goes on: that one waits for the next line, perhaps.
const answerPause = 300 * time.Millisecond

// endPause is how long the bot may take for what was piped in last.
const endPause = 10 * time.Minute

// settle waits until a number of messages is handled, or the bot has sent
// something since the last and then been quiet for a while.
func (s *session) settle(ctx context.Context, said, sentBefore int) {
	last := sentBefore
	for {
		st, done := s.handled(ctx, said, answerPause)
		if done || ctx.Err() != nil || st.Sent > sentBefore && st.Sent == last {
			return
		}
		last = st.Sent
	}
}

// handled waits, at most for a time, until a number of messages is handled, well
// or not, or it is clear that they won't be: the script can't be loaded.
func (s *session) handled(ctx context.Context, said int, limit time.Duration) (last runtime.Status, done bool) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.rt.WaitStatus(ctx, s.bot, func(st runtime.Status) bool {
		last = st
		return st.Handled+st.Failed+st.Asking >= said || st.Generation == 0 && st.ScriptError != ""
	})
	return last, err == nil
}

// drainPause is how long nothing must be sent for the rest to be what waits until the
// user writes again. The pace of sending makes shorter pauses.
const drainPause = time.Second

// drain waits until what handlers have left to be sent is sent, as far as it may be.
func (s *session) drain(ctx context.Context) {
	for moved := true; moved && ctx.Err() == nil; {
		before := s.sent()
		wait, cancel := context.WithTimeout(ctx, drainPause)
		err := s.rt.WaitStatus(wait, s.bot, func(st runtime.Status) bool { return st.Queued == 0 })
		cancel()
		moved = err != nil && s.sent() > before
	}
}

// print prints answers as they come.
func (s *session) print(ctx context.Context) {
	for {
		s.mu.Lock()
		after := s.printed
		s.mu.Unlock()
		if _, err := s.sim.WaitSent(ctx, ilinksim.Filter{To: user}, after); err != nil {
			return
		}
		s.flush()
	}
}

// flush prints what was sent and not printed yet.
func (s *session) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sent := range s.sim.Sent(s.printed) {
		s.printed = sent.N
		text := describe(sent, s.sim.URL)
		if sent.To != user {
			text = "to " + sent.To + ": " + text
		}
		if s.opts.Screen.terminal {
			text = "bot> " + text
		}
		fmt.Fprintln(s.opts.Screen.Out(), text)
	}
}

// describe is what a phone would show, as far as text can.
func describe(sent ilinksim.Sent, base string) string {
	if len(sent.Media) == 0 {
		return sent.Text
	}
	var parts []string
	if sent.Text != "" {
		parts = append(parts, sent.Text)
	}
	for _, m := range sent.Media {
		what := m.Kind
		if m.Name != "" {
			what += " " + m.Name
		}
		line := fmt.Sprintf("[%s, %d bytes: %s]", what, m.Size, base+strings.TrimPrefix(m.URL, base))
		if m.Grey {
			line += " a phone shows a grey box: " + m.Reason
		}
		parts = append(parts, line)
	}
	return strings.Join(parts, "\n")
}
