package bridge

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestGetUpdatesAndSend(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	id := sim.Say("alice", "hello")
	resp, err := GetUpdates(t.Context(), bot.BaseURL, bot.Token, "")
	if err != nil || resp.Ret != 0 || len(resp.Msgs) != 1 || resp.GetUpdatesBuf == "" || resp.LongPollingTimeoutMs != 10000 {
		t.Fatalf("%+v, %v", resp, err)
	}
	m := resp.Msgs[0]
	if m.FromUserID != "alice@im.wechat" || m.ToUserID != bot.ID || m.MessageType != 1 || string(m.MessageID) != id ||
		m.CreateTimeMs == 0 || m.ContextToken == "" || len(m.ItemList) != 1 || m.ItemList[0].Type != 1 ||
		m.ItemList[0].TextItem.Text != "hello" {
		t.Errorf("%#v %#v", m, m.ItemList)
	}
	if err := SendTextMessage(t.Context(), bot.BaseURL, bot.Token, m.FromUserID, "hi", m.ContextToken); err != nil {
		t.Error(err)
	}
	sent := sim.Sent(0)
	if len(sent) != 1 || sent[0].Text != "hi" || sent[0].ContextToken != m.ContextToken {
		t.Errorf("%+v", sent)
	}
	if w := sim.State().Warnings; len(w) > 0 {
		t.Errorf("warnings: %v", w)
	}
}

func TestGetUpdatesVoice(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	if _, err := sim.Inject(ilinksim.In{From: "a", Voice: &ilinksim.Blob{Data: []byte("x")}, Transcript: "said"}); err != nil {
		t.Fatal(err)
	}
	resp, err := GetUpdates(t.Context(), bot.BaseURL, bot.Token, "")
	if err != nil || len(resp.Msgs) != 1 || resp.Msgs[0].ItemList[0].VoiceItem.Text != "said" {
		t.Fatalf("%+v, %v", resp, err)
	}
}

func TestGetUpdatesRefused(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	resp, err := GetUpdates(t.Context(), bot.BaseURL, "no-such-token", "")
	if err != nil || resp.Ret != -14 || resp.ErrCode != -14 || resp.ErrMsg != "session timeout" || len(resp.Msgs) != 0 {
		t.Errorf("%+v, %v", resp, err)
	}
	if _, err := sim.AddFault(ilinksim.Fault{Endpoint: "getupdates", Kind: ilinksim.FaultHTTP, Status: 524}); err != nil {
		t.Fatal(err)
	}
	resp, err = GetUpdates(t.Context(), bot.BaseURL, bot.Token, "")
	var te *ilink.TransportError
	if !errors.As(err, &te) || te.Status != 524 || resp != nil {
		t.Errorf("%+v, %v", resp, err)
	}
}

// The end of the caller's deadline is an empty response, a cancelled context isn't.
func TestGetUpdatesEnds(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for range 2 { // the second time it is over from the start
		resp, err := GetUpdates(ctx, bot.BaseURL, bot.Token, "c1")
		if err != nil || resp.Ret != 0 || resp.ErrCode != 0 || len(resp.Msgs) != 0 || resp.GetUpdatesBuf != "c1" {
			t.Errorf("%+v, %v", resp, err)
		}
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if resp, err := GetUpdates(ctx, bot.BaseURL, bot.Token, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", resp, err)
	}
}

// A message that can't be read doesn't take the others with it.
func TestGetUpdatesMalformed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"msgs":["bad",{"message_id":7,"group_id":"g","seq":3}],"get_updates_buf":"n"}`))
	}))
	defer srv.Close()
	resp, err := GetUpdates(t.Context(), srv.URL, "tok", "")
	if err != nil || len(resp.Msgs) != 1 || resp.GetUpdatesBuf != "n" {
		t.Fatalf("%+v, %v", resp, err)
	}
	if m := resp.Msgs[0]; m.MessageID != "7" || m.GroupID != "g" || m.Seq != 3 {
		t.Errorf("%#v", m)
	}
}

func TestSendLongText(t *testing.T) {
	t.Parallel()
	sim := newSim(t, ilinksim.WithLimits(ilinksim.DefaultLimits())) // the throttle too
	bot := sim.AddBot("b")
	sim.Say("alice", "tell me")
	resp, err := GetUpdates(t.Context(), bot.BaseURL, bot.Token, "")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("你好世界", 1500) // 6,000 code points
	m := resp.Msgs[0]
	if err := SendTextMessage(t.Context(), bot.BaseURL, bot.Token, m.FromUserID, text, m.ContextToken); err != nil {
		t.Fatal(err)
	}
	var all string
	ids := map[string]bool{}
	sent := sim.Sent(0)
	for _, s := range sent {
		if n := utf8.RuneCountInString(s.Text); n > 1800 || s.Cut {
			t.Errorf("a part has %d code points", n)
		}
		all += s.Text
		ids[s.ClientID] = true
	}
	if len(sent) != 4 || all != text || len(ids) != 4 {
		t.Errorf("%d parts, %d client ids, %d bytes of %d", len(sent), len(ids), len(all), len(text))
	}
}

func TestSendFailures(t *testing.T) {
	sim := newSim(t)
	bot := sim.AddBot("b")
	for _, text := range []string{"", " \n"} {
		if err := SendTextMessage(t.Context(), bot.BaseURL, bot.Token, "u", text, ""); !errors.Is(err, ilink.ErrBadRequest) {
			t.Errorf("%q: %v", text, err)
		}
	}
	// Nobody has written yet.
	err := SendTextMessage(t.Context(), bot.BaseURL, bot.Token, "u", "hi", "ctx-secret")
	if !errors.Is(err, ilink.ErrWindowClosed) {
		t.Error(err)
	}
	err = SendTextMessage(t.Context(), bot.BaseURL, bot.Token, "u", strings.Repeat("x", 2000), "ctx-secret")
	if !errors.Is(err, ilink.ErrWindowClosed) || !strings.Contains(err.Error(), "part 1 of 2") {
		t.Error(err)
	}
	if n := len(sim.Rejected(0)); n != 2 {
		t.Errorf("%d sends were tried, the first to fail is the last", n)
	}
}
