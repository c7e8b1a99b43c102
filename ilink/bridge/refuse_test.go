package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
)

// threeMessages is a server with one batch of three.
func threeMessages(forward func(c *call, id string) (*http.Response, error)) *fake {
	return &fake{answer: func(c *call) (*http.Response, error) {
		switch {
		case c.endpoint == "getupdates" && c.n == 0:
			return answer(200, `{"get_updates_buf":"c1","msgs":[
				{"message_id":1,"from_user_id":"u","item_list":[{"type":1,"text_item":{"text":"one"}}]},
				{"message_id":2,"from_user_id":"u","item_list":[{"type":1,"text_item":{"text":"two"}}]},
				{"message_id":3,"from_user_id":"u","item_list":[{"type":1,"text_item":{"text":"three"}}]}]}`)
		case c.endpoint == "getupdates":
			return c.hang()
		case c.endpoint == "message":
			for _, id := range []string{"1", "2", "3"} {
				if strings.Contains(c.body, `"weixin-`+id+`"`) {
					return forward(c, id)
				}
			}
		}
		return answer(200, `{}`)
	}}
}

var podBinding = BridgeBinding{SandboxID: "s", BotID: "b", BotToken: "t", ILinkBaseURL: testBase, PodIP: "pod", BridgeSecret: "x"}

// A message that the target refuses is told of and keeps none of the others back;
// statuses that ask for another try are not a refusal.
func TestForwardRefused(t *testing.T) {
	for status, final := range map[int]bool{400: true, 401: true, 403: true, 404: true, 413: true, 422: true, 408: false, 429: false, 500: false, 503: false, 301: false} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			f := threeMessages(func(_ *call, id string) (*http.Response, error) {
				if id != "2" {
					return answer(204, "")
				}
				if tries++; tries < 3 {
					return answer(status, "no: two")
				}
				return answer(204, "")
			})
			var mu sync.Mutex
			var refused []string
			db := newMemDB()
			b := NewBridgeWith(db, nil, Options{
				HTTPClient: f.client(), ForwardTransport: f, Logger: quiet(),
				OnRefused: func(binding BridgeBinding, m *ilink.Message, err *RefusedError) {
					mu.Lock()
					defer mu.Unlock()
					refused = append(refused, fmt.Sprint(binding.BotID, m.ID, err.Status))
					if strings.Contains(err.Error(), "two") {
						t.Errorf("the error repeats the answer: %v", err)
					}
				},
			})
			b.StartPoller(podBinding)
			time.Sleep(time.Minute)
			synctest.Wait()
			want, wantTries := "[]", 3
			if final {
				want, wantTries = fmt.Sprintf("[b2%d]", status), 1
			}
			mu.Lock()
			if fmt.Sprint(refused) != want || tries != wantTries {
				t.Errorf("%d: refused %v after %d tries", status, refused, tries)
			}
			mu.Unlock()
			if n := len(f.of("message")); n != 2+wantTries || db.cursor("s", "b") != "c1" {
				t.Errorf("%d: %d calls, cursor %q", status, n, db.cursor("s", "b"))
			}
			if err := b.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A Forwarder tells a refusal from other failures, too.
func TestForwarderRefused(t *testing.T) {
	m := &ilink.Message{ID: "1", From: "u", Items: []ilink.Item{ilink.TextMessage("hi")}}
	for status, final := range map[int]bool{200: false, 400: true, 404: true, 408: false, 429: false, 502: false} {
		f := &fake{answer: func(*call) (*http.Response, error) { return answer(status, "hi") }}
		fw, err := NewForwarder("http://pod.test", "s3cret", f, quiet())
		if err != nil {
			t.Fatal(err)
		}
		err = fw.Forward(t.Context(), m, time.Now())
		var refused *RefusedError
		if errors.As(err, &refused) != final || (err == nil) != (status == 200) {
			t.Errorf("%d: %v", status, err)
		}
		if err != nil && (!strings.Contains(err.Error(), fmt.Sprint(status)) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// A stop cancels the call under way; the next poller forwards that message again, and
// those after it, and none that was taken.
func TestStopCancelsAForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := true
		f := threeMessages(func(c *call, id string) (*http.Response, error) {
			if id == "2" && hangs {
				return c.hang()
			}
			return answer(204, "")
		})
		db := newMemDB()
		b := NewBridgeWith(db, nil, Options{HTTPClient: f.client(), ForwardTransport: f, Logger: quiet()})
		b.StartPoller(podBinding)
		time.Sleep(time.Second)
		synctest.Wait()
		start := time.Now()
		b.StopPoller("s", "b")
		if took := time.Since(start); took != 0 {
			t.Errorf("the stop took %v", took)
		}
		hangs = false
		b.StartPoller(podBinding)
		time.Sleep(time.Second)
		synctest.Wait()
		var ids []string
		for _, c := range f.of("message") {
			_, id, _ := strings.Cut(c.body, `"weixin-`)
			ids = append(ids, id[:1])
		}
		if fmt.Sprint(ids) != "[1 2 2 3]" || db.cursor("s", "b") != "c1" {
			t.Errorf("forwarded %v, cursor %q", ids, db.cursor("s", "b"))
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The first poll doesn't wait for a server that never answers notifystart.
func TestHangingStartDelaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(c *call) (*http.Response, error) {
			switch {
			case c.endpoint == "getupdates" && c.n == 0:
				return answer(200, `{"msgs":[{"message_id":"1"}]}`)
			case c.endpoint == "getupdates", c.endpoint == "notifystart":
				return c.hang()
			}
			return answer(200, "")
		}}
		start := time.Now()
		var first time.Duration
		b := NewBridgeWith(nil, nil, Options{HTTPClient: f.client(), Logger: quiet(), Deliver: func(
			context.Context, BridgeBinding, *ilink.Updates, PollMeta,
		) error {
			first = time.Since(start)
			return nil
		}})
		b.StartPoller(BridgeBinding{SandboxID: "s", BotID: "b", ILinkBaseURL: testBase})
		time.Sleep(time.Second)
		synctest.Wait()
		stopped := time.Now()
		b.StopPoller("s", "b")
		if first != 0 || time.Since(stopped) > startGrace {
			t.Errorf("the first message came after %v, the stop took %v", first, time.Since(stopped))
		}
		if err := b.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A message without a sender is skipped.
func TestForwardWithoutSender(t *testing.T) {
	f := &fake{answer: func(c *call) (*http.Response, error) {
		switch {
		case c.endpoint == "getupdates" && c.n == 0:
			return answer(200, `{"get_updates_buf":"c1","msgs":[
				{"message_id":1,"context_token":"t","item_list":[{"type":1,"text_item":{"text":"whose?"}}]},
				{"message_id":2,"group_id":"g","item_list":[{"type":1,"text_item":{"text":"whose?"}}]}]}`)
		case c.endpoint == "getupdates":
			return c.hang()
		}
		return answer(200, `{}`)
	}}
	db := newMemDB()
	b := closeBridge(t, NewBridgeWith(db, nil, Options{HTTPClient: f.client(), ForwardTransport: f, Logger: quiet()}))
	b.StartPoller(podBinding)
	eventually(t, "the cursor", func() bool { return db.cursor("s", "b") == "c1" })
	if n := len(f.of("message")) + len(f.of("metadata")); n != 0 {
		t.Errorf("%d calls", n)
	}
}
