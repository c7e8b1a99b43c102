package ilink

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

func TestListenAndServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		ctx, cancel := context.WithCancel(context.Background())
		c, f := newFake(feed(
			`{"msgs":[{"message_id":1,"from_user_id":"a@im.wechat"},{"message_id":2},{"message_id":3,"context_token":"s3cr3t-ctx"}],"get_updates_buf":"c1"}`,
			`{"msgs":[{"message_id":4}],"get_updates_buf":"c2"}`,
		), WithLogger(log.logger()))
		var handled []string
		err := c.ListenAndServe(ctx, HandlerFunc(func(ctx context.Context, msg *Message) error {
			handled = append(handled, msg.ID)
			switch msg.ID {
			case "1":
				return errors.New("handler said no")
			case "2":
				_ = msg.Items[5] // panics
			case "3":
				panic("token is s3cr3t-ctx")
			case "4":
				cancel()
			}
			return nil
		}))
		if err != context.Canceled {
			t.Errorf("returned %v", err)
		}
		if !slices.Equal(handled, []string{"1", "2", "3", "4"}) {
			t.Errorf("handled %q", handled)
		}
		s := log.String()
		for _, want := range []string{
			"handler failed", "handler said no", "a@im.wechat", "handler panicked", "index out of range", "serve_test.go",
		} {
			if !strings.Contains(s, want) {
				t.Errorf("no %q in the log:\n%s", want, s)
			}
		}
		if strings.Contains(s, "s3cr3t") {
			t.Errorf("a secret in the log:\n%s", s)
		}
		var order []string
		for _, call := range f.calls {
			order = append(order, call.endpoint)
		}
		if order[len(order)-1] != "notifystop" || f.count("notifystart") != 1 || f.count("notifystop") != 1 {
			t.Errorf("calls %q", order)
		}
	})
}

func TestListenAndServeNotifyFailuresDontMatter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		ctx, cancel := context.WithCancel(context.Background())
		c, _ := newFake(func(c *call) (*http.Response, error) {
			if strings.HasPrefix(c.endpoint, "notify") {
				return respond(500, "")
			}
			return ok(`{"msgs":[{"message_id":4}],"get_updates_buf":"c2"}`)
		}, WithLogger(log.logger()))
		got := 0
		err := c.ListenAndServe(ctx, HandlerFunc(func(context.Context, *Message) error { got++; synctest.Wait(); cancel(); return nil }))
		if err != context.Canceled || got != 1 {
			t.Errorf("%v, %d messages", err, got)
		}
		if s := log.String(); !strings.Contains(s, "of the start") || !strings.Contains(s, "of the stop") {
			t.Errorf("log %q", s)
		}
	})
}

func TestListenAndServeArguments(t *testing.T) {
	c, f := newFake(feed())
	if err := c.ListenAndServe(t.Context(), nil); err == nil {
		t.Error("no handler, no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.ListenAndServe(ctx, HandlerFunc(nil)); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if len(f.calls) != 0 {
		t.Errorf("%d calls", len(f.calls))
	}
}

func TestNotify(t *testing.T) {
	c, f := newFake(func(c *call) (*http.Response, error) {
		if c.n > 0 {
			return ok(`{"ret":-14}`)
		}
		return ok("")
	})
	for _, notify := range []func(context.Context) error{c.NotifyStart, c.NotifyStop} {
		if err := notify(t.Context()); err != nil {
			t.Error(err)
		}
		if err := notify(t.Context()); !errors.Is(err, ErrSessionTimeout) {
			t.Error(err)
		}
	}
	for _, c := range f.calls {
		if body := c.json(t); len(body) != 1 {
			t.Errorf("%s: %v", c.endpoint, body)
		}
	}
}
