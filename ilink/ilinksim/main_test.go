package ilinksim

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testHold is short, so that polls that nothing comes for end soon.
const testHold = 50 * time.Millisecond

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// newSim starts a simulator whose clock stands still and whose holds are
// short, which is strict and shows all forms of answers; further options come on top.
func newSim(t *testing.T, opts ...Option) *Server {
	t.Helper()
	return newPlainSim(t, append([]Option{WithQuirks(RefuseAppHeaders, RefuseBaseInfo, StringIDs, BigIDs, ShortSession, KeyForms)}, opts...)...)
}

// newPlainSim is newSim as the simulator is by default.
func newPlainSim(t *testing.T, opts ...Option) *Server {
	t.Helper()
	sim := New(append([]Option{WithHold(testHold), WithManualClock(time.Time{}), WithLimits(Limits{Burst: -1})}, opts...)...)
	t.Cleanup(sim.Close)
	return sim
}

// A client makes calls as a bot, with correct headers that a test can spoil.
type client struct {
	t    *testing.T
	ctx  context.Context
	http *http.Client
	bot  Bot
	edit func(http.Header)
	n    int
}

func newClient(t *testing.T, bot Bot) *client {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &client{t: t, ctx: testContext(t), http: &http.Client{Transport: tr}, bot: bot}
}

type answer struct {
	status int
	header http.Header
	body   []byte
	fields map[string]json.RawMessage
	err    error
}

// ret is ret, or errcode where there is no ret, or 0.
func (a answer) ret() int {
	for _, name := range []string{"ret", "errcode"} {
		if raw, ok := a.fields[name]; ok {
			n, _ := strconv.Atoi(string(raw))
			return n
		}
	}
	return 0
}

func (a answer) text(name string) string {
	var s string
	_ = json.Unmarshal(a.fields[name], &s)
	return s
}

func (c *client) do(method, url string, body []byte, edit func(http.Header)) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.ctx, method, url, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	edit(req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	a := answer{status: resp.StatusCode, header: resp.Header, body: got, err: err}
	_ = json.Unmarshal(got, &a.fields)
	return a
}

func (c *client) headers(h http.Header) {
	h.Set("iLink-App-Id", "bot")
	h.Set("iLink-App-ClientVersion", "132105")
	h.Set("Content-Type", "application/json")
	h.Set("AuthorizationType", "ilink_bot_token")
	h.Set("Authorization", "Bearer "+c.bot.Token)
	h.Set("X-WECHAT-UIN", "MTIzNDU2Nzg5MA==")
	if c.edit != nil {
		c.edit(h)
	}
}

// post calls an endpoint; base_info is added to fields.
func (c *client) post(endpoint string, fields map[string]any) answer {
	c.t.Helper()
	body := map[string]any{"base_info": map[string]any{"channel_version": "2.4.9"}}
	for k, v := range fields {
		body[k] = v
	}
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do("POST", c.bot.BaseURL+"/ilink/bot/"+endpoint, raw, c.headers)
}

func (c *client) poll(cursor string) answer {
	c.t.Helper()
	return c.post("getupdates", map[string]any{"get_updates_buf": cursor})
}

// received is a message of an answer to getupdates.
type received struct {
	ID      json.RawMessage  `json:"message_id"`
	From    string           `json:"from_user_id"`
	To      string           `json:"to_user_id"`
	Token   string           `json:"context_token"`
	Type    int              `json:"message_type"`
	Items   []map[string]any `json:"item_list"`
	Seq     int              `json:"seq"`
	Session string           `json:"session_id"`
}

func (m received) id() string { return strings.Trim(string(m.ID), `"`) }

func (m received) text() string {
	item, _ := m.Items[0]["text_item"].(map[string]any)
	text, _ := item["text"].(string)
	return text
}

func (c *client) messages(a answer) []received {
	c.t.Helper()
	var msgs []received
	if raw, ok := a.fields["msgs"]; ok {
		if err := json.Unmarshal(raw, &msgs); err != nil {
			c.t.Fatalf("msgs: %v in %s", err, a.body)
		}
	}
	return msgs
}

// texts are the texts of the next poll.
func (c *client) texts() []string {
	c.t.Helper()
	var texts []string
	for _, m := range c.messages(c.poll("")) {
		texts = append(texts, m.text())
	}
	return texts
}

func textItem(text string) map[string]any {
	return map[string]any{"type": 1, "text_item": map[string]any{"text": text}}
}

// send sends one item; fields of msg in over replace the correct ones, and nil
// removes one.
func (c *client) send(to string, item any, over map[string]any) answer {
	c.t.Helper()
	c.n++
	msg := map[string]any{
		"from_user_id": "", "to_user_id": userID(to), "client_id": fmt.Sprintf("c-%d", c.n),
		"message_type": 2, "message_state": 2, "item_list": []any{item},
	}
	for k, v := range over {
		msg[k] = v
		if v == nil {
			delete(msg, k)
		}
	}
	return c.post("sendmessage", map[string]any{"msg": msg})
}

// control makes a control call; out may be nil.
func (c *client) control(method, path, body string, out any) answer {
	c.t.Helper()
	a := c.do(method, c.bot.BaseURL+path, []byte(body), func(http.Header) {})
	if a.err != nil {
		c.t.Fatal(a.err)
	}
	if out != nil {
		if a.status != http.StatusOK {
			c.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
		}
		if err := json.Unmarshal(a.body, out); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, a.body)
		}
	}
	return a
}

func wantRet(t *testing.T, what string, a answer, ret int, errmsg string) {
	t.Helper()
	if a.err != nil || a.status != 200 || a.ret() != ret || a.text("errmsg") != errmsg {
		t.Errorf("%s: got err %v, status %d, %s; want ret %d %q", what, a.err, a.status, a.body, ret, errmsg)
	}
}

// waitNoPoll waits until no poll of the bot is held.
func waitNoPoll(t *testing.T, s *Server) {
	t.Helper()
	ctx := testContext(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.bots[0].poll != nil {
		if err := s.waitChange(ctx, 0); err != nil {
			t.Fatal(err)
		}
	}
}
