package runtime

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/ilink/bridge"
	"github.com/ilinkd/ilinkd/runtime/internal/outbox"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// quick lifts the pace, where a test is about something else.
func quick(c *Config) { c.Limits.MinGap, c.Limits.Burst = 1, 100 }

func numbers(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprint(i+1))
	}
	return texts
}

func TestWindowHoldsBackWhatDoesNotFit(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		long := b.pushes("alice", "", numbers(25)...)
		time.Sleep(time.Second)
		long.wants("deferred(quota) 10/25")
		wantEqual(t, "sent", len(b.server.requests()), 10)
		later := b.pushes("alice", "", "later")
		later.wants("deferred(quota)")

		time.Sleep(time.Hour)
		b.opens("alice")
		time.Sleep(time.Second)
		wantEqual(t, "sent", len(b.server.requests()), 20)
		b.opens("alice")
		time.Sleep(time.Second)
		var want []string
		for _, n := range append(numbers(25), "later") {
			want = append(want, "alice: "+n)
		}
		wantEqual(t, "sent", b.server.texts(), want)

		time.Sleep(25 * time.Hour)
		b.pushes("alice", "", "too late").wants("deferred(window_closed)")
		b.pushes("bob", "", "never wrote").wants("deferred(window_closed)")
		wantEqual(t, "sent", len(b.server.requests()), 26)
	})
}

func TestPaceAndPriority(t *testing.T) {
	inBubble(t, func(c *Config) { c.Limits.PerInbound = 100 }, func(t *testing.T, b *bench) {
		b.opens("alice", "bob", "carol")
		b.pushes("alice", "", numbers(6)...)
		b.pushes("bob", "", numbers(6)...)
		time.Sleep(10 * time.Millisecond)
		in := store.Inbound{ID: 1, User: "carol", Conversation: "carol"}
		b.answers(replay.NewRun(&in, false, 0), "", "answer")
		time.Sleep(time.Minute)
		texts := b.server.texts()
		wantEqual(t, "sent", len(texts), 13)
		wantEqual(t, "place of the answer", slices.Index(texts, "carol: answer"), 3) // behind the burst
		// The two conversations take turns.
		rest := slices.DeleteFunc(texts, func(s string) bool { return strings.HasPrefix(s, "carol") })
		for i := 4; i < 9; i++ {
			if rest[i][:3] == rest[i-1][:3] {
				t.Errorf("one conversation had two turns: %v", rest)
				break
			}
		}
		r := b.server.requests()
		for i := 3; i < len(r); i++ {
			if d := r[i].at - r[i-3].at; d < 3*350*time.Millisecond {
				t.Errorf("requests %d to %d lie within %v", i-3, i, d)
			}
		}
	})
}

// An answer goes before a push also if it comes while the push is being tried.
func TestAnswerGoesBeforeAPushThatFailed(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = 10 * time.Millisecond
		b.server.answer = failing(1, retOdd)
		b.opens("alice")
		b.pushes("alice", "", "push")
		in := store.Inbound{ID: 1, User: "alice", Conversation: "alice"}
		b.answers(replay.NewRun(&in, false, 0), "", "answer")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts(), "[alice: push alice: answer alice: push]")
	})
}

// A broken connection pauses the whole bot, longer each time; one send tries it.
func TestTroublePauses(t *testing.T) {
	for _, c := range []struct {
		answer, told string
		times        []time.Duration
	}{
		{answerNoDial, "deferred(network)", []time.Duration{0, 1, 3, 7, 15, 31, 63, 123}},
		{retSession, "deferred(session_expired)", []time.Duration{0, 5, 15, 35, 75, 155, 315, 615}},
	} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.server.answer = failing(7, c.answer)
			b.opens("alice", "bob")
			alice, bob := b.pushes("alice", "", "to alice"), b.pushes("bob", "", "to bob")
			alice.wants(c.told)
			bob.wants(c.told)
			time.Sleep(time.Hour)
			r := b.server.requests()
			if len(r) != 9 {
				t.Fatalf("%s: %d requests: %v", c.answer, len(r), r)
			}
			for i, want := range c.times {
				if got := (r[i].at - r[0].at).Round(time.Second); got != want*time.Second {
					t.Errorf("%s: try %d was after %v, want %v", c.answer, i+1, got, want*time.Second)
				}
			}
			wantEqual(t, "states", b.states(), map[string]int{"sent": 2})
		})
	}
}

// TestAnOutageUsesUpNothing: while polls don't get through, nothing is tried, for
// each try may count; with the first poll that does it goes on at once.
func TestAnOutageUsesUpNothing(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		for i := range 20 { // ten minutes of polls that fail
			b.bot.account.Polled(bridge.State{Phase: bridge.PhaseUnreachable, Err: errors.New("502")})
			if i == 0 {
				b.pushes("alice", "", "hello").wants("deferred(network)")
			}
			time.Sleep(30 * time.Second)
		}
		wantEqual(t, "tried", len(b.server.requests()), 0)
		b.bot.account.Polled(bridge.State{Phase: bridge.PhaseRunning})
		time.Sleep(time.Second)
		wantEqual(t, "states", b.states(), map[string]int{"sent": 1})
	})
}

func TestANewTokenEndsThePause(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.answer = failing(3, retSession)
		b.opens("alice")
		b.pushes("alice", "", "hello").wants("deferred(session_expired)")
		time.Sleep(20 * time.Second)
		wantEqual(t, "tries", len(b.server.requests()), 3)
		b.bot.account.Use(ilink.Token{BotToken: "newer"})
		synctest.Wait()
		wantEqual(t, "states", b.states(), map[string]int{"sent": 1})
	})
}

func TestWithoutATokenSendsWait(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.bot.account.LogOut()
		b.opens("alice")
		b.pushes("alice", "", "hello").wants("deferred(session_expired)")
		b.pushes("alice", "fail", "now or never").wants("error session_expired")
		commits := b.store.Stats().Commits
		time.Sleep(time.Hour)
		if n := b.store.Stats().Commits - commits; n > 2 {
			t.Errorf("%d writes while nothing could be done", n)
		}
		b.bot.account.Use(ilink.Token{BotToken: "token"})
		synctest.Wait()
		wantEqual(t, "sent", b.server.texts(), "[alice: hello]")
	})
}

func TestHonestResults(t *testing.T) {
	for _, c := range []struct {
		name, mode   string
		answer       string
		times        int
		told         string
		after        time.Duration
		states, seen string
	}{
		{"sent", "", "", 0, "sent", 0, "map[sent:1]", "1"},
		{"bad request", "", retBad, 9, "bad_request error bad_request", 0, "map[failed:1]", "1"},
		{"closed", "", retClosed, 9, "deferred(window_closed)", time.Hour, "map[queued:1]", "1"},
		{"closed, fail", "fail", retClosed, 9, "window_closed error window_closed", time.Hour, "map[failed:1]", "1"},
		{"throttled", "", retThrottled, 1, "deferred(throttled)", time.Minute, "map[sent:1]", "2"},
		{"throttled by the gateway", "", "HTTP 429", 1, "deferred(throttled)", time.Minute, "map[sent:1]", "2"},
		{"throttled, fail", "fail", retThrottled, 1, "throttled error throttled", time.Minute, "map[failed:1]", "1"},
		{"unreachable, fail", "fail", answerNoDial, 1, "network error network", time.Minute, "map[failed:1]", "1"},
		{"odd", "", retOdd, 2, "deferred(network)", time.Minute, "map[sent:1]", "3"},
		{"odd for good", "", retOdd, 9, "deferred(network)", time.Minute, "map[failed:1]", "3"},
		{"not found for a while", "", "HTTP 404", 8, "deferred(network)", time.Hour, "map[sent:1]", "9"},
		{"too large", "", "HTTP 413", 9, "deferred(network)", time.Hour, "map[failed:1]", "3"},
		{"server error", "", "HTTP 524", 2, "deferred(network)", time.Minute, "map[sent:1]", "3"},
		{"answer lost", "fail", answerLost, 1, "deferred(network)", time.Minute, "map[sent:1]", "2"},
	} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.server.answer = failing(c.times, c.answer)
			b.opens("alice")
			s := b.pushes("alice", c.mode, "hello")
			s.wants(c.told)
			time.Sleep(c.after)
			synctest.Wait()
			wantEqual(t, c.name+": states", b.states(), c.states)
			wantEqual(t, c.name+": requests", len(b.server.requests()), c.seen)
		})
	}
}

// Tries that failed for the network's sake don't count against a message.
func TestNetworkFailuresAreNotOddOnes(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		answers := []string{answerNoDial, answerNoDial, answerNoDial, retOdd}
		b.server.answer = func(r fakeRequest) string { return append(answers, "", "")[r.n-1] }
		b.opens("alice")
		b.pushes("alice", "", "hello")
		time.Sleep(time.Hour)
		wantEqual(t, "states", b.states(), map[string]int{"sent": 1})
	})
}

func TestUncertainIsSentAgainOrHeld(t *testing.T) {
	for _, c := range []struct{ setting, told, states, seen string }{
		{UncertainResend, "deferred(network)", "map[sent:1]", "[alice: hello alice: hello]"},
		{UncertainHold, "uncertain uncertain", "map[held:1]", "[alice: hello]"},
	} {
		inBubble(t, func(cfg *Config) { quick(cfg); cfg.Delivery.OnUncertain = c.setting }, func(t *testing.T, b *bench) {
			b.server.answer = failing(1, answerLost)
			b.opens("alice")
			b.pushes("alice", "", "hello").wants(c.told)
			time.Sleep(time.Minute)
			wantEqual(t, c.setting+": states", b.states(), c.states)
			wantEqual(t, c.setting+": sent", b.server.texts(), c.seen)
			r := b.server.requests()
			if r[0].clientID != r[len(r)-1].clientID {
				t.Error("the client id changed")
			}
			if !strings.Contains(b.logged(), "status=uncertain") {
				t.Error("it isn't in the log")
			}
			b.pushes("alice", "", "next").wants("sent")
			if c.setting != UncertainHold {
				return
			}
			if err := b.store.Release(t.Context(), 1, true, time.Now()); err != nil {
				t.Fatal(err)
			}
			if err := b.bot.outbox.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			wantEqual(t, "states", b.states(), map[string]int{"sent": 2})
		})
	}
}

func TestCrashInARequest(t *testing.T) {
	for _, c := range []struct{ setting, states, seen string }{
		{UncertainResend, "map[sent:2]", "[alice: 1 alice: 1 alice: 2]"},
		{UncertainHold, "map[held:1 sent:1]", "[alice: 1 alice: 2]"},
	} {
		inBubble(t, func(cfg *Config) { quick(cfg); cfg.Delivery.OnUncertain = c.setting }, func(t *testing.T, b *bench) {
			b.server.takes = time.Second
			b.opens("alice")
			b.pushes("alice", "", "1", "2")
			time.Sleep(1500 * time.Millisecond) // the answer is on its way
			b.crash()
			b.start()
			time.Sleep(time.Minute)
			wantEqual(t, c.setting+": states", b.states(), c.states)
			wantEqual(t, c.setting+": sent", b.server.texts(), c.seen)
			if !strings.Contains(b.logged(), "uncertain whether this was sent before the process ended") {
				t.Error("it isn't in the log")
			}
			want := 3 // the server may have counted the first one twice
			if c.setting == UncertainHold {
				want = 2
			}
			wantEqual(t, "used", b.used("alice"), want)
		})
	}
}

// The server may have had what was under way at a crash just then, and remembers.
func TestPaceAfterACrash(t *testing.T) {
	inBubble(t, func(c *Config) { c.Limits.ParallelSends = 3 }, func(t *testing.T, b *bench) {
		b.server.takes = 300 * time.Millisecond
		b.opens("alice", "bob", "carol")
		for _, user := range []string{"alice", "bob", "carol"} {
			b.pushes(user, "", "hello")
		}
		time.Sleep(500 * time.Millisecond)
		wantEqual(t, "requests", len(b.server.requests()), 3)
		begun := time.Since(b.server.begun)
		b.crash()
		b.start()
		time.Sleep(time.Minute)
		r := b.server.requests()
		if len(r) != 6 || r[3].at < begun+3*350*time.Millisecond {
			t.Errorf("after the crash at %v: %+v", begun, r)
		}
	})
}

func TestNudge(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		nudge := b.bot.shared.cfg.Limits.NudgeText
		b.opens("alice")
		b.pushes("alice", "nudge", numbers(10)...).wants("sent 10/10") // they fit
		b.opens("alice")
		b.pushes("alice", "nudge", numbers(12)...).wants("deferred(quota) 9/12")
		sent := b.server.texts()
		wantEqual(t, "sent", len(sent), 20)
		wantEqual(t, "the last one", sent[19], "alice: "+nudge)
		b.opens("alice")
		sent = b.server.texts()
		wantEqual(t, "the rest", sent[20:], "[alice: 10 alice: 11 alice: 12]")
	})
}

// A nudge that could not be sent before the user wrote is not sent any more.
func TestNudgeIsDroppedWhenTheUserWrites(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		b.pushes("alice", "", numbers(9)...).wants("sent 9/9")
		b.server.answer = func(r fakeRequest) string {
			if r.n == 10 {
				return retClosed
			}
			return ""
		}
		b.pushes("alice", "nudge", "a", "b").wants("deferred(quota) 0/2")
		time.Sleep(time.Minute)
		b.opens("alice")
		wantEqual(t, "sent", b.server.texts()[10:], "[alice: a alice: b]")
	})
}

// mode = "fail" fails as a whole, and only when something doesn't fit.
func TestFailMode(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.pushes("alice", "fail", "never wrote").wants("error window_closed")
		b.opens("alice")
		b.pushes("alice", "fail", numbers(11)...).wants("error quota")
		wantEqual(t, "sent", len(b.server.requests()), 0)
		b.pushes("alice", "fail", numbers(8)...).wants("sent 8/8")
		b.server.takes = time.Second
		under := b.pushes("alice", "", "under way")
		time.Sleep(100 * time.Millisecond)
		last := b.pushes("alice", "fail", "the last that fits")
		time.Sleep(time.Minute)
		under.wants("sent")
		last.wants("sent")
		b.pushes("alice", "fail", "one too many").wants("error quota")
		wantEqual(t, "states", b.states(), map[string]int{"sent": 10})
	})
}

func TestExpiry(t *testing.T) {
	inBubble(t, func(c *Config) { quick(c); c.Limits.Lifetime = Duration(3 * time.Hour) }, func(t *testing.T, b *bench) {
		b.pushes("alice", "", "waits in vain").wants("deferred(window_closed)")
		time.Sleep(2 * time.Hour)
		b.pushes("alice", "", "waits").wants("deferred(window_closed)")
		time.Sleep(90 * time.Minute)
		wantEqual(t, "states", b.states(), map[string]int{"expired": 1, "queued": 1})
		wantEqual(t, "expired", b.bot.status().Expired, 1)
		b.opens("alice")
		wantEqual(t, "sent", b.server.texts(), "[alice: waits]")
	})
}

func TestQueueIsBounded(t *testing.T) {
	inBubble(t, func(c *Config) { quick(c); c.Limits.MaxQueued = 2 }, func(t *testing.T, b *bench) {
		b.pushes("alice", "", "1", "2").wants("deferred(window_closed) 0/2")
		b.pushes("alice", "", "3").wants("error quota")
		for i := range outbox.MaxQueuedConversations - 1 {
			b.pushes(fmt.Sprint("user", i), "", "1", "2").wants("deferred(window_closed) 0/2")
		}
		b.pushes("bob", "", "one too many").wants("error quota")
		wantEqual(t, "states", b.states(), map[string]int{"queued": 200})
	})
}

// The user writes while a request is under way that the server then refuses
// because of the window before: the new one is open.
func TestAWindowThatClosesAfterAnotherOpened(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		b.server.takes = time.Second
		b.server.answer = failing(1, retClosed)
		b.pushes("alice", "", "hello")
		time.Sleep(1500 * time.Millisecond)
		b.open("alice", time.Now())
		time.Sleep(time.Minute)
		wantEqual(t, "states", b.states(), map[string]int{"sent": 1})
		wantEqual(t, "used", b.used("alice"), 1)
	})
}

// Sends dropped by hand just before they would go out don't, and their callers
// hear of it.
func TestDroppedByHand(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.server.takes = time.Second
		b.opens("alice")
		first := b.pushes("alice", "", "first")
		second := b.pushes("alice", "", "second")
		if err := b.store.Release(t.Context(), 2, false, time.Now()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		first.wants("sent")
		second.wants("dropped error dropped")
		wantEqual(t, "sent", b.server.texts(), "[alice: first]")
		wantEqual(t, "used", b.used("alice"), 1)
	})
}

// What is in memory for a conversation goes when it is of no use any more.
func TestLanesAreForgotten(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		for i := range 100 {
			b.opens(fmt.Sprint("user", i))
			b.pushes(fmt.Sprint("user", i), "", "hello")
		}
		time.Sleep(26 * time.Hour)
		b.opens("alice")
		b.pushes("alice", "", "hello").wants("sent")
		wantEqual(t, "conversations", b.bot.outbox.Conversations(), 1)
	})
}

// TestClosedWindowWithoutLimits: though no limits are reckoned with, the server's word
// is taken that the window is closed.
func TestClosedWindowWithoutLimits(t *testing.T) {
	inBubble(t, endless, func(t *testing.T, b *bench) {
		b.script(echo)
		b.server.answer = func(fakeRequest) string { return `{"ret":-2}` }
		b.says("alice", "hello")
		time.Sleep(time.Hour)
		wantEqual(t, "requests", len(b.server.requests()), 1)
		b.server.answer = nil
		b.says("alice", "again")
		time.Sleep(time.Minute)
		wantEqual(t, "sent", b.server.texts()[1:], "[alice: hello alice: again]")
	})
}
