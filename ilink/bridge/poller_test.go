package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// Several bots, each with its own messages; the cursor moves after they are
// taken, and the context token is stored before.
func TestManyBots(t *testing.T) {
	sim := newSim(t)
	db, in := newMemDB(), &inbox{}
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Logger: quiet(), Deliver: func(
		ctx context.Context, binding BridgeBinding, u *ilink.Updates, meta PollMeta,
	) error {
		db.log("deliver")
		return in.deliver(ctx, binding, u, meta)
	}}))
	var bots []ilinksim.Bot
	for i := range 5 {
		bots = append(bots, sim.AddBot(fmt.Sprintf("bot%d", i)))
		b.StartPoller(bindingOf(bots[i], fmt.Sprintf("sandbox%d", i)))
	}
	for n := range 4 {
		for _, bot := range bots {
			say(t, sim, bot.ID, "alice", fmt.Sprintf("%s %d", bot.ID, n))
		}
	}
	for i, bot := range bots {
		sandbox := fmt.Sprintf("sandbox%d", i)
		eventually(t, sandbox, func() bool { return len(in.of(sandbox)) == 4 })
		for n, text := range in.of(sandbox) {
			if text != fmt.Sprintf("%s %d", bot.ID, n) {
				t.Errorf("%s has %q", sandbox, in.of(sandbox))
			}
		}
		eventually(t, "cursor", func() bool { return db.cursor(sandbox, bot.ID) != "" })
		if token, _ := db.GetContextToken(sandbox, bot.ID, "alice@im.wechat"); token == "" {
			t.Errorf("%s: no context token", sandbox)
		}
	}
	tokens, delivered, cursors := 0, 0, 0
	for _, c := range db.history() {
		switch c {
		case "deliver":
			delivered++
		case "cursor":
			cursors++
		default:
			tokens++
		}
		if delivered > tokens || cursors > delivered {
			t.Fatalf("wrong order: %q", db.history())
		}
	}
	if tokens != 20 {
		t.Errorf("%d context tokens, want 20", tokens)
	}
	if n := sim.State().Counts.Displaced; n != 0 {
		t.Errorf("%d polls were displaced", n)
	}
}

func TestStopAndStart(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	db, in, st := newMemDB(), &inbox{}, &states{}
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()}))
	binding := bindingOf(bot, "s")
	b.StartPoller(binding)
	waitPolling(t, sim, bot.ID)
	b.StopPoller("s", bot.ID)
	if last := st.last(); last.Phase != PhaseStopped || last.Err != nil || last.SandboxID != "s" || last.BotID != bot.ID {
		t.Errorf("after the stop: %+v", last)
	}
	b.StopPoller("s", bot.ID) // nothing to stop
	eventually(t, "the simulator sees it", func() bool { return !sim.State().Bots[0].Polling })
	sim.Say("a", "while nobody polls")
	time.Sleep(10 * time.Millisecond)
	if got := in.of("s"); len(got) != 0 {
		t.Errorf("a stopped poller got %q", got)
	}
	b.StartPoller(binding)
	eventually(t, "the message", func() bool { return len(in.of("s")) == 1 })
	b.StopPollersForSandbox("s")
	if bs := sim.State().Bots[0]; bs.Starts != 2 || bs.Stops != 2 {
		t.Errorf("%d starts, %d stops", bs.Starts, bs.Stops)
	}
	if got, want := st.phases(), []Phase{PhaseRunning, PhaseStopped, PhaseRunning, PhaseStopped}; !slices.Equal(got, want) {
		t.Errorf("phases %v", got)
	}
}

// A poller that replaces another polls after that one's end: no -14.
func TestReplace(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	in := &inbox{}
	b := closeBridge(t, NewBridgeWith(newMemDB(), nil, Options{Deliver: in.deliver, Logger: quiet()}))
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() { b.StartPoller(bindingOf(bot, "s")) })
		if i%3 == 0 {
			wg.Wait()
			waitPolling(t, sim, bot.ID)
			sim.Say("a", fmt.Sprint(i))
		}
	}
	wg.Wait()
	waitPolling(t, sim, bot.ID)
	sim.Say("a", "last")
	eventually(t, "all messages", func() bool { return len(in.of("s")) == 5 })
	if got := in.of("s"); !slices.Equal(got, []string{"0", "3", "6", "9", "last"}) {
		t.Errorf("%q", got)
	}
	b.StopPoller("s", bot.ID)
	b.mu.Lock()
	if len(b.live) != 0 || len(b.pollers) != 0 {
		t.Errorf("%d pollers live, %d are known", len(b.live), len(b.pollers))
	}
	b.mu.Unlock()
}

// The old poller is in the middle of a delivery: the new one waits for it.
func TestReplaceWaits(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	b := closeBridge(t, NewBridgeWith(nil, nil, Options{Logger: quiet(), Deliver: func(
		context.Context, BridgeBinding, *ilink.Updates, PollMeta,
	) error {
		once.Do(func() { close(entered); <-release })
		return nil
	}}))
	b.StartPoller(bindingOf(bot, "s"))
	sim.Say("a", "1")
	<-entered
	b.StartPoller(bindingOf(bot, "s"))
	time.Sleep(20 * time.Millisecond)
	if sim.State().Bots[0].Polling {
		t.Error("the new poller polls while the old one is busy")
	}
	close(release)
	waitPolling(t, sim, bot.ID)
}

// "a" and "a:b" are two sandboxes, and bots may be called anything too.
func TestPrefixSandboxes(t *testing.T) {
	sim := newSim(t)
	bot1, bot2, bot3 := sim.AddBot("one"), sim.AddBot("two"), sim.AddBot("three")
	in := &inbox{}
	b := closeBridge(t, NewBridgeWith(newMemDB(), nil, Options{Deliver: in.deliver, Logger: quiet()}))
	b.StartPoller(bindingOf(bot1, "a"))
	b.StartPoller(bindingOf(bot2, "a"))
	b.StartPoller(bindingOf(bot3, "a:b"))
	for _, bot := range []ilinksim.Bot{bot1, bot2, bot3} {
		waitPolling(t, sim, bot.ID)
	}
	b.StopPoller("a:b", bot1.ID)
	b.StopPoller("a", "b:"+bot3.ID)
	b.StopPollersForSandbox("")
	say(t, sim, bot1.ID, "u", "1")
	eventually(t, "bot 1 is polled still", func() bool { return len(in.of("a")) == 1 })
	b.StopPollersForSandbox("a")
	eventually(t, "both are stopped", func() bool {
		polling := 0
		for _, bs := range sim.State().Bots {
			if bs.Polling {
				polling++
			}
		}
		return polling == 1
	})
	say(t, sim, bot3.ID, "u", "3")
	eventually(t, "bot 3 is polled still", func() bool { return len(in.of("a:b")) == 1 })
}

// Stopping and replacing a poller from within it doesn't wait for itself.
func TestFromWithin(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	var b *Bridge
	got := make(chan string, 10)
	b = closeBridge(t, NewBridgeWith(newMemDB(), nil, Options{
		Logger: quiet(),
		Deliver: func(_ context.Context, binding BridgeBinding, u *ilink.Updates, _ PollMeta) error {
			switch u.Messages[0].Text() {
			case "stop":
				b.StopPoller("s", bot.ID)
				b.StopPollersForSandbox("s")
			case "replace":
				b.StartPoller(binding)
				b.StopPoller("s", bot.ID) // which waits for us
				b.StartPoller(binding)
			}
			got <- u.Messages[0].Text()
			return nil
		},
	}))
	b.StartPoller(bindingOf(bot, "s"))
	for _, text := range []string{"replace", "x", "stop"} {
		waitPolling(t, sim, bot.ID)
		sim.Say("a", text)
		select {
		case g := <-got:
			if g != text {
				t.Errorf("%q, want %q", g, text)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: it waits for itself", text)
		}
	}
	eventually(t, "the end", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.live) == 0
	})
}

func TestClose(t *testing.T) {
	sim := newSim(t)
	bot1, bot2 := sim.AddBot("one"), sim.AddBot("two")
	in, st := &inbox{}, &states{}
	b := NewBridgeWith(nil, nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()})
	b.StartPoller(bindingOf(bot1, "s"))
	b.StartPoller(bindingOf(bot2, "s"))
	waitPolling(t, sim, bot1.ID)
	waitPolling(t, sim, bot2.ID)
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error("again:", err)
	}
	for _, bs := range sim.State().Bots {
		if bs.Starts != 1 || bs.Stops != 1 {
			t.Errorf("%s: %d starts, %d stops", bs.ID, bs.Starts, bs.Stops)
		}
	}
	b.StartPoller(bindingOf(bot1, "s"))
	if len(b.live) != 0 {
		t.Error("a closed bridge starts pollers")
	}
}

func TestCloseGivesUp(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	entered, release := make(chan struct{}), make(chan struct{})
	b := closeBridge(t, NewBridgeWith(nil, nil, Options{Logger: quiet(), Deliver: func(
		context.Context, BridgeBinding, *ilink.Updates, PollMeta,
	) error {
		close(entered)
		<-release
		return nil
	}}))
	b.StartPoller(bindingOf(bot, "s"))
	sim.Say("a", "x")
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
}

// -14, then the same token is good again: nobody has to do anything.
func TestSessionRecovers(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	in, st := &inbox{}, &states{}
	b := closeBridge(t, NewBridgeWith(newMemDB(), nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()}))
	b.StartPoller(bindingOf(bot, "s"))
	waitPolling(t, sim, bot.ID)
	if _, err := sim.AddFault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultSession, Count: 1}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a second notifystart", func() bool { return sim.State().Bots[0].Starts == 2 })
	waitPolling(t, sim, bot.ID)
	sim.Say("a", "still there?")
	eventually(t, "the message", func() bool { return len(in.of("s")) == 1 })
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning}) {
		t.Errorf("phases %v: one -14 that went away is nothing to report", got)
	}
}

// The token is stale; a new one comes through StartPoller, and what was not
// taken before isn't lost.
func TestNewTokenByStart(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	db, in, st := newMemDB(), &inbox{}, &states{}
	b := closeBridge(t, NewBridgeWith(db, nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()}))
	in.setErr(errors.New("disk full"))
	b.StartPoller(bindingOf(bot, "s"))
	sim.Say("a", "before")
	eventually(t, "a try", func() bool { return in.tried() > 0 })
	eventually(t, "a state that says so", func() bool {
		s := st.last()
		return s.Phase == PhaseRunning && s.Err != nil && s.Err.Error() == "disk full" && !s.NextRetry.IsZero()
	})
	renewed := login(t, sim, bot)
	in.setErr(nil)
	b.StartPoller(bindingOf(renewed, "s"))
	eventually(t, "the message from before", func() bool { return len(in.of("s")) == 1 })
	waitPolling(t, sim, bot.ID)
	// The old login's cursor is none of the new one's.
	if c := db.cursor("s", bot.ID); c != "" {
		t.Errorf("cursor %q", c)
	}
	sim.Say("a", "after")
	eventually(t, "the message after", func() bool { return len(in.of("s")) == 2 })
	if w := sim.State().Warnings; len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}

func TestNewTokenByHook(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	db, in, st := newMemDB(), &inbox{}, &states{}
	var mu sync.Mutex
	var newest ilink.Token
	b := closeBridge(t, NewBridgeWith(db, nil, Options{
		Deliver: in.deliver, OnState: st.add, Logger: quiet(),
		Token: func(_ context.Context, binding BridgeBinding) (ilink.Token, error) {
			mu.Lock()
			defer mu.Unlock()
			return newest, nil
		},
	}))
	b.StartPoller(bindingOf(bot, "s"))
	waitPolling(t, sim, bot.ID)
	sim.Say("a", "before")
	eventually(t, "a cursor", func() bool { return db.cursor("s", bot.ID) != "" })
	mu.Lock()
	renewed := login(t, sim, bot)
	newest = ilink.Token{BotToken: renewed.Token, BotID: bot.ID}
	mu.Unlock()
	sim.Say("a", "after")
	eventually(t, "both messages", func() bool { return len(in.of("s")) == 2 })
	if got := st.phases(); !slices.Equal(got, []Phase{PhaseRunning}) {
		t.Errorf("phases %v", got)
	}
	if w := sim.State().Warnings; len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}

// login logs an existing bot in again.
func login(t *testing.T, sim *ilinksim.Server, bot ilinksim.Bot) ilinksim.Bot {
	t.Helper()
	s, err := StartLogin(t.Context(), sim.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.LoginAction(s.QRCode, ilinksim.LoginAction{Action: "confirm", BotID: bot.ID}); err != nil {
		t.Fatal(err)
	}
	st, err := PollLoginStatus(t.Context(), sim.URL, s.QRCode)
	if err != nil || st.Token == bot.Token {
		t.Fatalf("%v, %v", st, err)
	}
	bot.Token = st.Token
	return bot
}

// Somebody else polls with the same token, again and again.
func TestConflict(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	in, st := &inbox{}, &states{}
	b := closeBridge(t, NewBridgeWith(newMemDB(), nil, Options{Deliver: in.deliver, OnState: st.add, Logger: quiet()}))
	b.StartPoller(bindingOf(bot, "s"))
	for i := range 3 {
		waitPolling(t, sim, bot.ID)
		// A message shows that the poll works; then the other one comes.
		sim.Say("a", fmt.Sprint(i))
		eventually(t, "the message", func() bool { return len(in.of("s")) == i+1 })
		waitPolling(t, sim, bot.ID)
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = GetUpdates(ctx, bot.BaseURL, bot.Token, "")
		}()
		eventually(t, "displaced", func() bool { return sim.State().Counts.Displaced > 2*i })
		if i < 2 {
			// Ours polls again at once and so displaces it in turn.
			<-over
		}
		cancel()
		<-over
	}
	eventually(t, "the conflict is told", func() bool { return st.last().Phase == PhaseConflict })
	last := st.last()
	if !errors.Is(last.Err, ilink.ErrSessionTimeout) || time.Until(last.NextRetry) > 6*time.Second || time.Until(last.NextRetry) < 3*time.Second {
		t.Errorf("%+v", last)
	}
}

// A Deliver that panics has not taken anything.
func TestPanics(t *testing.T) {
	var logs logBuffer
	sim := newSim(t)
	bot := sim.AddBot("b")
	db, st := newMemDB(), &states{}
	b := closeBridge(t, NewBridgeWith(db, nil, Options{
		Logger:  logs.logger(),
		Deliver: func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error { panic("oops " + bot.Token) },
		OnState: func(s State) { st.add(s); panic("state") },
		ClientOptions: func(BridgeBinding) []ilink.Option {
			panic("options")
		},
		ForwardURL: func(BridgeBinding) string { panic("url") },
	}))
	b.StartPoller(bindingOf(bot, "s"))
	sim.Say("a", "x")
	eventually(t, "the failure is told", func() bool { return st.last().Err != nil })
	if db.cursor("s", bot.ID) != "" {
		t.Error("the cursor has moved")
	}
	if err := st.last().Err.Error(); err != "bridge: Deliver panicked: oops [redacted]" {
		t.Error(err)
	}
	b.StopPoller("s", bot.ID)
}

// Messages that would be lost are not asked for.
func TestNowhere(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	st := &states{}
	b := closeBridge(t, NewBridgeWith(nil, nil, Options{OnState: st.add, Logger: quiet()}))
	b.StartPoller(bindingOf(bot, "s"))
	eventually(t, "stopped", func() bool { return st.last().Phase == PhaseStopped })
	if err := st.last().Err; !errors.Is(err, errNoTarget) {
		t.Error(err)
	}
	if bs := sim.State().Bots[0]; bs.Starts != 0 || bs.Delivered != 0 {
		t.Errorf("%+v", bs)
	}
}
