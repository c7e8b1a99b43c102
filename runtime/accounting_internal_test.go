package runtime

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ilinkd/ilinkd/ilink"
	"github.com/ilinkd/ilinkd/luabind"
	"github.com/ilinkd/ilinkd/runtime/internal/replay"
	"github.com/ilinkd/ilinkd/runtime/store"
)

// TestTheServersCountIsNeverExceeded has users write while sends are on their
// way, with requests that take their time, answers that are lost and refusals,
// and a server that counts: it must not have to refuse one for the window.
func TestTheServersCountIsNeverExceeded(t *testing.T) {
	for seed := range uint64(2) {
		inBubble(t, func(c *Config) { quick(c); c.Limits.ParallelSends = 4 }, func(t *testing.T, b *bench) {
			rng, theirs := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			users := []string{"alice", "bob", "carol"}
			count := map[string]int{} // the server's; its mu guards it
			refused := 0
			b.server.takes = 4 * time.Millisecond
			b.server.answer = func(r fakeRequest) string {
				n, open := count[r.to]
				switch {
				case !open || n >= 10:
					refused++
					return retClosed
				case theirs.IntN(10) == 0:
					return retOdd // not counted
				}
				count[r.to]++
				if theirs.IntN(10) == 0 {
					return answerLost
				}
				return ""
			}
			for i := range 150 {
				user := users[rng.IntN(len(users))]
				if rng.IntN(3) == 0 {
					b.server.mu.Lock()
					count[user] = 0
					b.server.mu.Unlock()
					time.Sleep(time.Duration(rng.IntN(4)) * time.Millisecond) // on its way to us
					b.open(user, time.Now())
				} else {
					b.pushes(user, []string{"", "", "nudge"}[rng.IntN(3)], numbers(1+rng.IntN(5))...)
				}
				time.Sleep(time.Duration(rng.IntN(30)) * time.Millisecond)
				if i%50 == 49 {
					time.Sleep(2 * time.Minute)
				}
			}
			if refused != 0 {
				t.Errorf("seed %d: the server refused %d of %d", seed, refused, len(b.server.requests()))
			}
			if n := len(b.server.requests()); n < 100 {
				t.Errorf("seed %d: only %d requests were made", seed, n)
			}
			windows, err := b.store.Windows(t.Context(), "bot")
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range windows {
				wantEqual(t, "used as in the store", b.used(w.Conversation), w.Used)
			}
		})
	}
}

// What the store says of a window may come late: a send was begun meanwhile, and
// counts.
func TestWindowsComeInAnyOrder(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		b.server.takes = time.Second
		late := b.window("alice", time.Now())
		b.pushes("alice", "", "hello")
		b.bot.outbox.WindowsOpened(late)
		wantEqual(t, "used", b.used("alice"), 1)
		time.Sleep(time.Minute)
		wantEqual(t, "used", b.used("alice"), 1)
	})
}

// refuseWhile makes the store refuse updates of the outbox for which a condition
// holds, as if the disk were full.
func (b *bench) refuseWhile(condition string) (end func()) {
	b.t.Helper()
	do := func(query string) {
		err := b.store.Update(b.t.Context(), "test", func(tx *store.Tx) error {
			_, err := tx.Exec(query)
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	do(`CREATE TRIGGER refuse BEFORE UPDATE ON outbox WHEN ` + condition + ` BEGIN SELECT RAISE(ABORT, 'no room'); END`)
	return func() { do(`DROP TRIGGER refuse`) }
}

func TestStoreThatRefuses(t *testing.T) {
	for _, c := range []struct{ condition, told, states string }{
		{"new.state = 'sending'", "deferred(network)", "map[queued:1 sent:1]"},
		{"new.state = 'sent'", "waits", "map[sending:1 sent:1]"},
	} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.opens("alice")
			b.pushes("alice", "", "before").wants("sent")
			end := b.refuseWhile(c.condition)
			s := b.pushes("alice", "", "hello")
			time.Sleep(time.Minute)
			s.wants(c.told)
			wantEqual(t, c.condition, b.states(), c.states)
			end()
			time.Sleep(time.Minute)
			wantEqual(t, "sent", b.server.texts(), "[alice: before alice: hello]")
			wantEqual(t, "states", b.states(), map[string]int{"sent": 2})
			windows, err := b.store.Windows(t.Context(), "bot")
			if err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "used in the store", windows[0].Used, 2)
			wantEqual(t, "used", b.used("alice"), 2)
		})
	}
}

// Sends that have ended stay ended though the store took a while to hear of it.
func TestExpiryWhileTheStoreRefuses(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		end := b.refuseWhile("new.state IN ('expired', 'failed')")
		b.sends(t.Context(), luabind.SendRequest{To: "alice", Parts: textParts([]string{"hello"}), Lifetime: time.Minute})
		time.Sleep(2 * time.Minute)
		b.opens("alice") // it must not go out now
		wantEqual(t, "states", b.states(), map[string]int{"queued": 1})
		end()
		time.Sleep(time.Minute)
		wantEqual(t, "states", b.states(), map[string]int{"expired": 1})
		wantEqual(t, "sent", b.server.texts(), "[]")
	})
}

// A file that can't be uploaded now is uploaded later, and is lost for nothing
// but its own fault.
func TestUploadsAreTriedAgain(t *testing.T) {
	for name, trouble := range map[string]func(b *bench) (end func()){
		"no token": func(b *bench) func() {
			b.bot.account.LogOut()
			return func() { b.bot.account.Use(ilink.Token{BotToken: "token"}) }
		},
		"full store": func(b *bench) func() { return b.refuseWhile("new.payload_kind = 'item'") },
		"network": func(b *bench) func() {
			b.server.failUploads(true)
			return func() { b.server.failUploads(false) }
		},
	} {
		inBubble(t, quick, func(t *testing.T, b *bench) {
			b.opens("alice")
			end := trouble(b)
			if err := writePrivate(filepath.Join(b.dir, "cat.png"), []byte("a cat")); err != nil {
				t.Fatal(err)
			}
			f, err := b.bot.host.OpenFile(t.Context(), "cat.png")
			if err != nil {
				t.Fatal(err)
			}
			b.sends(t.Context(), luabind.SendRequest{To: "alice", Parts: []luabind.Part{{Kind: ilink.ItemTypeImage, File: f}}})
			time.Sleep(5 * time.Minute)
			wantEqual(t, name, b.states(), map[string]int{"queued": 1})
			end()
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			wantEqual(t, name, b.states(), map[string]int{"sent": 1})
			wantEqual(t, "used", b.used("alice"), 1)
			left, err := filepath.Glob(filepath.Join(b.dir, "outbox", "bot", "*"))
			if err != nil || len(left) != 0 {
				t.Errorf("%s: files are left: %v %v", name, left, err)
			}
		})
	}
}

// A handler that runs again finds its sends, in whatever state they are, and
// what on_interrupt sent for the same message isn't taken for them.
func TestSendsOfAHandlerRunAgain(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		in := store.Inbound{ID: 1, User: "alice", Conversation: "alice"}
		b.answers(replay.NewRun(&in, false, 0), "", numbers(11)...).wants("deferred(quota) 10/11")
		b.answers(replay.NewRun(&in, true, 0), "", numbers(11)...).wants("deferred(quota) 10/11")
		b.opens("alice")
		b.answers(replay.NewRun(&in, true, 0), "", numbers(11)...).wants("sent 11/11")
		b.answers(replay.NewRun(&in, false, 0), "", numbers(11)...).wants("sent 11/11")
		wantEqual(t, "sent", len(b.server.requests()), 11)

		b.server.answer = failing(99, retBad)
		b.answers(replay.NewRun(&in, false, 1), "", "bad").wants("bad_request error bad_request")
		b.answers(replay.NewRun(&in, true, 1), "", "bad").wants("bad_request error bad_request")
		b.server.answer = nil
		b.answers(replay.NewRun(&in, false, replay.InterruptOrdinals), "", "interrupted").wants("sent")
		texts := b.server.texts()
		wantEqual(t, "last", texts[len(texts)-1], "alice: interrupted")
		if n := len(slices.Compact(slices.Sorted(slices.Values(texts)))); n != len(texts) {
			t.Errorf("something was sent twice: %v", texts)
		}
	})
}

func TestRestartKeepsOrderAndCount(t *testing.T) {
	inBubble(t, quick, func(t *testing.T, b *bench) {
		b.opens("alice")
		b.pushes("alice", "", numbers(15)...).wants("deferred(quota) 10/15")
		b.stop()
		b.start()
		wantEqual(t, "used", b.used("alice"), 10)
		b.pushes("alice", "", "later").wants("deferred(quota)")
		b.opens("alice")
		time.Sleep(time.Second)
		var want []string
		for _, n := range append(numbers(15), "later") {
			want = append(want, fmt.Sprint("alice: ", n))
		}
		wantEqual(t, "sent", b.server.texts(), want)
	})
}
