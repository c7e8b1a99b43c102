package ilink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTypingRequests(t *testing.T) {
	c, f := newFake(func(c *call) (*http.Response, error) {
		if c.endpoint == "getconfig" {
			return ok(`{"ret":0,"typing_ticket":"tick+/="}`)
		}
		return ok("")
	})
	if err := c.Typing(t.Context(), "u", "ctx", true); err != nil {
		t.Fatal(err)
	}
	const info = `"base_info":{"channel_version":"2.4.9","bot_agent":"ilinkd/1"}`
	equalJSON(t, "getconfig", f.last("getconfig").body, `{"ilink_user_id":"u","context_token":"ctx",`+info+`}`)
	equalJSON(t, "typing", f.last("sendtyping").body, `{"ilink_user_id":"u","typing_ticket":"tick+/=","status":1,`+info+`}`)
	if err := c.SendTyping(t.Context(), "u", false); err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "cancel", f.last("sendtyping").body, `{"ilink_user_id":"u","typing_ticket":"tick+/=","status":2,`+info+`}`)
	if err := c.SendTyping(t.Context(), "v", true); err != nil {
		t.Fatal(err)
	}
	equalJSON(t, "no token", f.last("getconfig").body, `{"ilink_user_id":"v",`+info+`}`)
	if n := f.count("getconfig"); n != 2 {
		t.Errorf("%d tickets for two users", n)
	}
}

func TestTicketIsRenewedWithinADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := 0
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.endpoint == "getconfig" {
				tickets++
				return ok(fmt.Sprintf(`{"typing_ticket":"t%d"}`, tickets))
			}
			return ok("{}")
		})
		var renewed []time.Duration
		last := time.Now()
		for range 20 * 24 * 2 { // 20 days
			before := tickets
			if err := c.SendTyping(context.Background(), "u", true); err != nil {
				t.Fatal(err)
			}
			if tickets != before {
				renewed = append(renewed, time.Since(last))
				last = time.Now()
			}
			if got := f.last("sendtyping").json(t)["typing_ticket"]; got != fmt.Sprintf("t%d", tickets) {
				t.Fatalf("ticket %v", got)
			}
			time.Sleep(30 * time.Minute)
		}
		distinct := map[time.Duration]bool{}
		for _, d := range renewed {
			distinct[d] = true
			if d > 24*time.Hour+30*time.Minute {
				t.Errorf("renewed after %v", d)
			}
		}
		if len(renewed) < 20 || len(distinct) < 5 {
			t.Errorf("renewals: %v", renewed)
		}
	})
}

func TestTicketBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		works := false
		c, f := newFake(func(c *call) (*http.Response, error) {
			switch {
			case c.endpoint != "getconfig":
				return ok("{}")
			case works:
				return ok(`{"typing_ticket":"t"}`)
			case c.n%3 == 0:
				return ok(`{"ret":-1}`)
			case c.n%3 == 1:
				return ok(`{"ret":0}`) // no ticket
			}
			return respond(500, "")
		})
		var tries []time.Duration
		start := time.Now()
		for time.Since(start) < 6*time.Hour {
			before := f.count("getconfig")
			err := c.SendTyping(context.Background(), "u", true)
			if err == nil {
				t.Fatal("typed with no ticket")
			}
			if f.count("getconfig") > before {
				tries = append(tries, time.Since(start))
				if errors.Is(err, errNoTicket) {
					t.Error("the failure itself isn't told")
				}
			} else if !errors.Is(err, errNoTicket) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		want := 2 * time.Second
		for i := 1; i < len(tries); i++ {
			if got := tries[i] - tries[i-1]; got < want || got > want+time.Second {
				t.Errorf("try %d after %v, want %v", i, got, want)
			}
			want = min(2*want, time.Hour)
		}
		if len(tries) < 14 {
			t.Errorf("%d tries", len(tries))
		}
		works = true
		time.Sleep(time.Hour)
		if err := c.SendTyping(context.Background(), "u", true); err != nil {
			t.Error(err)
		}
	})
}

func TestOldTicketServesWhileRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.endpoint == "getconfig" && c.n > 0 {
				return respond(500, "")
			}
			return ok(`{"typing_ticket":"first"}`)
		})
		for range 3 {
			if err := c.SendTyping(context.Background(), "u", true); err != nil {
				t.Fatal(err)
			}
			time.Sleep(25 * time.Hour)
		}
		if f.count("getconfig") != 3 || f.last("sendtyping").json(t)["typing_ticket"] != "first" {
			t.Errorf("%d tries, %s", f.count("getconfig"), f.last("sendtyping").body)
		}
	})
}

// After a success the pauses start from two seconds again.
func TestTicketBackoffStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := true
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.endpoint == "getconfig" && fails {
				return respond(500, "")
			}
			return ok(`{"typing_ticket":"t"}`)
		})
		try := func() int {
			c.SendTyping(context.Background(), "u", true)
			return f.count("getconfig")
		}
		for range 4 {
			try()
			time.Sleep(time.Minute)
		}
		fails = false
		if n := try(); n != 5 || f.count("sendtyping") != 1 {
			t.Fatalf("%d tries", n)
		}
		fails = true
		time.Sleep(24 * time.Hour)
		if n := try(); n != 6 {
			t.Errorf("%d tries", n)
		}
		time.Sleep(2*time.Second + time.Millisecond)
		if n := try(); n != 7 {
			t.Errorf("two seconds later: %d tries", n)
		}
	})
}

func TestRefusedTicketIsForgotten(t *testing.T) {
	for answer, want := range map[string]int{
		`{"ret":-1}`: 2, `{"ret":-14}`: 1, `{"ret":-2,"errmsg":"freq limit"}`: 1,
	} {
		c, f := newFake(func(c *call) (*http.Response, error) {
			if c.endpoint == "getconfig" {
				return ok(`{"typing_ticket":"t"}`)
			}
			return ok(answer)
		})
		for range 2 {
			var api *APIError
			if err := c.SendTyping(t.Context(), "u", true); !errors.As(err, &api) {
				t.Errorf("%s: %v", answer, err)
			}
		}
		if n := f.count("getconfig"); n != want {
			t.Errorf("%s: %d tickets, want %d", answer, n, want)
		}
	}
}

func TestTicketsAreFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := newFake(func(c *call) (*http.Response, error) {
			time.Sleep(5 * time.Second)
			return ok(`{"typing_ticket":"t"}`)
		})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := c.SendTyping(context.Background(), "u", true); err != nil {
					t.Error(err)
				}
			})
		}
		// One that has no time waits for nobody.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		time.Sleep(time.Millisecond)
		start := time.Now()
		if err := c.SendTyping(ctx, "u", true); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		wg.Wait()
		if n := f.count("getconfig"); n != 1 {
			t.Errorf("%d tickets", n)
		}
	})
}

// A cancelled call says nothing about the server.
func TestCancelledTicketIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newFake(func(c *call) (*http.Response, error) {
			if c.n == 0 {
				return c.hang()
			}
			return ok(`{"typing_ticket":"t"}`)
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := c.SendTyping(ctx, "u", true); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		c.http.Transport.(*fakeServer).answer = func(*call) (*http.Response, error) { return ok(`{"typing_ticket":"t"}`) }
		if err := c.SendTyping(context.Background(), "u", true); err != nil {
			t.Errorf("at once: %v", err)
		}
	})
}

func TestTicketCacheIsBounded(t *testing.T) {
	cache := newTicketCache()
	for i := range maxTickets + 50 {
		cache.entry(fmt.Sprint(i))
	}
	if len(cache.users) != maxTickets || cache.users[fmt.Sprint(maxTickets+49)] == nil {
		t.Errorf("%d entries", len(cache.users))
	}
}
