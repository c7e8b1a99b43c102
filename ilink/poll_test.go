package ilink

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestGetUpdatesRequestAndAnswer(t *testing.T) {
	c, f := newFake(func(*call) (*http.Response, error) {
		return ok(`{"msgs":[` + wholeMessage + `,{"message_id":"77"}],"get_updates_buf":"next","longpolling_timeout_ms":"40000"}`)
	})
	u, err := c.GetUpdates(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(u.Messages) != 2 || u.Messages[1].ID != "77" || u.Cursor != "next" || u.Hold != 40*time.Second || u.Malformed != nil {
		t.Errorf("%+v", u)
	}
	body := f.last("getupdates").json(t)
	if buf, there := body["get_updates_buf"]; !there || buf != "" {
		t.Errorf("the first request has %v", body)
	}
	if _, err := c.GetUpdates(t.Context(), "cursor-5+/=", 0); err != nil {
		t.Fatal(err)
	}
	if got := f.last("getupdates").json(t)["get_updates_buf"]; got != "cursor-5+/=" {
		t.Errorf("cursor %v", got)
	}
}

func TestGetUpdatesKeepsMessages(t *testing.T) {
	for name, tc := range map[string]struct {
		answer    string
		ids       []string
		malformed int
		cursor    string
		hold      time.Duration
	}{
		"malformed beside good": {`{"msgs":[{"message_id":1},{"item_list":{}},7,{"message_id":2}],"get_updates_buf":"n"}`,
			[]string{"1", "2"}, 2, "n", 0},
		"strange hold":      {`{"msgs":[{"message_id":1}],"get_updates_buf":"n","longpolling_timeout_ms":"soon"}`, []string{"1"}, 0, "n", 0},
		"strange cursor":    {`{"msgs":[{"message_id":1}],"get_updates_buf":17}`, []string{"1"}, 0, "old", 0},
		"empty cursor":      {`{"ret":0,"msgs":[],"get_updates_buf":""}`, nil, 0, "old", 0},
		"no cursor":         {`{"ret":0}`, nil, 0, "old", 0},
		"null":              {`{"ret":0,"msgs":null,"get_updates_buf":null,"longpolling_timeout_ms":null}`, nil, 0, "old", 0},
		"hold too long":     {`{"longpolling_timeout_ms":99999999999999}`, nil, 0, "old", 5 * time.Minute},
		"hold overflowing":  {`{"longpolling_timeout_ms":9223372036854775807}`, nil, 0, "old", 5 * time.Minute},
		"negative hold":     {`{"longpolling_timeout_ms":-5}`, nil, 0, "old", 0},
		"a null in msgs":    {`{"msgs":[null,{"message_id":3}]}`, []string{"", "3"}, 0, "old", 0},
		"unknown item type": {`{"msgs":[{"message_id":3,"item_list":[{"type":77,"new_item":{"a":[1]}}]}]}`, []string{"3"}, 0, "old", 0},
	} {
		c, _ := newFake(func(*call) (*http.Response, error) { return ok(tc.answer) })
		u, err := c.GetUpdates(t.Context(), "old", 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var ids []string
		for _, m := range u.Messages {
			ids = append(ids, m.ID)
		}
		if !slices.Equal(ids, tc.ids) || len(u.Malformed) != tc.malformed || u.Cursor != tc.cursor || u.Hold != tc.hold {
			t.Errorf("%s: ids %q, %+v", name, ids, u)
		}
		for _, bad := range u.Malformed {
			if bad.Err == nil || len(bad.Raw) == 0 {
				t.Errorf("%s: %+v", name, bad)
			}
		}
	}
}

func TestGetUpdatesHold(t *testing.T) {
	for hold, want := range map[time.Duration]time.Duration{
		0: 45 * time.Second, time.Second: 11 * time.Second, 40 * time.Second: 50 * time.Second,
		time.Hour: 5*time.Minute + 10*time.Second, -1: 45 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := newFake((*call).hang)
			start := time.Now()
			u, err := c.GetUpdates(context.Background(), "keep", hold)
			// A time-out on our side is an empty answer.
			if err != nil || u.Cursor != "keep" || len(u.Messages) != 0 {
				t.Errorf("hold %v: %+v, %v", hold, u, err)
			}
			if took := time.Since(start); took != want {
				t.Errorf("hold %v: %v, want %v", hold, took, want)
			}
		})
	}
}

func TestGetUpdatesHTTPClientTimeoutIsEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeServer{answer: (*call).hang}
		c := NewClient(Token{}, WithHTTPClient(&http.Client{Transport: f, Timeout: 3 * time.Second}))
		u, err := c.GetUpdates(context.Background(), "keep", 0)
		if err != nil || u.Cursor != "keep" {
			t.Errorf("%+v, %v", u, err)
		}
		synctest.Wait()
	})
}

// feed answers polls with the given texts and then holds.
func feed(answers ...string) func(c *call) (*http.Response, error) {
	return func(c *call) (*http.Response, error) {
		if c.endpoint != "getupdates" {
			return ok(`{}`)
		}
		if c.n < len(answers) {
			return ok(answers[c.n])
		}
		return c.hang()
	}
}
