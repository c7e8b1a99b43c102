package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/ilinkd/ilinkd/runtime"
	"github.com/ilinkd/ilinkd/runtime/store"
)

var (
	// ErrNotRunning says that no ilinkd runs on the data folder.
	ErrNotRunning = errors.New("ilinkd is not running")
	// ErrAttention says that a bot needs attention.
	ErrAttention = errors.New("not all bots run")
)

// askTimeout bounds the wait for the running process, which answers from memory.
const askTimeout = 5 * time.Second

// Status prints how the bots of the running process are. It returns an
// [ErrAttention] if one of them doesn't run, and an [ErrNotRunning] if there is
// no process; then it prints what the store has waiting.
func Status(ctx context.Context, o Options) error {
	bots, trouble, err := askAll(ctx, o.Config.Data)
	if errors.Is(err, ErrNotRunning) {
		return errors.Join(o.printRest(ctx), err)
	}
	if err != nil {
		return err
	}
	if o.JSON {
		answer := map[string]any{"running": true, "bots": bots}
		if trouble != "" {
			answer["store"] = trouble
		}
		err = o.printJSON(answer)
	} else {
		text := statusText(bots, time.Now())
		if trouble != "" {
			text += "\nNothing can be stored, so that no message is taken: " + line(trouble) + "\n"
		}
		err = o.print(text)
	}
	if err != nil {
		return err
	}
	if trouble != "" {
		return fmt.Errorf("%w: nothing can be stored: %s", ErrAttention, line(trouble))
	}
	var down []string
	for _, s := range bots {
		if !s.Running() {
			down = append(down, s.Bot)
		}
	}
	if len(down) > 0 {
		return fmt.Errorf("%w: see %s", ErrAttention, strings.Join(down, ", "))
	}
	return nil
}

// ask asks the running process for the bots' states.
func ask(ctx context.Context, data string) ([]runtime.Status, error) {
	bots, _, err := askAll(ctx, data)
	return bots, err
}

// askAll asks the running process for the bots' states, and why nothing can be
// stored, "" if it can.
func askAll(ctx context.Context, data string) (bots []runtime.Status, trouble string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	path := runtime.SocketPath(data)
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://ilinkd/healthz", nil)
	if err != nil {
		return nil, "", fmt.Errorf("ask for the status: %w", err)
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, "", fmt.Errorf("%w on the data folder %s: start it with \"ilinkd run\"", ErrNotRunning, data)
	case errors.Is(err, syscall.EINVAL):
		return nil, "", fmt.Errorf("ask for the status: the path %s is longer than the system allows for a socket: give data in the configuration a shorter one, or ask at the address of listen", path)
	case err != nil:
		return nil, "", fmt.Errorf("ask for the status: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusServiceUnavailable {
		return nil, "", fmt.Errorf("ask for the status: the process answers %s", resp.Status)
	}
	var answer struct {
		Bots  []runtime.Status
		Store string
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, "", fmt.Errorf("read the status: %w", err)
	}
	return answer.Bots, answer.Store, nil
}

// statusText is the table, and below it what is to be done.
func statusText(bots []runtime.Status, now time.Time) string {
	if len(bots) == 0 {
		return "ilinkd is running, with no bots: add a [[bot]] to the configuration.\n"
	}
	var rows [][]string
	var notes strings.Builder
	for _, s := range bots {
		script := fmt.Sprint("generation ", s.Generation)
		switch {
		case s.Forwards:
			script = "forwards"
		case s.Generation == 0:
			script = "none"
		}
		if s.Isolated {
			script += ", own process"
		}
		if s.ScriptError != "" {
			script += ", error"
		}
		row := []string{s.Bot, s.State, script}
		for _, n := range []int{s.Received, s.Handled, s.Failed, s.Waiting, s.Sent, s.Queued} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
		for _, n := range advice(s, now) {
			fmt.Fprintf(&notes, "%s: %s\n", s.Bot, line(n))
		}
	}
	text := table([]string{"BOT", "STATE", "SCRIPT", ">RECEIVED", ">HANDLED", ">FAILED", ">WAITING", ">SENT", ">QUEUED"}, rows)
	if notes.Len() > 0 {
		text += "\n" + notes.String()
	}
	return text
}

// advice says what is the matter with a bot and what to do.
func advice(s runtime.Status, now time.Time) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	because := ""
	if s.Error != "" {
		because = " (" + s.Error + ")"
	}
	login := fmt.Sprintf("run \"ilinkd login --bot %s\"", s.Bot)
	switch s.State {
	case runtime.StateRunning:
	case runtime.StateStarting:
		note("it is starting")
	case runtime.StateNoToken:
		note("it has no token: %s%s", login, because)
	case runtime.StateSessionExpired:
		since := ""
		if !s.SessionExpired.IsZero() {
			since = fmt.Sprintf(", since %s (%s)", clock(s.SessionExpired, now), span(now.Sub(s.SessionExpired)))
		}
		note("the server knows its token no more%s: %s", since, login)
	case runtime.StateConflict:
		note("another program polls with the same token: stop that one, or %s", login)
	case runtime.StateSuspended:
		note("it is suspended until %s, and messages wait: %s; mend the script, or raise the limit in [bot.sandbox]",
			clock(s.SuspendedUntil, now), s.Suspended)
	case runtime.StateUnreachable:
		note("the server can't be reached, it goes on trying%s", because)
	default:
		note("it doesn't run%s: see the log", because)
	}
	switch {
	case s.ScriptError != "" && s.Generation > 0:
		note("the script as it is now could not be loaded, generation %d stays in use: %s", s.Generation, s.ScriptError)
	case s.ScriptError != "":
		note("the script could not be loaded, messages wait until it is mended: %s", s.ScriptError)
	}
	if s.Deaths > 0 {
		note("processes of the script that died, and were replaced: %d: see the log", s.Deaths)
	}
	if s.ThrottledUntil.After(now) {
		note("the server throttles it until %s, then it goes on by itself", clock(s.ThrottledUntil, now))
	}
	if s.SuppressedUsers > 0 {
		note("the server accepts messages to %d of its users and doesn't deliver them: pushes wait, an answer tries again when they write; see \"ilinkd outbox list --bot %s\"",
			s.SuppressedUsers, s.Bot)
	} else if s.Unconfirmed > 0 {
		note("messages that the server accepted and didn't deliver since the start: %d; it delivers again", s.Unconfirmed)
	}
	if s.Held > 0 {
		note("the script hits its limits again and again with the messages of %d of its users, which are held; others are handled: mend the script, or raise the limit that the log names", s.Held)
	}
	if s.Failed > 0 {
		note("the script failed at messages: see \"ilinkd inbox list --bot %s\"", s.Bot)
	}
	return notes
}

// clock is a time for people, with the day where that isn't today.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}

// Rest is what the store has left for a bot that doesn't run.
type Rest struct {
	Bot     string `json:"bot"`
	Waiting int    `json:"waiting"` // messages to be handled
	Dead    int    `json:"dead"`    // messages at which the script failed for good
	Queued  int    `json:"queued"`  // to be sent
	Held    int    `json:"held"`    // to be decided about
}

// printRest prints what the store has waiting.
func (o Options) printRest(ctx context.Context) error {
	all := []Rest{}
	err := o.withStore(ctx, func(st *store.Store) (err error) {
		all, err = rest(ctx, o.Config, st)
		return err
	})
	if errors.Is(err, store.ErrNoStore) {
		all, err = []Rest{}, nil
	}
	if err != nil {
		return err
	}
	if o.JSON {
		return o.printJSON(map[string]any{"running": false, "bots": all})
	}
	text := "ilinkd is not running.\n"
	var rows [][]string
	for _, r := range all {
		if r != (Rest{Bot: r.Bot}) {
			rows = append(rows, []string{r.Bot, fmt.Sprint(r.Waiting), fmt.Sprint(r.Dead), fmt.Sprint(r.Queued), fmt.Sprint(r.Held)})
		}
	}
	if len(rows) == 0 {
		return o.print(text + "Nothing waits in its store.\n")
	}
	return o.print(text + "In its store wait messages to be handled (waiting, dead) and to be sent (queued, held):\n\n" +
		table([]string{"BOT", ">WAITING", ">DEAD", ">QUEUED", ">HELD"}, rows))
}

// rest counts, for the bots of the configuration and after them those that are
// no longer in it.
func rest(ctx context.Context, cfg runtime.Config, st *store.Store) ([]Rest, error) {
	inbox, err := st.Unhandled(ctx, "")
	if err != nil {
		return nil, err
	}
	outbox, err := st.Unsent(ctx, "")
	if err != nil {
		return nil, err
	}
	all := []Rest{}
	of := func(bot string) *Rest {
		for i := range all {
			if all[i].Bot == bot {
				return &all[i]
			}
		}
		all = append(all, Rest{Bot: bot})
		return &all[len(all)-1]
	}
	for _, b := range cfg.Bots {
		of(b.Name)
	}
	for _, in := range inbox {
		if in.State == store.StateDead {
			of(in.Bot).Dead++
		} else {
			of(in.Bot).Waiting++
		}
	}
	for _, s := range outbox {
		if s.State == store.SendHeld {
			of(s.Bot).Held++
		} else {
			of(s.Bot).Queued++
		}
	}
	return all, nil
}
