package conformance

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestTencentClient runs Tencent's client against simulators, one a subtest.
func TestTencentClient(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Node")
	}
	c := startClient(t)
	for name, test := range map[string]func(*testing.T, *client){
		"receive":        testReceive,
		"hold":           testHold,
		"two pollers":    testTwoPollers,
		"session":        testSession,
		"send":           testSend,
		"send limits":    testSendLimits,
		"burst throttle": testBurstThrottle,
		"typing":         testTyping,
		"notify":         testNotify,
		"upload":         testUpload,
		"upload retries": testUploadRetries,
		"send a file":    testSendMediaFile,
		"download":       testDownload,
		"download fails": testDownloadFails,
		"faults":         testFaults,
		"login":          testLogin,
		"login, bound":   testLoginBound,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// A rig is the client as one bot of one simulator.
type rig struct {
	t      *testing.T
	c      *client
	sim    *ilinksim.Server
	bot    ilinksim.Bot
	cursor string
}

// newRig starts a simulator with a bot. However the test goes on, the client
// may do nothing that the simulator warns of.
func newRig(t *testing.T, c *client, opts ...ilinksim.Option) *rig {
	t.Helper()
	// With all forms of ids and keys.
	sim := ilinksim.New(append([]ilinksim.Option{ilinksim.WithQuirks(ilinksim.StringIDs, ilinksim.BigIDs, ilinksim.KeyForms)}, opts...)...)
	t.Cleanup(sim.Close)
	t.Cleanup(func() {
		for _, w := range sim.State().Warnings {
			t.Errorf("the simulator warns %d times: %s", w.Count, w.Text)
		}
	})
	return &rig{t: t, c: c, sim: sim, bot: sim.AddBot("helper")}
}

// params are the bot's address and token, and what the call needs beside.
func (r *rig) params(more map[string]any) map[string]any {
	p := map[string]any{"baseUrl": r.bot.BaseURL, "token": r.bot.Token}
	for k, v := range more {
		p[k] = v
	}
	return p
}

// call makes a call that must succeed.
func (r *rig) call(name string, params, result any) {
	r.t.Helper()
	if err := r.c.call(name, params, result); err != nil {
		r.t.Fatalf("%s: %v", name, err)
	}
}

// wantError makes a call that must fail with an error that has text in it.
func (r *rig) wantError(name string, params any, text string) {
	r.t.Helper()
	err := r.c.call(name, params, nil)
	if err == nil || !strings.Contains(err.Error(), text) {
		r.t.Errorf("%s: error %v, want one with %q", name, err, text)
	}
}

// update is what the client makes of an answer to getupdates.
type update struct {
	Ret     int       `json:"ret"`
	ErrCode int       `json:"errcode"`
	Msgs    []message `json:"msgs"`
	Cursor  string    `json:"get_updates_buf"`
	Timeout int       `json:"longpolling_timeout_ms"`
}

// message has its ids as the client gives them out: strings, whatever they
// were on the wire.
type message struct {
	ID    string            `json:"message_id"`
	From  string            `json:"from_user_id"`
	To    string            `json:"to_user_id"`
	Type  int               `json:"message_type"`
	Token string            `json:"context_token"`
	Items []json.RawMessage `json:"item_list"`
}

func (m message) item(t *testing.T) item {
	t.Helper()
	if len(m.Items) != 1 {
		t.Fatalf("message %s has %d items, want 1", m.ID, len(m.Items))
	}
	var it item
	if err := json.Unmarshal(m.Items[0], &it); err != nil {
		t.Fatalf("item %s: %v", m.Items[0], err)
	}
	return it
}

// item is a message's item, as the client gives it out.
type item struct {
	Type  int       `json:"type"`
	MsgID string    `json:"msg_id"`
	Text  textItem  `json:"text_item"`
	Image mediaItem `json:"image_item"`
	Voice mediaItem `json:"voice_item"`
	File  mediaItem `json:"file_item"`
	Video mediaItem `json:"video_item"`
	Ref   struct {
		ID string `json:"svr_id"`
	} `json:"ref_msg"`
}

type textItem struct {
	Text string `json:"text"`
}

type mediaItem struct {
	Media struct {
		Param   string `json:"encrypt_query_param"`
		Key     string `json:"aes_key"`
		FullURL string `json:"full_url"`
	} `json:"media"`
	HexKey string `json:"aeskey"`
	Name   string `json:"file_name"`
	Len    string `json:"len"`
}

// poll calls getUpdates with the rig's cursor and keeps the new one, as the
// client's own loop does.
func (r *rig) poll() update {
	r.t.Helper()
	var u update
	r.call("getUpdates", r.params(map[string]any{"get_updates_buf": r.cursor}), &u)
	if u.Cursor != "" {
		r.cursor = u.Cursor
	}
	return u
}

// say has a user write to the bot and returns what the client gets of it.
func (r *rig) say(from, text string) message {
	r.t.Helper()
	return r.receive(ilinksim.In{From: from, Text: text})
}

// receive has a user send a message to the bot and polls it.
func (r *rig) receive(in ilinksim.In) message {
	r.t.Helper()
	id, err := r.sim.Inject(in)
	if err != nil {
		r.t.Fatal(err)
	}
	u := r.poll()
	if u.Ret != 0 || u.ErrCode != 0 || len(u.Msgs) != 1 {
		r.t.Fatalf("getUpdates: %+v, want one message", u)
	}
	m := u.Msgs[0]
	if m.ID != id {
		r.t.Errorf("message_id %s, want %s", m.ID, id)
	}
	if m.Token == "" || m.To != r.bot.ID || m.From != in.From+"@im.wechat" || m.Type != 1 {
		r.t.Errorf("message from %q to %q of type %d with context token %q; want from %q to %q of type 1 with a token",
			m.From, m.To, m.Type, m.Token, in.From+"@im.wechat", r.bot.ID)
	}
	return m
}

// opts are the options that the client's sending functions take.
func (r *rig) opts(contextToken string) map[string]any {
	return r.params(map[string]any{"contextToken": contextToken})
}

// noneRejected fails if the simulator has refused a send.
func (r *rig) noneRejected() {
	r.t.Helper()
	for _, m := range r.sim.Rejected(0) {
		r.t.Errorf("refused: ret %d %q: %s", m.Ret, m.Errmsg, m.Detail)
	}
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callTimeout)
	t.Cleanup(cancel)
	return ctx
}

// waitFor waits until the simulator, which has no notice of it, is that far.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx := testContext(t)
	for !done() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

// unlimited switches the send limits off.
func unlimited() ilinksim.Option { return ilinksim.WithLimits(ilinksim.Limits{Disabled: true}) }

// shortHold is for polls that nothing comes for.
func shortHold() ilinksim.Option { return ilinksim.WithHold(200 * time.Millisecond) }
