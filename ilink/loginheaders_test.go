package ilink

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
)

// Which headers the calls of a login have (protocol §2): those of a bot's calls but for
// Authorization where the QR code is asked for, and those of the app alone on a poll.
func TestLoginHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := loginServer(statuses("need_verifycode", "scaned", confirmed))
		l := startLogin(t, f, LoginConfig{
			RouteTag: "tag", LocalTokens: []string{"secret"},
			VerifyCode: func(context.Context, bool) (string, error) { return "12", nil },
		})
		if _, err := l.Wait(context.Background()); err != nil {
			t.Fatal(err)
		}
		app := []string{"SKRouteTag", "iLink-App-ClientVersion", "iLink-App-Id"}
		for _, c := range f.calls {
			var names []string
			for name := range c.Header {
				names = append(names, name)
			}
			slices.Sort(names)
			want := app
			if c.endpoint == "get_bot_qrcode" {
				want = []string{"AuthorizationType", "Content-Type", "SKRouteTag", "X-WECHAT-UIN", "iLink-App-ClientVersion", "iLink-App-Id"}
			}
			if !slices.Equal(names, want) {
				t.Errorf("%s has the headers %q, want %q", c.endpoint, names, want)
			}
		}
	})
}

// User ids are case-sensitive: they go out as they came.
func TestUserIDsKeepTheirCase(t *testing.T) {
	var m Message
	if err := json.Unmarshal([]byte(`{"from_user_id":"o9Cq800KUM_xX@im.wechat","message_id":1}`), &m); err != nil {
		t.Fatal(err)
	}
	c, f := newFake(feed(`{"message_id":"1"}`))
	if err := c.Reply(t.Context(), &m, TextMessage("hi")); err != nil {
		t.Fatal(err)
	}
	if got := f.last("sendmessage").json(t)["msg"].(map[string]any)["to_user_id"]; got != "o9Cq800KUM_xX@im.wechat" {
		t.Errorf("sent to %v", got)
	}
}
