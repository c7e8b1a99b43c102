package ilink_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

// newSim is a simulator, its only bot and a client of that. What the simulator
// would forgive but the real server may not fails the test. The tests that use
// it run side by side: a login pauses for a second, which is real here.
func newSim(t *testing.T, opts ...ilinksim.Option) (*ilinksim.Server, *ilink.Client) {
	t.Helper()
	t.Parallel()
	sim := ilinksim.New(append([]ilinksim.Option{ilinksim.WithQuirks(ilinksim.StringIDs, ilinksim.BigIDs, ilinksim.KeyForms)}, opts...)...)
	bot := sim.AddBot("helper")
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		for _, w := range sim.State().Warnings {
			t.Errorf("the simulator warns: %s (%d times)", w.Text, w.Count)
		}
		sim.Close()
	})
	return sim, ilink.NewClient(ilink.Token{BotToken: bot.Token, BaseURL: bot.BaseURL},
		ilink.WithCDNURL(bot.CDNURL), ilink.WithHTTPClient(&http.Client{Transport: tr}),
		ilink.WithLogger(slog.New(slog.DiscardHandler)))
}

func addFault(t *testing.T, sim *ilinksim.Server, f ilinksim.Fault) {
	t.Helper()
	if _, err := sim.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func next(t *testing.T, c *ilink.Client) *ilink.Message {
	t.Helper()
	u, err := c.GetUpdates(t.Context(), "", 0)
	if err != nil || len(u.Messages) != 1 {
		t.Fatalf("%+v, %v", u, err)
	}
	return u.Messages[0]
}

func TestSimReceiveAndReply(t *testing.T) {
	sim, c := newSim(t)
	cursor := ""
	for i := range 6 { // the ids alternate in form, and every fourth is above int64's maximum
		id := sim.Say("alice", "消息 👨‍👩‍👧‍👦")
		u, err := c.GetUpdates(t.Context(), cursor, 0)
		if err != nil || len(u.Messages) != 1 || u.Cursor == "" || u.Hold != 35*time.Second {
			t.Fatalf("%+v, %v", u, err)
		}
		cursor = u.Cursor
		msg := u.Messages[0]
		if msg.ID != id || msg.Text() != "消息 👨‍👩‍👧‍👦" || msg.From != "alice@im.wechat" || msg.To != "helper@im.bot" {
			t.Errorf("%d: %+v", i, msg)
		}
		res, err := c.SendMessage(t.Context(), &ilink.OutboundMessage{
			To: msg.From, ContextToken: msg.ContextToken, Items: []ilink.Item{ilink.TextMessage("回复")}, ClientID: "id-" + id,
		})
		if err != nil {
			var api *ilink.APIError
			if errors.Is(err, ilink.ErrThrottled) && errors.As(err, &api) {
				sim.Advance(time.Hour)
				continue
			}
			t.Fatal(err)
		}
		sent := sim.Sent(0)
		if last := sent[len(sent)-1]; last.MessageID != res.MessageID || last.ClientID != res.ClientID || last.Text != "回复" {
			t.Errorf("%+v, %+v", last, res)
		}
	}
}

func TestSimWhatLimitsSending(t *testing.T) {
	sim, c := newSim(t, ilinksim.WithManualClock(time.Now()))
	send := func(to string) error {
		return c.Send(t.Context(), &ilink.OutboundMessage{To: to, Items: []ilink.Item{ilink.TextMessage("x")}})
	}
	if err := send("stranger@im.wechat"); !errors.Is(err, ilink.ErrWindowClosed) {
		t.Errorf("never wrote: %v", err)
	}
	sim.Say("alice", "hi")
	for i := range 10 {
		sim.Advance(2 * time.Second)
		if err := send("alice@im.wechat"); err != nil {
			t.Fatalf("message %d: %v", i+1, err)
		}
	}
	sim.Advance(2 * time.Second)
	if err := send("alice@im.wechat"); !errors.Is(err, ilink.ErrWindowClosed) {
		t.Errorf("the 11th: %v", err)
	}
	sim.Say("alice", "again")
	for range 3 {
		if err := send("alice@im.wechat"); err != nil && !errors.Is(err, ilink.ErrThrottled) {
			t.Fatal(err)
		}
	}
	if err := send("alice@im.wechat"); !errors.Is(err, ilink.ErrThrottled) {
		t.Errorf("a burst: %v", err)
	}
	sim.Advance(25 * time.Hour)
	if err := send("alice@im.wechat"); !errors.Is(err, ilink.ErrWindowClosed) {
		t.Errorf("a day later: %v", err)
	}
	if err := c.Send(t.Context(), &ilink.OutboundMessage{To: "alice@im.wechat", Items: []ilink.Item{ilink.TextMessage("")}}); !errors.Is(err, ilink.ErrBadRequest) {
		t.Errorf("empty text: %v", err)
	}
}

func TestSimTypingAndRecall(t *testing.T) {
	sim, c := newSim(t)
	sim.Say("alice", "hi")
	msg := next(t, c)
	for _, on := range []bool{true, false} {
		if err := c.Typing(t.Context(), msg.From, msg.ContextToken, on); err != nil {
			t.Fatal(err)
		}
	}
	var states []int
	for _, typing := range sim.Typing(0) {
		states = append(states, typing.Status)
	}
	if !slices.Equal(states, []int{1, 2}) {
		t.Errorf("states %v", states)
	}
	for range 4 { // ids above int64's maximum among them
		sim.Advance(time.Minute)
		res, err := c.SendMessage(t.Context(), &ilink.OutboundMessage{To: msg.From, Items: []ilink.Item{ilink.TextMessage("x")}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Recall(t.Context(), res.MessageID); err != nil {
			t.Errorf("%s: %v", res.MessageID, err)
		}
	}
	for _, m := range sim.Sent(0) {
		if !m.Recalled {
			t.Errorf("%s was not recalled", m.MessageID)
		}
	}
}

func TestSimFaultsOfTheAPI(t *testing.T) {
	sim, c := newSim(t)
	sim.Say("alice", "hi")
	msg := next(t, c)
	send := func() error { return c.Reply(t.Context(), msg, ilink.TextMessage("x")) }
	for kind, want := range map[ilinksim.FaultKind]ilink.FailureKind{
		ilinksim.FaultHTTP: ilink.FailureHTTP, ilinksim.FaultHTML: ilink.FailureNotJSON, ilinksim.FaultBadJSON: ilink.FailureNotJSON,
		ilinksim.FaultCut: ilink.FailureTCP, ilinksim.FaultCutAfter: ilink.FailureTCP,
	} {
		sim.Advance(time.Minute)
		addFault(t, sim, ilinksim.Fault{Endpoint: "sendmessage", Kind: kind})
		var te *ilink.TransportError
		if err := send(); !errors.As(err, &te) || te.Kind != want {
			t.Errorf("%s: %v", kind, err)
		}
		sim.ClearFaults()
	}
	sim.Advance(time.Minute)
	addFault(t, sim, ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultEmptyBody, Count: 1})
	if err := send(); err != nil {
		t.Errorf("an empty body is a success: %v", err)
	}
	addFault(t, sim, ilinksim.Fault{Endpoint: "sendmessage", Kind: ilinksim.FaultSession, Count: 1})
	if err := send(); !errors.Is(err, ilink.ErrSessionTimeout) {
		t.Errorf("session: %v", err)
	}
}

func TestSimSessionEnds(t *testing.T) {
	sim, c := newSim(t)
	ended := make(chan error, 1)
	go func() {
		ended <- c.ListenAndServe(t.Context(), ilink.HandlerFunc(func(context.Context, *ilink.Message) error { return nil }))
	}()
	if err := sim.WaitPolling(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := sim.ExpireToken("helper"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != ilink.ErrSessionTimeout {
		t.Errorf("%v", err)
	}
}

func TestSimListenAndServeStops(t *testing.T) {
	sim, c := newSim(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- c.ListenAndServe(ctx, ilink.HandlerFunc(func(ctx context.Context, msg *ilink.Message) error {
			return c.Reply(ctx, msg, ilink.TextMessage("pong "+msg.Text()))
		}))
	}()
	sim.Say("alice", "1")
	if _, err := sim.WaitSent(t.Context(), ilinksim.Filter{To: "alice"}, 0); err != nil {
		t.Fatal(err)
	}
	if err := sim.WaitPolling(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("%v", err)
	}
	var told []string
	for _, n := range sim.Notifications(0) {
		told = append(told, n.Kind)
	}
	if !slices.Equal(told, []string{"start", "stop"}) {
		t.Errorf("told %q", told)
	}
}

// What was sent before is found again by the id in a quote.
func TestSimQuotes(t *testing.T) {
	sim, c := newSim(t)
	sim.Say("alice", "hi")
	msg := next(t, c)
	const text = "第一段话。第二段话。第三段话。"
	res, err := c.SendMessage(t.Context(), &ilink.OutboundMessage{To: msg.From, Items: []ilink.Item{ilink.TextMessage(text)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, style := range []ilinksim.QuoteStyle{ilinksim.QuoteByID, ilinksim.QuoteFull} {
		_, err := sim.Inject(ilinksim.In{From: "alice", Text: "what is this?", Quote: res.MessageID, QuoteStyle: style,
			Partial: &ilinksim.PartialText{Start: "第二", End: "话", EndIndex: 1}})
		if err != nil {
			t.Fatal(err)
		}
		ref := next(t, c).Items[0].RefMsg
		if ref == nil || ref.ServerID != res.MessageID {
			t.Fatalf("%s: %+v", style, ref)
		}
		if part, found := ilink.ResolveQuote(text, ref.Partial); !found || part != "第二段话" {
			t.Errorf("%s: %q, %v", style, part, found)
		}
		if full := style == ilinksim.QuoteFull; full != (ref.Item != nil && ref.Item.Text.Text == text) {
			t.Errorf("%s: %+v", style, ref)
		}
	}
}
