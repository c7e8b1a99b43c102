package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is a time some seconds into the tests.
func at(seconds float64) time.Time {
	return time.UnixMilli(1_700_000_000_000 + int64(1000*seconds))
}

func receipt(key, user string) Receipt {
	return Receipt{
		Key: key, Conversation: user, User: user, MessageID: key, ContextToken: "token " + key,
		Message: []byte("message " + key), Item: []byte("item " + key), Opened: at(0),
	}
}

// takes takes messages in.
func takes(t *testing.T, s *Store, arrival Arrival, receipts ...Receipt) ([]Inbound, []Window) {
	t.Helper()
	taken, windows, err := s.Receive(t.Context(), "bot", receipts, arrival)
	if err != nil {
		t.Fatal(err)
	}
	return taken, windows
}

// queues enqueues texts to a user, as parts of one send.
func queues(t *testing.T, s *Store, e Enqueue, texts ...string) []Send {
	t.Helper()
	if e.Bot == "" {
		e.Bot = "bot"
	}
	if e.User == "" {
		e.User = "alice"
	}
	e.Conversation, e.Mode, e.Created = e.User, ModeDefer, at(0)
	for _, text := range texts {
		e.Parts = append(e.Parts, EnqueuePart{ClientID: "client " + text, Kind: PayloadItem, Payload: []byte(text)})
	}
	sends, existed, err := s.Enqueue(t.Context(), e)
	if err != nil || existed {
		t.Fatal(existed, err)
	}
	return sends
}

func begins(t *testing.T, s *Store, send *Send, when time.Time) Window {
	t.Helper()
	w, err := s.BeginSend(t.Context(), send, when)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func answered(t *testing.T, s *Store, send *Send, o Outcome, when time.Time) Window {
	t.Helper()
	w, err := s.EndSend(t.Context(), send, o, when)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// unsent are the sends that have not ended, as "payload state".
func unsent(t *testing.T, s *Store, bot string) (all []string) {
	t.Helper()
	sends, err := s.Unsent(t.Context(), bot)
	if err != nil {
		t.Fatal(err)
	}
	for _, send := range sends {
		all = append(all, string(send.Payload)+" "+send.State)
	}
	return all
}

func wants(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func TestReceiveKnowsRepeats(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, Options{})
	taken, windows := takes(t, s, Arrival{At: at(1)}, receipt("1", "alice"), receipt("2", "alice"), receipt("1", "alice"))
	if len(taken) != 2 || len(windows) != 2 || taken[0].ID >= taken[1].ID || windows[1].Number != windows[0].Number+1 {
		t.Fatalf("%+v %+v", taken, windows)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path, Options{})
	taken, windows = takes(t, s, Arrival{At: at(2700)}, receipt("2", "alice"), receipt("3", "bob"))
	if len(taken) != 1 || taken[0].User != "bob" || len(windows) != 1 {
		t.Errorf("%+v %+v", taken, windows)
	}
	// Another bot's messages are other ones.
	other, _, err := s.Receive(t.Context(), "other", []Receipt{receipt("1", "alice")}, Arrival{At: at(3)})
	if err != nil || len(other) != 1 {
		t.Errorf("%+v %v", other, err)
	}
	waiting, err := s.Waiting(t.Context(), "bot", 0)
	if err != nil || len(waiting) != 3 {
		t.Fatalf("%+v %v", waiting, err)
	}
	if in := waiting[0]; in.State != StateWaiting || string(in.Message) != "message 1" || !in.Received.Equal(at(1)) || in.Conversation != "alice" {
		t.Errorf("%+v", in)
	}
	// A repeat, which may be old, brings no token.
	for user, want := range map[string]string{"alice": "token 2", "bob": "token 3", "carol": ""} {
		if token, err := s.ContextToken(t.Context(), "bot", user); err != nil || token != want {
			t.Errorf("%s's token: %q %v", user, token, err)
		}
	}
	if item, err := s.Quote(t.Context(), "bot", "2"); err != nil || string(item) != "item 2" {
		t.Errorf("the quote: %q %v", item, err)
	}
	if item, err := s.Quote(t.Context(), "bot", "none"); err != nil || item != nil {
		t.Errorf("no quote: %q %v", item, err)
	}
}

func TestInboxStates(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx := t.Context()
	taken, _ := takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"), receipt("2", "bob"), receipt("3", "carol"), receipt("4", "dave"))
	one, two, three, four := taken[0].ID, taken[1].ID, taken[2].ID, taken[3].ID
	state := func() (all []string) {
		t.Helper()
		open, err := s.Unhandled(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range open {
			all = append(all, fmt.Sprintf("%d %s %d %q", in.ID, in.State, in.Attempts, in.Error))
		}
		return all
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(s.Handled(ctx, one, at(1)))
	do(s.Failed(ctx, two, Failure{Error: "soon", NextAt: at(10)}, at(1)))
	do(s.Failed(ctx, three, Failure{Error: "never", Traceback: "there"}, at(1)))
	do(s.Failed(ctx, four, Failure{Error: "script", RetryOnReload: true}, at(1)))
	wants(t, "open", state(), `[2 waiting 1 "soon" 3 dead 1 "never" 4 dead 1 "script"]`)

	revived, err := s.ReviveOnReload(ctx, "bot", at(-1))
	if err != nil || len(revived) != 1 || revived[0].ID != four || revived[0].Attempts != 0 {
		t.Fatalf("%+v %v", revived, err)
	}
	if revived, err := s.ReviveOnReload(ctx, "bot", at(-1)); err != nil || len(revived) != 0 {
		t.Errorf("twice: %+v %v", revived, err)
	}
	do(s.Failed(ctx, four, Failure{Error: "script", RetryOnReload: true}, at(1)))
	if revived, err := s.ReviveOnReload(ctx, "bot", at(1)); err != nil || len(revived) != 0 {
		t.Errorf("too old: %+v %v", revived, err)
	}

	do(s.Revive(ctx, two))
	do(s.Revive(ctx, three))
	do(s.Drop(ctx, four, at(2)))
	wants(t, "open", state(), `[2 waiting 0 "soon" 3 waiting 0 "never"]`)
	for what, err := range map[string]error{
		"revive handled": s.Revive(ctx, one), "drop handled": s.Drop(ctx, one, at(3)), "drop dropped": s.Drop(ctx, four, at(3)), "revive none": s.Revive(ctx, 99),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if open, err := s.Unhandled(ctx, "other"); err != nil || len(open) != 0 {
		t.Errorf("another bot's: %+v %v", open, err)
	}
}

func TestEnqueueOnce(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	first := queues(t, s, Enqueue{Inbound: 7, Ordinal: 1}, "a", "b")
	again, existed, err := s.Enqueue(t.Context(), Enqueue{Bot: "bot", Conversation: "alice", User: "alice", Inbound: 7, Ordinal: 1, Mode: ModeFail,
		Parts: []EnqueuePart{{ClientID: "other", Kind: PayloadItem, Payload: []byte("other")}}})
	if err != nil || !existed || len(again) != 2 || again[0].ID != first[0].ID || again[1].ClientID != "client b" {
		t.Errorf("%v %+v %v", existed, again, err)
	}
	if found, err := s.SendsOf(t.Context(), 7, 1); err != nil || len(found) != 2 || found[1].Part != 1 || found[1].Parts != 2 {
		t.Errorf("%+v %v", found, err)
	}
	if found, err := s.SendsOf(t.Context(), 7, 2); err != nil || len(found) != 0 {
		t.Errorf("%+v %v", found, err)
	}
	// Pushes have no such key.
	queues(t, s, Enqueue{Priority: PriorityPush}, "c")
	queues(t, s, Enqueue{Priority: PriorityPush}, "d")
	queues(t, s, Enqueue{Inbound: 7, Ordinal: 2}, "e")
	wants(t, "unsent", unsent(t, s, "bot"), "[a queued b queued e queued c queued d queued]")
	wants(t, "of all bots", unsent(t, s, ""), "[a queued b queued e queued c queued d queued]")
	wants(t, "another bot's", unsent(t, s, "other"), "[]")
}

func TestQueueFull(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	queues(t, s, Enqueue{MaxQueued: 3}, "a", "b")
	e := Enqueue{Bot: "bot", Conversation: "alice", User: "alice", Mode: ModeDefer, MaxQueued: 3, Parts: []EnqueuePart{{ClientID: "1", Payload: []byte("c")}, {ClientID: "2", Payload: []byte("d")}}}
	if _, _, err := s.Enqueue(t.Context(), e); !errors.Is(err, ErrQueueFull) {
		t.Errorf("error %v", err)
	}
	e.Conversation = "bob"
	if _, _, err := s.Enqueue(t.Context(), e); err != nil {
		t.Error(err)
	}
}

// TestWindowCount is about what counts in a window, and in the next one that
// opens later.
func TestWindowCount(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome Outcome // of a request from second 1 to second 3; no state: it is under way
		used    int     // in the window
		next    map[float64]int
	}{
		{"under way", Outcome{}, 1, map[float64]int{0: 1, 2: 1, 9: 1}},
		{"sent", Outcome{State: SendSent}, 1, map[float64]int{0: 1, 2: 1, 3: 0, 9: 0}},
		{"lost", Outcome{State: SendQueued, Uncertain: true}, 1, map[float64]int{0: 1, 2: 1, 3: 0, 9: 0}},
		{"held", Outcome{State: SendHeld, Uncertain: true}, 1, map[float64]int{0: 1, 2: 1, 3: 0}},
		{"refused", Outcome{State: SendQueued, Refused: true}, 0, map[float64]int{0: 0, 2: 0, 9: 0}},
		{"bad", Outcome{State: SendFailed, Refused: true}, 0, map[float64]int{0: 0, 2: 0}},
	} {
		for after, used := range c.next {
			s := openStore(t, newPath(t), Options{Volatile: true})
			takes(t, s, Arrival{At: at(-10)}, receipt("1", "alice"))
			before := queues(t, s, Enqueue{}, "before")[0]
			begins(t, s, &before, at(-9))
			answered(t, s, &before, Outcome{State: SendSent}, at(-8))
			send := queues(t, s, Enqueue{}, "a")[0]
			w := begins(t, s, &send, at(1))
			if c.outcome.State != "" {
				w = answered(t, s, &send, c.outcome, at(3))
			}
			wants(t, c.name+": used", w.Used, 1+c.used)
			_, windows := takes(t, s, Arrival{At: at(10), After: at(after)}, receipt("2", "alice"), receipt("3", "bob"))
			wants(t, fmt.Sprint(c.name, ": used in the next, after second ", after), windows[0].Used, used)
			wants(t, c.name+": another's", windows[1].Used, 0)
			all, err := s.Windows(t.Context(), "bot")
			if err != nil || len(all) != 2 || all[0] != windows[0] {
				t.Errorf("%s: %+v %+v %v", c.name, all, windows, err)
			}
			if c.outcome.State == "" { // it ends in the new window
				w := answered(t, s, &send, Outcome{State: SendQueued, Refused: true}, at(11))
				wants(t, c.name+": used when it was refused", w.Used, 0)
				if w.Version <= windows[0].Version {
					t.Errorf("the version went from %d to %d", windows[0].Version, w.Version)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// No more can count for a message than counted for the one before it, however
// little is known of when it came.
func TestNoMoreCountThanBefore(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"))
	sends := queues(t, s, Enqueue{}, "a", "b")
	begins(t, s, &sends[0], at(1))
	answered(t, s, &sends[0], Outcome{State: SendSent}, at(2))
	takes(t, s, Arrival{At: at(3), After: at(2)}, receipt("2", "alice"))
	begins(t, s, &sends[1], at(4))
	answered(t, s, &sends[1], Outcome{State: SendSent}, at(5))
	_, windows := takes(t, s, Arrival{At: at(6), After: at(0)}, receipt("3", "alice"))
	wants(t, "used", windows[0].Used, 1)
}

// A request that is lost may be counted, and so may the one after it.
func TestLostRequestsCountEach(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"))
	send := queues(t, s, Enqueue{}, "a")[0]
	begins(t, s, &send, at(1))
	answered(t, s, &send, Outcome{State: SendQueued, Uncertain: true}, at(2))
	begins(t, s, &send, at(3))
	wants(t, "used", answered(t, s, &send, Outcome{State: SendSent}, at(4)).Used, 2)
}

func TestClosedIsAboutOneWindow(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"))
	sends := queues(t, s, Enqueue{}, "a", "b")
	w := begins(t, s, &sends[0], at(1))
	takes(t, s, Arrival{At: at(2)}, receipt("2", "alice"))
	if w := answered(t, s, &sends[0], Outcome{State: SendQueued, Refused: true, Closed: w.Number}, at(3)); w.Closed {
		t.Error("the new window is closed")
	}
	w = begins(t, s, &sends[0], at(4))
	if w := answered(t, s, &sends[0], Outcome{State: SendQueued, Refused: true, Closed: w.Number}, at(5)); !w.Closed {
		t.Error("the window is open")
	}
	w = begins(t, s, &sends[1], at(6))
	if w := answered(t, s, &sends[1], Outcome{State: SendSent}, at(7)); !w.Closed {
		t.Error("the window opened by itself")
	}
	if _, windows := takes(t, s, Arrival{At: at(8)}, receipt("3", "alice")); windows[0].Closed {
		t.Error("the next window is closed")
	}
}

func TestSendWithoutAWindow(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	send := queues(t, s, Enqueue{}, "a")[0]
	if w := begins(t, s, &send, at(1)); w != (Window{Conversation: "alice"}) {
		t.Errorf("%+v", w)
	}
	answered(t, s, &send, Outcome{State: SendSent, MessageID: "9", Item: []byte("a")}, at(2))
	if item, err := s.Quote(t.Context(), "bot", "9"); err != nil || string(item) != "a" {
		t.Errorf("the quote: %q %v", item, err)
	}
}

// What has come to its end is not begun, nor ended otherwise.
func TestEndsOnlyOnce(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx := t.Context()
	takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"))
	sends := queues(t, s, Enqueue{}, "sent", "dropped", "expired", "held")
	begins(t, s, &sends[0], at(1))
	if _, err := s.BeginSend(ctx, &sends[0], at(1)); !errors.Is(err, ErrNotQueued) {
		t.Errorf("begun twice: %v", err)
	}
	if _, err := s.EndSend(ctx, &sends[1], Outcome{State: SendSent, Refused: true}, at(1)); !errors.Is(err, ErrNotBegun) {
		t.Errorf("ended before it was begun: %v", err)
	}
	if err := s.EndUnsent(ctx, sends[0].ID, Outcome{State: SendExpired}, at(1)); !errors.Is(err, ErrNotQueued) {
		t.Errorf("expired under way: %v", err)
	}
	answered(t, s, &sends[0], Outcome{State: SendSent}, at(2))
	if err := s.Release(ctx, sends[1].ID, false, at(2)); err != nil {
		t.Fatal(err)
	}
	if err := s.EndUnsent(ctx, sends[2].ID, Outcome{State: SendExpired, Result: "expired", Error: "too late"}, at(2)); err != nil {
		t.Fatal(err)
	}
	begins(t, s, &sends[3], at(3))
	answered(t, s, &sends[3], Outcome{State: SendHeld, Uncertain: true}, at(4))
	wants(t, "unsent", unsent(t, s, "bot"), "[held held]")
	for i := range sends {
		if _, err := s.BeginSend(ctx, &sends[i], at(5)); !errors.Is(err, ErrNotQueued) {
			t.Errorf("%s was begun: %v", sends[i].Payload, err)
		}
		if err := s.EndUnsent(ctx, sends[i].ID, Outcome{State: SendFailed}, at(5)); !errors.Is(err, ErrNotQueued) {
			t.Errorf("%s ended: %v", sends[i].Payload, err)
		}
		if err := s.Release(ctx, sends[i].ID, true, at(5)); (err == nil) != (i == 3) {
			t.Errorf("%s was released: %v", sends[i].Payload, err)
		}
	}
	wants(t, "used", begins(t, s, &sends[3], at(6)).Used, 3)
}

func TestNudgeIsTold(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"))
	queues(t, s, Enqueue{}, "a")
	send, w, err := s.Nudge(t.Context(), Enqueue{Bot: "bot", Conversation: "alice", User: "alice", Mode: ModeDefer, Priority: -1,
		Parts: []EnqueuePart{{ClientID: "n", Kind: PayloadItem, Payload: []byte("nudge")}}})
	if err != nil || !w.Nudged || send.ID == 0 {
		t.Fatalf("%+v %+v %v", send, w, err)
	}
	wants(t, "unsent", unsent(t, s, "bot"), "[nudge queued a queued]")
	if _, windows := takes(t, s, Arrival{At: at(1)}, receipt("2", "alice")); windows[0].Nudged {
		t.Error("the next window is nudged")
	}
}

func TestUploadsAndLastSend(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	if last, err := s.LastSend(t.Context(), "bot"); err != nil || !last.IsZero() {
		t.Errorf("%v %v", last, err)
	}
	sends := queues(t, s, Enqueue{}, "a", "b")
	if err := s.SetItem(t.Context(), sends[0].ID, []byte("item")); err != nil {
		t.Fatal(err)
	}
	wants(t, "unsent", unsent(t, s, "bot"), "[item queued b queued]")
	// The last one to be sent isn't the last one that was queued.
	begins(t, s, &sends[1], at(1))
	answered(t, s, &sends[1], Outcome{State: SendSent}, at(2))
	begins(t, s, &sends[0], at(3))
	answered(t, s, &sends[0], Outcome{State: SendQueued, Refused: true}, at(4))
	if last, err := s.LastSend(t.Context(), "bot"); err != nil || !last.Equal(at(4)) {
		t.Errorf("%v %v", last, err)
	}
}

func TestAccounts(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx := t.Context()
	if c, err := s.Cursor(ctx, "bot", "digest"); err != nil || c != "" {
		t.Errorf("%q %v", c, err)
	}
	if th, err := s.Throttle(ctx, "bot"); err != nil || th != (Throttle{}) {
		t.Errorf("%+v %v", th, err)
	}
	want := Throttle{Until: at(30), Step: 2}
	if err := errors.Join(s.SaveThrottle(ctx, "bot", want), s.SaveCursor(ctx, "bot", "digest", "here")); err != nil {
		t.Fatal(err)
	}
	if th, err := s.Throttle(ctx, "bot"); err != nil || !th.Until.Equal(want.Until) || th.Step != 2 {
		t.Errorf("%+v %v", th, err)
	}
	for digest, want := range map[string]string{"digest": "here", "another login": ""} {
		if c, err := s.Cursor(ctx, "bot", digest); err != nil || c != want {
			t.Errorf("%s: %q %v", digest, c, err)
		}
	}
}

// TestPlansOfDelivery has everything done that delivery does, and looks at how
// each statement finds its rows: none but the lists over all bots, which commands
// show, may look at all of a table.
func TestPlansOfDelivery(t *testing.T) {
	s := openStore(t, newPath(t), Options{})
	ctx := t.Context()
	taken, _ := takes(t, s, Arrival{At: at(0)}, receipt("1", "alice"), receipt("2", "bob"))
	sends := queues(t, s, Enqueue{Inbound: 1, MaxQueued: 100}, "a", "b", "c")
	begins(t, s, &sends[0], at(1))
	answered(t, s, &sends[0], Outcome{State: SendSent, MessageID: "9", Item: []byte("a")}, at(2))
	_, _, nudged := s.Nudge(ctx, Enqueue{Bot: "bot", Conversation: "alice", User: "alice", Mode: ModeDefer, Parts: []EnqueuePart{{ClientID: "n", Kind: "item", Payload: []byte("n")}}})
	_, revived := s.ReviveOnReload(ctx, "bot", at(0))
	err := errors.Join(nudged, revived, s.SetItem(ctx, sends[1].ID, []byte("x")), s.EndUnsent(ctx, sends[1].ID, Outcome{State: SendExpired}, at(3)),
		s.Release(ctx, sends[2].ID, false, at(3)), s.Failed(ctx, taken[0].ID, Failure{}, at(3)), s.Revive(ctx, taken[0].ID),
		s.Drop(ctx, taken[0].ID, at(4)), s.Handled(ctx, taken[1].ID, at(4)), s.SaveCursor(ctx, "bot", "d", "c"), s.SaveThrottle(ctx, "bot", Throttle{}))
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	read := func(_ any, err error) { errs = append(errs, err) }
	read(s.Waiting(ctx, "bot", 0))
	read(s.Unhandled(ctx, "bot"))
	read(s.Unsent(ctx, "bot"))
	read(s.SendsOf(ctx, 1, 0))
	read(s.Windows(ctx, "bot"))
	read(s.LastSend(ctx, "bot"))
	read(s.ContextToken(ctx, "bot", "alice"))
	read(s.Quote(ctx, "bot", "1"))
	read(s.Throttle(ctx, "bot"))
	read(s.Cursor(ctx, "bot", "d"))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	queries := s.statements()
	if len(queries) < 20 {
		t.Fatalf("only %d statements", len(queries))
	}
	for _, query := range queries {
		plan := s.plan(t, query)
		if strings.Contains(plan, "SCAN") && !strings.Contains(plan, "SCAN CONSTANT ROW") {
			t.Errorf("%s\nlooks at all rows:\n%s", query, plan)
		}
		if strings.Contains(query, "answered >") && !strings.Contains(plan, "outbox_answered (bot=? AND answered>?)") {
			t.Errorf("%s\ndoesn't use its index:\n%s", query, plan)
		}
	}
}

// statements returns the queries that were run.
func (s *Store) statements() (all []string) {
	add := func(c *conn) {
		for query := range c.stmts {
			if word, _, _ := strings.Cut(strings.TrimSpace(query), " "); slices.Contains([]string{"SELECT", "UPDATE", "INSERT", "DELETE"}, word) {
				all = append(all, query)
			}
		}
	}
	add(s.writer)
	for range cap(s.readers) {
		c := <-s.readers
		if c != nil {
			add(c)
		}
		s.readers <- c
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *Store) plan(t *testing.T, query string) string {
	t.Helper()
	var plan []string
	err := s.View(t.Context(), "test", func(q Queryer) error {
		rows, err := q.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, make([]any, parameters(query))...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			plan = append(plan, detail)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(plan, "\n")
}

// parameters is how many arguments a query takes.
func parameters(query string) int {
	for n := 9; n > 0; n-- {
		if strings.Contains(query, fmt.Sprint("?", n)) {
			return n
		}
	}
	return strings.Count(query, "?")
}
