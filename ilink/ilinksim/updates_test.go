package ilinksim

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"
)

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestInboundMessage(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("helper"))
	id := sim.Say("alice", "你好，世界 🎉")
	a := c.poll("")
	msgs := c.messages(a)
	if len(msgs) != 1 {
		t.Fatalf("got %s", a.body)
	}
	m := msgs[0]
	if m.id() != id || m.From != "alice@im.wechat" || m.To != "helper@im.bot" || m.text() != "你好，世界 🎉" ||
		m.Type != 1 || m.Token == "" || m.Seq != 1 || m.Session == "" {
		t.Errorf("got %s", a.body)
	}
	if a.text("get_updates_buf") == "" {
		t.Error("no cursor with a message")
	}
	if got, _ := strconv.Atoi(string(a.fields["longpolling_timeout_ms"])); got != 5050 {
		t.Errorf("longpolling_timeout_ms %d", got)
	}
}

// Ids come in both JSON forms, exceed 2^53 and now and then int64.
func TestMessageIDs(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	var numbers, strs, above int
	seen := map[string]bool{}
	for range 8 {
		sim.Say("alice", "x")
	}
	for _, m := range c.messages(c.poll("")) {
		id, err := strconv.ParseUint(m.id(), 10, 64)
		if err != nil || id <= 1<<53 || seen[m.id()] || uint64(float64(id)) == id {
			t.Errorf("id %s", m.ID)
		}
		seen[m.id()] = true
		if m.ID[0] == '"' {
			strs++
		} else {
			numbers++
		}
		if id > 1<<63-1 {
			above++
		}
	}
	if numbers != 4 || strs != 4 || above != 2 {
		t.Errorf("%d numbers, %d strings, %d above int64", numbers, strs, above)
	}
	// A restarted simulator doesn't count from the same number again.
	if a, b := newIDSource(time.Unix(1, 0)), newIDSource(time.Unix(2, 0)); a.next() == b.next() {
		t.Error("ids repeat after a restart")
	}
}

func TestCursorDoesNotRewind(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "one")
	first := c.poll("").text("get_updates_buf")
	sim.Say("alice", "two")
	second := c.poll(first)
	if m := c.messages(second); len(m) != 1 || m[0].text() != "two" {
		t.Fatalf("got %s", second.body)
	}
	for _, cursor := range []string{"", first, second.text("get_updates_buf"), "bm9uc2Vuc2U=", "%%"} {
		if m := c.messages(c.poll(cursor)); len(m) != 0 {
			t.Errorf("cursor %q brought back %v", cursor, m)
		}
	}
	if w := sim.State().Warnings; len(w) != 2 {
		t.Errorf("warnings for the two odd cursors: %+v", w)
	}
}

// Empty answers alternate between an empty cursor and the current one.
func TestEmptyAnswers(t *testing.T) {
	sim := newSim(t, WithHold(time.Millisecond))
	c := newClient(t, sim.AddBot(""))
	var cursors, rets, msgs int
	for range 4 {
		a := c.poll("")
		if a.ret() != 0 {
			t.Fatalf("got %s", a.body)
		}
		if a.text("get_updates_buf") != "" {
			cursors++
		}
		if _, ok := a.fields["ret"]; ok {
			rets++
		}
		if _, ok := a.fields["msgs"]; ok {
			msgs++
		}
	}
	if cursors != 2 || rets != 0 || msgs != 2 {
		t.Errorf("%d cursors, %d rets, %d msgs in 4 answers", cursors, rets, msgs)
	}
}

func TestHeldPollIsAnsweredByAMessage(t *testing.T) {
	sim := newSim(t, WithHold(time.Minute))
	c := newClient(t, sim.AddBot(""))
	done := make(chan []string)
	go func() { done <- c.texts() }()
	if err := sim.WaitPolling(c.ctx, ""); err != nil {
		t.Fatal(err)
	}
	sim.Say("alice", "ping")
	if got := <-done; !reflect.DeepEqual(got, []string{"ping"}) {
		t.Errorf("got %q", got)
	}
}

func TestCloseReleasesHeldPoll(t *testing.T) {
	sim := newSim(t, WithHold(time.Hour))
	c := newClient(t, sim.AddBot(""))
	done := make(chan answer)
	go func() { done <- c.poll("") }()
	if err := sim.WaitPolling(c.ctx, ""); err != nil {
		t.Fatal(err)
	}
	sim.Close()
	if a := <-done; a.err != nil || a.status != 200 || a.ret() != 0 {
		t.Errorf("got %v %d %s", a.err, a.status, a.body)
	}
	if _, err := sim.WaitSent(c.ctx, Filter{}, 0); err != ErrClosed {
		t.Errorf("WaitSent: %v", err)
	}
	if _, err := sim.Inject(In{From: "a", Text: "b"}); err != ErrClosed {
		t.Errorf("Inject: %v", err)
	}
}

// What a client that hung up can't receive stays for the next poll.
func TestHungUpPollConsumesNothing(t *testing.T) {
	sim := newSim(t, WithHold(time.Hour))
	c := newClient(t, sim.AddBot(""))
	for range 20 {
		ctx, cancel := context.WithCancel(c.ctx)
		gone := *c
		gone.ctx = ctx
		done := make(chan answer)
		go func() { done <- gone.poll("") }()
		if err := sim.WaitPolling(c.ctx, ""); err != nil {
			t.Fatal(err)
		}
		cancel()
		if a := <-done; a.err == nil {
			t.Fatal("the poll got an answer")
		}
		waitNoPoll(t, sim)
		sim.Say("alice", "hello")
		if got := c.texts(); !reflect.DeepEqual(got, []string{"hello"}) {
			t.Fatalf("got %q", got)
		}
	}
}

func TestOnePollerPerToken(t *testing.T) {
	sim := newSim(t, WithHold(time.Hour))
	c := newClient(t, sim.AddBot(""))
	first, second := make(chan answer), make(chan []string)
	go func() { first <- c.poll("") }()
	if err := sim.WaitPolling(c.ctx, ""); err != nil {
		t.Fatal(err)
	}
	go func() { second <- c.texts() }()
	if a := <-first; string(a.body) != `{"ret":-14}` {
		t.Errorf("first: %v %s", a.err, a.body)
	}
	sim.Say("alice", "hi")
	if got := <-second; !reflect.DeepEqual(got, []string{"hi"}) {
		t.Errorf("second: %q", got)
	}
	if n := sim.State().Counts.Displaced; n != 1 {
		t.Errorf("displaced %d", n)
	}
}

func TestRebindingEndsHeldPoll(t *testing.T) {
	sim := newSim(t, WithHold(time.Hour))
	c := newClient(t, sim.AddBot("b"))
	done := make(chan answer)
	go func() { done <- c.poll("") }()
	if err := sim.WaitPolling(c.ctx, "b"); err != nil {
		t.Fatal(err)
	}
	logIn(t, newClient(t, Bot{BaseURL: sim.URL}), LoginAction{Action: "confirm", BotID: "b"})
	if a := <-done; a.ret() != -14 {
		t.Errorf("got %s", a.body)
	}
}

func TestBotsAreApart(t *testing.T) {
	sim := newSim(t)
	a, b := newClient(t, sim.AddBot("a")), newClient(t, sim.AddBot("b"))
	if _, err := sim.Inject(In{Bot: "b", From: "alice", Text: "for b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.Inject(In{From: "alice", Text: "for whom?"}); err == nil {
		t.Error("no error with two bots")
	}
	if got := a.texts(); len(got) != 0 {
		t.Errorf("a got %q", got)
	}
	if got := b.texts(); !reflect.DeepEqual(got, []string{"for b"}) {
		t.Errorf("b got %q", got)
	}
	wantRet(t, "a to b's user", a.send("alice", textItem("x"), nil), -2, "unknown error")
}

func TestQuotes(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	said := sim.Say("alice", "a long story")
	wantRet(t, "send", c.send("alice", textItem("an answer"), nil), 0, "")
	c.poll("")
	reply := sim.Sent(0)[0].MessageID
	partial := &PartialText{Start: "long", End: "story", QuoteMD5: "d41d8cd98f00b204e9800998ecf8427e"}
	for _, in := range []In{
		{Quote: said}, {Quote: reply}, {Quote: said, QuoteStyle: QuoteFull, Partial: partial}, {Quote: reply, QuoteStyle: QuoteFull},
	} {
		in.From, in.Text = "alice", "this one"
		if _, err := sim.Inject(in); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Msgs []struct {
				Items []struct {
					Ref struct {
						SvrID   json.RawMessage `json:"svr_id"`
						Title   *string         `json:"title"`
						Item    json.RawMessage `json:"message_item"`
						Partial *PartialText    `json:"partial_text"`
					} `json:"ref_msg"`
				} `json:"item_list"`
			} `json:"msgs"`
		}
		if err := json.Unmarshal(c.poll("").body, &got); err != nil {
			t.Fatal(err)
		}
		ref := got.Msgs[0].Items[0].Ref
		if id, ok := parseID(ref.SvrID); !ok || strconv.FormatUint(id, 10) != in.Quote {
			t.Errorf("svr_id %s, want %s", ref.SvrID, in.Quote)
		}
		if full := in.QuoteStyle == QuoteFull; full != (ref.Title != nil) || full != (ref.Item != nil) {
			t.Errorf("style %q: title %v, item %s", in.QuoteStyle, ref.Title, ref.Item)
		}
		if !reflect.DeepEqual(ref.Partial, in.Partial) {
			t.Errorf("partial %+v", ref.Partial)
		}
	}
}

func TestInjectErrors(t *testing.T) {
	sim := newSim(t)
	sim.AddBot("b")
	for name, in := range map[string]In{
		"nobody":          {Text: "x"},
		"nothing":         {From: "a"},
		"no such bot":     {Bot: "c", From: "a", Text: "x"},
		"bad quote":       {From: "a", Text: "x", Quote: "abc"},
		"partial alone":   {From: "a", Text: "x", Partial: &PartialText{}},
		"unknown in full": {From: "a", Text: "x", Quote: "12", QuoteStyle: QuoteFull},
		"unknown style":   {From: "a", Text: "x", Quote: "12", QuoteStyle: "loud"},
		"bad item":        {From: "a", Items: []json.RawMessage{[]byte(`"x"`)}},
		"null item":       {From: "a", Items: []json.RawMessage{[]byte(`null`)}},
		"plain file":      {From: "a", File: &Blob{Plain: true}},
	} {
		if id, err := sim.Inject(in); err == nil {
			t.Errorf("%s: no error, id %s", name, id)
		}
	}
	if n := sim.State().Bots[0].Queued; n != 0 {
		t.Errorf("%d queued", n)
	}
	defer func() {
		if recover() == nil {
			t.Error("Say with two bots doesn't panic")
		}
	}()
	sim.AddBot("c")
	sim.Say("a", "x")
}

func TestRawItemsKeepTheirDigits(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	item := json.RawMessage(`{"type":99,"odd_item":{"id":18446744073709551615}}`)
	if _, err := sim.Inject(In{From: "alice", Items: []json.RawMessage{item}}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Msgs []struct {
			Items []json.RawMessage `json:"item_list"`
		} `json:"msgs"`
	}
	if err := json.Unmarshal(c.poll("").body, &got); err != nil {
		t.Fatal(err)
	}
	if want := `{"odd_item":{"id":18446744073709551615},"type":99}`; string(got.Msgs[0].Items[0]) != want {
		t.Errorf("got %s", got.Msgs[0].Items[0])
	}
}
