package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

const (
	secretToken   = "bot-token-SECRET1"
	secretContext = "context-SECRET2"
	secretBridge  = "bridge-SECRET3"
	secretQR      = "qrcode-SECRET4"
)

func assertClean(t *testing.T, what, text string) {
	t.Helper()
	if i := strings.Index(text, "SECRET"); i >= 0 {
		t.Errorf("%s shows a secret: …%s", what, text[max(0, i-60):min(len(text), i+20)])
	}
}

// However they are printed or logged, these types keep their secrets.
func TestTypesKeepSecrets(t *testing.T) {
	var log logBuffer
	msg := WeixinMessage{FromUserID: "u", ContextToken: secretContext}
	for _, v := range []any{
		BridgeBinding{BotToken: secretToken, BridgeSecret: secretBridge},
		&BridgeBinding{BotToken: secretToken, BridgeSecret: secretBridge},
		Session{QRCode: secretQR, QRCodeURL: secretQR}, &Session{QRCode: secretQR, QRCodeURL: secretQR},
		StatusResult{Token: secretToken}, &StatusResult{Token: secretToken},
		msg, &msg, GetUpdatesResponse{Msgs: []WeixinMessage{msg}}, SendMessageRequest{Msg: msg},
	} {
		log.logger().Info("x", "v", v)
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			assertClean(t, fmt.Sprintf("%T with %s", v, format), fmt.Sprintf(format, v))
		}
	}
	assertClean(t, "the log", log.String())
}

// Everything goes wrong, and everybody repeats what they were told: nothing of
// it gets into the log or the states.
func TestPollerKeepsSecrets(t *testing.T) {
	everything := strings.Join([]string{secretToken, secretContext, secretBridge}, " ")
	for name, deliver := range map[string]func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error{
		"error":   func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error { return errors.New(everything) },
		"panic":   func(context.Context, BridgeBinding, *ilink.Updates, PollMeta) error { panic(everything) },
		"forward": nil,
	} {
		var log logBuffer
		st := &states{}
		f := &fake{answer: func(c *call) (*http.Response, error) {
			switch {
			case c.endpoint == "getupdates" && c.n == 0:
				return answer(200, `{"ret":-14,"errmsg":"`+secretToken+`"}`)
			case c.endpoint == "getupdates" && c.n == 1:
				return answer(200, `{"msgs":["`+secretContext+`",{"message_id":1,"from_user_id":"u","context_token":"`+
					secretContext+`","item_list":[{"type":1}]}],"get_updates_buf":"c"}`)
			case c.endpoint == "message" && c.n == 0:
				return nil, errors.New("failed with " + c.Header.Get("Authorization"))
			case c.endpoint == "notifystart":
				return answer(500, secretToken) // no message has come yet
			}
			return answer(500, everything)
		}}
		db := newMemDB()
		db.setFail("cursor", errors.New(everything))
		b := NewBridgeWith(db, nil, Options{
			HTTPClient: f.client(), ForwardTransport: f, Logger: log.logger(), Deliver: deliver, OnState: st.add,
			Token: func(context.Context, BridgeBinding) (ilink.Token, error) {
				return ilink.Token{}, errors.New(secretToken + secretBridge)
			},
			ClientOptions: func(BridgeBinding) []ilink.Option { panic(secretToken + secretBridge) },
		})
		binding := BridgeBinding{SandboxID: "s", BotID: "b", BotToken: secretToken, ILinkBaseURL: testBase, BridgeSecret: secretBridge}
		if deliver == nil {
			binding.PodIP = "pod"
		}
		b.StartPoller(binding)
		eventually(t, "a failure is told", func() bool { return st.last().Err != nil })
		b.StopPoller("s", "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := b.Close(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		assertClean(t, name+": the log", log.String())
		for _, s := range st.list() {
			assertClean(t, name+": a state", fmt.Sprintf("%+v %#v", s, s.Err))
		}
		if !strings.Contains(log.String(), redacted) {
			t.Errorf("%s: nothing was taken out of the log, the test tests nothing:\n%s", name, log.String())
		}
	}
}

// An error that was cleaned is still the one that it was.
func TestScrubError(t *testing.T) {
	disk := errors.New("disk full")
	dirty := fmt.Errorf("save %s: %w", secretToken, disk)
	clean := scrubError(dirty, secretToken, "", "x")
	if clean.Error() != "save [redacted]: disk full" || !errors.Is(clean, disk) {
		t.Errorf("%v", clean)
	}
	assertClean(t, "a cleaned error", fmt.Sprintf("%v %+v %#v", clean, clean, clean))
	if scrubError(disk, secretToken) != disk {
		t.Error("nothing had to be cleaned")
	}
}
