package ilink_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/ilinksim"
)

func TestSimLogin(t *testing.T) {
	sim, _ := newSim(t)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	login := func(actions []ilinksim.LoginAction, cfg ilink.LoginConfig) (*ilink.Token, error) {
		t.Helper()
		cfg.BaseURL, cfg.HTTPClient = sim.URL, &http.Client{Transport: tr}
		l, err := ilink.NewLogin(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range actions {
			if err := sim.LoginAction(l.QRCode, a); err != nil {
				t.Fatal(err)
			}
		}
		return l.Wait(t.Context())
	}
	token, err := login([]ilinksim.LoginAction{{Action: "confirm", BotID: "fresh", UserID: "alice"}}, ilink.LoginConfig{})
	if err != nil || token.BotID != "fresh@im.bot" || token.UserID != "alice@im.wechat" || token.BaseURL != sim.URL {
		t.Fatalf("%v, %v", token, err)
	}
	c := ilink.NewClient(token, ilink.WithHTTPClient(&http.Client{Transport: tr}))
	if err := c.NotifyStart(t.Context()); err != nil {
		t.Errorf("the new token: %v", err)
	}
	for name, tc := range map[string]struct {
		action ilinksim.LoginAction
		cfg    ilink.LoginConfig
		want   error
	}{
		"cancel": {ilinksim.LoginAction{Action: "cancel"}, ilink.LoginConfig{}, ilink.ErrQRCodeCancelled},
		"expire": {ilinksim.LoginAction{Action: "expire"}, ilink.LoginConfig{}, ilink.ErrQRCodeExpired},
		"bound": {ilinksim.LoginAction{Action: "confirm", BotID: "fresh"}, ilink.LoginConfig{LocalTokens: []string{token.BotToken}},
			ilink.ErrAlreadyBound},
	} {
		if _, err := login([]ilinksim.LoginAction{tc.action}, tc.cfg); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := login([]ilinksim.LoginAction{{Action: "confirm_without_bot_id"}}, ilink.LoginConfig{}); err == nil {
		t.Error("confirmed without a bot id")
	}
}

func TestSimLoginRedirect(t *testing.T) {
	sim, _ := newSim(t)
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	var confirmed bool
	l, err := ilink.NewLogin(t.Context(), ilink.LoginConfig{
		BaseURL: sim.URL, HTTPClient: &http.Client{Transport: tr},
		OnStatus: func(s ilink.LoginStatus) {
			if s == ilink.LoginRedirect {
				confirmed = true
				sim.LoginAction(sim.QRCodes()[0], ilinksim.LoginAction{Action: "confirm", BotID: "far"})
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.LoginAction(l.QRCode, ilinksim.LoginAction{Action: "redirect"}); err != nil {
		t.Fatal(err)
	}
	if token, err := l.Wait(t.Context()); err != nil || token.BotID != "far@im.bot" || !confirmed {
		t.Errorf("%v, %v", token, err)
	}
}
