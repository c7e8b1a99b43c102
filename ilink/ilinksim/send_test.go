package ilinksim

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSendIsRecorded(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("helper"))
	sim.Say("alice", "hi")
	token := c.messages(c.poll(""))[0].Token
	a := c.send("alice", textItem("你好 👋"), map[string]any{"context_token": token, "run_id": "r1"})
	wantRet(t, "send", a, 0, "")
	want := Sent{
		N: 1, Bot: "helper@im.bot", To: "alice@im.wechat", Text: "你好 👋", ClientID: "c-1",
		MessageID: strings.Trim(string(a.fields["message_id"]), `"`), ContextToken: token, RunID: "r1",
		AtMS: sim.Now().UnixMilli(), Shown: true,
	}
	got := sim.Sent(0)
	if len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	if !strings.Contains(string(got[0].Items), "你好") {
		t.Errorf("items %s", got[0].Items)
	}
	got[0].Items = nil
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
	if len(sim.Sent(1)) != 0 || len(sim.Sent(99)) != 0 || len(sim.Sent(-1)) != 1 {
		t.Error("after isn't obeyed")
	}
}

// The four forms of a success come in turns.
func TestSendAnswerForms(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	seen := map[[2]bool]int{}
	for range 8 {
		a := c.send("alice", textItem("x"), nil)
		_, hasRet := a.fields["ret"]
		seen[[2]bool{hasRet, a.fields["message_id"][0] == '"'}]++
	}
	if len(seen) != 4 {
		t.Errorf("forms: %v", seen)
	}
}

func TestBadSends(t *testing.T) {
	text := textItem("x")
	with := func(item map[string]any, k string, v any) map[string]any {
		out := map[string]any{k: v}
		for k, v := range item {
			if _, set := out[k]; !set {
				out[k] = v
			}
		}
		return out
	}
	image := func(media, more map[string]any) map[string]any {
		body := map[string]any{"media": media}
		for k, v := range more {
			body[k] = v
		}
		return map[string]any{"type": 2, "image_item": body}
	}
	media := map[string]any{"encrypt_query_param": "p", "aes_key": "k"}
	for _, tt := range []struct {
		name   string
		item   any
		over   map[string]any
		errmsg string
	}{
		{"no to", text, map[string]any{"to_user_id": nil}, "to_user_id required"},
		{"no client id", text, map[string]any{"client_id": nil}, "client_id required"},
		{"type of a user", text, map[string]any{"message_type": 1}, "invalid arguments"},
		{"no type", text, map[string]any{"message_type": nil}, "invalid arguments"},
		{"no items", text, map[string]any{"item_list": []any{}}, "invalid arguments"},
		{"two items", text, map[string]any{"item_list": []any{text, text}}, "invalid arguments"},
		{"wrong field type", text, map[string]any{"to_user_id": 5}, "invalid arguments"},
		{"item is text", "x", nil, "invalid arguments"},
		{"item is null", nil, nil, "invalid arguments"},
		{"item without type", map[string]any{"text_item": map[string]any{"text": "x"}}, nil, "invalid arguments"},
		{"unknown item type", map[string]any{"type": 6, "text_item": map[string]any{"text": "x"}}, nil, "invalid arguments"},
		{"type 0", map[string]any{"type": 0}, nil, "invalid arguments"},
		{"content missing", map[string]any{"type": 1}, nil, "invalid arguments"},
		{"content of another kind", with(text, "type", 2), nil, "invalid arguments"},
		{"content no object", map[string]any{"type": 1, "text_item": "x"}, nil, "invalid arguments"},
		{"two kinds", with(text, "voice_item", map[string]any{"media": media}), nil, "invalid arguments"},
		{"empty text", textItem(""), nil, "invalid arguments"},
		{"create_time_ms", with(text, "create_time_ms", 1), nil, "invalid arguments"},
		{"update_time_ms", with(text, "update_time_ms", 1), nil, "invalid arguments"},
		{"is_completed", with(text, "is_completed", true), nil, "invalid arguments"},
		{"msg_id", with(text, "msg_id", "5"), nil, "invalid arguments"},
		{"no media", image(nil, nil), nil, "invalid arguments"},
		{"full_url", image(map[string]any{"full_url": "http://x"}, nil), nil, "invalid arguments"},
		{"thumb full_url", image(media, map[string]any{"thumb_media": map[string]any{"full_url": "http://x"}}), nil, "invalid arguments"},
		{"image url", image(media, map[string]any{"url": "http://x"}), nil, "invalid arguments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sim := newSim(t)
			c := newClient(t, sim.AddBot(""))
			sim.Say("alice", "hi")
			wantRet(t, "send", c.send("alice", tt.item, tt.over), -2, tt.errmsg)
			r := sim.Rejected(0)
			if len(r) != 1 || r[0].Reason != ReasonBadRequest || r[0].Errmsg != tt.errmsg || r[0].Ret != -2 || r[0].Detail == "" {
				t.Errorf("rejected: %+v", r)
			}
			if len(sim.Sent(0)) != 0 {
				t.Error("it was sent")
			}
		})
	}
}

// Fields with the zero value of their type are as good as left out.
func TestZeroFieldsAreFine(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	item := textItem("x")
	for k, v := range map[string]any{"create_time_ms": 0, "is_completed": false, "msg_id": "", "image_item": nil} {
		item[k] = v
	}
	wantRet(t, "send", c.send("alice", item, nil), 0, "")
}

func TestLongTextIsCut(t *testing.T) {
	for runes, cut := range map[int]bool{2000: false, 2001: true, 5000: true} {
		sim := newSim(t)
		c := newClient(t, sim.AddBot(""))
		sim.Say("alice", "hi")
		wantRet(t, "send", c.send("alice", textItem(strings.Repeat("字", runes)), nil), 0, "")
		m := sim.Sent(0)[0]
		if n := utf8.RuneCountInString(m.Text); n != min(runes, 2000) || m.Cut != cut || !utf8.ValidString(m.Text) {
			t.Errorf("%d characters: %d left, cut %v", runes, n, m.Cut)
		}
	}
}

func TestToolCallsAreDropped(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "hi")
	for _, item := range []map[string]any{
		{"type": 11, "create_time_ms": 5, "is_completed": false, "tool_call_start_item": map[string]any{"tool_name": "t"}},
		{"type": 12, "create_time_ms": 5, "is_completed": true, "tool_call_result_item": map[string]any{"tool_name": "t"}},
	} {
		wantRet(t, "send", c.send("alice", item, nil), 0, "")
	}
	st := sim.State()
	if len(sim.Sent(0)) != 0 || st.Counts.Dropped != 2 || st.Windows[0].Used != 0 {
		t.Errorf("counts %+v, windows %+v", st.Counts, st.Windows)
	}
}

func TestContextTokens(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot(""))
	sim.Say("alice", "one")
	sim.Say("alice", "two")
	sim.Say("bob", "three")
	msgs := c.messages(c.poll(""))
	if msgs[0].Token == msgs[1].Token {
		t.Error("two messages share a token")
	}
	for name, tt := range map[string]struct {
		token  string
		ret    int
		errmsg string
	}{
		"newest":    {msgs[1].Token, 0, ""},
		"older":     {msgs[0].Token, 0, ""},
		"none":      {"", 0, ""},
		"another's": {msgs[2].Token, -2, "unknown error"},
		"made up":   {"xyz", -2, "unknown error"},
	} {
		wantRet(t, name, c.send("alice", textItem("x"), map[string]any{"context_token": tt.token}), tt.ret, tt.errmsg)
	}
	for _, r := range sim.Rejected(0) {
		if r.Reason != ReasonToken {
			t.Errorf("rejected: %+v", r)
		}
	}
}

func TestRepeatedClientID(t *testing.T) {
	for mode, sent := range map[RepeatMode]int{RepeatAccept: 2, RepeatDrop: 1} {
		t.Run(string(mode), func(t *testing.T) {
			sim := newSim(t, WithRepeatedClientID(mode))
			c := newClient(t, sim.AddBot(""))
			sim.Say("alice", "hi")
			id := map[string]any{"client_id": "same"}
			first := c.send("alice", textItem("x"), id)
			second := c.send("alice", textItem("x"), id)
			wantRet(t, "first", first, 0, "")
			wantRet(t, "second", second, 0, "")
			a, _ := parseID(first.fields["message_id"])
			b, _ := parseID(second.fields["message_id"])
			if (a == b) != (mode == RepeatDrop) {
				t.Errorf("ids %d and %d", a, b)
			}
			got := sim.Sent(0)
			if len(got) != sent || len(sim.Repeats(0)) != 2-sent || got[0].Repeat || got[len(got)-1].Repeat != (sent == 2) {
				t.Errorf("sent %+v, repeats %+v", got, sim.Repeats(0))
			}
			st := sim.State()
			if st.Counts.Repeats != 1 || st.Windows[0].Used != sent {
				t.Errorf("counts %+v, windows %+v", st.Counts, st.Windows)
			}
		})
	}
}

func TestWaitSent(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("helper"))
	sim.Say("alice", "hi")
	sim.Say("bob", "hi")
	type result struct {
		sent []Sent
		err  error
	}
	done := make(chan result)
	go func() {
		sent, err := sim.WaitSent(c.ctx, Filter{Bot: "helper", To: "bob"}, 0)
		done <- result{sent, err}
	}()
	c.send("alice", textItem("to alice"), nil)
	c.send("bob", textItem("to bob"), nil)
	if r := <-done; r.err != nil || len(r.sent) != 1 || r.sent[0].Text != "to bob" || r.sent[0].N != 2 {
		t.Errorf("got %+v", r)
	}
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	if _, err := sim.WaitSent(ctx, Filter{}, 2); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func TestRecall(t *testing.T) {
	sim := newSim(t)
	c := newClient(t, sim.AddBot("a"))
	other := newClient(t, sim.AddBot("b"))
	if _, err := sim.Inject(In{Bot: "a", From: "alice", Text: "hi"}); err != nil {
		t.Fatal(err)
	}
	for range 4 { // ids of both sizes
		c.send("alice", textItem("x"), nil)
	}
	sent := sim.Sent(0)
	for i, m := range sent {
		id, _ := parseID([]byte(m.MessageID))
		wantRet(t, "another's", other.post("recallmessage", map[string]any{"msg_id": m.MessageID}), -1, "")
		wantRet(t, "recall", c.post("recallmessage", map[string]any{"msg_id": jsonID(id, i%2 == 0)}), 0, "")
		wantRet(t, "again", c.post("recallmessage", map[string]any{"msg_id": m.MessageID}), 0, "")
	}
	wantRet(t, "unknown", c.post("recallmessage", map[string]any{"msg_id": "42"}), -1, "")
	wantRet(t, "none", c.post("recallmessage", nil), -2, "msg_id required")
	wantRet(t, "no id", c.post("recallmessage", map[string]any{"msg_id": "x"}), -2, "invalid arguments")
	for _, m := range sim.Sent(0) {
		if !m.Recalled {
			t.Errorf("not recalled: %+v", m)
		}
	}
	if n := sim.State().Counts.Recalled; n != len(sent) {
		t.Errorf("recalled %d", n)
	}
}
