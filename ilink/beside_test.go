package ilink

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server that never answers notifystart and notifystop keeps back neither the
// first message nor, by more than a moment, the return.
func TestHangingNotifyDelaysNothing(t *testing.T) {
	for _, hangs := range []string{"notifystart", "notifystop", "notifystart notifystop"} {
		synctest.Test(t, func(t *testing.T) {
			c, f := newFake(func(c *call) (*http.Response, error) {
				switch {
				case strings.Contains(hangs, c.endpoint):
					return c.hang()
				case c.endpoint != "getupdates":
					return ok("{}")
				case c.n == 0:
					return ok(`{"msgs":[{"message_id":4,"from_user_id":"a@im.wechat"}],"get_updates_buf":"c2"}`)
				}
				return c.hang()
			})
			ctx, cancel := context.WithCancel(context.Background())
			start := time.Now()
			var first, cancelled time.Duration
			time.AfterFunc(time.Minute, func() { cancelled = time.Since(start); cancel() })
			err := c.ListenAndServe(ctx, HandlerFunc(func(context.Context, *Message) error {
				first = time.Since(start)
				return nil
			}))
			if err != context.Canceled || first != 0 {
				t.Errorf("%s: %v, the first message after %v", hangs, err, first)
			}
			if late := time.Since(start) - cancelled; late > stopGrace {
				t.Errorf("%s: the return came %v after the cancel", hangs, late)
			}
			if f.count("notifystart") != 1 || f.count("notifystop") != 1 {
				t.Errorf("%s: %d starts, %d stops", hangs, f.count("notifystart"), f.count("notifystop"))
			}
		})
	}
}

// On their own they have 10 s.
func TestNotifyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newFake((*call).hang)
		for _, notify := range []func(context.Context) error{c.NotifyStart, c.NotifyStop} {
			start := time.Now()
			var te *TransportError
			if err := notify(context.Background()); !errors.As(err, &te) || te.Kind != FailureTimeout || time.Since(start) != 10*time.Second {
				t.Errorf("%v after %v", err, time.Since(start))
			}
		}
	})
}

// An empty text is refused before anything is sent, wherever it stands.
func TestEmptyTextIsNotSent(t *testing.T) {
	c, f := newFake(func(*call) (*http.Response, error) { return ok(`{"message_id":"1"}`) })
	good := TextMessage("hi")
	for _, items := range [][]Item{
		{TextMessage("")}, {good, TextMessage("")}, {good, {Type: ItemTypeText}}, {good, {Type: ItemTypeText, Text: &TextItem{}}},
	} {
		if err := c.Send(t.Context(), &OutboundMessage{To: "a@im.wechat", Items: items}); !errors.Is(err, ErrBadRequest) {
			t.Errorf("Send: %v", err)
		}
		if err := c.Reply(t.Context(), &Message{From: "a@im.wechat"}, items...); !errors.Is(err, ErrBadRequest) {
			t.Errorf("Reply: %v", err)
		}
	}
	if _, err := c.SendMessage(t.Context(), &OutboundMessage{To: "a@im.wechat", Items: []Item{TextMessage("")}}); !errors.Is(err, ErrBadRequest) {
		t.Errorf("SendMessage: %v", err)
	}
	if len(f.calls) != 0 {
		t.Errorf("%d calls", len(f.calls))
	}
}

// Only what came as an image may be plain.
func TestMediaWithoutKey(t *testing.T) {
	var m Message
	if err := m.UnmarshalJSON([]byte(`{"item_list":[
		{"type":2,"image_item":{"media":{"encrypt_query_param":"p"},"thumb_media":{"encrypt_query_param":"t"}}},
		{"type":4,"file_item":{"media":{"encrypt_query_param":"p"}}},
		{"type":3,"voice_item":{"media":{"encrypt_query_param":"p"}}},
		{"type":5,"video_item":{"media":{"encrypt_query_param":"p"}}}]}`)); err != nil {
		t.Fatal(err)
	}
	plain := []byte("plain")
	for _, media := range []*CDNMedia{m.Items[0].Media(), m.Items[0].Image.Media, m.Items[0].Image.ThumbMedia} {
		if got, err := DecryptMedia(media, plain); err != nil || string(got) != "plain" {
			t.Errorf("image: %q, %v", got, err)
		}
	}
	own := Item{Type: ItemTypeImage, Image: &ImageItem{Media: &CDNMedia{EncryptQueryParam: "p"}}}
	if got, err := DecryptMedia(own.Media(), plain); err != nil || string(got) != "plain" {
		t.Errorf("an image of one's own: %q, %v", got, err)
	}
	c, f := newFake(func(*call) (*http.Response, error) { return ok("plain") })
	for _, it := range m.Items[1:] {
		if got, err := DecryptMedia(it.Media(), plain); !errors.Is(err, ErrMedia) {
			t.Errorf("%s: %q, %v", it.Type, got, err)
		}
		if got, err := readDownload(c, it.Media()); !errors.Is(err, ErrMedia) {
			t.Errorf("%s: %q, %v", it.Type, got, err)
		}
	}
	if len(f.calls) != 0 {
		t.Errorf("%d downloads of what can't be read", len(f.calls))
	}
}
