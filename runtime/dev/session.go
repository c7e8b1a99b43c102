package dev

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/termlog"
)

// session is a conversation at the terminal.
type session struct {
	opts Options
	sim  *ilinksim.Server
	rt   *runtime.Runtime
	bot  string
	// unread has the error once the answers can no longer be printed.
	unread chan error

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
	said, unsaid := 0, false
	s.opts.Screen.Prompt()
	for number := 1; lines.Scan(); number++ {
		s.opts.Screen.Entered()
		text := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(text) == "" {
			s.opts.Screen.Prompt()
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if s.opts.Transcript {
			fmt.Fprintln(s.opts.Screen.Out(), prompt+termlog.Safe(text))
		}
		in, err := message(text)
		if err != nil {
			if !s.opts.Screen.terminal {
				unsaid = true
				err = fmt.Errorf("line %d: %w", number, err)
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
			s.flush()
		}
		s.opts.Screen.Prompt()
	}
	s.opts.Screen.Close()
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	if err := s.end(ctx, said); err != nil || ctx.Err() != nil {
		return err
	}
	if unsaid {
		return ErrNotSaid
	}
	return nil
}

const (
	// answerPause is how long nothing more must come for an answer to be over while
	// its handler goes on.
	answerPause = 300 * time.Millisecond
	// endPause is how long the bot may take for what was piped in last.
	endPause = 10 * time.Minute
)

// settle waits until a number of messages is handled, or the bot has sent
// something since the last and then been quiet for a while.
func (s *session) settle(ctx context.Context, said, sentBefore int) {
	last, until := sentBefore, time.Now().Add(s.opts.Wait)
	for {
		st, _, err := s.quiet(ctx, said, answerPause, func(o runtime.Outlook) bool {
			return o.Comes(until, o.Sleeps)
		})
		if err == nil || ctx.Err() != nil || st.Sent > sentBefore && st.Sent == last {
			return
		}
		last = st.Sent
	}
}

// end waits until all that was said is answered, and what comes by itself soon after has
// come. It says what is still to come.
func (s *session) end(ctx context.Context, said int) error {
	st, o, err := s.quiet(ctx, said, endPause, func(runtime.Outlook) bool { return false })
	if err == nil && !notLoaded(st) {
		until := time.Now().Add(s.opts.Wait)
		st, o, err = s.quiet(ctx, said, s.opts.Wait+endPause, func(o runtime.Outlook) bool {
			return o.Comes(until, o.Sleeps, o.Asks, o.Timers, []time.Time{o.SendsAt})
		})
	}
	s.flush()
	switch {
	case ctx.Err() != nil:
		return nil // interrupted
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("not all was handled within %v", endPause)
	case err != nil:
		return err
	}
	for _, line := range stillToCome(o, time.Now()) {
		fmt.Fprintln(s.opts.Screen.Log(), line)
	}
	if st.Failed > 0 || notLoaded(st) {
		return ErrHandlerFailed
	}
	return nil
}

// quiet waits, at most for a limit, until a number of messages has come to the bot,
// nothing runs or is sent, and nothing more comes; or it is clear that nothing will run:
// the script can't be loaded.
func (s *session) quiet(ctx context.Context, said int, limit time.Duration, comes func(runtime.Outlook) bool) (st runtime.Status, o runtime.Outlook, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = s.rt.WaitOutlook(ctx, s.bot, func(now runtime.Status, next runtime.Outlook) bool {
		st, o = now, next
		return notLoaded(st) || st.Messages >= said && !o.Busy && !comes(o)
	})
	return st, o, err
}

func notLoaded(st runtime.Status) bool { return st.Generation == 0 && st.ScriptError != "" }

// stillToCome says what a bot has before it that nobody waits for.
func stillToCome(o runtime.Outlook, now time.Time) (lines []string) {
	say := func(n int, one, many, more string) {
		switch {
		case n == 1:
			lines = append(lines, "1 "+one+more)
		case n > 1:
			lines = append(lines, fmt.Sprintf("%d %s%s", n, many, more))
		}
	}
	first := func(times []time.Time) string {
		if len(times) == 0 {
			return ""
		}
		return " (in " + span(slices.MinFunc(times, time.Time.Compare).Sub(now)) + ")"
	}
	say(len(o.Asks), "handler waits for an answer", "handlers wait for answers", "")
	say(len(o.Sleeps), "handler sleeps and goes on", "handlers sleep and go on", first(o.Sleeps))
	say(len(o.Timers), "timer is still to come", "timers are still to come", first(o.Timers))
	say(o.Queued, "message waits until its user writes", "messages wait until their users write", "")
	return lines
}

// span is a length of time for people, such as "45s", "20m" or "1h30m".
func span(d time.Duration) string {
	if d < time.Minute {
		return d.Round(time.Second).String()
	}
	text := strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	if strings.HasSuffix(text, "h0m") {
		return strings.TrimSuffix(text, "0m")
	}
	return text
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
		// A program that reads it gets it as it is.
		if s.opts.Screen.terminal || s.opts.Transcript {
			text = answerPrompt + termlog.SafeLines(text, strings.Repeat(" ", len(answerPrompt)))
		}
		if _, err := fmt.Fprintln(s.opts.Screen.Out(), text); err != nil {
			select {
			case s.unread <- fmt.Errorf("print the answers: %w", err):
			default: // it is known
			}
		}
	}
}

// answerPrompt stands before the bot's messages.
const answerPrompt = "bot> "

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
